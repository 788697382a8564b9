"""Server-sent events of servers that take the format loosely."""

import pytest

from tarash.tarash_gateway.errors import InvalidResponseError
from tarash.tarash_gateway.plugins.http import EventReader

A = {"type": "a", "n": 1}

STREAMS = {
    "plain": (b'data: {"type":"a","n":1}\n\n', [A]),
    "no space": (b'data:{"type":"a","n":1}\n\n', [A]),
    "CRLF": (b'data: {"type":"a","n":1}\r\n\r\n', [A]),
    "CR": (b'data: {"type":"a","n":1}\r\rdata: {"type":"a","n":1}\r\r', [A, A]),
    "two": (b'data: {"type":"a","n":1}\n\ndata: {"n":2}\n\n', [A, {"n": 2}]),
    "two lines of data": (b'data: {"type":"a",\ndata: "n":1}\n\n', [A]),
    "type in its line": (b'event: a\ndata: {"n":1}\n\n', [A]),
    "type in both": (b'event: b\ndata: {"type":"a","n":1}\n\n', [A]),
    "comments": (b': hello\n\n:\n\ndata: {"type":"a","n":1}\n\n', [A]),
    "retry alone": (b'retry: 3000\n\ndata: {"type":"a","n":1}\n\n', [A]),
    "empty data": (b'data:\n\ndata: \n\ndata\n\ndata: {"type":"a","n":1}\n\n', [A]),
    "heartbeat": (b'event: heartbeat\n\nevent: heartbeat\ndata: ping\n\ndata: {"type":"a","n":1}\n\n', [A]),
    "comment after id": (b'id: 1\n: still here\ndata: {"type":"a","n":1}\n\nid: 2\n: x\n\n', [A]),
    "done": (b'data: {"type":"a","n":1}\n\ndata: [DONE]\n\n', [A]),
    "no empty line at the end": (b'data: {"type":"a","n":1}', [A]),
    "no empty line, CRLF": (b'data: {"type":"a","n":1}\r\n', [A]),
    "byte order mark": (b'\xef\xbb\xbfdata: {"type":"a","n":1}\n\n', [A]),
    "half a pair": (b'data: {"type":"a","n":1,"p":"\\ud83d"}\n\n', [{**A, "p": "\ufffd"}]),
    "JSON": (b'{"type":"a","n":1}', [A]),
    "JSON over lines": (b'\n {\n"type":"a",\n"n":1}\n', [A]),
    "a list": (b'[{"type":"a","n":1},\n{"n":2}]', [A, {"n": 2}]),
    "JSON lines": (b'{"type":"a","n":1}\n{"n":2}\n', [A, {"n": 2}]),
    "an error in a list": (b'data: [{"error":{"code":403}}]\n\n', [{"error": {"code": 403}}]),
    "an error as text": (b"event: error\ndata: out of memory\n\n", [{"type": "error", "error": "out of memory"}]),
    "half an event": (b'data: {"type":"a","n":1}\n\ndata: {"type":"b","x', [A]),
    "a page": (b"<html>oops</html>", []),
    "nothing": (b"", []),
}


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(("body", "events"), STREAMS.values(), ids=STREAMS)
def test_events_are_read_in_pieces_of_any_size(body, events, size):
    reader = EventReader()
    found = [event for at in range(0, len(body), size) for event in reader.feed(body[at : at + size])]
    assert [*found, *reader.end()] == events


def test_an_event_is_given_as_soon_as_it_is_whole():
    reader = EventReader()
    assert list(reader.feed(b'data: {"n":1}\n')) == []
    assert list(reader.feed(b"\n")) == [{"n": 1}]
    assert not reader.is_plain


@pytest.mark.parametrize("start", [b"data: ", b"{", b""], ids=["stream", "JSON", "white space"])
def test_an_event_without_an_end_is_not_kept(start):
    reader = EventReader(limit=1000)
    list(reader.feed(start))
    with pytest.raises(InvalidResponseError, match="an event of the stream has more than 1,000 bytes") as caught:
        for _ in range(1000):
            list(reader.feed(b" " * 100))
    assert caught.value.billable == "unknown"


def test_many_events_within_the_limit_pass():
    reader = EventReader(limit=1000)
    for number in range(1000):
        assert list(reader.feed(b'data: {"n":%d}\n\n' % number)) == [{"n": number}]
