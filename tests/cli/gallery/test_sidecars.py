"""A sidecar is read as far as it makes sense; one that makes none says why."""

import pytest

from tarash.tarash_gateway.media.sidecar import READ_LIMIT
from tarash_gateway_cli.gallery.sidecars import BrokenSidecarError, fields_of, moment, number, text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no JSON (Expecting value, line 1)"),
        (b'{\n"prompt": ', "is no JSON (Expecting value, line 2)"),
        (b"\xff\xfe{}", "is no JSON"),
        (b'{"cost": ' + b"9" * 5000 + b"}", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[1]", "is no sidecar: it has no tarash_sidecar"),
        (b'{"prompt": "of another program"}', "is no sidecar: it has no tarash_sidecar"),
        (b" " * (READ_LIMIT + 1), "has more than 4,194,304 bytes"),
    ],
    ids=["empty", "cut", "no text", "endless number", "brackets", "a list", "of another program", "huge"],
)
def test_a_file_that_is_no_sidecar_says_why(content, why, tmp_path):
    path = tmp_path / "a.png.json"
    path.write_bytes(content)

    with pytest.raises(BrokenSidecarError) as caught:
        fields_of(path)

    assert str(caught.value) == why


def test_one_that_is_gone_says_so(tmp_path):
    with pytest.raises(BrokenSidecarError, match=r"^cannot be read \(No such file or directory\)$"):
        fields_of(tmp_path / "a.png.json")


def test_numbers_that_json_does_not_have_are_nothing(tmp_path):
    path = tmp_path / "a.png.json"
    path.write_text('{"tarash_sidecar": 1, "cost": NaN, "width": -Infinity, "parameters": {"scale": 1e999}}')

    assert fields_of(path) == {"tarash_sidecar": 1, "cost": None, "width": None, "parameters": {"scale": None}}


def test_a_byte_order_mark_is_no_harm(tmp_path):
    path = tmp_path / "a.png.json"
    path.write_text('{"tarash_sidecar": 2}', encoding="utf-8-sig")

    assert fields_of(path) == {"tarash_sidecar": 2}


@pytest.mark.parametrize("value", [None, "", "  ", 3, ["a"], {"a": 1}])
def test_what_is_no_text_is_left_out(value):
    assert text(value) is None


@pytest.mark.parametrize("value", [None, "3", True, -1, [3]])
def test_what_is_no_number_is_left_out(value):
    assert number(value) is None


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("2026-11-22T18:00:00Z", 1795370400000),
        ("2026-11-22T18:00:00.250+00:00", 1795370400250),
        ("2026-11-22T19:00:00+01:00", 1795370400000),
        ("2026-11-22T18:00:00", 1795370400000),
        ("0001-01-01T00:00:00Z", -62135596800000),
        ("yesterday", None),
        (1795370400, None),
        (None, None),
    ],
)
def test_a_time_is_read_with_and_without_its_zone(written, milliseconds):
    assert moment(written) == milliseconds
