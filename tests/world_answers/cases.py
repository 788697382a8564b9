"""Answers that real servers give, by the numbers of the collection they come from, and what the caller gets.

Each case stands for a class. `OPENAI` is for plugins that speak OpenAI's protocol, `GOOGLE` for the Gemini API; a plugin's
test runs its table against a real loopback server, blocking and async.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from tarash.tarash_gateway.capabilities import ImageModel, Price
from tarash.tarash_gateway.errors import ConfigurationError, ContentPolicyError, GenerationFailedError


@dataclass(frozen=True)
class Reply:
    """One answer of the server."""

    body: Any = b""
    """Bytes, or what goes out as JSON."""

    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Replies = Callable[[Any], dict[str, Any]]
"""Given the world (`base`, `png`, `b64`, `clip`), a reply or a list of them for each role: `image`, `submit`, `poll`,
`content`, `file`. The last one of a list is given again and again."""


@dataclass(frozen=True)
class Case:
    """One row of the collection, or one form of it."""

    row: str
    call: str
    """`image`, `stream` or `video`."""

    replies: Replies
    check: Callable[[Any], None]
    """Looks at the outcome: `response`, `error`, `world`."""

    request: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that are set; `{base}` is the server's address."""

    budget: float | None = None
    """Dollars within which the call is made; `outcome.spent` has what it came to."""


# What the caller gets


def gives_the_image(outcome):
    assert outcome.error is None, outcome.error
    assert [image.content for image in outcome.response.images] == [outcome.world.png]
    assert outcome.response.warnings == []


def gives_the_video(outcome):
    assert outcome.error is None, outcome.error
    assert outcome.response.video.content == outcome.world.clip
    assert outcome.response.job.status == "completed"
    assert len(outcome.world.creating) == 1


def gives_the_job(job_id):
    def check(outcome):
        gives_the_video(outcome)
        assert outcome.response.job.id == job_id

    return check


def refused_by_policy(*categories):
    def check(outcome):
        assert type(outcome.error) is ContentPolicyError
        assert outcome.error.categories == categories
        assert outcome.error.billable == "no"
        assert len(outcome.world.creating) == 1

    return check


def failed_with(text):
    def check(outcome):
        assert type(outcome.error) is GenerationFailedError, outcome.error
        assert text in str(outcome.error)
        assert outcome.error.job.status == "failed"
        assert len(outcome.world.polls) <= 1

    return check


def three_of_four(outcome):
    assert outcome.error is None, outcome.error
    assert len(outcome.response.images) == 3
    (warning,) = [line for line in outcome.response.warnings if "item" in line]
    assert warning.startswith("item 2 of 4 was not made: ")
    assert "blocked" in warning.lower()


RESERVED = 0.05
PRICED = ImageModel(
    model="of-the-tests",
    source="https://acme.test",
    checked_on="2026-11-30",
    price=Price(
        per_image={"any any": RESERVED},
        per_million_tokens={"text_in": 5, "image_out": 7.6},
        source="https://acme.test",
        checked_on="2026-11-30",
    ),
)


def costs(dollars):
    """The cost, and what a budget counts: what was reserved where the cost is not known."""

    def check(outcome):
        assert outcome.error is None, outcome.error
        assert outcome.response.cost == (None if dollars is None else pytest.approx(dollars))
        assert outcome.spent == pytest.approx(RESERVED if dollars is None else dollars)

    return check


def refused_before(kind, text):
    def check(outcome):
        assert type(outcome.error) is kind, outcome.error
        assert text in str(outcome.error)
        assert outcome.error.billable == "no"
        assert outcome.world.arrived == []

    return check


def unverified(content_type):
    def check(outcome):
        assert outcome.error is None, outcome.error
        (image,) = outcome.response.images
        assert (image.content_type, image.verified) == (content_type, False)
        assert any("could not be verified" in line or "not checked" in line for line in outcome.response.warnings)

    return check


def gives_the_video_with_a_warning(outcome):
    assert outcome.error is None, outcome.error
    assert outcome.response.video.content == outcome.world.clip + bytes(8)
    assert outcome.response.video.verified is False
    assert outcome.response.warnings


