"""Jobs, which need nothing but time."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from tarash_gateway_sandbox.artwork.orders import VideoOrder
from tarash_gateway_sandbox.faults.fault import USUAL, Course
from tarash_gateway_sandbox.memory import BoundedDict
from tarash_gateway_sandbox.operations import split_model

if TYPE_CHECKING:
    from tarash_gateway_sandbox.fault_choice import CountedFault

EXPIRES_AFTER = 3600
"""Seconds from completion to expiry."""
MOST_JOBS = 20_000
"""Jobs that are kept."""


@dataclass(frozen=True)
class JobWords:
    """What a server calls the statuses of its jobs."""

    queued: str = "queued"
    in_progress: str = "in_progress"
    completed: str = "completed"

    def of(self, status: str) -> str:
        """Translates OpenAI's word for a status; another word stays as it is."""
        words = {"queued": self.queued, "in_progress": self.in_progress, "completed": self.completed}
        return words.get(status, status)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job: what was asked for, and when. Each vendor's class shows it in its own way."""

    listed: ClassVar[bool] = False
    """Whether the vendor's list of jobs shows it."""

    model: str
    prompt: str
    size: str
    """As in `1280x720`, in pixels."""
    seconds: int
    """Length of the video."""
    makes: Literal["image", "video"] = "video"
    duration: float
    """Seconds from creation to completion."""
    reference: bytes | None = field(default=None, repr=False)
    """The image that the video begins with."""
    remixed_from: str | None = None
    remixes: int = 0
    """How many remixes away from the first video."""
    scene: str = ""
    """The first video's prompt; empty is the job's own."""
    course: Course = field(default=USUAL, repr=False)
    """How it goes."""
    faults: tuple[CountedFault, ...] = field(default=(), repr=False)
    """What its later requests meet."""
    origin: str = ""
    """Where the server listens."""
    id: str = field(default_factory=lambda: f"video_{uuid.uuid4().hex}")
    created_at: int = field(default_factory=lambda: int(time.time()))
    """Unix time, in seconds, for display only."""
    started: float = field(default_factory=time.monotonic)

    @property
    def share(self) -> float:
        """How much of the job is done, 0 to 1."""
        elapsed = time.monotonic() - self.started
        return 1.0 if elapsed >= self.duration else elapsed / self.duration

    @property
    def status(self) -> str:
        """Its status at this moment, in OpenAI's words."""
        return self.course.status(self.share)

    @property
    def completed(self) -> bool:
        """Whether its files can be downloaded."""
        return self.status == "completed"

    @property
    def error(self) -> Any:
        """Its error, once its time is over."""
        return self.course.error if self.share >= 1.0 else None

    @property
    def foreign_origin(self) -> str:
        """The server under another name: where a vendor keeps files at another host than its API."""
        return f"http://localhost:{self.origin.rpartition(':')[2]}"

    @property
    def width_and_height(self) -> tuple[int, int]:
        """Its size, in pixels."""
        width, _, height = self.size.partition("x")
        return int(width), int(height)

    def order(self) -> VideoOrder:
        """Returns what its video depends on."""
        width, height = (edge - edge % 2 for edge in self.width_and_height)  # H.264 has even edges
        return VideoOrder(
            self.prompt,
            width,
            height,
            self.seconds,
            split_model(self.model)[0],
            self.reference,
            self.scene or self.prompt,
            self.remixes,
        )


JobT = TypeVar("JobT", bound=Job)


class JobStore:
    """The latest jobs, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._jobs: BoundedDict[str, Job] = BoundedDict(MOST_JOBS)
        self._lock = threading.Lock()

    def add(self, job: Job) -> None:
        """Keeps a job, and forgets the oldest where there are too many."""
        with self._lock:
            self._jobs.keep(job.id, job, len(job.reference or b"") + len(job.prompt) + len(job.scene))

    def get(self, name: str, kind: type[JobT]) -> JobT | None:
        """Returns a job by its id; None if the vendor with that kind of jobs has none."""
        with self._lock:
            job = self._jobs.get(name)
        return job if isinstance(job, kind) else None

    def remove(self, name: str) -> Job | None:
        """Forgets a job; None if there was none."""
        with self._lock:
            return self._jobs.pop(name, None)

    def all(self) -> list[Job]:
        """Returns the jobs, oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def listed(self) -> list[Job]:
        """Returns the jobs that a list of jobs shows, oldest first."""
        return [job for job in self.all() if job.listed]

    def clear(self) -> None:
        """Forgets all jobs."""
        with self._lock:
            self._jobs.clear()
