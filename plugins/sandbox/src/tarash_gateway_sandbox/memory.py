"""What a server remembers, within limits: one that runs for days must not keep everything."""

from __future__ import annotations

import threading
from collections import UserDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Literal, Self, TypeVar

Item = TypeVar("Item")
Key = TypeVar("Key")
Value = TypeVar("Value")

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of one kind that are kept."""
MOST_LISTED = 1000
"""Texts that a `LatestList` keeps."""


class History(Generic[Item]):
    """The latest items, oldest first. Safe to use from any thread.

    Args:
        most: Most items.
        size: Bytes of an item; together they are at most `MOST_BYTES`.
    """

    def __init__(self, most: int, size: Callable[[Item], int]) -> None:
        self._items: deque[Item] = deque()
        self._most, self._size, self._bytes = most, size, 0
        self._lock = threading.Lock()

    def add(self, item: Item) -> None:
        """Keeps an item, and forget the oldest where there are too many."""
        with self._lock:
            self._items.append(item)
            self._bytes += self._size(item)
            while len(self._items) > 1 and (self._bytes > MOST_BYTES or len(self._items) > self._most):
                self._bytes -= self._size(self._items.popleft())

    def snapshot(self) -> list[Item]:
        """Returns the items that are kept, oldest first."""
        with self._lock:
            return list(self._items)

    def clear(self) -> None:
        """Forgets all items."""
        with self._lock:
            self._items.clear()
            self._bytes = 0


MOST_PAID = 200_000
"""Creating requests that are kept."""


@dataclass(frozen=True)
class Paid:
    """One creating request that made something billable."""

    kind: Literal["image", "video"]
    model: str
    """As it was asked for."""
    prompt: str = field(repr=False)
    id: str = ""
    """The job's; images have none."""
    count: int = 1
    """Images or videos that were made."""


class Ledger(History[Paid]):
    """What was paid for, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        super().__init__(MOST_PAID, lambda paid: len(paid.prompt))


class BoundedDict(UserDict[Key, Value]):
    """A dictionary that forgets its oldest entries when there are too many, or when they are too large.

    Args:
        most: Most entries.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most, self._bytes, self._sizes = most, 0, dict[Key, int]()

    def keep(self, key: Key, value: Value, size: int = 0) -> None:
        """Keeps an entry.

        Args:
            key: Its key; one that is there keeps its place.
            value: Its value.
            size: Its bytes; together they are at most `MOST_BYTES`.
        """
        self[key] = value
        self._bytes += size - self._sizes.get(key, 0)
        self._sizes[key] = size
        while len(self) > 1 and (len(self) > self._most or self._bytes > MOST_BYTES):
            del self[next(iter(self))]

    def __delitem__(self, key: Key) -> None:
        super().__delitem__(key)
        self._bytes -= self._sizes.pop(key, 0)


class LatestList(list[str]):
    """A list that keeps its latest texts."""

    def append(self, text: str) -> None:
        """Adds a text."""
        self.extend((text,))

    def extend(self, texts: Iterable[str]) -> None:
        """Adds texts."""
        super().extend(texts)
        del self[:-MOST_LISTED]

    def __iadd__(self, texts: Iterable[str]) -> Self:  # type: ignore[override,misc] # mypy compares it with +
        self.extend(texts)
        return self
