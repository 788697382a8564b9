"""Answers of status 200 that are not what they should be. What was asked for was made."""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
import struct
import zlib
from collections.abc import Callable

from tarash_gateway_sandbox.faults.fault import Change, Effect, Fault, Scene, body, page
from tarash_gateway_sandbox.faults.lost import CREATE
from tarash_gateway_sandbox.replies import Answer

BOMB_EDGE = 30_000
"""Width and height of an image that is small only as a file, in pixels."""


def _half(answer: Answer, scene: Scene) -> Answer:  # noqa: ARG001 - a change's signature
    return dataclasses.replace(answer, body=answer.body[: len(answer.body) // 2])


def _each(change: Callable[[bytes], str]) -> Effect:
    """Another text in the place of each image's base64."""

    def changed(answer: Answer, scene: Scene) -> Answer:  # noqa: ARG001 - a change's signature
        content = json.loads(answer.body)
        for item in content["data"]:
            # dall-e's URLs are not followed: a small image stands for theirs.
            text = change(base64.b64decode(item["b64_json"]) if "b64_json" in item else _small())
            item.pop("url", None)
            item["b64_json"] = text
        return dataclasses.replace(answer, body=json.dumps(content).encode())

    return Change(changed)


def _one_fewer(answer: Answer, scene: Scene) -> Answer:  # noqa: ARG001 - a change's signature
    content = json.loads(answer.body)
    content["data"] = content["data"][:-1] or content["data"]
    return dataclasses.replace(answer, body=json.dumps(content).encode())


def _dead_links(answer: Answer, scene: Scene) -> Answer:
    content = json.loads(answer.body)
    content["data"] = [{"url": f"{scene.origin}/files/gone-{at}.png"} for at, _ in enumerate(content["data"])]
    return dataclasses.replace(answer, body=json.dumps(content).encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@functools.lru_cache(maxsize=1)
def _bomb() -> str:
    """Returns a whole PNG of 30,000 x 30,000 black pixels, 110 kB."""
    return _text(_png(BOMB_EDGE, BOMB_EDGE, bytes((1 + BOMB_EDGE // 8) * BOMB_EDGE)))


def _small() -> bytes:
    """Returns a whole PNG of 64 x 64 pixels in stripes."""
    return _png(64, 64, b"".join(bytes((0, *(row * 37 % 256 ^ column for column in range(8)))) for row in range(64)))


def _png(width: int, height: int, rows: bytes) -> bytes:
    """Returns a PNG of one bit for each pixel; each row has a byte in front."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


UNREADABLE = (
    Fault("empty_body", "200 without a body", CREATE, Change(body(b""))),
    Fault("malformed_json", "200 with the first half of the JSON, of the right length", CREATE, Change(_half)),
    Fault("json_null", "200 with null", CREATE, Change(body(None))),
    Fault("json_list", "200 with []", CREATE, Change(body([]))),
    Fault("json_object", "200 with {}", CREATE, Change(body({}))),
    Fault("data_empty", '200 with {"data": []}', ("image",), Change(body({"created": 1, "data": []}))),
    Fault("data_null", '200 with {"data": null}', ("image",), Change(body({"created": 1, "data": None}))),
    Fault("data_without_picture", '200 with {"data": [{}]}', ("image",), Change(body({"created": 1, "data": [{}]}))),
    Fault("fewer_images", "one image fewer than asked for, if more than one was", ("image",), Change(_one_fewer)),
    Fault("not_base64", "images that are not base64", ("image",), _each(lambda data: "§ not base64 §")),  # noqa: ARG005 - the image goes
    Fault(
        "not_an_image",
        "images that are a web page in base64",
        ("image",),
        _each(lambda data: _text(page(200, "Sign in").body)),  # noqa: ARG005 - as above
    ),
    Fault(
        "half_an_image",
        "the first half of each image",
        ("image",),
        _each(lambda data: _text(data[: len(data) // 2])),
    ),
    Fault(
        "image_bomb",
        "images of 30,000 x 30,000 pixels in 110 kB",
        ("image",),
        _each(lambda data: _bomb()),  # noqa: ARG005 - as above
    ),
    Fault("url_not_found", "images as URLs that answer 404", ("image",), Change(_dead_links)),
)
"""Bodies that no client can use, or not as they are."""
