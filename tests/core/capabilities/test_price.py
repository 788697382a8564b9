"""What a model costs at the most; nothing is guessed."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import Price
from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.errors import ValidationError

SAID = {"source": "https://acme.test/prices", "checked_on": date(2026, 1, 1)}
IMAGES = Price(per_image={"low 1x1": 0.01, "low 2x2": 0.02, "high 1x1": 0.1, "high 2x2": 0.2}, **SAID)
VIDEOS = Price(per_second={"1x1": 0.1, "2x2": 0.5}, **SAID)


def most(ask, *requested):
    known = ask(*requested)
    return None if known is None else known[1]


@pytest.mark.parametrize(
    ("quality", "size", "dollars"),
    [
        ("low", "1x1", 0.01),
        ("low", None, 0.02),
        ("low", "auto", 0.02),
        (None, "1x1", 0.1),
        ("auto", "1x1", 0.1),
        (None, None, 0.2),
        ("medium", "1x1", None),
        ("low", "3x3", None),
    ],
)
def test_the_most_that_an_image_may_cost(quality, size, dollars):
    assert most(IMAGES.for_image, quality, size) == dollars


@pytest.mark.parametrize(("size", "dollars"), [("1x1", 0.1), (None, 0.5), ("3x3", None)])
def test_the_most_that_a_second_may_cost(size, dollars):
    assert most(VIDEOS.for_second, size) == dollars


def test_a_second_of_a_size_that_the_model_chooses_costs_the_dearest():
    assert most(VIDEOS.for_second, "auto") == 0.5


def test_an_empty_table_knows_no_price():
    assert most(Price(**SAID).for_image, None, None) is None
    assert most(Price(**SAID).for_second, None) is None


def test_a_price_needs_a_source_and_a_day():
    with pytest.raises(ValidationError) as caught:
        Price()
    assert [problem.field for problem in caught.value.problems] == ["source", "checked_on"]


@pytest.mark.parametrize("key", ["1x1", "", "hd"])
def test_a_key_without_quality_and_size_is_refused_when_the_row_is_written(key):
    with pytest.raises(ValidationError):
        Price(per_image={key: 0.01}, **SAID)


@pytest.mark.parametrize(
    ("quality", "size", "span"),
    [
        ("low", "1x1", (0.01, 0.01)),
        ("low", None, (0.01, 0.02)),
        (None, "2x2", (0.02, 0.2)),
        ("auto", "auto", (0.01, 0.2)),
        ("medium", None, None),
    ],
)
def test_an_image_costs_from_the_least_to_the_most_that_fits(quality, size, span):
    assert IMAGES.for_image(quality, size) == span


@pytest.mark.parametrize(
    ("size", "span"),
    [("1x1", (0.1, 0.1)), ("2x2", (0.5, 0.5)), (None, (0.1, 0.5)), ("auto", (0.1, 0.5)), ("3x3", None)],
)
def test_a_second_costs_from_the_least_to_the_most_that_fits(size, span):
    assert VIDEOS.for_second(size) == span


TOKENS = Price(per_million_tokens={"text_in": 5, "image_in": 8, "image_out": 30}, **SAID)


@pytest.mark.parametrize(
    ("counts", "dollars"),
    [
        ({"image_out": 1_000_000}, 30.0),
        ({"text_in": 10, "image_in": 100, "image_out": 1000}, 0.03085),
        ({"text_in": 10, "text_out": 0}, 0.00005),
        ({"text_out": 1, "image_out": 1}, None),
        ({}, None),
    ],
    ids=["one-kind", "three-kinds", "none-of-a-kind-without-a-price", "a-kind-without-a-price", "nothing-counted"],
)
def test_tokens_are_priced_where_every_kind_that_was_used_has_a_price(counts, dollars):
    assert TOKENS.for_tokens(counts) == (None if dollars is None else pytest.approx(dollars))


def test_a_price_by_the_image_prices_no_tokens():
    assert IMAGES.for_tokens({"image_out": 5}) is None


class TestTiersAndSound:
    def test_an_image_by_its_tier(self):
        price = Price(per_image={"any 1K": 0.03, "any 4K": 0.15}, **SAID)
        assert price.for_image(None, None, "4K") == (0.15, 0.15)
        assert price.for_image(None, None) == (0.03, 0.15)
        assert price.for_image(None, None, "8K") is None

    def test_a_second_by_its_tier_and_its_sound(self):
        price = Price(per_second={"720p audio": 0.4, "720p silent": 0.2, "1080p": 0.5}, **SAID)
        assert price.for_second(None, "720p", audio=True) == (0.4, 0.4)
        assert price.for_second(None, "720p") == (0.2, 0.4)
        assert price.for_second(None, "1080p", audio=False) == (0.5, 0.5)
        assert price.for_second(None, "4k") is None

    def test_one_price_for_any_shape(self):
        assert Price(per_second={"any": 0.1}, **SAID).for_second("640x480") == (0.1, 0.1)


def test_every_table_has_a_name():
    tables = Price(per_image={"low 1x1": 1}, per_megapixel={"each": 2}, **SAID).tables()
    assert tables == {
        "per_image": {"low 1x1": 1},
        "per_megapixel": {"each": 2},
        "per_second": {},
        "per_million_tokens": {},
    }


def test_a_price_of_the_first_megapixel_alone_prices_nothing():
    assert Price(per_megapixel={"first": 0.03}, **SAID).for_pixels(1) is None


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (0.6, "$0.60"), (0.072, "$0.072"), (1 / 3, "$0.3333"), (0.00021, "$0.00021"), (12.504, "$12.50")],
)
def test_an_amount_is_told_in_cents_and_in_less_where_it_is_less(amount, text):
    assert as_dollars(amount) == text
