"""OpenAI's routes, Azure's spellings of them, and two for anyone."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.auth import authorize
from tarash_gateway_sandbox.errors import VendorError, model_not_found
from tarash_gateway_sandbox.openai import derived_videos, images, videos
from tarash_gateway_sandbox.openai.models import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_sandbox.replies import Answer, json_answer
from tarash_gateway_sandbox.route import find_route, has_path
from tarash_gateway_sandbox.vendor import Call, Vendor

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route
    from tarash_gateway_sandbox.vendor import Handler

DATED = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?")
V1_VERSIONS = ("v1", "preview", "latest")
EDITS_SINCE = "2025-04-01"
"""The first dated api-version with image edits."""
RELEASED = 1_759_276_800
"""Unix time the model list gives: sora-2's month, October 2025."""


async def list_models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /models."""
    return json_answer({"object": "list", "data": [_model(name) for name in (*IMAGE_MODELS, *VIDEO_MODELS)]})


async def retrieve_model(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /models/{id}."""
    if not vendor.profile.any_model and call.name not in IMAGE_MODELS and call.name not in VIDEO_MODELS:
        raise model_not_found(call.name)
    return json_answer(_model(call.name))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": RELEASED, "owned_by": "openai"}


ROUTES: tuple[Route, ...] = (
    ("POST", r"/images/generations", images.generate),
    ("POST", r"/images/edits", images.edit),
    ("POST", r"/images/variations", images.vary),
    ("POST", r"/videos", videos.create),
    ("GET", r"/videos", videos.list_jobs),
    ("GET", r"/videos/([^/]+)", videos.retrieve),
    ("DELETE", r"/videos/([^/]+)", videos.delete),
    ("GET", r"/videos/([^/]+)/content", videos.content),
    ("POST", r"/videos/([^/]+)/remix", derived_videos.remix),
    ("POST", r"/videos/edits", derived_videos.edit),
    ("POST", r"/videos/extensions", derived_videos.extend),
    ("GET", r"/models", list_models),
    ("GET", r"/models/([^/]+)", retrieve_model),
)
DEPLOYMENT_ROUTES = ROUTES[:2]
"""What Azure's older, dated routes have: no videos."""
OPEN_ROUTES: tuple[Route, ...] = (
    ("GET", r"/car\.jpg", images.car),
    ("GET", r"/files/([^/]+)", images.image_file),
)
"""What anyone may fetch, without a key."""


def find(request: RecordedRequest) -> tuple[Call, Handler]:
    """Returns the handler of a request that is let in.

    Args:
        request: The request.

    Returns:
        The call with what its path names, and the handler.

    Raises:
        VendorError: There is no such route, its version does not fit, or the key is refused.
    """
    path = request.path
    found = find_route(OPEN_ROUTES, request.method, path)
    if found is not None:
        return Call(request, name=found[0]), found[1]
    deployment = re.fullmatch(r"/openai/deployments/([^/]+)(/.+)", path)
    if deployment:
        authorize(request, azure=True)
        _dated_version(request)
        return _match(request, deployment[2], DEPLOYMENT_ROUTES, Call(request, azure=True, deployment=deployment[1]))
    if path.startswith("/openai/v1/"):
        authorize(request, azure=True)
        if request.query.get("api-version", "v1") not in V1_VERSIONS:
            msg = "api-version query parameter is not allowed when using /v1 path"
            raise VendorError(msg, code="BadRequest")
        return _match(request, path.removeprefix("/openai/v1"), ROUTES, Call(request, azure=True))
    if path.startswith("/v1/"):
        authorize(request, azure=False)
        return _match(request, path.removeprefix("/v1"), ROUTES, Call(request))
    raise _no_route(request)


def _match(request: RecordedRequest, path: str, routes: tuple[Route, ...], call: Call) -> tuple[Call, Handler]:
    found = find_route(routes, request.method, path)
    if found is not None:
        return dataclasses.replace(call, name=found[0]), found[1]
    if has_path(routes, path):
        msg = f"Not allowed to {request.method} on {request.path}."
        raise VendorError(msg, status=405, code="method_not_supported")
    raise _no_route(request)


def _dated_version(request: RecordedRequest) -> None:
    version = request.query.get("api-version", "")
    too_old = request.path.endswith("/images/edits") and version[:10] < EDITS_SINCE
    if not DATED.fullmatch(version) or too_old:
        msg = "Resource not found"
        raise VendorError(msg, status=404, code="404")


def _no_route(request: RecordedRequest) -> VendorError:
    if request.path.startswith("/openai/"):
        return VendorError("Resource not found", status=404, code="404")
    return VendorError(f"Invalid URL ({request.method} {request.path})", status=404)