def filmed(form, codec, **options):
    """A video of 64x48 pixels and two seconds."""
    import av  # most cases need none

    out = io.BytesIO()
    with av.open(out, "w", format=form, options=options) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 12, 0, 0)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


PACKED = {
    "17 WebM": lambda: filmed("webm", "libvpx"),
    "17 Matroska": lambda: filmed("matroska", "mpeg4"),
    "18 fragments": lambda: filmed("mp4", "mpeg4", movflags="frag_keyframe+empty_moov"),
    "18 fragments after samples": lambda: filmed("mp4", "mpeg4", movflags="frag_keyframe"),
}
"""Videos whose facts are not in the header of an MP4."""


def gives_the_facts(outcome):
    assert outcome.error is None, outcome.error
    video = outcome.response.video
    assert (video.width, video.height, video.verified) == (64, 48, True)
    assert abs(video.duration_seconds - 2.0) < 0.11
    assert outcome.response.warnings == []


def painted(kind):
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, kind)
    return out.getvalue()


REFUSALS = {
    "a sentence with categories": (
        {
            "error": {
                "code": None,
                "message": "Your request was rejected by our safety system: safety_violations=[sexual]",
            }
        },
        ("sexual",),
    ),
    "InputTextSensitiveContentDetected": (
        {"error": {"code": "InputTextSensitiveContentDetected", "message": "The request failed."}},
        (),
    ),
    "DataInspectionFailed": ({"code": "DataInspectionFailed", "message": "Input data may be wrong."}, ()),
    "a sentence of FastAPI": ({"detail": "The prompt was flagged by moderation."}, ()),
}

SUCCESS = ("success", "SUCCESS", "succeed", "done", "finished", "COMPLETED", "task_succeeded")
WORDS_OF_ANSWERS = ("complete", "completed", "status", "data")
"""Prompts that stand in an answer about a job: nothing is masked before it is understood."""

FAILURES = {
    "error": {"status": "error", "error": {"message": "the worker crashed"}},
    "fail": {"status": "fail", "error": {"message": "the worker crashed"}},
    "FAILURE": {"status": "FAILURE", "error": {"message": "the worker crashed"}},
    "a list": {"status": "failed", "error": ["the worker crashed"]},
    "a text": {"status": "failed", "error": "the worker crashed"},
    "an unknown word": {"status": "kaputt", "error": {"message": "the worker crashed"}},
}
IDS = {
    "a number": ({"id": 4711}, "4711"),
    "task_id": ({"task_id": "t1"}, "t1"),
    "data.id": ({"data": {"id": "t1"}}, "t1"),
    "data.task_id beside a request": (
        {"code": 0, "status": "success", "request_id": "r1", "data": {"task_id": "t1"}},
        "t1",
    ),
}
ODD_BYTES = {
    "half a surrogate pair": lambda text: text.replace("#", "\\ud83d").encode(),
    "a Latin-1 byte": lambda text: text.replace("#", "\xe9").encode("latin-1"),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "a line break in a text": lambda text: text.replace("#", "\n").encode(),
}
NOT_READY = {
    "400": Reply({"error": {"message": "task is not completed yet"}}, 400),
    "400 of FastAPI": Reply({"detail": "Video is still being processed"}, 400),
    "404": Reply({"error": {"message": "not found"}}, 404),
    "425": Reply(b"", 425),
}


COUNTS = {
    "4160.0": ({"output_tokens": 4160.0}, 0.031676),
    "as text": ({"output_tokens": "4160"}, 0.031676),
    "whole": ({"output_tokens": 4160}, 0.031676),
    "null": ({"output_tokens": None}, None),
    "missing": ({}, None),
    "4160.4": ({"output_tokens": 4160.4}, None),
    "a word": ({"output_tokens": "many"}, None),
    "of the vendor": ({"cost": "0.0123", "output_tokens": None}, 0.0123),
    "of the vendor, no number": ({"cost": None, "output_tokens": 4160}, 0.031676),
}
UNUSABLE = {"socks": "socks://127.0.0.1:7891/", "nonsense": "nonsense", "no address": "http://[::1"}
"""What the environment's variables for proxies hold at times."""


