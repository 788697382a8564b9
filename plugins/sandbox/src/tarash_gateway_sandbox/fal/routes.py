"""fal's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.fal import PLATFORM, PREFIX, platform, queue
from tarash_gateway_sandbox.fal.errors import FalError
from tarash_gateway_sandbox.route import Face, key_of

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route

OPEN_ROUTES: tuple[Route, ...] = (("GET", rf"{queue.STORE}(.+)", queue.stored),)
ROUTES: tuple[Route, ...] = (
    ("GET", rf"{PLATFORM}/models", platform.models),
    ("GET", rf"{PLATFORM}/models/pricing", platform.pricing),
    ("GET", rf"{PREFIX}/.+/requests/([^/]+)/status", queue.status),
    ("GET", rf"{PREFIX}/.+/requests/([^/]+)(?:/response)?", queue.result),
    ("PUT", rf"{PREFIX}/.+/requests/([^/]+)/cancel", queue.cancel),
    ("POST", rf"{PREFIX}/(?!.+/requests/)[^/]+/.+", queue.submit),
)


def _authorize(request: RecordedRequest) -> None:
    key = key_of(request, "Key")
    if not key or key.startswith("sk-invalid"):
        msg = "Unauthorized" if key else "Authentication is required to access this application"
        raise FalError(401, msg)


FACE = Face((f"{PREFIX}/", f"{PLATFORM}/"), OPEN_ROUTES, ROUTES, _authorize, lambda: FalError(404, "Not Found"))
