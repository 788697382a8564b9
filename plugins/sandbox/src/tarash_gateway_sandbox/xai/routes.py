"""xAI's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.route import find_route, key_of
from tarash_gateway_sandbox.vendor import Call
from tarash_gateway_sandbox.xai import PREFIX, images, videos
from tarash_gateway_sandbox.xai.checks import XaiError

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route
    from tarash_gateway_sandbox.vendor import Handler

OPEN_ROUTES: tuple[Route, ...] = (("GET", rf"{videos.STORE}(.+)\.mp4", videos.stored),)
ROUTES: tuple[Route, ...] = (
    ("POST", rf"{PREFIX}/images/generations", images.generate),
    ("POST", rf"{PREFIX}/images/edits", images.edit),
    ("POST", rf"{PREFIX}/videos/generations", videos.generate),
    ("POST", rf"{PREFIX}/videos/edits", videos.edit),
    ("POST", rf"{PREFIX}/videos/extensions", videos.extend),
    ("GET", rf"{PREFIX}/videos/([^/]+)", videos.retrieve),
)


def find(request: RecordedRequest) -> tuple[Call, Handler] | None:
    """Finds the handler of a request to this vendor; None where it is for another.

    Raises:
        XaiError: There is no such route, or the key is refused.
    """
    found = find_route(OPEN_ROUTES, request.method, request.path)
    if found is None:
        if not request.path.startswith(f"{PREFIX}/"):
            return None
        _authorize(request)
        found = find_route(ROUTES, request.method, request.path)
    if found is None:
        msg = "The requested resource was not found"
        raise XaiError(404, "not-found", msg)
    return Call(request, name=found[0]), found[1]


def _authorize(request: RecordedRequest) -> None:
    key = key_of(request)
    if not key:
        msg = "Missing API key"
        raise XaiError(401, "unauthenticated", msg)
    if key.startswith("sk-invalid"):
        # The vendor answers a wrong key with 400 in places.
        msg = "Incorrect API key provided. You can obtain an API key from the console."
        raise XaiError(400, "invalid-argument", msg)
