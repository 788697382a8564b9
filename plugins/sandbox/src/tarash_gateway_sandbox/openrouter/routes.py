"""OpenRouter's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.auth import masked
from tarash_gateway_sandbox.openrouter import PREFIX, images, videos
from tarash_gateway_sandbox.openrouter.errors import RouterError
from tarash_gateway_sandbox.openrouter.models import IMAGE_ENTRIES, VIDEO_ENTRIES
from tarash_gateway_sandbox.openrouter.state import STORE
from tarash_gateway_sandbox.replies import Answer, json_answer
from tarash_gateway_sandbox.route import Face, key_of
from tarash_gateway_sandbox.vendor import Call, Vendor

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route


async def video_models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /videos/models, for anyone."""
    return json_answer({"data": [entry.shown() for entry in VIDEO_ENTRIES.values()]})


async def image_models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /images/models, for anyone."""
    return json_answer({"data": [entry.shown() for entry in IMAGE_ENTRIES.values()]})


async def models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /models, for anyone: those that make one of `output_modalities`, which is `text` by default."""
    wanted = call.request.query.get("output_modalities", "text").split(",")
    entries = [entry.listed() for entry in IMAGE_ENTRIES.values()]
    entries += [entry.listed() for entry in VIDEO_ENTRIES.values()]
    shown = [entry for entry in entries if {"all", *entry["architecture"]["output_modalities"]}.intersection(wanted)]
    return json_answer({"data": shown, "total_count": len(shown), "links": {"next": None}})


OPEN_ROUTES: tuple[Route, ...] = (
    ("GET", rf"{STORE}(.+)", videos.stored),
    ("GET", rf"{PREFIX}/videos/models", video_models),
    ("GET", rf"{PREFIX}/images/models", image_models),
    ("GET", rf"{PREFIX}/models", models),
)
"""What anyone may fetch, without a key."""
ROUTES: tuple[Route, ...] = (
    ("POST", rf"{PREFIX}/videos", videos.create),
    ("POST", rf"{PREFIX}/images", images.generate),
    ("GET", rf"{PREFIX}/videos/([^/]+)", videos.retrieve),
    ("GET", rf"{PREFIX}/videos/([^/]+)/content", videos.content),
)


def _authorize(request: RecordedRequest) -> None:
    key = key_of(request)
    if not key:
        msg = "No auth credentials found"
        raise RouterError(401, msg)
    if key.startswith("sk-invalid"):
        msg = f"User not found. The key was {masked(key)}."
        raise RouterError(401, msg)


FACE = Face((f"{PREFIX}/",), OPEN_ROUTES, ROUTES, _authorize, lambda: RouterError(404, "Not Found"))
