"""Video jobs, which need nothing but time."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.memory import BoundedDict

if TYPE_CHECKING:
    from tarash_gateway_sandbox.catalogue.fault import Course
    from tarash_gateway_sandbox.playing import Wanted

QUEUED_SHARE = 0.15
"""Which part of a job's time it spends in the queue."""
EXPIRES_AFTER = 3600
"""Seconds from completion to expiry."""
MOST_JOBS = 20_000
"""Jobs that are kept."""
OPENAI = "openai"
"""The face whose jobs have OpenAI's routes."""

FAILED = {"code": "video_generation_failed", "message": "The video could not be generated."}
"""The error of a job that fails without a reason of its own."""


@dataclass(frozen=True)
class JobManner:
    """How a server speaks of its jobs."""

    waiting: str = "queued"
    working: str = "in_progress"
    done: str = "completed"
    bare: bool = False
    """Whether a job is shown with id, status and time only."""

    def word(self, status: str) -> str:
        """OpenAI's word for a status in the words of this server."""
        return {"queued": self.waiting, "in_progress": self.working, "completed": self.done}.get(status, status)


@dataclass(frozen=True)
class Ending:
    """How a job ends that does not end well."""

    status: str
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class VideoJob:
    """One job: what was asked for, and when."""

    model: str
    prompt: str
    size: str
    seconds: str
    duration: float
    """Seconds from creation to completion."""
    reference: bytes | None = field(default=None, repr=False)
    remixed_from: str | None = None
    remixes: int = 0
    """How many remixes away from the first clip."""
    scene: str = ""
    """The first clip's prompt."""
    manner: JobManner = JobManner()
    ending: Ending | None = None
    """None is well."""
    course: Course | None = field(default=None, repr=False)
    """How it goes, where it does not go as usual."""
    faults: tuple[Wanted, ...] = field(default=(), repr=False)
    """What its later requests meet."""
    face: str = OPENAI
    """The vendor that has it: others do not show it."""
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
    def completed(self) -> bool:
        """Whether the clip can be downloaded."""
        return self._status(self.share) == "completed"

    def _status(self, share: float) -> str:
        """Its status in OpenAI's words when so much of its time is over."""
        if self.course is not None:
            return next(status for since, status in reversed(self.course.steps) if share >= since)
        if share >= 1.0:
            return self.ending.status if self.ending else "completed"
        return "queued" if share < QUEUED_SHARE else "in_progress"

    def resource(self) -> dict[str, Any]:
        """The job as the vendor shows it at this moment."""
        share = self.share
        step = self._status(share)
        status, completed = self.manner.word(step), step == "completed"
        going = self.course or self.ending
        error = going.error if going is not None and share >= 1.0 else None
        completed_at = self.created_at + round(self.duration) if completed else None
        if self.manner.bare:
            shown = {"id": self.id, "status": status, "created_at": self.created_at}
            return (
                shown | ({"completed_at": completed_at} if completed_at else {}) | ({"error": error} if error else {})
            )
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": status,
            # A job that did not end well never got to the end.
            "progress": 0 if step == "queued" else min(int(share * 100), 100 if completed else 99),
            "created_at": self.created_at,
            "completed_at": completed_at,
            "expires_at": completed_at + EXPIRES_AFTER if completed_at is not None else None,
            "prompt": self.prompt,
            "size": self.size,
            "seconds": self.seconds,
            "remixed_from_video_id": self.remixed_from,
            "error": error,
        }


class JobStore:
    """The latest jobs, oldest first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._jobs: BoundedDict[str, VideoJob] = BoundedDict(MOST_JOBS)
        self._lock = threading.Lock()

    def add(self, job: VideoJob) -> None:
        """Keep a job, and forget the oldest where there are too many."""
        with self._lock:
            self._jobs.keep(job.id, job, len(job.reference or b"") + len(job.prompt) + len(job.scene))

    def get(self, name: str, face: str | None = None) -> VideoJob | None:
        """Return a job by its id; None if the vendor of that face has none."""
        with self._lock:
            job = self._jobs.get(name)
        return job if job is not None and face in (None, job.face) else None

    def remove(self, name: str) -> VideoJob | None:
        """Forget a job; None if there was none."""
        with self._lock:
            return self._jobs.pop(name, None)

    def all(self, face: str | None = None) -> list[VideoJob]:
        """Return the jobs, oldest first; with a face, those of its vendor."""
        with self._lock:
            jobs = list(self._jobs.values())
        return [job for job in jobs if face in (None, job.face)]

    def clear(self) -> None:
        """Forget all jobs."""
        with self._lock:
            self._jobs.clear()
