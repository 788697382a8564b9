"""What its updates say of one call: how far it is, how long it has taken, and how long it may take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from tarash.tarash_gateway.showing.wording import duration, one_line

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.media import Media
    from tarash.tarash_gateway.models.update import ImageGenerationUpdate, VideoGenerationUpdate

    AnyUpdate: TypeAlias = ImageGenerationUpdate | VideoGenerationUpdate

ENOUGH: Final = 5.0
"""Percent that a job must have made before its speed says anything about its end."""

_FINAL: Final = ("completed", "failed")
_WORDS: Final = {"in_progress": "in progress", "partial": "drawing"}


@dataclass(frozen=True, slots=True)
class CallProgress:
    """One call as its last update left it. Times are seconds; `heard_at` is on the clock of who heard."""

    request_id: str
    provider: str
    model: str
    status: str
    percent: float | None = None
    """0 to 100, as far as the vendor tells."""

    partials: int = 0
    """Partial pictures that have come."""

    picture: Media | None = None
    """The last of them."""

    wait_seconds: float | None = None
    reason: str | None = None
    """Why it waits or has failed."""

    job_id: str | None = None
    elapsed_seconds: float = 0.0
    heard_at: float = 0.0
    since: tuple[float, float] | None = None
    """Seconds and percent when the job was first seen at work: its speed is counted from there."""

    @classmethod
    def begun(cls, update: AnyUpdate, now: float) -> CallProgress:
        """The call that `update` is the first word of."""
        return cls(update.request_id, update.provider, update.model, update.status).after(update, now)

    def after(self, update: AnyUpdate, now: float) -> CallProgress:
        """The call after one more update."""
        percent = getattr(update, "progress", None)
        picture = getattr(update, "image", None)
        job = getattr(update, "job", None)
        return replace(
            self,
            # Another config of a fallback chain may have taken over.
            provider=update.provider,
            model=update.model,
            status=update.status,
            percent=percent,
            partials=self.partials + (picture is not None),
            picture=picture or self.picture,
            wait_seconds=update.wait_seconds,
            reason=one_line(update.message) if update.message else None,
            job_id=self.job_id if job is None else one_line(job.id),
            # A wait for the vendor is told without a time: the clock goes on.
            elapsed_seconds=max(update.elapsed_seconds, self.elapsed(now)),
            heard_at=now,
            since=self._speed_since(update.status, percent, update.elapsed_seconds),
        )

    @property
    def label(self) -> str:
        """Who makes it."""
        return one_line(f"{self.provider}/{self.model}", 60)

    @property
    def finished(self) -> bool:
        """Whether no update follows."""
        return self.status in _FINAL

    def elapsed(self, now: float) -> float:
        """Seconds since the call began."""
        return self.elapsed_seconds + (max(0.0, now - self.heard_at) if self.heard_at else 0.0)

    def expected(self, now: float) -> float | None:
        """Seconds that the whole call may take by the job's speed so far; None while nobody can tell."""
        if self.since is None or self.percent is None or self.status != "in_progress":
            return None
        began, first = self.since
        made, took = self.percent - first, self.elapsed_seconds - began
        if made < ENOUGH or took <= 0:
            return None
        whole = self.elapsed_seconds + (100.0 - self.percent) * took / made
        # A job that is later than expected is not at its end: then there is nothing to say.
        return whole if self.elapsed(now) <= whole else None

    def words(self, now: float, *, job: bool = True) -> Iterator[str]:
        """What there is to say, part by part: status, partial pictures, times, and the job's id."""
        yield self._status(now)
        if self.partials:
            yield "1 partial picture" if self.partials == 1 else f"{self.partials} partial pictures"
        times = "" if self.finished else self.times(now)
        if times:
            yield times
        if self.job_id and job:
            yield f"job {self.job_id}"

    def times(self, now: float) -> str:
        """How long it has taken and how long it may take; nothing in the first moment."""
        elapsed, expected = self.elapsed(now), self.expected(now)
        if expected is not None:
            return f"{duration(elapsed)} of about {duration(expected)}"
        return duration(elapsed) if elapsed >= 1 else ""

    def _status(self, now: float) -> str:
        if self.status == "completed":
            return f"completed in {duration(self.elapsed_seconds)}"
        if self.status == "failed":
            why = f": {self.reason}" if self.reason else ""
            return f"failed after {duration(self.elapsed_seconds)}{why}"
        if self.status == "waiting":
            left = None if self.wait_seconds is None else max(0.0, self.wait_seconds - (now - self.heard_at))
            return ("waiting" if left is None else f"waiting {duration(left)}") + (
                f": {self.reason}" if self.reason else ""
            )
        word = _WORDS.get(self.status, one_line(self.status, 20))
        # Before and after the work, the percentage is a bare 0 or 100.
        known = self.percent is not None and self.status == "in_progress"
        return f"{word} {self.percent:.0f} %" if known else word

    def _speed_since(self, status: str, percent: float | None, elapsed: float) -> tuple[float, float] | None:
        if status != "in_progress" or percent is None:
            return None if status in ("submitting", "queued") else self.since
        if self.since is None or percent < self.since[1]:
            return elapsed, percent
        return self.since
