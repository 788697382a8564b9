"""From a path to its handler: OpenAI's routes, Azure's spellings of them, and two for anyone."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tarash_gateway_sandbox import derived_videos, images, videos
from tarash_gateway_sandbox.auth import authorize
from tarash_gateway_sandbox.fal import routes as fal
from tarash_gateway_sandbox.faults import Answer, Reply, json_answer
from tarash_gateway_sandbox.google import routes as google
from tarash_gateway_sandbox.models import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_sandbox.openrouter import routes as openrouter
from tarash_gateway_sandbox.vendor import Call, Vendor
from tarash_gateway_sandbox.vendor_errors import VendorError, model_not_found
from tarash_gateway_sandbox.xai import routes as xai

if TYPE_CHECKING:
    from tarash_gateway_sandbox.playing import Wanted
    from tarash_gateway_sandbox.recording import RecordedRequest

Handler = Callable[[Call, Vendor], Awaitable[Reply]]

DATED = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(-preview)?")
V1_VERSIONS = ("v1", "preview", "latest")
EDITS_SINCE = "2025-04-01"
"""The first dated api-version with image edits."""
RELEASED = 1_759_276_800
"""Unix time the model list gives: sora-2's month, October 2025."""


@dataclass(frozen=True)
class Route:
    """A method and a path below `/v1`, where `{}` stands for an id."""

    method: str
    path: str
    handler: Handler

    def match(self, path: str) -> str | None:
        """The id in the path, empty when the route has none; None when it is another path."""
        before, braces, after = self.path.partition("{}")
        found = re.fullmatch(re.escape(before) + ("([^/]+)" if braces else "") + re.escape(after), path)
        return None if found is None else (found[1] if braces else "")


async def list_models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /models."""
    return json_answer({"object": "list", "data": [_model(name) for name in (*IMAGE_MODELS, *VIDEO_MODELS)]})


async def retrieve_model(call: Call, vendor: Vendor) -> Answer:
    """GET /models/{id}."""
    if not vendor.profile.any_model and call.name not in IMAGE_MODELS and call.name not in VIDEO_MODELS:
        raise model_not_found(call.name)
    return json_answer(_model(call.name))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": RELEASED, "owned_by": "openai"}


ROUTES = (
    Route("POST", "/images/generations", images.generate),
    Route("POST", "/images/edits", images.edit),
    Route("POST", "/images/variations", images.vary),
    Route("POST", "/videos", videos.create),
    Route("GET", "/videos", videos.list_jobs),
    Route("GET", "/videos/{}", videos.retrieve),
    Route("DELETE", "/videos/{}", videos.delete),
    Route("GET", "/videos/{}/content", videos.content),
    Route("POST", "/videos/{}/remix", derived_videos.remix),
    Route("POST", "/videos/edits", derived_videos.edit),
    Route("POST", "/videos/extensions", derived_videos.extend),
    Route("GET", "/models", list_models),
    Route("GET", "/models/{}", retrieve_model),
)
DEPLOYMENT_ROUTES = ROUTES[:2]
"""What Azure's older, dated routes have: no videos."""
OPEN_ROUTES = (
    Route("GET", "/car.jpg", images.car),
    Route("GET", "/files/{}", images.picture_file),
)
"""What anyone may fetch, without a key."""


async def answer(request: RecordedRequest, vendor: Vendor, job_faults: tuple[Wanted, ...] = ()) -> Reply:
    """The real answer to a request.

    Args:
        request: The request.
        vendor: The vendor that answers.
        job_faults: What the job meets that it creates.

    Returns:
        The answer, also where it is a refusal.
    """
    try:
        call, handler = find(request)
        return await handler(dataclasses.replace(call, job_faults=job_faults), vendor)
    except VendorError as error:
        return error.answer()


def find(request: RecordedRequest) -> tuple[Call, Handler]:
    """The handler of a request that is let in.

    Args:
        request: The request.

    Returns:
        The call with what its path names, and the handler.

    Raises:
        VendorError: There is no such route, its version does not fit, or the key is refused.
    """
    path = request.path
    found = openrouter.find(request) or google.find(request) or xai.find(request) or fal.find(request)
    if found is not None:
        return found
    for route in OPEN_ROUTES:
        name = route.match(path)
        if name is not None and request.method == route.method:
            return Call(request, name=name), route.handler
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
    others = False
    for route in routes:
        name = route.match(path)
        if name is not None and request.method == route.method:
            return Call(request, call.azure, call.deployment, name), route.handler
        others = others or name is not None
    if others:
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
