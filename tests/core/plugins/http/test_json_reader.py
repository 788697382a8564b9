"""JSON as servers really send it."""

import math

import pytest

from tarash.tarash_gateway.errors import InvalidResponseError
from tarash.tarash_gateway.plugins.http import Answer, read_json
from tarash.tarash_gateway.plugins.http.answer import TooManyValuesError


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'  \r\n{"a": 1}\n', {"a": 1}),
        (b'{"a": "a boat \\ud83d"}', {"a": "a boat \ufffd"}),
        (b'{"a": ["\\ude00 x", {"\\ud83d": 1}]}', {"a": ["\ufffd x", {"\ufffd": 1}]}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ('{"a": "café"}'.encode("latin-1"), {"a": "caf\ufffd"}),
        ('{"a": "café"}'.encode("utf-16"), {"a": "café"}),
        (b'{"a": "two\nlines\tand \x01"}', {"a": "two\nlines\tand \x01"}),
        (b"[1, Infinity]", [1, math.inf]),
        ('{"a": "x\ud83d"}', {"a": "x\ufffd"}),
        (b"null", None),
    ],
    ids=[
        "plain",
        "byte order mark",
        "white space",
        "half a pair",
        "halves in depth",
        "a whole pair",
        "Latin-1",
        "UTF-16",
        "control characters",
        "infinity",
        "text with half a pair",
        "null",
    ],
)
def test_what_has_one_meaning_is_read(body, value):
    assert read_json(body) == value


def test_what_is_no_number_is_read():
    assert math.isnan(read_json(b'\xef\xbb\xbf{"a": NaN}')["a"])


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": ', b'{"a": 1} x', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_is_refused(body):
    with pytest.raises(ValueError, match=r"line|Expecting|Extra|deep"):
        read_json(body)


@pytest.mark.parametrize("value", [b"{}", b"[]", b"0", b'{"a":[]}'])
def test_a_body_of_nothing_but_punctuation_is_not_parsed(value):
    body = b"[" + b",".join([value] * (8 * 1024 * 1024 // (len(value) + 1))) + b"]"
    with pytest.raises(TooManyValuesError, match="it has more than 2,000,000 values"):
        read_json(body)
    with pytest.raises(InvalidResponseError, match="was not read: it has more than 2,000,000 values"):
        Answer(200, body=body).json()


def test_a_large_body_with_an_image_in_it_is_parsed():
    image = "A" * (8 * 1024 * 1024)
    assert read_json(b'{"data": [{"b64_json": "' + image.encode() + b'"}]}') == {"data": [{"b64_json": image}]}
