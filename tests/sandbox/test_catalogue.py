"""Every fault of the catalogue over raw HTTP: what comes, and what was paid for."""

from __future__ import annotations

import base64
import io
import json
import socket
import zlib
from dataclasses import dataclass, field

import pytest
from PIL import Image

from tarash_gateway_sandbox import FAULTS


@dataclass
class Seen:
    """What came over a connection of its own, until it ended."""

    ended: str
    """`closed`, `reset`, or `open` when nothing more came."""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def missing(self):
        """How many bytes fewer came than the head had promised."""
        return int(self.headers["content-length"]) - len(self.body)

    @property
    def pictures(self):
        return [base64.b64decode(item["b64_json"]) for item in self.json["data"]]


@pytest.fixture
def send(server):
    def exchange(method, path, body=None, patience=10.0, **headers):
        host, port = server.origin.removeprefix("http://").split(":")
        data = b"" if body is None else json.dumps(body).encode()
        named = {"host": host, "authorization": "Bearer k", "connection": "close", "content-length": len(data)}
        named |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        came, ended = b"", "closed"
        with socket.create_connection((host, int(port)), timeout=patience) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)
            try:
                while got := connection.recv(1024 * 1024):
                    came += got
            except ConnectionResetError:
                ended = "reset"
            except TimeoutError:
                ended = "open"
        if b"\r\n\r\n" not in came:
            return Seen(ended, body=came)
        lines, _, rest = came.partition(b"\r\n\r\n")
        first, *others = lines.decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in others)
        return Seen(ended, int(first.split()[1]), {name.lower(): value for name, value in pairs}, rest)

    return exchange


@pytest.fixture
def request_of(send):
    """Sends the request that a fault is for; the fault is named by the model, or by a header where none is sent."""

    def sent(on, name, patience=10.0):
        if on in ("image", "three", "stream", "link"):
            body = {"model": f"gpt-image-2@{name}", "prompt": "a cat"}
            body |= {"image": {}, "three": {"n": 3}, "stream": {"stream": True, "partial_images": 2}}.get(on, {})
            body |= {"model": f"dall-e-2@{name}"} if on == "link" else {}
            return send("POST", "/v1/images/generations", body, patience)
        if on == "video":
            return send("POST", "/v1/videos", {"model": f"sora-2@{name}", "prompt": "a lake"}, patience)
        if on == "list":
            return send("GET", "/v1/videos", None, patience, x_sandbox_fault=name)
        made = send("POST", "/v1/videos", {"model": "sora-2", "prompt": "a lake"}).json["id"]
        path = f"/v1/videos/{made}" + ("" if on == "status" else "/content")
        part = {"range": "bytes=2000-"} if on == "ranged" else {}
        return send("GET", path, None, patience, x_sandbox_fault=name, **part)

    return sent


def whole(received):
    return received.missing == 0


def half_png(received):
    [content] = received.pictures
    with pytest.raises(OSError, match=r"truncated|broken"):
        Image.open(io.BytesIO(content)).load()
    return content.startswith(b"\x89PNG")


def huge_picture(received):
    [content] = received.pictures
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(content))
    return len(content) < 150_000 and content[16:24] == (30_000).to_bytes(4, "big") * 2


def bomb(received):
    unpacker, size = zlib.decompressobj(31), 0
    data = received.body
    while data:
        size += len(unpacker.decompress(data, 4_000_000))
        data = unpacker.unconsumed_tail
    assert unpacker.eof
    return received.headers["content-encoding"] == "gzip" and size >= 200_000_000 > 100 * len(received.body)


def web_page(received):
    return (
        whole(received) and received.headers["content-type"].startswith("text/html") and b"<!DOCTYPE" in received.body
    )


def elsewhere(received):
    return (
        received.headers["location"].startswith("http://localhost:")
        and "/elsewhere/v1/" in received.headers["location"]
    )


def code(value):
    return lambda received: received.error["code"] == value


def nothing(received):
    return received.body == b"" and received.status == 0


def events(*names):
    def same(received):
        return [line[7:] for line in received.body.decode("latin-1").split("\n") if line.startswith("event: ")] == [
            *names
        ]

    return same


def unfinished(received):
    return not received.body.endswith(b"0\r\n\r\n")


def both(*checks):
    return lambda received: all(check(received) for check in checks)


PARTIAL, DONE = "image_generation.partial_image", "image_generation.completed"

