"""Where a key shows in what an error keeps: what error reporters and `pytest -l` write out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType, TracebackType
from typing import Any

from pydantic import SecretStr

__all__ = ["places_of_key"]

_OURS = ("tarash_gateway_testing", "_pytest", "pluggy", "pytest")
"""Packages whose frames know the key: the test's own."""

_DEPTH = 4
"""How far into an object an error reporter looks."""


def places_of_key(error: BaseException, key: str) -> list[str]:
    """Returns where the key shows: locals of the frames, and objects that the errors of the chain hold.

    Args:
        error: what was raised; its causes and contexts are looked at too.
        key: what must not show.
    """
    found: list[str] = []
    for raised in _chain(error):
        for frame in _frames(raised.__traceback__):
            module = str(frame.f_globals.get("__name__", ""))
            if module.partition(".")[0] not in _OURS and not module.startswith(("test_", "tests.")):
                found += [
                    f"{module}:{frame.f_lineno} {frame.f_code.co_name}(): {name}"
                    for name, value in frame.f_locals.items()
                    if _shows(value, key)
                ]
        held = {name: value for name, value in vars(raised).items() if not name.startswith("__")}
        names = [name for name, value in held.items() if _shows(value, key, depth=_DEPTH)]
        found += [f"{type(raised).__name__}.{name}" for name in names]
    return list(dict.fromkeys(found))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yields the error, what it was raised from, and what was being handled."""
    queue: list[BaseException | None] = [error]
    visited: set[int] = set()
    for raised in queue:
        if raised is not None and id(raised) not in visited:
            visited.add(id(raised))
            yield raised
            queue += [raised.__cause__, raised.__context__]
            queue += raised.exceptions if isinstance(raised, BaseExceptionGroup) else ()


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _shows(value: Any, key: str, depth: int = 1) -> bool:
    """Tells whether the key is in the value's repr, or in that of what it holds."""
    try:
        if key in repr(value):
            return True
        if depth == 0 or isinstance(value, str | bytes | int | float | type(None) | type | SecretStr):
            return False
        inner = [*value.items()] if isinstance(value, Mapping) else []
        inner += enumerate(value) if isinstance(value, list | tuple) else ()
        inner += vars(value).items() if depth > 1 and hasattr(value, "__dict__") else ()
    except Exception:  # noqa: BLE001 # a repr of a stranger's object may fail, and then shows nothing
        return False
    return any(_shows(item, key, depth - 1) for name, item in inner if not str(name).startswith("__"))
