"""Downloads of a finished video that go wrong."""

from __future__ import annotations

import dataclasses
import functools
import struct
import zlib

from tarash_gateway_sandbox.broken_replies import Cut, Dripping, Misdeclared
from tarash_gateway_sandbox.faults.fault import Change, Fault, Instead, Scene, Whole, body, error, page
from tarash_gateway_sandbox.faults.refusals import BROKEN
from tarash_gateway_sandbox.operations import Operation
from tarash_gateway_sandbox.replies import Answer, RawBytes, Reply

CONTENT: tuple[Operation, ...] = ("content",)
NO_CONTENT = error(404, "Video content not found.")
BOMB_MEBIBYTES = 256
"""What the small answer of `content_gzip_bomb` decodes to."""
BOMB_CHECKSUM = 0x2A0E7DBB
"""The CRC-32 of so many zeros: counting it would hold up the server."""


def _cut(answer: Answer, scene: Scene, *, stall: bool = False) -> Reply:  # noqa: ARG001 - a change's signature
    # The middle of the file, not of the part that was asked for: otherwise asking for the rest, again and again,
    # would get everything in the end.
    said = answer.headers.get("content-range", "")
    total = int(said.rpartition("/")[2]) if said else len(answer.body)
    return Cut(answer, max(0, total // 2 - (total - len(answer.body))), stall)


def _half(answer: Answer, scene: Scene) -> Answer:  # noqa: ARG001 - a change's signature
    return dataclasses.replace(answer, body=answer.body[: len(answer.body) // 2])


def _gzipped(answer: Answer, scene: Scene) -> Answer:  # noqa: ARG001 - a change's signature
    return dataclasses.replace(answer, headers={**answer.headers, "content-encoding": "gzip"}, body=_bomb())


@functools.lru_cache(maxsize=1)
def _bomb() -> bytes:
    """Returns so many MiB of zeros, as gzip of a thousandth of that."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(1024 * 1024)
    packer.compress(zeros)
    packer.flush(zlib.Z_FULL_FLUSH)
    # After a full flush each MiB becomes the same bytes: one is compressed, and repeated.
    once = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    end = struct.pack("<II", BOMB_CHECKSUM, len(zeros) * BOMB_MEBIBYTES)
    return head + once * BOMB_MEBIBYTES + packer.flush() + end


def _unsatisfiable(scene: Scene) -> Answer:  # noqa: ARG001 - an answer in place of the work
    return Answer(416, {"content-range": "bytes */0"}, b"", "video/mp4")


CONTENTS = (
    Fault("content_401", "401", CONTENT, Instead(error(401, "Incorrect API key."))),
    Fault("content_404", "404 for ever, the video is gone", CONTENT, Instead(NO_CONTENT)),
    Fault("content_404_briefly", "404 twice, the video is not there yet", CONTENT, Instead(NO_CONTENT), times=2),
    Fault("content_410", "410, the video has expired", CONTENT, Instead(error(410, "Video content has expired."))),
    Fault("content_500", "500", CONTENT, Instead(error(500, BROKEN))),
    Fault("content_dropped", "the connection closes before the answer", CONTENT, Instead(RawBytes())),
    Fault(
        "content_cut",
        "the connection closes in the middle of the file, whatever part is asked for",
        CONTENT,
        Change(_cut),
    ),
    Fault("content_cut_once", "the connection closes in the middle of the file, once", CONTENT, Change(_cut), times=1),
    Fault(
        "content_stalls",
        "the file stops in its middle, the connection stays open",
        CONTENT,
        Change(functools.partial(_cut, stall=True)),
    ),
    Fault(
        "content_slow",
        "the file's first 100 bytes come one by one, over `slow_seconds`",
        CONTENT,
        Change(lambda answer, scene: Dripping(answer, scene.slow_seconds)),
    ),
    Fault("content_html", "200 with a web page", CONTENT, Instead(page(200, "Sign in"))),
    Fault(
        "content_html_as_mp4",
        "200 with a web page that is called video/mp4",
        CONTENT,
        Change(body(page(200, "Sign in").body)),
    ),
    Fault("content_empty", "200 without a body", CONTENT, Change(body(b""))),
    Fault("content_half_file", "the first half of the file, of the right length", CONTENT, Change(_half)),
    Fault(
        "content_length_too_long",
        "the whole file, Content-Length promises more",
        CONTENT,
        Change(lambda answer, scene: Misdeclared(answer, 100)),  # noqa: ARG005 - a change's signature
    ),
    Fault(
        "content_length_too_short",
        "the whole file, Content-Length is 100 bytes short",
        CONTENT,
        Change(lambda answer, scene: Misdeclared(answer, -100)),  # noqa: ARG005 - as above
    ),
    Fault("content_gzip_bomb", "260 kB of gzip that are 256 MiB of zeros", CONTENT, Change(_gzipped)),
    Fault(
        "content_range_ignored", "200 with the whole file, though a part was asked for", CONTENT, Whole(), only="ranged"
    ),
    Fault("content_416", "416, though the part asked for is there", CONTENT, Instead(_unsatisfiable), only="ranged"),
    Fault(
        "content_redirect",
        "302 to another origin",
        CONTENT,
        Instead(lambda scene: Answer(302, {"location": scene.elsewhere})),
    ),
)
"""Faults of GET /videos/{id}/content."""
