"""Tables of routes, and what a request's `Authorization` says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.vendor import Handler

    Route = tuple[str, str, Handler]
    """A method, a pattern of the path whose group is an id, and the handler."""


def find_route(routes: Iterable[Route], method: str, path: str) -> tuple[str, Handler] | None:
    """Finds the id in a path, empty where the route has none, and the handler; None if there is no such route."""
    for wanted, pattern, handler in routes:
        found = re.fullmatch(pattern, path) if wanted == method else None
        if found is not None:
            return found[1] if found.re.groups else "", handler
    return None


def has_path(routes: Iterable[Route], path: str) -> bool:
    """Tells whether a path is there, if for another method."""
    return any(re.fullmatch(pattern, path) for _, pattern, _ in routes)


def key_of(request: RecordedRequest, scheme: str = "Bearer") -> str:
    """Returns the key of `Authorization: SCHEME KEY`; empty where there is none."""
    said, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if said == scheme else ""
