"""Tables of routes, and the faces that have them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.vendor import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tarash_gateway_sandbox.errors import VendorError
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


@dataclass(frozen=True)
class Face:
    """A vendor whose paths all begin alike."""

    prefixes: tuple[str, ...]
    """What its paths begin with, each with a slash at the end."""
    open_routes: tuple[Route, ...]
    """What anyone may fetch, without a key."""
    routes: tuple[Route, ...]
    authorize: Callable[[RecordedRequest], None]
    """Raises a `VendorError` for a key that is missing or refused."""
    not_found: Callable[[], VendorError]
    """Makes the refusal of a path that is not there."""

    def find(self, request: RecordedRequest) -> tuple[Call, Handler] | None:
        """Finds the handler of a request to this vendor; None where it is for another.

        Raises:
            VendorError: There is no such route, or the key is refused.
        """
        found = find_route(self.open_routes, request.method, request.path)
        if found is None:
            if not request.path.startswith(self.prefixes):
                return None
            self.authorize(request)
            found = find_route(self.routes, request.method, request.path)
        if found is None:
            raise self.not_found()
        return Call(request, name=found[0]), found[1]
