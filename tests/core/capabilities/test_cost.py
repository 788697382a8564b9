"""What a request may cost before it is sent: a range with its basis, and nothing where the price is not known."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import DurationRule, ImageModel, Price, SizeRule, VideoModel
from tarash.tarash_gateway.capabilities.cost import CostEstimate, estimate
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType, VideoGenerationRequest

SAID = {"source": "https://acme.test", "checked_on": date(2026, 1, 1)}
IMAGES = Price(per_image={"low 1x1": 0.01, "low 2x2": 0.02, "high 1x1": 0.1, "high 2x2": 0.2}, **SAID)
VIDEOS = Price(per_second={"1x1": 0.1, "2x2": 0.5}, **SAID)
IMAGE = ImageModel(model="acme-image", price=IMAGES, **SAID)


def picture(row=IMAGE, **fields):
    return estimate(ImageGenerationRequest(prompt="a cat", **fields), row)


def clip(price=VIDEOS, durations=None, **fields):
    row = VideoModel(model="acme-video", price=price, durations=durations, **SAID)
    return estimate(VideoGenerationRequest(prompt="a lake", **fields), row)


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"quality": "low", "size": "1x1"}, 0.01, 0.01),
        ({"quality": "low", "size": "1x1", "n": 3}, 0.03, 0.03),
        ({"quality": "low"}, 0.01, 0.02),
        ({"quality": "low", "size": "auto"}, 0.01, 0.02),
        ({"size": "1x1"}, 0.01, 0.1),
        ({"quality": "auto", "size": "1x1"}, 0.01, 0.1),
        ({}, 0.01, 0.2),
        ({"n": 2}, 0.02, 0.4),
    ],
    ids=["exact", "several", "no-size", "size-auto", "no-quality", "quality-auto", "nothing", "nothing-twice"],
)
def test_what_is_left_to_the_model_makes_a_range(fields, low, high):
    known = picture(**fields)

    assert (known.low, known.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (None, {}),
        (ImageModel(model="acme-image", **SAID), {}),
        (ImageModel(model="acme-image", price=Price(per_million_tokens={"image_out": 30}, **SAID), **SAID), {}),
        (IMAGE, {"quality": "medium"}),
        (IMAGE, {"size": "3x3"}),
        (IMAGE, {"quality": "low", "size": "1x1", "image_list": [ImageType(image=b"a")]}),
    ],
    ids=["no-row", "no-price", "tokens-only", "another-quality", "another-size", "an-edit"],
)
def test_nothing_is_invented(row, fields):
    assert picture(row, **fields) is None


@pytest.mark.parametrize(
    ("durations", "fields", "low", "high"),
    [
        (None, {"size": "1x1", "duration_seconds": 8}, 0.8, 0.8),
        (None, {"size": "1x1", "duration_seconds": 8, "n": 2}, 1.6, 1.6),
        (None, {"duration_seconds": 8}, 0.8, 4.0),
        (None, {"duration_seconds": 8, "size": "auto"}, 0.8, 4.0),
        ((4, 8, 12), {"size": "1x1"}, 0.4, 1.2),
        ((4, 8, 12), {}, 0.4, 6.0),
        (DurationRule(min=2, max=10), {"size": "2x2"}, 1.0, 5.0),
    ],
    ids=["exact", "several", "no-size", "size-auto", "list", "list-and-no-size", "range"],
)
def test_a_video_costs_its_seconds(durations, fields, low, high):
    known = clip(durations=durations, **fields)

    assert (known.low, known.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("price", "durations", "fields"),
    [
        (None, (4,), {}),
        (IMAGES, (4,), {}),
        (VIDEOS, None, {"size": "1x1"}),
        (VIDEOS, (), {"size": "1x1"}),
        (VIDEOS, (4,), {"size": "3x3"}),
    ],
    ids=["no-price", "no-price-of-seconds", "no-lengths-known", "no-lengths", "another-size"],
)
def test_a_video_without_a_length_or_a_price_is_not_estimated(price, durations, fields):
    assert clip(price, durations, **fields) is None


DRAWN = Price(per_megapixel={"each": 0.02}, **SAID)
WORDS = {"square_hd": "1024x1024", "square": "512x512", "huge": "2048x1025"}


@pytest.mark.parametrize(
    ("columns", "fields", "low", "high"),
    [
        ({}, {"size": "1024x1024"}, 0.02, 0.02),
        ({}, {"size": "1024x1024", "n": 3}, 0.06, 0.06),
        ({}, {"size": "512x512"}, 0.02, 0.02),
        ({}, {"size": "1920x1080"}, 0.04, 0.04),
        ({}, {"size": "1024x1025"}, 0.04, 0.04),
        ({}, {"size": "1920x1080", "resolution": "2K"}, 0.04, 0.04),
        (
            {"price": DRAWN.model_copy(update={"per_megapixel": {"first": 0.03, "each": 0.015}})},
            {"size": "64x64"},
            *(0.03,) * 2,
        ),
        (
            {"price": DRAWN.model_copy(update={"per_megapixel": {"first": 0.03, "each": 0.015}})},
            {"size": "2048x1024"},
            *(0.045,) * 2,
        ),
        ({"word_sizes": WORDS}, {"size": "square"}, 0.02, 0.02),
        ({"word_sizes": WORDS}, {"size": "huge"}, 0.06, 0.06),
        ({"word_sizes": WORDS}, {}, 0.02, 0.06),
        ({"sizes": ("512x512", "1024x1025", "auto")}, {"size": "auto"}, 0.02, 0.04),
        ({"sizes": SizeRule(max_pixels=4_000_000, min_pixels=65_536)}, {}, 0.02, 0.08),
    ],
)
def test_an_image_costs_its_megapixels_each_begun_one_as_a_whole_one(columns, fields, low, high):
    estimated = picture(ImageModel(**{"model": "acme-image", "price": DRAWN, **SAID, **columns}), **fields)

    assert (estimated.low, estimated.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ({}, {}),
        ({}, {"size": "square"}),
        ({}, {"resolution": "2K"}),
        ({"sizes": SizeRule(words=("square",))}, {}),
        ({"price": DRAWN.model_copy(update={"per_megapixel": {}})}, {"size": "64x64"}),
        ({}, {"size": "64x64", "image_list": [ImageType(image=b"a")]}),
    ],
    ids=["no-size", "a-word", "a-tier", "no-limit", "no-price", "an-edit"],
)
def test_an_image_of_unknown_size_has_no_price_by_the_megapixel(columns, fields):
    assert picture(ImageModel(**{"model": "acme-image", "price": DRAWN, **SAID, **columns}), **fields) is None


@pytest.mark.parametrize("fields", [{}, {"size": "7x7"}, {"image_list": [ImageType(image="https://acme.test/a.png")]}])
def test_a_model_whose_prices_are_all_zero_costs_nothing_whatever_is_asked(fields):
    free = Price(per_image={"low 1x1": 0.0}, per_million_tokens={"image_in": 0.0}, basis="it is free", **SAID)
    cost = picture(IMAGE.model_copy(update={"price": free}), **fields)
    assert str(cost) == "$0.00 (it is free, 2026-01-01)"


def test_a_video_is_not_estimated_by_the_row_of_an_image():
    assert estimate(VideoGenerationRequest(prompt="a lake", duration_seconds=4), IMAGE) is None


def test_an_estimate_says_what_it_rests_on_and_when_somebody_looked():
    assert picture(quality="low", n=2).basis == "2 x image, list price, 2026-01-01"
    assert clip(duration_seconds=4).basis == "seconds of video, list price, 2026-01-01"
    hearsay = ImageModel(model="acme-image", price=IMAGES.model_copy(update={"basis": "about"}), **SAID)
    assert picture(hearsay).basis == "1 x image, about, 2026-01-01"


@pytest.mark.parametrize(
    ("low", "high", "reported"),
    [
        (0.04, 0.04, "$0.04 (list price)"),
        (0.04, 0.12, "$0.04 to $0.12 (list price)"),
        (0.0005, 12.0, "$0.0005 to $12.00 (list price)"),
        (1 / 3, 1 / 3, "$0.3333 (list price)"),
    ],
)
def test_an_estimate_can_be_printed(low, high, reported):
    assert str(CostEstimate(low=low, high=high, basis="list price")) == reported
