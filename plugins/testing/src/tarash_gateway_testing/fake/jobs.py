"""A job at a fake vendor, of a video or of images."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tarash.tarash_gateway.models.job import JobStatus
from tarash_gateway_testing.media import clip

if TYPE_CHECKING:
    from tarash_gateway_testing.fake.received import Request

__all__ = ["DONE", "UNHEARD_OF", "FakeJob", "State"]

State = JobStatus | str
"""Our word for where a job stands, or `UNHEARD_OF`."""

UNHEARD_OF = "unheard-of"
"""A status that no vendor has named yet."""

DONE: Sequence[State] = ("in_progress", "completed")
"""What a job goes through: the first when it is submitted, the next at each look."""


@dataclass
class FakeJob:
    """One job. A handler puts `id` and `word` into its answer in the vendor's own shape."""

    request: Request = field(repr=False)
    """What submitted it: its prompt is in there."""

    words: Mapping[str, str] = field(repr=False)
    states: Sequence[State] = DONE
    message: str = "the renderer broke down"
    """Why it failed, where it did."""

    outputs: int = 1
    """Videos that it makes."""

    files_at: str = ""
    """The origin of its result's address."""

    tail: bytes = field(default=b"", repr=False)
    """Bytes behind the end of its videos."""

    id: str = field(default_factory=lambda: f"job-{uuid.uuid4().hex[:16]}")
    created_at: float = field(default_factory=lambda: datetime.now(UTC).timestamp())
    """Seconds since 1970, UTC."""

    linked: bool = False
    """Whether the vendor's answer gave an address of the result."""

    _looks: int = 0

    @property
    def state(self) -> State:
        """Where it stands, in our word."""
        return self.states[min(self._looks, len(self.states) - 1)]

    @property
    def word(self) -> str:
        """Where it stands, in the vendor's word."""
        return self.words.get(self.state, self.state)

    @property
    def finished(self) -> bool:
        """Whether its clip is there."""
        return self.state == "completed"

    def look(self) -> None:
        """The job goes on."""
        self._looks += 1

    def end_as(self, state: State) -> None:
        """The job ends here."""
        self.states, self._looks = (state,), 0

    def clip(self, index: int = 0) -> bytes:
        """The bytes of one of its videos."""
        return clip(f"{self.id}-{index}") + self.tail

    def result_url(self, index: int = 0) -> str:
        """An address of one of its videos, for a vendor that puts it into its answer."""
        self.linked = True
        return f"{self.files_at}/kit/clips/{self.id}-{index}.mp4"
