"""A vendor in virtual time: it takes requests, limits them, works, fails on demand, and keeps a book of payments."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from simulation.clock import FIRST_DAY, VirtualLoop
from simulation.faults import Fault, lost, not_reached, status
from simulation.media import CLIP, PICTURE
from simulation.profiles import CLIP_SECONDS, SIZE, Profile
from simulation.rows import Row
from tarash.tarash_gateway.capabilities import ImageModel, Price, VideoModel
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.models.job import JobStatus
from tarash.tarash_gateway.plugins import (
    API_VERSION,
    ImageAnswer,
    ImageOutput,
    LostVideo,
    Prepared,
    Provider,
    ProviderSpec,
    VideoStatus,
)

PAGE: Final = 100
"""Jobs on one page of the list."""

CLOCKS_DIFFER: Final = timedelta(seconds=60)

_ANSWER: Final = ImageAnswer([ImageOutput(content=PICTURE)])
_UNAVAILABLE: Final = status(503)


@dataclass(slots=True)
class Job:
    """A job at the vendor."""

    id: str
    model: str
    row: Row
    created: float
    ends: float
    fails: bool
    known: float | None = None
    """When somebody first heard that it had ended."""

    polls: int = 0


class Book:
    """What was paid, by row: the vendors' side of it, which no client can change.

    Args:
        rows: how many rows there are.
    """

    def __init__(self, rows: int) -> None:
        self.times = bytearray(rows)
        self.dollars = 0.0

    def pay(self, row: Row, dollars: float) -> None:
        """Something was made for that row."""
        self.times[row.number] = min(self.times[row.number] + 1, 255)
        self.dollars += dollars

    @property
    def paid(self) -> int:
        """Requests that were paid."""
        return sum(self.times)

    @property
    def twice(self) -> int:
        """Rows that were paid more than once."""
        return sum(times > 1 for times in self.times)


class Vendor(Provider):
    """One vendor. It is its own provider, too: what a plugin does between the two is no part of the simulation.

    Args:
        profile: how it behaves.
        clock: virtual time.
        book: where it writes what is paid.
        row_of: the row of a prompt.
        chance: where its durations are drawn.
        run: what tells its jobs from those of another simulation in this process.
    """

    def __init__(
        self,
        profile: Profile,
        clock: VirtualLoop,
        book: Book,
        row_of: Callable[[str], Row],
        *,
        chance: random.Random,
        run: str,
    ) -> None:
        self.profile = profile
        self.endpoint = f"simulated://{profile.name}/{run}"
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.busy = 0
        """Pictures and jobs that it works on."""

        self._clock = clock
        self._book = book
        self._row_of = row_of
        self._chance = chance
        self._jobs: dict[str, Job] = {}
        self._recent: deque[Job] = deque()
        self._made = 0
        self.on_known: Callable[[Job], None] | None = None
        """Called when somebody first hears of the end of a job."""

        per_second = (profile.creating_a_minute or 0.0) / 60
        self._per_second = per_second
        self._tokens = self._most_tokens = max(per_second * profile.burst, 1.0)
        self._filled = 0.0

    async def generate_image_async(self, prepared: Prepared[Any], *, timeout: float) -> ImageAnswer:
        """Makes a picture."""
        row = self._row_of(prepared.request.prompt)
        reach = await self._arrive("create", timeout)
        fault = self._let_in(row)
        self._book.pay(row, self.profile.picture_price)
        takes = self._work(self.profile.picture)
        left = timeout - reach
        if (fault is not None and fault.at == "silent") or takes > left:
            await self._clock.sleep(left)
            raise lost()
        await self._clock.sleep(takes)
        raise_lost(fault)
        return _ANSWER

    async def submit_video_async(self, prepared: Prepared[Any], *, timeout: float) -> VideoStatus:
        """Begins a job."""
        row = self._row_of(prepared.request.prompt)
        reach = await self._arrive("create", timeout)
        fault = self._let_in(row)
        now, takes = self._clock.time(), self._work(self.profile.job)
        self._book.pay(row, self.profile.second_price * CLIP_SECONDS)
        self._made += 1
        job = Job(f"job_{self._made}", prepared.model, row, now, now + takes, row.meets("job") is not None)
        self._jobs[job.id] = job
        self._recent.append(job)
        if fault is not None and fault.at == "silent":
            await self._clock.sleep(timeout - reach)
            raise lost()
        await self._clock.sleep(self.profile.accepting.draw(self._chance))
        raise_lost(fault)
        return VideoStatus(self._told(job), poll_after=self.profile.poll_after)

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """Tells how a job is."""
        await self._arrive("poll", timeout, self.profile.reading.draw(self._chance))
        found = self._jobs[job.id]
        found.polls += 1
        raise_lost(found.row.meets("poll"))
        if found.known is None and self._clock.time() >= found.ends:
            found.known = self._clock.time()
            if self.on_known is not None:
                self.on_known(found)
        return VideoStatus(self._told(found), poll_after=self.profile.poll_after)

    async def download_video_async(self, job: VideoJob, sink: Any, *, timeout: float, index: int = 0) -> None:  # noqa: ARG002 # every job makes one clip
        """Sends a clip, from where the sink's bytes end."""
        await self._arrive("download", timeout)
        fault = self._jobs[job.id].row.meets("download")
        raise_lost(fault)
        await self._clock.sleep(self.profile.download.draw(self._chance))
        rest = CLIP[sink.offset :]
        sink.begin(length=len(rest), resumed=sink.offset > 0)
        sink.write(rest if fault is None else rest[: len(rest) // 2])

    async def find_video_async(self, lost: LostVideo, *, timeout: float) -> list[VideoJob]:
        """Its jobs since a moment, the newest first, page by page; a young one does not show yet."""
        oldest = (lost.since - CLOCKS_DIFFER - FIRST_DAY).total_seconds()
        shown = self._clock.time() - self.profile.shows_after
        found = []
        for job in reversed(self._recent):
            if job.created < oldest:
                break
            if job.created <= shown:
                found.append(job)
        for _ in range(1 + len(found) // PAGE):
            await self._arrive("list", timeout)
        # A vendor shows all of them. Core looks at each, and at thousands that cannot be it for the one that is.
        return [self._told(job) for job in found if job.row.id == lost.request.get("prompt")]

    def forget(self, job_id: str) -> None:
        """Nobody will ask for that job any more."""
        self._jobs.pop(job_id, None)
        horizon = self._clock.time() - 3600.0
        while self._recent and self._recent[0].created < horizon:
            self._recent.popleft()

    async def _arrive(self, operation: str, timeout: float, takes: float = 0.0) -> float:
        self.requests[operation] += 1
        reach = min(self.profile.reach.draw(self._chance) + takes, timeout)
        await self._clock.sleep(reach)
        now = self._clock.time()
        if any(start <= now < end for start, end in self.profile.gone):
            self.refused["gone"] += 1
            raise not_reached() if self.profile.gone_as == "unreachable" else _UNAVAILABLE()
        return reach

    def _let_in(self, row: Row) -> Fault | None:
        """Refuses a creating request, or takes it and tells what goes wrong with it."""
        fault = row.meets("refused", "lost", "made", "silent")
        if fault is not None and fault.at in {"refused", "lost"}:
            self.refused[fault.name] += 1
            raise_lost(fault)
        wait = self._limit()
        if wait is not None:
            self.refused["limit"] += 1
            raise _refusal(wait if self.profile.tells_when else None)
        self.busy += 1
        return fault

    def _limit(self) -> float | None:
        """Seconds after which it would take a request; None where it takes one now."""
        if self.profile.at_once is not None and self.busy >= self.profile.at_once:
            return 1.0
        if not self._per_second:
            return None
        now = self._clock.time()
        self._tokens = min(self._tokens + (now - self._filled) * self._per_second, self._most_tokens)
        self._filled = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return None
        return (1.0 - self._tokens) / self._per_second

    def _work(self, spread: Any) -> float:
        """How long it works on something; it goes on whether its client lives or not."""
        takes: float = spread.draw(self._chance)
        self._clock.call_later(takes, self._done)
        return takes

    def _done(self) -> None:
        self.busy -= 1

    def _told(self, job: Job) -> VideoJob:
        word: JobStatus = "in_progress"
        if self._clock.time() >= job.ends:
            word = "failed" if job.fails else "completed"
        return VideoJob(
            provider=self.profile.name,
            model=job.model,
            id=job.id,
            endpoint=self.endpoint,
            status=word,
            created_at=FIRST_DAY + timedelta(seconds=job.created),
            request={"prompt": job.row.id},
        )


MODEL: Final = "model"


def _refusal(wait: float | None) -> TarashError:
    """Too many requests; `wait` is when to come again."""
    return status(429, wait)()


def raise_lost(fault: Fault | None) -> None:
    """Raises what a fault makes of an answer."""
    if fault is not None and fault.error is not None:
        error: TarashError = fault.error()
        raise error


class WithoutList(Vendor):
    """A vendor that lists no jobs: it has no such primitive."""

    find_video_async = Provider.find_video_async  # type: ignore[assignment] # the one that is left out


def spec_of(profile: Profile) -> ProviderSpec:
    """What the vendor says of itself: one model for pictures, one for clips, with their prices."""
    known: dict[str, Any] = {"model": MODEL, "source": "https://example.com/", "checked_on": date(2026, 1, 1)}
    received = {"source": known["source"], "checked_on": known["checked_on"]}
    picture = Price(per_image={f"any {SIZE}": profile.picture_price}, **received)
    clip = Price(per_second={"any": profile.second_price}, **received)
    return ProviderSpec(
        name=profile.name,
        api_version=API_VERSION,
        image_models=(ImageModel(**known, sizes=(SIZE,), price=picture),),
        video_models=(VideoModel(**known, durations=(CLIP_SECONDS,), price=clip),),
    )


class Registry:
    """The providers, as a plan looks them up."""

    def __init__(self, vendors: list[Vendor]) -> None:
        self._vendors = {vendor.profile.name: vendor for vendor in vendors}
        self._specs = {vendor.profile.name: spec_of(vendor.profile) for vendor in vendors}

    def spec(self, name: str) -> ProviderSpec:
        """What a provider says of itself."""
        return self._specs[name]

    def create(self, config: Any) -> Vendor:
        """The provider of a config."""
        return self._vendors[config.provider]
