"""From what a vendor or a caller calls a picture to bytes."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway.media.base64 import decode_base64, decode_data_url, without_media


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("aGVsbG8=", b"hello"),
        ("aGVsbG8", b"hello"),
        ("aGVs\nbG8=\r\n", b"hello"),
        (" aGVsbG8= ", b"hello"),
        ("-_-_", b"\xfb\xff\xbf"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("", b""),
    ],
    ids=["plain", "no padding", "line breaks", "spaces", "URL-safe", "standard", "empty"],
)
def test_base64_is_read_in_every_spelling(text, data):
    assert decode_base64(text) == data


@pytest.mark.parametrize("text", ["a", "cat.png", "aGVs=bG8=", "aGVsbG8===x", "ä", "\ud800", "<html>"], ids=ascii)
def test_what_is_no_base64_is_refused(text):
    with pytest.raises(ValueError, match=r"^is not base64: "):
        decode_base64(text)


@given(st.binary(max_size=200))
def test_base64_comes_back(data):
    assert decode_base64(base64.b64encode(data).decode()) == data
    assert decode_base64(base64.urlsafe_b64encode(data).decode().rstrip("=")) == data


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("data:image/png;base64,aGVsbG8=", b"hello"),
        ("data:;base64,aGVsbG8", b"hello"),
        ("DATA:image/png;base64,aGVsbG8=", b"hello"),
        ("data:image/png;base64 ,aGVsbG8=", b"hello"),
        ("data:image/png;BASE64,aGVsbG8=", b"hello"),
        ("data:image/svg+xml,%3Csvg/%3E", b"<svg/>"),
        ("data:,", b""),
    ],
    ids=["base64", "no type", "capitals", "space", "BASE64", "percent", "empty"],
)
def test_a_data_url_is_read(url, data):
    assert decode_data_url(url) == data


def test_a_data_url_without_a_comma_is_refused():
    with pytest.raises(ValueError, match=r"^is a data URL without a comma$"):
        decode_data_url("data:image/png;base64")


def test_media_in_an_answer_become_length_and_digest():
    long = "A" * 1001
    reported = f"<1001 characters, sha256 {hashlib.sha256(long.encode()).hexdigest()}>"
    answer = {"data": [{"b64_json": long, "url": "https://x.test/a"}], "n": 1, "text": None}
    assert without_media(answer) == {"data": [{"b64_json": reported, "url": "https://x.test/a"}], "n": 1, "text": None}
    assert answer["data"][0]["b64_json"] is long


@pytest.mark.parametrize("text", ["A" * 1000, "a prompt of many words " * 100], ids=["short", "prose"])
def test_what_is_no_media_stays(text):
    assert without_media({"text": text}) == {"text": text}


def test_half_a_character_in_an_answer_does_no_harm():
    assert without_media({"text": "\ud800" + "A" * 2000})["text"].startswith("<2001 characters")
