"""What this vendor remembers: interactions, operations, files, and the faults that wait to be played."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.artwork.orders import VideoOrder
from tarash_gateway_sandbox.google.faults import FAULTS
from tarash_gateway_sandbox.memory import BoundedDict, LatestList

if TYPE_CHECKING:
    from collections.abc import Iterable


STORE = "/google-store/"
"""Where another origin is played: the same server under another name."""
OWN_ADDRESS = "https://generativelanguage.googleapis.com"
"""What the vendor's own addresses of files begin with, wherever it was asked. The SDK takes the name from behind it and
asks its own base URL; so must every client of a proxy."""
MOST_KEPT = 20_000
"""Jobs that are kept, and as many files."""


@dataclass
class Job:
    """An interaction, or an operation."""

    id: str
    model: str
    prompt: str
    seconds: int
    """Of the video."""
    duration: float
    """Seconds that it takes."""
    orders: list[VideoOrder]
    """The videos that it makes."""
    shown: dict[str, Any] = field(default_factory=dict, repr=False)
    """What is given back of the request."""
    faults: frozenset[str] = frozenset()
    delivery: str = "uri"
    project: str = ""
    """The path of the project that it is in, on Vertex AI."""
    version: str = "v1beta"
    withheld: int = 0
    cancelled: bool = False
    looks: int = 0
    tokens_per_second: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> bool:
        """Whether its time is over."""
        return time.monotonic() - self.started >= self.duration


@dataclass
class StoredFile:
    """A file of the Files API."""

    name: str
    content: bytes = field(repr=False)
    content_type: str
    processing: int = 0
    """Looks at it until it can be used."""


class State:
    """The vendor's memory. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self.jobs: BoundedDict[str, Job] = BoundedDict(MOST_KEPT)
            self.files: BoundedDict[str, StoredFile] = BoundedDict(MOST_KEPT)
            self.uploads: BoundedDict[str, tuple[int, str]] = BoundedDict(MOST_KEPT)
            """Uploads that were begun: their bytes and kind."""
            self.videos: BoundedDict[str, tuple[str, int]] = BoundedDict(MOST_KEPT)
            """Files that jobs made: the job, and which of its videos."""
            self.leaks: list[str] = LatestList()
            """Paths of another origin that a key arrived at."""
            self.fetched: list[str] = LatestList()
            """Paths of another origin that were fetched."""
            self._waiting: dict[str, int] = {}

    def meet(self, name: str, times: int = 1) -> None:
        """Lets the next requests or jobs that a fault is for meet it.

        Args:
            name: The fault's name, a key of `FAULTS`.
            times: How many.

        Raises:
            ValueError: There is no fault of that name.
        """
        if name not in FAULTS:
            msg = f"There is no fault '{name}'. There are: {', '.join(FAULTS)}."
            raise ValueError(msg)
        with self._lock:
            self._waiting[name] = self._waiting.get(name, 0) + times

    def takes(self, name: str) -> bool:
        """Tells whether a fault waits to be played; it is counted as played."""
        with self._lock:
            left = self._waiting.get(name, 0)
            if left:
                self._waiting[name] = left - 1
            return left > 0

    def wanted(self, named: frozenset[str], names: Iterable[str]) -> frozenset[str]:
        """Returns the faults that a request is to meet: those of its model's name, and those of `names` that wait."""
        return named | frozenset(name for name in names if self.takes(name))


def new_id(prefix: str) -> str:
    """Returns a new id."""
    return f"{prefix}{uuid.uuid4().hex}"


def now() -> str:
    """Returns the time as the vendor writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def video_order(
    prompt: str, size: tuple[int, int], seconds: int, model: str, *, reference: bytes | None, number: int
) -> VideoOrder:
    """Returns what a video depends on."""
    width, height = (edge - edge % 2 for edge in size)
    scene = f"{prompt} ({number + 1})" if number else prompt
    return VideoOrder(prompt, width, height, seconds, model, reference, scene, number)
