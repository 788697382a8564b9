"""fal's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.fal import PLATFORM, PREFIX, platform, queue
from tarash_gateway_sandbox.fal.errors import FalError
from tarash_gateway_sandbox.route import find_route, key_of
from tarash_gateway_sandbox.vendor import Call

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route
    from tarash_gateway_sandbox.vendor import Handler

OPEN_ROUTES: tuple[Route, ...] = (("GET", rf"{queue.STORE}(.+)", queue.stored),)
ROUTES: tuple[Route, ...] = (
    ("GET", rf"{PLATFORM}/models", platform.models),
    ("GET", rf"{PLATFORM}/models/pricing", platform.pricing),
    ("GET", rf"{PREFIX}/.+/requests/([^/]+)/status", queue.status),
    ("GET", rf"{PREFIX}/.+/requests/([^/]+)(?:/response)?", queue.result),
    ("PUT", rf"{PREFIX}/.+/requests/([^/]+)/cancel", queue.cancel),
    ("POST", rf"{PREFIX}/(?!.+/requests/)[^/]+/.+", queue.submit),
)


def find(request: RecordedRequest) -> tuple[Call, Handler] | None:
    """Finds the handler of a request to this vendor; None where it is for another.

    Raises:
        FalError: There is no such route, or the key is refused.
    """
    found = find_route(OPEN_ROUTES, request.method, request.path)
    if found is None:
        if not request.path.startswith((f"{PREFIX}/", f"{PLATFORM}/")):
            return None
        key = key_of(request, "Key")
        if not key or key.startswith("sk-invalid"):
            msg = "Unauthorized" if key else "Authentication is required to access this application"
            raise FalError(401, msg)
        found = find_route(ROUTES, request.method, request.path)
    if found is None:
        msg = "Not Found"
        raise FalError(404, msg)
    return Call(request, name=found[0]), found[1]
