"""From a path to its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.faults import Answer
from tarash_gateway_sandbox.vendor import Call, Vendor
from tarash_gateway_sandbox.xai import PREFIX, images, videos
from tarash_gateway_sandbox.xai.checks import XaiError

if TYPE_CHECKING:
    from tarash_gateway_sandbox.recording import RecordedRequest

Handler = Callable[[Call, Vendor], Awaitable[Answer]]

ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "/images/generations"): images.generate,
    ("POST", "/images/edits"): images.edit,
    ("POST", "/videos/generations"): videos.generate,
    ("POST", "/videos/edits"): videos.edit,
    ("POST", "/videos/extensions"): videos.extend,
}


def find(request: RecordedRequest) -> tuple[Call, Handler] | None:
    """The handler of a request to this vendor; None where it is for another.

    Raises:
        XaiError: There is no such route, or the key is refused.
    """
    if request.path.startswith(videos.STORE) and request.method == "GET":
        return Call(request), videos.stored
    if not request.path.startswith(f"{PREFIX}/"):
        return None
    _authorize(request)
    path = request.path.removeprefix(PREFIX)
    handler = ROUTES.get((request.method, path))
    if handler is not None:
        return Call(request), handler
    parts = path.split("/")[1:]
    if request.method == "GET" and parts[0] == "videos" and len(parts) == 2:
        return Call(request, name=parts[1]), videos.retrieve
    msg = "The requested resource was not found"
    raise XaiError(404, "not-found", msg)


def _authorize(request: RecordedRequest) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.strip():
        msg = "Missing API key"
        raise XaiError(401, "unauthenticated", msg)
    if key.startswith("sk-invalid"):
        # The vendor answers a wrong key with 400 in places.
        msg = "Incorrect API key provided. You can obtain an API key from the console."
        raise XaiError(400, "invalid-argument", msg)