# Name: the request, the status, what it looks like, and how many creating requests are counted as paid.
CASES = {
    "unauthorized": ("image", 401, code("invalid_api_key"), 0),
    "forbidden": ("image", 403, whole, 0),
    "model_not_found": ("video", 404, code("model_not_found"), 0),
    "path_not_found": ("image", 404, lambda received: "Invalid URL" in received.error["message"], 0),
    "request_timeout": ("image", 408, whole, 0),
    "conflict": ("image", 409, whole, 0),
    "gone": ("image", 410, whole, 0),
    "rate_limited": ("image", 429, lambda received: received.headers["retry-after-ms"] == "50", 0),
    "rate_limited_bare": ("image", 429, lambda received: "retry-after" not in received.headers, 0),
    "rate_limited_for_an_hour": ("image", 429, lambda received: received.headers["retry-after"] == "3600", 0),
    "insufficient_quota": ("image", 429, code("insufficient_quota"), 0),
    "billing_hard_limit_reached": ("image", 400, code("billing_hard_limit_reached"), 0),
    "server_error": ("video", 500, lambda received: received.error["type"] == "server_error", 0),
    "bad_gateway": ("video", 502, whole, 0),
    "bad_gateway_page": ("video", 502, web_page, 0),
    "gateway_timeout": ("video", 504, whole, 0),
    "unavailable": ("image", 503, lambda received: "retry-after" not in received.headers, 0),
    "unavailable_with_retry_after": ("image", 503, lambda received: received.headers["retry-after"] == "1", 0),
    "html_page": ("image", 200, web_page, 0),
    "redirect": ("image", 307, elsewhere, 0),
    "slow_first_byte": ("image", 200, whole, 1),
    "wrong_content_type": ("image", 200, lambda received: received.headers["content-type"].startswith("text/plain"), 1),
    "moderation_blocked": (
        "image",
        400,
        lambda received: (
            received.error["moderation_details"] == {"moderation_stage": "input", "categories": ["violence"]}
        ),
        0,
    ),
    "content_policy_violation": ("image", 400, code("content_policy_violation"), 0),
    "content_filter": (
        "image",
        400,
        lambda received: received.error["innererror"]["content_filter_result"]["violence"]["filtered"],
        0,
    ),
    "content_filter_200": ("image", 200, code("contentFilter"), 0),
    "content_filter_one": (
        "three",
        200,
        lambda received: ["b64_json" in i for i in received.json["data"]] == [0, 1, 1],
        1,
    ),
    "job_moderated": ("video", 200, lambda received: received.error["code"] == "moderation_blocked", 1),
    "server_error_after_creation": ("video", 500, whole, 1),
    "bad_gateway_after_creation": ("image", 502, whole, 1),
    "gateway_timeout_after_creation": ("image", 504, whole, 1),
    "dropped": ("video", 0, nothing, 0),
    "dropped_after_creation": ("video", 0, nothing, 1),
    "reset": ("video", 0, both(nothing, lambda received: received.ended == "reset"), 0),
    "reset_after_creation": ("video", 0, both(nothing, lambda received: received.ended == "reset"), 1),
    "dropped_after_head": ("image", 200, lambda received: received.body == b"" and received.missing > 1000, 1),
    "dropped_half_way": ("image", 200, lambda received: abs(received.missing - len(received.body)) < 2, 1),
    "stalls_half_way": ("image", 200, lambda received: abs(received.missing - len(received.body)) < 2, 1),
    "never_answers": ("image", 0, nothing, 0),
    "never_answers_after_creation": ("video", 0, nothing, 1),
    "slow_drip": ("image", 200, whole, 1),
    "slow_drip_head": ("image", 200, whole, 1),
    "length_too_long": ("image", 200, lambda received: received.missing == 100 and received.json["data"], 1),
    "length_too_short": ("image", 200, lambda received: received.missing == -10, 1),
    "html_page_after_creation": ("video", 200, web_page, 1),
    "empty_body": ("video", 200, lambda received: whole(received) and received.body == b"", 1),
    "malformed_json": ("video", 200, lambda received: whole(received) and not received.body.endswith(b"}"), 1),
    "json_null": ("video", 200, lambda received: received.body == b"null", 1),
    "json_list": ("image", 200, lambda received: received.body == b"[]", 1),
    "json_object": ("image", 200, lambda received: received.body == b"{}", 1),
    "data_empty": ("image", 200, lambda received: received.json["data"] == [], 1),
    "data_null": ("image", 200, lambda received: received.json["data"] is None, 1),
    "data_without_picture": ("image", 200, lambda received: received.json["data"] == [{}], 1),
    "fewer_images": ("three", 200, lambda received: len(received.pictures) == 2, 1),
    "not_base64": ("image", 200, lambda received: "§" in received.json["data"][0]["b64_json"], 1),
    "not_an_image": ("image", 200, lambda received: received.pictures[0].startswith(b"<!DOCTYPE"), 1),
    "half_an_image": ("link", 200, half_png, 1),
    "image_bomb": ("image", 200, huge_picture, 1),
    "url_not_found": ("image", 200, lambda received: "/files/gone-0.png" in received.json["data"][0]["url"], 1),
    "stream_dropped": ("stream", 200, both(events(), unfinished), 1),
    "stream_dropped_after_partial": ("stream", 200, both(events(PARTIAL), unfinished), 1),
    "stream_stalls": ("stream", 200, both(events(PARTIAL), unfinished), 1),
    "stream_error": ("stream", 200, events("error"), 1),
    "stream_error_after_partial": ("stream", 200, events(PARTIAL, "error"), 1),
    "stream_no_final": ("stream", 200, events(PARTIAL, PARTIAL), 1),
    "job_stuck_queued": ("video", 200, lambda received: received.json["status"] == "queued", 1),
    "job_stuck_in_progress": ("video", 200, lambda received: received.json["status"] == "in_progress", 1),
    "job_failed": (
        "video",
        200,
        lambda received: (received.json["status"], bool(received.error)) == ("failed", True),
        1,
    ),
    "job_cancelled": ("video", 200, lambda received: received.json["status"] == "cancelled", 1),
    "job_expired": ("video", 200, lambda received: received.json["status"] == "expired", 1),
    "job_unknown_status": ("video", 200, lambda received: received.json["status"] == "completed", 1),
    "job_unknown_end": ("video", 200, lambda received: received.json["status"] == "archived", 1),
    "job_goes_backwards": ("video", 200, lambda received: received.json["status"] == "completed", 1),
    "list_lags": ("video", 200, lambda received: received.json["status"] == "completed", 1),
    "list_404": ("list", 404, whole, 0),
    "list_405": ("list", 405, whole, 0),
    "list_500": ("list", 500, whole, 0),
    "poll_401": ("status", 401, whole, 1),
    "poll_404": ("status", 404, whole, 1),
    "poll_404_early": ("status", 404, whole, 1),
    "poll_429": ("status", 429, lambda received: received.headers["retry-after"] == "1", 1),
    "poll_500": ("status", 500, whole, 1),
    "poll_502_page": ("status", 502, web_page, 1),
    "poll_503": ("status", 503, whole, 1),
    "poll_dropped": ("status", 0, nothing, 1),
    "poll_reset": ("status", 0, both(nothing, lambda received: received.ended == "reset"), 1),
    "poll_cut": ("status", 200, lambda received: abs(received.missing - len(received.body)) < 2, 1),
    "poll_html": ("status", 200, web_page, 1),
    "poll_bad_json": ("status", 200, lambda received: whole(received) and not received.body.endswith(b"}"), 1),
    "poll_empty": ("status", 200, lambda received: whole(received) and received.body == b"", 1),
    "poll_null": ("status", 200, lambda received: received.body == b"null", 1),
    "poll_slow": ("status", 200, whole, 1),
    "poll_never_answers": ("status", 0, nothing, 1),
    "content_401": ("content", 401, whole, 1),
    "content_404": ("content", 404, whole, 1),
    "content_404_briefly": ("content", 404, whole, 1),
    "content_410": ("content", 410, whole, 1),
    "content_500": ("content", 500, whole, 1),
    "content_dropped": ("content", 0, nothing, 1),
    "content_cut": ("content", 200, lambda received: abs(received.missing - len(received.body)) < 2, 1),
    "content_cut_once": ("content", 200, lambda received: abs(received.missing - len(received.body)) < 2, 1),
    "content_stalls": ("content", 200, lambda received: abs(received.missing - len(received.body)) < 2, 1),
    "content_slow": ("content", 200, lambda received: whole(received) and received.body[4:8] == b"ftyp", 1),
    "content_html": ("content", 200, web_page, 1),
    "content_html_as_mp4": (
        "content",
        200,
        lambda received: received.headers["content-type"] == "video/mp4" and received.body.startswith(b"<!DOCTYPE"),
        1,
    ),
    "content_empty": ("content", 200, lambda received: whole(received) and received.body == b"", 1),
    "content_half_file": ("content", 200, lambda received: whole(received) and len(received.body) > 1000, 1),
    "content_length_too_long": ("content", 200, lambda received: received.missing == 100, 1),
    "content_length_too_short": ("content", 200, lambda received: received.missing == -100, 1),
    "content_gzip_bomb": ("content", 200, bomb, 1),
    "content_range_ignored": ("ranged", 200, lambda received: whole(received) and received.body[4:8] == b"ftyp", 1),
    "content_416": ("ranged", 416, whole, 1),
    "content_redirect": ("content", 302, elsewhere, 1),
}
OPEN = {name for name in FAULTS if "never_answers" in name or "stalls" in name}


def test_every_fault_has_a_case():
    assert set(CASES) == set(FAULTS)


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_played_as_its_row_says(server, request_of, name):
    on, status, looks, paid = CASES[name]

    received = request_of(on, name, 0.3 if name in OPEN else 10.0)

    assert received.status == status
    assert looks(received)
    assert (received.ended == "open") == (name in OPEN)
    assert len(server.paid) == paid


@pytest.mark.parametrize("name", FAULTS)
def test_a_row_says_in_a_line_what_comes(name):
    row = FAULTS[name]

    assert row.name == name
    assert 0 < len(row.summary) <= 90
    assert "\n" not in row.summary


@pytest.mark.parametrize("name", [name for name, row in FAULTS.items() if {"image", "video"} & {*row.on} or not row.on])
def test_a_row_knows_whether_what_was_asked_for_is_made(name):
    on, _, _, paid = CASES[name]

    assert on not in ("status", "content", "ranged", "list")
    assert FAULTS[name].makes == bool(paid)
