"""Short texts for people."""

import pytest

from tarash.tarash_gateway.display.text import duration, one_line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-3, "0 s"), (9.4, "9 s"), (59.6, "1 min 00 s"), (65, "1 min 05 s"), (3720, "1 h 02 min")],
)
def test_a_duration(seconds, text):
    assert duration(seconds) == text


def test_one_line_has_no_way_to_steer_a_terminal():
    assert one_line("a\x1b[31mred\x07\r\n  cat\u202e\x9b2J") == "a [31mred cat 2J"


def test_one_line_is_cut():
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"
