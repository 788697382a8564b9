"""From a path to its handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.auth import masked
from tarash_gateway_sandbox.faults import Answer, json_answer
from tarash_gateway_sandbox.openrouter import PREFIX, images, videos
from tarash_gateway_sandbox.openrouter.errors import RouterError
from tarash_gateway_sandbox.openrouter.models import IMAGE_ENTRIES, VIDEO_ENTRIES
from tarash_gateway_sandbox.vendor import Call, Vendor

if TYPE_CHECKING:
    from tarash_gateway_sandbox.recording import RecordedRequest
    from tarash_gateway_sandbox.routes import Handler


async def video_models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /videos/models, for anyone."""
    return json_answer({"data": [entry.shown() for entry in VIDEO_ENTRIES.values()]})


async def image_models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /images/models, for anyone."""
    return json_answer({"data": [entry.shown() for entry in IMAGE_ENTRIES.values()]})


async def models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /models, for anyone: those that make one of `output_modalities`, which is `text` unless others are named."""
    wanted = call.request.query.get("output_modalities", "text").split(",")
    entries = [entry.listed() for entry in IMAGE_ENTRIES.values()]
    entries += [entry.listed() for entry in VIDEO_ENTRIES.values()]
    shown = [one for one in entries if {"all", *one["architecture"]["output_modalities"]}.intersection(wanted)]
    return json_answer({"data": shown, "total_count": len(shown), "links": {"next": None}})


OPEN: dict[tuple[str, str], Handler] = {
    ("GET", "/videos/models"): video_models,
    ("GET", "/images/models"): image_models,
    ("GET", "/models"): models,
}
LOCKED: dict[tuple[str, str], Handler] = {
    ("POST", "/videos"): videos.create,
    ("POST", "/images"): images.generate,
}


def find(request: RecordedRequest) -> tuple[Call, Handler] | None:
    """The handler of a request to this vendor; None where it is for another.

    Raises:
        RouterError: There is no such route, or the key is refused.
    """
    if request.path.startswith(videos.STORE) and request.method == "GET":
        return Call(request), videos.stored
    if not request.path.startswith(f"{PREFIX}/"):
        return None
    path = request.path.removeprefix(PREFIX)
    handler = OPEN.get((request.method, path))
    if handler is not None:
        return Call(request), handler
    _authorize(request)
    handler = LOCKED.get((request.method, path))
    if handler is not None:
        return Call(request), handler
    parts = path.split("/")[1:]
    if request.method == "GET" and parts[0] == "videos" and len(parts) == 2:
        return Call(request, name=parts[1]), videos.retrieve
    if request.method == "GET" and parts[0] == "videos" and len(parts) == 3 and parts[2] == "content":
        return Call(request, name=parts[1]), videos.content
    msg = "Not Found"
    raise RouterError(404, msg)


def _authorize(request: RecordedRequest) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.strip():
        msg = "No auth credentials found"
        raise RouterError(401, msg)
    if key.startswith("sk-invalid"):
        msg = f"User not found. The key was {masked(key)}."
        raise RouterError(401, msg)