def _around(good, elsewhere):
    """The rows 19 to 21: `good` is an answer with the image in it, `elsewhere` one with its address only."""
    headers = {"headers": {"x-gateway": "a", "X-Team": "b"}}
    proxied = {"HTTP_PROXY": "{base}", "NO_PROXY": "127.0.0.1"}
    return [
        Case(
            "19 exempt",
            "image",
            good,
            gives_the_image,
            environment={"ALL_PROXY": "nonsense", "NO_PROXY": "example.com,127.0.0.0/8"},
        ),
        Case("20 a name that only the proxy knows", "image", elsewhere, gives_the_image, environment=proxied),
        Case("21 headers", "image", good, sends_headers, config={"provider_config": headers}),
    ]


def sends_headers(outcome):
    gives_the_image(outcome)
    for headers in outcome.world.headers:
        assert (headers["x-gateway"], headers["x-team"]) == ("a", "b")


SETTINGS = [
    *(
        Case(
            f"19 {name} in {variable}",
            "image",
            lambda w: {},
            refused_before(ConfigurationError, f"{variable} names no proxy that can be used"),
            environment={variable: value},
        )
        for name, value in UNUSABLE.items()
        for variable in ("ALL_PROXY", "http_proxy")
    ),
    Case(
        "22 a typo in provider_config",
        "image",
        lambda w: {},
        refused_before(ConfigurationError, "did you mean headers?"),
        config={"provider_config": {"heders": {"x-gateway": "a"}}},
    ),
]


INPUTS = {
    "BytesIO": io.BytesIO,
    "bytearray": bytearray,
    "memoryview": memoryview,
}


def _counted(counts):
    details = {"input_tokens": 12, "input_tokens_details": {"text_tokens": 12, "image_tokens": 0}}

    def replies(world):
        return {"image": Reply({"data": [{"b64_json": world.b64}], "usage": {**details, **counts}})}

    return replies


def streams(events: Callable[[Any], str], whole: Callable[[Any], Any]) -> list[Case]:
    """The rows 9 to 11, for a stream that is `data: …` with an empty line behind each event."""

    def case(row: str, change: Callable[[str], str]) -> Case:
        def replies(world):
            return {"image": Reply(change(events(world)).encode(), content_type="text/event-stream")}

        return Case(row, "stream", replies, gives_the_image)

    def plain(content_type: str) -> Case:
        def replies(world):
            return {"image": Reply(whole(world), content_type=content_type)}

        return Case(f"11 JSON as {content_type}", "stream", replies, gives_the_image)

    return [
        case("9 retry alone", lambda text: f"retry: 3000\n\n{text}"),
        case("9 empty data", lambda text: f"data:\n\ndata: \n\n{text}data\n\n"),
        case("9 heartbeat", lambda text: f"event: heartbeat\n\nevent: heartbeat\ndata: ping\n\n{text}"),
        case("9 comment after an id", lambda text: f"id: 1\n: still here\n\n{text}id: 2\n: still here\n\n"),
        case("9 CRLF", lambda text: text.replace("\n", "\r\n")),
        case("9 no JSON between", lambda text: f"data: warming up\n\n{text}"),
        case("11 no empty line at the end", lambda text: text.rstrip("\n")),
        *(plain(kind) for kind in ("text/plain", "Application/JSON", "application/json; charset=utf-8", "")),
    ]


def _items(*items):
    return lambda world: {"image": Reply({"created": 1, "data": [item(world) for item in items]})}


def _good(world):
    return {"b64_json": world.b64}


def _with_file(item):
    def replies(world):
        return {
            "image": Reply({"created": 1, "data": [item(world)]}),
            "file": Reply(world.png, content_type="image/png"),
        }

    return replies


def _video(submit=None, poll=None, content=None):
    def replies(world):
        done = {"id": "t1", "status": "completed"}
        clip = Reply(world.clip, content_type="video/mp4")
        return {
            "submit": Reply(submit or {"id": "t1", "status": "queued"}),
            "poll": Reply(poll or done),
            "content": [*(content or ()), clip],
        }

    return replies


def _odd(change):
    def replies(world):
        text = json.dumps({"data": [{"b64_json": world.b64, "revised_prompt": "a boat #"}]})
        return {"image": Reply(change(text))}

    return replies


def _openai_events(world):
    event = json.dumps({"type": "image_generation.completed", "b64_json": world.b64})
    return f"data: {event}\n\n"


