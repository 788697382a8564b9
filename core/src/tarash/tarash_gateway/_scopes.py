"""What a `with` block puts around the calls in it: a journal, a budget."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Generic, TypeVar

ThingT = TypeVar("ThingT")


class ScopeStack(Generic[ThingT]):
    """The things of one kind whose blocks are open: those of this context, else those of the process.

    A thread that was started in a block has no context of it, and is in it all the same.
    """

    def __init__(self, name: str) -> None:
        self._in_context: ContextVar[tuple[ThingT, ...]] = ContextVar(name, default=())
        self._in_process: list[ThingT] = []

    def enter(self, thing: ThingT) -> None:
        """Opens the block of a thing."""
        self._in_context.set((*self._in_context.get(), thing))
        self._in_process.append(thing)

    def leave(self, thing: ThingT) -> None:
        """Closes it."""
        here = self._in_context.get()
        if thing in here:
            at = len(here) - 1 - here[::-1].index(thing)
            self._in_context.set(here[:at] + here[at + 1 :])
        if thing in self._in_process:
            self._in_process.remove(thing)

    def all(self) -> tuple[ThingT, ...]:
        """Returns the things around a call of this moment, the innermost last."""
        return self._in_context.get() or tuple(self._in_process)
