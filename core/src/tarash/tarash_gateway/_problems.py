"""One problem of a request: what is wrong, what is allowed, and the nearest value that would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a request from being sent.

    A secret or a prompt is never a `value`: where one is at fault, `value` is None and the message tells its length.
    """

    field: str
    """The field, with its path where it is nested: `size`, `image_list.0.image`."""

    message: str
    """What is wrong, in one sentence."""

    value: Any = None
    """The value that was refused, or None where it must not be shown."""

    allowed: tuple[Any, ...] | str | None = None
    """The values that are taken, or a rule in words; None where there is no such list."""

    nearest: Any = None
    """The valid value nearest to the refused one, or None."""

    def __str__(self) -> str:
        text = f"{self.field}: {self.message}"
        if self.allowed:
            listed = self.allowed if isinstance(self.allowed, str) else ", ".join(str(item) for item in self.allowed)
            text += f"; allowed: {listed}"
        if self.nearest is not None:
            text += f"; nearest: {self.nearest}"
        return text
