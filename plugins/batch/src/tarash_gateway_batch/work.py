"""One row at work: sent, resumed, or taken as it was left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from tarash.tarash_gateway.budget import blocks as budgets
from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.descriptors import free_descriptors, lacks_descriptors
from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    JobExpiredError,
    SaveError,
    TarashError,
)
from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.commands import Flow
from tarash.tarash_gateway.flows.context import CallScope, Context, retry_policy
from tarash.tarash_gateway.flows.driver import run_async
from tarash.tarash_gateway.flows.image import image_call, resume_image_call
from tarash.tarash_gateway.flows.jobs import check_home
from tarash.tarash_gateway.flows.plan import Plan, Skipped, checked_chain
from tarash.tarash_gateway.flows.video import resume_call, video_call
from tarash.tarash_gateway.journal.entries import Entry, EntryStatus
from tarash.tarash_gateway.media.files import Exists, cannot_write, ending_of
from tarash.tarash_gateway.media.sidecar import Origin
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models import GenerationJob, ImageJob, VideoJob
from tarash.tarash_gateway.models.rescue import keep_broken
from tarash.tarash_gateway.models.response import GenerationResponse
from tarash.tarash_gateway.plugins import observers, registry
from tarash_gateway_batch.folder import Saved, describe_clips, describe_left, save_pictures
from tarash_gateway_batch.history import RowJournal
from tarash_gateway_batch.interfaces import Bench
from tarash_gateway_batch.limits import Turn, account_of, turn_at
from tarash_gateway_batch.results import RowOutcome, RowStatus
from tarash_gateway_batch.resume import Decision
from tarash_gateway_batch.rows import Row, failure, row_digest

logger = logging.getLogger("tarash.batch")

ResultT = TypeVar("ResultT")
Chain = list[Plan[Any] | Skipped]

_CREATED: Final[tuple[EntryStatus, ...]] = ("submitted", "made", "saved")

_ENDED: Final = (JobExpiredError, GenerationFailedError, ContentPolicyError)
"""What becomes of a job that has no video and will have none."""


class Work:
    """The work on one row.

    Args:
        row: the row.
        decision: what is to be done about it.
        bench: what it is done with.
    """

    def __init__(self, row: Row, decision: Decision, bench: Bench) -> None:
        self.row = row
        self._decision = decision
        self._bench = bench
        self._journal: RowJournal | None = None
        self._response: GenerationResponse | None = None
        self.on_answer: Callable[[], None] | None = None
        """Called once, when the row waits for no vendor any more."""

    @property
    def on_its_way(self) -> bool:
        """Whether a request is at the vendor, or a result not yet in its file: to break off now would cost money."""
        # A picture that was made may still have to be fetched from its URL.
        waits = self._journal is not None and self._journal.status in ("open", "made")
        return waits or self._response is not None

    def answered(self) -> None:
        """The row waits for no vendor any more: another one may."""
        if self.on_answer is not None:
            self.on_answer()
            self.on_answer = None

    async def run(self) -> RowOutcome:
        """Does it; whatever goes wrong is told by the outcome."""
        steps = {"send": self._send, "resume": self._resume, "adopt": self._adopt}
        try:
            return await steps[self._decision.step]()
        except (TarashError, BrokenMediaError) as error:
            return self._failed(error)
        except Exception as error:
            logger.exception("row %s: an error that is none of ours", self.row.id)
            return self._failed(error)

    def _failed(self, error: Exception) -> RowOutcome:
        self._tell_trouble(error)
        outcome = failure(self.row, error)
        job: GenerationJob | None = getattr(error, "job", None)
        changes: dict[str, Any] = {"fresh": True, "job_id": None if job is None else job.id}
        if self._journal is not None and self._journal.status in ("open", "unconfirmed"):
            changes["status"] = "unconfirmed"
        elif job is not None and not isinstance(error, _ENDED):
            changes["error"] = f"{outcome.error} (the job is kept: another run fetches it)"
        return outcome.model_copy(update=changes)

    def _tell_trouble(self, error: Exception | None) -> None:
        # One with a number of the system's: a full disk. A file that is in the way is this row's own trouble.
        # A result that could not be fetched tells its address, and not why.
        if lacks_descriptors(error) or (isinstance(error, DownloadError) and free_descriptors() == 0):
            msg = f"no more files and connections can be opened: ulimit -n raises their number ({error})"
            self._bench.on_trouble(SaveError(msg))
        elif isinstance(error, SaveError) and error.errno is not None:
            self._bench.on_trouble(error)

    async def _send(self) -> RowOutcome:
        places = self._bench.places
        places.check(self.row.id)
        folder = places.place(self.row.id)
        if self.row.kind == "video":
            folder.mkdir(parents=True, exist_ok=True)
        try:
            response = self._response = await self._made()
        except TarashError as error:
            if error.media is not None:
                broken, name = error, f"{self.row.id}{ending_of(error.media.content_type)}"
                await self._in_thread(lambda: keep_broken(broken, folder / name))
            raise
        async with self._bench.writing:
            self.answered()
            if self.row.kind == "video":
                saved = await self._in_thread(lambda: describe_clips(response.media))
            else:
                exists = self._exists
                saved = await self._in_thread(lambda: save_pictures(response.media, folder, self.row.id, exists))
            return await self._noted(saved, response)

    @property
    def _exists(self) -> Exists:
        return "replace" if self._decision.replaces else "error"

    async def _made(self) -> GenerationResponse:
        """Sends the request, after refusals too, and gives its response."""
        # A chain of configs moves on by itself; a single one waits here, together with the others of its account.
        alone = not self.row.config.fallback_configs
        config = self.row.config.model_copy(update={"max_retries": 0}) if alone else self.row.config
        tries = 0
        while True:
            chain: Chain = checked_chain(config, self.row.request)
            first = _first(chain)
            gate = self._bench.gates.gate(account_of(first.config), first.model)
            with turn_at(gate, await gate.enter()) as turn:
                try:
                    return await self._sent(chain, turn)
                except TarashError as error:
                    if lacks_descriptors(error):  # it is not the vendor that is away: nothing more can be sent
                        raise
                    if not (alone and self._was_sent and await gate.refused(error, turn.number)):
                        if not (alone and self._may_repeat(error, tries)):
                            raise
                        tries += 1
                        pause = error.retry_after or retry_policy().first_delay * 2.0 ** (tries - 1)
                    else:
                        pause = 0.0  # the gate knows when it is this row's turn
            await asyncio.sleep(pause)

    async def _sent(self, chain: Chain, turn: Turn) -> GenerationResponse:
        expected = _first(chain).expected_cost()
        most = None if expected is None else expected.high

        def heard(status: EntryStatus) -> None:
            # Where nothing was created, the gate hears why before it lets others through.
            if status in _CREATED or len(chain) > 1:
                turn.end(created=status in _CREATED)
            self._bench.on_news()

        async with self._bench.purse.paying(most) as payment:
            self._journal = journal = RowJournal(
                self._bench.journal,
                self.row.id,
                expected=most,
                replaces=self._decision.replaces,
                digest=row_digest(self.row),
                on_news=heard,
            )
            scope = CallScope(
                "generate", journal, (*budgets.all(), *payment.budgets), observed=bool(observers.active())
            )
            try:
                response: GenerationResponse = await run_async(call(chain, self._steps, scope))
            except BaseException as error:
                if journal.intents and getattr(error, "billable", None) != "no":
                    payment.cost = None
                raise
            payment.cost = response.cost
        turn.end(created=True)
        return response

    def _steps(self, context: Context, plan: Plan[Any]) -> Flow[Any]:
        if self.row.kind == "image":
            return image_call(context, plan)
        folder = self._bench.places.place(self.row.id)
        return video_call(context, plan, folder / f"{self.row.id}.mp4", self._exists)

    @property
    def _was_sent(self) -> bool:
        """Whether the last request went to the vendor, and not only to where a picture for it should have come from."""
        return self._journal is not None and bool(self._journal.intents)

    def _may_repeat(self, error: TarashError, tries: int) -> bool:
        if tries >= self.row.config.max_retries or not error.retryable or error.job is not None:
            return False
        lost = self._journal is not None and self._journal.status == "unconfirmed"
        return error.billable == "no" or (lost and self.row.config.retry_unconfirmed)

    async def _resume(self) -> RowOutcome:
        entry = self._entry
        job = entry.job
        if job is None:
            msg = "the journal's line of its job cannot be read"
            return failure(self.row, DownloadError(msg))
        self._journal = RowJournal(self._bench.journal, self.row.id, intent=entry.intent)
        self._bench.places.check(self.row.id)
        folder = self._bench.places.place(self.row.id)
        folder.mkdir(parents=True, exist_ok=True)
        config = self.row.config
        provider = registry.create(config)
        check_home(config, job, provider)
        known, own = find_row(config, registry.spec(config.provider))
        row = known if own else None

        def steps(context: Context) -> Flow[Any]:
            if isinstance(job, ImageJob):
                return resume_image_call(context, provider, job, row)
            # What is at its place was put there by an earlier run that could write no more about it.
            place = folder / f"{self.row.id}.mp4"
            return resume_call(context, provider, job, row=row, save_to=place, exists="replace")

        scope = CallScope("resume", self._journal, observed=bool(observers.active()))
        try:
            response: GenerationResponse = await run_async(call_job(config, job, steps, scope))
        except _ENDED as error:
            if self._journal.status == "submitted":
                told = f"{type(error).__name__}: {error}"
                await self._journal.write_async("failed", error=told)
            raise
        self._response = response
        past = self._decision.past
        if past is not None and past.cost is None and response.cost is not None:
            self._bench.purse.corrected(response.cost - (past.expected or 0.0))
        if isinstance(job, VideoJob):
            saved = await self._in_thread(lambda: describe_clips(response.media))
        else:
            saved = await self._in_thread(lambda: save_pictures(response.media, folder, self.row.id, "replace"))
        return await self._noted(saved, response)

    async def _adopt(self) -> RowOutcome:
        entry = self._entry
        self._journal = RowJournal(self._bench.journal, self.row.id, intent=entry.intent)
        origin = Origin(provider=entry.provider, model=entry.model, request=entry.request, request_id=entry.request_id)
        files = await self._in_thread(lambda: describe_left(self._decision.files, origin))
        return await self._noted(Saved(files), None)

    async def _noted(self, saved: Saved, response: GenerationResponse | None) -> RowOutcome:
        """Writes down which files there are."""
        assert self._journal is not None  # noqa: S101 # who comes here has written to it
        self._tell_trouble(saved.error)
        cost = None if response is None else response.cost
        job = getattr(response, "job", None)
        known: dict[str, Any] = {
            "id": self.row.id,
            "line": self.row.line,
            "fresh": response is not None,
            "cost": cost,
            "job_id": None if job is None else job.id,
            "error": None if saved.error is None else f"{type(saved.error).__name__}: {saved.error}",
            "warning": self._decision.warning,
        }
        try:
            for at, file in enumerate(saved.files):
                path = str(file.path.absolute())
                self._journal.saved(path, file.sha256, None if at else cost).add_done_callback(self._on_written)
            if not saved.files:
                await self._journal.lost(str(known["error"]))
        except SaveError as error:  # the files are in place: another run finds them
            self._tell_trouble(error)
        self._response = None
        status: RowStatus = "done" if saved.files else "unconfirmed"
        return RowOutcome(status=status, files=tuple(saved.files), urls=tuple(saved.urls), **known)

    def _on_written(self, written: asyncio.Future[None]) -> None:
        error = None if written.cancelled() else written.exception()
        if isinstance(error, OSError):
            self._bench.on_trouble(cannot_write(self._bench.journal.path, error))

    @property
    def _entry(self) -> Entry:
        assert self._decision.entry is not None  # noqa: S101 # what is resumed or adopted has one
        return self._decision.entry

    async def _in_thread(self, call: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._bench.threads, call)


def _first(chain: Chain) -> Plan[Any]:
    return next(link for link in chain if isinstance(link, Plan))
