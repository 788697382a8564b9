"""Which request is answered by which function."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from tarash_gateway_testing.fake.requests import Request, Role

__all__ = ["CREATING", "Handler", "Role", "answers", "handlers_of"]

CREATING: frozenset[Role] = frozenset(("image", "stream", "submit"))
"""What makes something that is paid for."""

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Handler:
    """One function of a fake vendor.

    Attributes:
        role: what the requests are for.
        route: method and path, as in `POST /films` or `GET /films/{id}`: behind the vendor's base path, or whole.
            `{…}` stands for one segment or a part of it, `{…*}` for any number of them.
        answer: takes a `Request`; gives JSON, text, bytes, an `Answer` or a `Stream`.
        when: further condition on the request, where two roles share one route.
    """

    role: Role
    route: str
    answer: Callable[[Request], Any]
    when: Callable[[Request], bool] | None = None

    def takes(self, request: Request, base_path: str = "") -> dict[str, str] | None:
        """Returns the named parts of the path; None where the request is not for this handler."""
        method, _, path = self.route.partition(" ")
        if method.upper() != request.method:
            return None
        pattern = _pattern(path.strip())
        found = pattern.fullmatch(request.path) or pattern.fullmatch(request.path.removeprefix(base_path))
        if found is None or (self.when is not None and not self.when(request)):
            return None
        return found.groupdict()


def answers(role: Role, route: str, *, when: Callable[[Request], bool] | None = None) -> Callable[[MethodT], MethodT]:
    """Marks a method of a test class as a handler of its fake vendor.

    Args:
        role: what the requests are for.
        route: method and path behind the base path, as in `POST /films/{id}/cancel`.
        when: further condition on the request, where two roles share one route.
    """
    if role not in get_args(Role):
        msg = f"{role!r} is no role; the roles are {', '.join(get_args(Role))}"
        raise ValueError(msg)

    def mark(method: MethodT) -> MethodT:
        routes = [*getattr(method, "tarash_answers", ()), (role, route, when)]
        method.tarash_answers = routes  # type: ignore[attr-defined] # a mark, as pytest's own
        return method

    return mark


def handlers_of(owner: Any) -> list[Handler]:
    """Returns the marked methods of an object, in the order in which they are written; those with a condition first."""
    names = dict.fromkeys(name for kind in type(owner).__mro__ for name in vars(kind))
    found = [
        Handler(role, route, getattr(owner, name), when)
        for name in names
        for role, route, when in getattr(getattr(type(owner), name, None), "tarash_answers", ())
    ]
    return sorted(found, key=lambda handler: handler.when is None)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)(\*?)\}", path)
    text = re.escape(parts[0])
    for name, star, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        text += f"(?P<{name}>{'.+' if star else '[^/]+?'}){re.escape(rest)}"
    return re.compile(text)