def _openai_untyped(world):
    event = f"event: image_generation.completed\ndata: {json.dumps({'b64_json': world.b64})}\n\n"
    return {"image": Reply(event.encode(), content_type="text/event-stream")}


OPENAI = [
    *SETTINGS,
    *_around(_items(_good), _with_file(lambda w: {"url": "http://only-inside.example/f/1.png"})),
    Case(
        "1 empty base64", "image", _with_file(lambda w: {"b64_json": "", "url": f"{w.base}/f/1.png"}), gives_the_image
    ),
    Case(
        "1 null base64", "image", _with_file(lambda w: {"b64_json": None, "url": f"{w.base}/f/1.png"}), gives_the_image
    ),
    Case("1 relative URL", "image", _with_file(lambda w: {"url": "/f/1.png"}), gives_the_image),
    Case("1 data URL", "image", _items(lambda w: {"url": f"data:image/png;base64,{w.b64}"}), gives_the_image),
    Case(
        "1 data URL as base64",
        "image",
        _items(lambda w: {"b64_json": f"data:image/png;base64,{w.b64}"}),
        gives_the_image,
    ),
    Case(
        "1 a list of texts",
        "image",
        lambda w: {"image": Reply({"images": [f"data:image/png;base64,{w.b64}"]})},
        gives_the_image,
    ),
    Case("1 one object", "image", lambda w: {"image": Reply({"data": {"b64_json": w.b64}})}, gives_the_image),
    Case(
        "2 half of the base64",
        "image",
        _with_file(lambda w: {"b64_json": w.b64[: len(w.b64) // 2], "url": f"{w.base}/f/1.png"}),
        gives_the_image,
    ),
    *(Case(f"3 {name}", "image", _odd(change), gives_the_image) for name, change in ODD_BYTES.items()),
    Case(
        "3 as text/plain",
        "image",
        lambda w: {"image": Reply({"data": [_good(w)]}, content_type="text/plain")},
        gives_the_image,
    ),
    *(
        Case(f"4 {name}", "image", _counted(counts), costs(dollars), config={"capabilities": PRICED}, budget=1.0)
        for name, (counts, dollars) in COUNTS.items()
    ),
    Case(
        "5 another name of this machine",
        "image",
        _with_file(lambda w: {"url": f"{w.base.replace('127.0.0.1', 'localhost')}/f/1.png"}),
        gives_the_image,
    ),
    Case(
        "5 with the setting",
        "image",
        _with_file(lambda w: {"url": f"{w.other}/f/1.png"}),
        gives_the_image,
        config={"provider_config": {"allow_private_urls": True}},
    ),
    *(
        Case(f"7 {name}", "image", lambda w, body=body: {"image": Reply(body, 400)}, refused_by_policy(*categories))
        for name, (body, categories) in REFUSALS.items()
    ),
    *(
        Case(
            f"7 {name}, video",
            "video",
            lambda w, body=body: {"submit": Reply(body, 400)},
            refused_by_policy(*categories),
        )
        for name, (body, categories) in REFUSALS.items()
    ),
    Case(
        "8", "image", _items(_good, lambda w: {"error": {"message": "blocked"}}, _good, _good), three_of_four, {"n": 4}
    ),
    Case("8 a text", "image", _items(_good, lambda w: {"error": "blocked"}, _good, _good), three_of_four, {"n": 4}),
    *(
        Case(f"23 {name}", "image", _items(_good), gives_the_image, {"image_list": [kind(painted("PNG"))]})
        for name, kind in INPUTS.items()
    ),
    *streams(_openai_events, lambda w: {"data": [_good(w)]}),
    Case("10 the type in its line", "stream", _openai_untyped, gives_the_image),
    *(
        Case(f"12 {word}", "video", _video(poll={"id": "t1", "status": word, "progress": 100}), gives_the_video)
        for word in SUCCESS
    ),
    Case(
        "12 completed_at",
        "video",
        _video(poll={"id": "t1", "status": "fertig", "completed_at": 1790000000}),
        gives_the_video,
    ),
    Case(
        "12 progress as text",
        "video",
        _video(poll={"id": "t1", "status": "fertig", "progress": "100%"}),
        gives_the_video,
    ),
    *(Case(f"12 the prompt {word}", "video", _video(), gives_the_video, {"prompt": word}) for word in WORDS_OF_ANSWERS),
    Case("12 inside data", "video", _video(poll={"data": {"id": "t1", "state": "SUCCESS"}}), gives_the_video),
    *(
        Case(f"13 {name}", "video", _video(poll={"id": "t1", **body}), failed_with("the worker crashed"))
        for name, body in FAILURES.items()
    ),
    *(
        Case(f"14 {name}", "video", _video(submit=body, poll={"status": "completed"}), gives_the_job(job_id))
        for name, (body, job_id) in IDS.items()
    ),
    *(
        Case(f"15 {name}", "video", _video(content=[reply, reply]), gives_the_video)
        for name, reply in NOT_READY.items()
    ),
    Case(
        "16 zero bytes at the end",
        "video",
        lambda w: {**_video()(w), "content": Reply(w.clip + bytes(8), content_type="video/mp4")},
        gives_the_video_with_a_warning,
    ),
    *(
        Case(
            name,
            "video",
            lambda w, made=made: {**_video()(w), "content": Reply(made(), content_type="video/mp4")},
            gives_the_facts,
        )
        for name, made in PACKED.items()
    ),
    *(
        Case(
            f"6 {kind}",
            "image",
            lambda w, kind=kind: {"image": Reply({"data": [{"b64_json": w.encoded(painted(kind))}]})},
            unverified(f"image/{kind.lower()}"),
        )
        for kind in ("BMP", "TIFF", "AVIF")
    ),
]


def _parts(*parts):
    """Replies with one candidate of these parts."""

    def replies(world):
        content = {"role": "model", "parts": [part(world) for part in parts]}
        return {
            "image": Reply({"candidates": [{"content": content, "finishReason": "STOP"}]}),
            "file": Reply(world.png, content_type="image/png"),
        }

    return replies


def _inline(data, mime_type="image/png"):
    return {"inlineData": {"mimeType": mime_type, "data": data}}


def _candidates(world):
    blocked = {"finishReason": "IMAGE_PROHIBITED_CONTENT"}
    good = {"content": {"parts": [_inline(world.b64)]}, "finishReason": "STOP"}
    return {"image": Reply({"candidates": [good, blocked, good, good]})}


def _three_candidates(outcome):
    assert outcome.error is None, outcome.error
    assert len(outcome.response.images) == 3
    assert "item 2 of 4 was not made: it was withheld (IMAGE_PROHIBITED_CONTENT)" in outcome.response.warnings


def _google_odd(change):
    def replies(world):
        parts = [{"text": "a boat #"}, _inline(world.b64)]
        return {"image": Reply(change(json.dumps({"candidates": [{"content": {"parts": parts}}]})))}

    return replies


def _google_whole(world):
    return {"candidates": [{"content": {"parts": [_inline(world.b64)]}, "finishReason": "STOP"}]}


def _done(world, **fields):
    part = {"type": "video", "mime_type": "video/mp4", "uri": f"{world.base}/v1beta/files/clip1:download?alt=media"}
    return {"id": "t1", "status": "completed", "steps": [{"type": "model_output", "content": [part]}], **fields}


def _interaction(submit=None, poll=None, content=()):
    def replies(world):
        return {
            "submit": Reply(submit or {"id": "t1", "status": "in_progress"}),
            "poll": Reply(_done(world) if poll is None else poll(world)),
            "content": [*content, Reply(world.clip, content_type="video/mp4")],
        }

    return replies


GOOGLE = [
    *SETTINGS,
    *_around(
        _parts(lambda w: _inline(w.b64)),
        _parts(lambda w: {"fileData": {"fileUri": "http://only-inside.example/f/1.png"}}),
    ),
    Case(
        "1 empty base64",
        "image",
        _parts(lambda w: {**_inline(""), "fileData": {"mimeType": "image/png", "fileUri": f"{w.base}/f/1.png"}}),
        gives_the_image,
    ),
    Case(
        "1 snake_case",
        "image",
        _parts(lambda w: {"inline_data": {"mime_type": "image/png", "data": w.b64}}),
        gives_the_image,
    ),
    Case(
        "1 URL-safe base64",
        "image",
        _parts(lambda w: _inline(w.b64.replace("+", "-").replace("/", "_").rstrip("="))),
        gives_the_image,
    ),
    Case("1 data URL", "image", _parts(lambda w: _inline(f"data:image/png;base64,{w.b64}")), gives_the_image),
    Case(
        "2 half of the base64",
        "image",
        _parts(lambda w: {**_inline(w.b64[:40]), "fileData": {"fileUri": f"{w.base}/f/1.png"}}),
        gives_the_image,
    ),
    *(Case(f"3 {name}", "image", _google_odd(change), gives_the_image) for name, change in ODD_BYTES.items()),
    Case(
        "3 as text/plain",
        "image",
        lambda w: {"image": Reply(_google_whole(w), content_type="text/plain")},
        gives_the_image,
    ),
    Case(
        "5 another name of this machine",
        "image",
        _parts(lambda w: {"fileData": {"fileUri": f"{w.base.replace('127.0.0.1', 'localhost')}/f/1.png"}}),
        gives_the_image,
    ),
    Case(
        "5 with the setting",
        "image",
        _parts(lambda w: {"fileData": {"fileUri": f"{w.other}/f/1.png"}}),
        gives_the_image,
        config={"provider_config": {"allow_private_urls": True}},
    ),
    *(
        Case(f"7 {name}", "image", lambda w, body=body: {"image": Reply(body, 400)}, refused_by_policy(*categories))
        for name, (body, categories) in REFUSALS.items()
    ),
    *(
        Case(
            f"7 {name}, video",
            "video",
            lambda w, body=body: {"submit": Reply(body, 400)},
            refused_by_policy(*categories),
        )
        for name, (body, categories) in REFUSALS.items()
    ),
    Case("8", "image", _candidates, _three_candidates, {"n": 4}),
    *(
        Case(
            f"23 {name}",
            "image",
            lambda w: {"image": Reply(_google_whole(w))},
            gives_the_image,
            {"image_list": [kind(painted("PNG"))]},
        )
        for name, kind in INPUTS.items()
    ),
    *streams(lambda w: f"data: {json.dumps(_google_whole(w))}\n\n", _google_whole),
    Case("11 a list", "stream", lambda w: {"image": Reply([{"candidates": []}, _google_whole(w)])}, gives_the_image),
    *(
        Case(f"12 {word}", "video", _interaction(poll=lambda w, word=word: _done(w, status=word)), gives_the_video)
        for word in (*SUCCESS, "idle")
    ),
    Case(
        "12 completed_at",
        "video",
        _interaction(poll=lambda w: _done(w, status="fertig", completed_at="2026-11-30T12:00:00Z")),
        gives_the_video,
    ),
    *(
        Case(f"12 the prompt {word}", "video", _interaction(), gives_the_video, {"prompt": word})
        for word in WORDS_OF_ANSWERS
    ),
    Case("12 inside data", "video", _interaction(poll=lambda w: {"data": _done(w)}), gives_the_video),
    *(
        Case(
            f"13 {name}",
            "video",
            _interaction(poll=lambda w, body=body: {"id": "t1", **body}),
            failed_with("the worker crashed"),
        )
        for name, body in FAILURES.items()
    ),
    *(
        Case(f"14 {name}", "video", _interaction(submit=body), gives_the_job(job_id))
        for name, (body, job_id) in IDS.items()
    ),
    *(
        Case(f"15 {name}", "video", _interaction(content=[reply, reply]), gives_the_video)
        for name, reply in NOT_READY.items()
    ),
    Case(
        "16 zero bytes at the end",
        "video",
        lambda w: {**_interaction()(w), "content": Reply(w.clip + bytes(8), content_type="video/mp4")},
        gives_the_video_with_a_warning,
    ),
    *(
        Case(
            name,
            "video",
            lambda w, made=made: {**_interaction()(w), "content": Reply(made(), content_type="video/mp4")},
            gives_the_facts,
        )
        for name, made in PACKED.items()
    ),
    *(
        Case(
            f"6 {kind}",
            "image",
            _parts(lambda w, kind=kind: _inline(w.encoded(painted(kind)), f"image/{kind.lower()}")),
            unverified(f"image/{kind.lower()}"),
        )
        for kind in ("BMP", "TIFF", "AVIF")
    ),
]
