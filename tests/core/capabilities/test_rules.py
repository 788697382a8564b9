"""Rules where a list would be endless: they say why, and what would do instead."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway.capabilities import DurationRule, NumberRule, SizeRule
from tarash.tarash_gateway.capabilities.rules import nearest_size, parse_ratio, parse_size
from tarash.tarash_gateway.errors import ValidationError

FREE = SizeRule(
    multiple_of=16,
    max_edge=3840,
    min_pixels=655_360,
    max_pixels=8_294_400,
    min_ratio=1 / 3,
    max_ratio=3,
    words=("auto",),
)


@pytest.mark.parametrize(
    ("size", "parsed"),
    [("1024x768", (1024, 768)), ("auto", None), ("2K", None), ("x", None), ("1024x", None), ("", None), ("²x³", None)],
)
def test_a_size_is_two_numbers_or_a_word(size, parsed):
    assert parse_size(size) == parsed


@pytest.mark.parametrize(
    ("ratio", "parsed"), [("16:9", 16 / 9), ("2.39:1", 2.39), ("auto", None), ("1:0", None), ("", None), ("1", None)]
)
def test_a_ratio_is_a_fraction_or_a_word(ratio, parsed):
    assert parse_ratio(ratio) == parsed


@pytest.mark.parametrize(
    ("size", "reasons"),
    [
        ("1024x1024", []),
        ("auto", []),
        ("1920x1080", ["sides must be multiples of 16"]),
        ("4096x1024", ["no side may be longer than 3840", "width divided by height must be between 0.333 and 3"]),
        ("64x64", ["at least 655,360 pixels"]),
        ("3840x3840", ["at most 8,294,400 pixels"]),
        ("huge", ["is neither WIDTHxHEIGHT nor one of auto"]),
        (
            "5000x100",
            [
                "sides must be multiples of 16",
                "no side may be longer than 3840",
                "at least 655,360 pixels",
                "width divided by height must be between 0.333 and 3",
            ],
        ),
    ],
)
def test_every_reason_against_a_size_is_told(size, reasons):
    assert FREE.reasons_against(size) == reasons


def test_a_rule_without_words_says_so():
    assert SizeRule().reasons_against("auto") == ["is neither WIDTHxHEIGHT nor one of no words"]


@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        ("1920x1080", "1904x1072"),
        ("1080x1920", "1072x1904"),
        ("1024x1024", "1024x1024"),
        ("1000x1000", "992x992"),
        ("4096x4096", "2880x2880"),
        ("100x100", "816x816"),
        ("auto", None),
    ],
)
def test_the_nearest_size(size, nearest):
    assert FREE.nearest(size) == nearest


def test_full_hd_becomes_the_next_size_on_a_grid_of_16_that_is_not_larger():
    assert SizeRule(multiple_of=16).nearest("1920x1080") == "1904x1072"


SIDES = st.integers(1, 99_999)


@given(SIDES, SIDES)
def test_a_nearest_size_always_fits(width, height):
    nearest = FREE.nearest(f"{width}x{height}")
    assert nearest is not None
    assert FREE.reasons_against(nearest) == []


@given(SIDES, SIDES, st.sampled_from([1, 8, 16, 64]), st.sampled_from([512, 1024, 4096]), st.booleans())
def test_a_nearest_size_fits_every_rule(width, height, step, edge, bounded):
    rule = SizeRule(
        multiple_of=step,
        max_edge=edge,
        max_pixels=edge * edge if bounded else None,
        min_ratio=0.25 if bounded else 0,
        **({"max_ratio": 4} if bounded else {}),
    )
    nearest = rule.nearest(f"{width}x{height}")
    assert nearest is None or rule.reasons_against(nearest) == []


@given(st.integers(900, 3800), st.integers(900, 2100))
def test_a_nearest_size_is_not_larger_than_what_was_asked_for_where_one_fits(width, height):
    assert math.prod(parse_size(FREE.nearest(f"{width}x{height}"))) <= width * height


@given(st.integers(40, 200), st.integers(40, 200))
def test_a_size_that_fits_is_its_own_nearest(width, height):
    rule = SizeRule(multiple_of=8, max_edge=1600)
    size = f"{width * 8}x{height * 8}"
    assert rule.nearest(size) == size


@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        ("1920x1080", "1792x1024"),
        ("800x800", "1024x1024"),
        ("500x900", "1024x1792"),
        ("auto", None),
    ],
)
def test_the_nearest_of_a_list_is_the_nearest_shape(size, nearest):
    assert nearest_size(size, ("1024x1024", "1792x1024", "1024x1792", "auto")) == nearest


def test_there_is_no_nearest_among_words():
    assert nearest_size("10x10", ("auto",)) is None
    assert nearest_size("10x10", ()) is None


@pytest.mark.parametrize(
    ("size", "nearest"),
    [("500x500", "256x256"), ("600x600", "512x512"), ("9999x9999", "1024x1024"), ("9x9", "256x256")],
)
def test_of_equal_shapes_the_largest_is_taken_that_is_not_larger_else_the_smallest(size, nearest):
    assert nearest_size(size, ("256x256", "512x512", "1024x1024", "1792x1024")) == nearest


@pytest.mark.parametrize(
    ("rule", "value", "nearest"),
    [
        (NumberRule(min=2, max=16), 20, 16),
        (NumberRule(min=2, max=16), 0, 2),
        (NumberRule(min=2, max=16), 3.7, 3),
        (NumberRule(min=0, max=1, whole=False), 1.5, 1),
        (NumberRule(min=2, max=16), "20", None),
        (NumberRule(min=2, max=16), True, None),
    ],
)
def test_the_nearest_number(rule, value, nearest):
    assert rule.nearest(value) == nearest


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (FREE, "multiples of 16, sides up to 3840, 655,360 to 8,294,400 pixels, ratio 0.333 to 3, auto"),
        (SizeRule(multiple_of=8), "multiples of 8"),
        (SizeRule(words=("auto", "2K")), "auto, 2K"),
        (DurationRule(min=4, max=15), "4 to 15 in steps of 1"),
        (DurationRule(min=0.5, max=15, step=0.5), "0.5 to 15 in steps of 0.5"),
    ],
    ids=["all", "grid", "words", "seconds", "halves"],
)
def test_a_rule_reads_as_a_sentence(rule, text):
    assert str(rule) == text


@pytest.mark.parametrize(
    ("limits", "text"), [({"min_pixels": 10}, "10"), ({"min_ratio": 0.5}, "0.5")], ids=["pixels", "ratio"]
)
def test_a_limit_at_one_end_is_told_too(limits, text):
    assert text in str(SizeRule(**limits))


@pytest.mark.parametrize("rule", [SizeRule(), FREE, DurationRule(min=1, max=2)], ids=["no limits", "limits", "seconds"])
def test_a_rule_survives_json(rule):
    assert type(rule).model_validate_json(rule.model_dump_json()) == rule


@pytest.mark.parametrize("limits", [{"multiple_of": 0}, {"max_egde": 3}], ids=["zero", "mistyped"])
def test_a_rule_is_read_strictly(limits):
    with pytest.raises(ValidationError):
        SizeRule(**limits)


@pytest.mark.parametrize(
    ("seconds", "taken"),
    [(4, True), (4.5, True), (15, True), (3.5, False), (15.5, False), (4.25, False), (4.1, False)],
)
def test_a_duration_is_in_the_range_and_on_the_step(seconds, taken):
    assert DurationRule(min=4, max=15, step=0.5).takes(seconds) is taken


@pytest.mark.parametrize(("seconds", "nearest"), [(1, 4), (99, 15), (7.4, 7), (7.6, 7), (8, 8)])
def test_the_nearest_duration_is_the_longest_that_is_not_longer(seconds, nearest):
    assert DurationRule(min=4, max=15).nearest(seconds) == nearest


@pytest.mark.parametrize(
    "rule",
    [DurationRule(min=4, max=15), DurationRule(min=0.5, max=10, step=0.1), DurationRule(min=1, max=9, step=3)],
    ids=str,
)
@given(seconds=st.floats(0.01, 100))
def test_a_nearest_duration_is_always_taken(rule, seconds):
    assert rule.takes(rule.nearest(seconds))
