"""From a path to its handler."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.fal import PLATFORM, PREFIX, platform, queue
from tarash_gateway_sandbox.fal.errors import FalError
from tarash_gateway_sandbox.faults import Answer
from tarash_gateway_sandbox.vendor import Call, Vendor

if TYPE_CHECKING:
    from tarash_gateway_sandbox.recording import RecordedRequest

Handler = Callable[[Call, Vendor], Awaitable[Answer]]

LISTS: dict[str, Handler] = {f"{PLATFORM}/models": platform.models, f"{PLATFORM}/models/pricing": platform.pricing}
JOBS: dict[tuple[str, str], Handler] = {
    ("GET", "/status"): queue.status,
    ("GET", ""): queue.result,
    ("GET", "/response"): queue.result,
    ("PUT", "/cancel"): queue.cancel,
}
JOB = re.compile(rf"{PREFIX}/.+/requests/([^/]+)(/status|/response|/cancel)?")


def find(request: RecordedRequest) -> tuple[Call, Handler] | None:
    """The handler of a request to this vendor; None where it is for another.

    Raises:
        FalError: There is no such route, or the key is refused.
    """
    if request.path.startswith(queue.STORE) and request.method == "GET":
        return Call(request), queue.stored
    if not request.path.startswith((f"{PREFIX}/", f"{PLATFORM}/")):
        return None
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Key" or not key.strip() or key.startswith("sk-invalid"):
        msg = "Unauthorized" if key else "Authentication is required to access this application"
        raise FalError(401, msg)
    if request.method == "GET" and request.path in LISTS:
        return Call(request), LISTS[request.path]
    found = JOB.fullmatch(request.path)
    if found is not None and (handler := JOBS.get((request.method, found[2] or ""))) is not None:
        return Call(request, name=found[1]), handler
    if request.method == "POST" and found is None and request.path.count("/") > 2:
        return Call(request), queue.submit
    msg = "Not Found"
    raise FalError(404, msg)
