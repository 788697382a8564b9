"""Works on one row: sends its request, resumes its job, or recovers its files."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
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
from tarash.tarash_gateway.models import GenerationJob, ImageJob, MediaKind, VideoJob
from tarash.tarash_gateway.models.rescue import keep_broken
from tarash.tarash_gateway.models.response import GenerationResponse
from tarash.tarash_gateway.plugins import observers, registry
from tarash_gateway_batch.folder import SavedOutputs, save_images, write_missing_sidecars, write_video_sidecars
from tarash_gateway_batch.history import RowJournal
from tarash_gateway_batch.interfaces import WorkerContext
from tarash_gateway_batch.limits import Permit, account_key
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.resume import Decision
from tarash_gateway_batch.rows import Row, failed_outcome, row_digest

logger = logging.getLogger("tarash.batch")

ResultT = TypeVar("ResultT")
Chain = list[Plan[Any] | Skipped]

_CREATED: Final[tuple[EntryStatus, ...]] = ("submitted", "made", "saved")

_FINAL_JOB_ERRORS: Final = (JobExpiredError, GenerationFailedError, ContentPolicyError)
"""Errors of a job that has no result and will have none."""


class RowWork:
    """The work on one row.

    Args:
        row: the row.
        decision: its next step.
        context: what the rows of this process share.
    """

    def __init__(self, row: Row, decision: Decision, context: WorkerContext) -> None:
        self.row = row
        self._decision = decision
        self._context = context
        self._journal: RowJournal | None = None
        self._response: GenerationResponse | None = None
        self.on_answered: Callable[[], None] | None = None
        """Called once, when the row waits for no vendor any more."""

    @property
    def must_finish(self) -> bool:
        """Whether a request is at the vendor, or a result not yet in its file: a cancellation could lose it."""
        # An image that was made may still have to be fetched from its URL.
        is_open = self._journal is not None and self._journal.status in ("open", "made")
        return is_open or self._response is not None

    def answered(self) -> None:
        """Records that the row waits for no vendor any more: another one may."""
        if self.on_answered is not None:
            self.on_answered()
            self.on_answered = None

    async def run(self) -> RowOutcome:
        """Does the work; the outcome holds any error."""
        steps = {"send": self._send, "resume": self._resume, "recover_file": self._recover_file}
        try:
            return await steps[self._decision.step]()
        except (TarashError, BrokenMediaError) as error:
            return self._failed(error)
        except Exception as error:
            logger.exception("row %s: an unexpected error", self.row.id)
            return self._failed(error)

    def _failed(self, error: Exception) -> RowOutcome:
        self._report_if_fatal(error)
        outcome = failed_outcome(self.row, error)
        job: GenerationJob | None = getattr(error, "job", None)
        changes: dict[str, Any] = {"fresh": True, "job_id": None if job is None else job.id}
        if self._journal is not None and self._journal.status in ("open", "unconfirmed"):
            changes["status"] = "unconfirmed"
        elif job is not None and not isinstance(error, _FINAL_JOB_ERRORS):
            changes["error"] = f"{outcome.error} (the job is kept: another run fetches it)"
        return outcome.model_copy(update=changes)

    def _report_if_fatal(self, error: Exception | None) -> None:
        # With a number of the system's: a full disk. Without one, a file is in the way of this row alone.
        # A result that could not be fetched names its address, and not why.
        if lacks_descriptors(error) or (isinstance(error, DownloadError) and free_descriptors() == 0):
            msg = f"no more files and connections can be opened: ulimit -n raises their number ({error})"
            self._context.on_fatal(SaveError(msg))
        elif isinstance(error, SaveError) and error.errno is not None:
            self._context.on_fatal(error)

    async def _send(self) -> RowOutcome:
        self._context.folder.check_row(self.row.id)
        folder = self._context.folder.row_folder(self.row.id)
        if self.row.kind == "video":
            folder.mkdir(parents=True, exist_ok=True)
        try:
            response = self._response = await self._generate()
        except TarashError as error:
            if error.media is not None:
                broken, name = error, f"{self.row.id}{ending_of(error.media.content_type)}"
                await self._in_thread(lambda: keep_broken(broken, folder / name))
            raise
        async with self._context.writing:
            self.answered()
            saved = await self._in_thread(lambda: self._save(response, self.row.kind, self._exists))
            return await self._record(saved, response)

    @property
    def _exists(self) -> Exists:
        return "replace" if self._decision.replaces else "error"

    def _save(self, response: GenerationResponse, kind: MediaKind, exists: Exists) -> SavedOutputs:
        if kind == "video":
            return write_video_sidecars(response.media)
        return save_images(response.media, self._context.folder.row_folder(self.row.id), self.row.id, exists)

    async def _generate(self) -> GenerationResponse:
        """Sends the request, also again after refusals, and returns its response."""
        # A fallback chain moves on by itself; a single config waits here, together with the others of its account.
        is_single = not self.row.config.fallback_configs
        config = self.row.config.model_copy(update={"max_retries": 0}) if is_single else self.row.config
        retries = 0
        while True:
            chain: Chain = checked_chain(config, self.row.request)
            first = _first(chain)
            limiter = self._context.limiters.limiter(account_key(first.config), first.model)
            with Permit(limiter, await limiter.acquire()) as permit:
                try:
                    return await self._call(chain, permit)
                except TarashError as error:
                    if not is_single or lacks_descriptors(error):  # that is this machine's error, not the vendor's
                        raise
                    if self._was_sent and await limiter.refused(error, permit.number):
                        pause = 0.0  # the rate limiter knows when it is this row's turn
                    elif self._may_retry(error, retries):
                        retries += 1
                        pause = error.retry_after or retry_policy().first_delay * 2.0 ** (retries - 1)
                    else:
                        raise
            await asyncio.sleep(pause)

    async def _call(self, chain: Chain, permit: Permit) -> GenerationResponse:
        expected = _first(chain).expected_cost()
        max_cost = None if expected is None else expected.high

        def on_request_end(status: EntryStatus) -> None:
            # Where nothing was created, the rate limiter gets the error before it lets others through.
            if status in _CREATED or len(chain) > 1:
                permit.end(created=status in _CREATED)
            self._context.on_request_end()

        async with self._context.budget.reserve(max_cost) as payment:
            self._journal = journal = RowJournal(
                self._context.journal,
                self.row.id,
                expected=max_cost,
                replaces=self._decision.replaces,
                digest=row_digest(self.row),
                on_request_end=on_request_end,
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
        permit.end(created=True)
        return response

    def _steps(self, context: Context, plan: Plan[Any]) -> Flow[Any]:
        if self.row.kind == "image":
            return image_call(context, plan)
        return video_call(context, plan, self._video_path, self._exists)

    @property
    def _video_path(self) -> Path:
        return self._context.folder.row_folder(self.row.id) / f"{self.row.id}.mp4"

    @property
    def _was_sent(self) -> bool:
        """Whether the last request went to the vendor, and did not fail while an input image was fetched."""
        return self._journal is not None and bool(self._journal.intents)

    def _may_retry(self, error: TarashError, retries: int) -> bool:
        if retries >= self.row.config.max_retries or not error.retryable or error.job is not None:
            return False
        is_lost = self._journal is not None and self._journal.status == "unconfirmed"
        return error.billable == "no" or (is_lost and self.row.config.retry_unconfirmed)

    async def _resume(self) -> RowOutcome:
        entry = self._entry
        job = entry.job
        if job is None:
            msg = "the journal's line of its job cannot be read"
            return failed_outcome(self.row, DownloadError(msg))
        self._journal = RowJournal(self._context.journal, self.row.id, intent=entry.intent)
        self._context.folder.check_row(self.row.id)
        self._video_path.parent.mkdir(parents=True, exist_ok=True)
        config = self.row.config
        provider = registry.create(config)
        check_home(config, job, provider)
        model_row, is_own = find_row(config, registry.spec(config.provider))
        model_row = model_row if is_own else None

        def steps(context: Context) -> Flow[Any]:
            if isinstance(job, ImageJob):
                return resume_image_call(context, provider, job, model_row)
            # What is at its place was put there by an earlier run that could write no more about it.
            return resume_call(context, provider, job, row=model_row, save_to=self._video_path, exists="replace")

        scope = CallScope("resume", self._journal, observed=bool(observers.active()))
        try:
            response: GenerationResponse = await run_async(call_job(config, job, steps, scope))
        except _FINAL_JOB_ERRORS as error:
            if self._journal.status == "submitted":
                await self._journal.write_async("failed", error=f"{type(error).__name__}: {error}")
            raise
        self._response = response
        earlier = self._decision.earlier
        if earlier is not None and earlier.cost is None and response.cost is not None:
            self._context.budget.correct(response.cost - (earlier.expected or 0.0))
        kind: MediaKind = "video" if isinstance(job, VideoJob) else "image"
        saved = await self._in_thread(lambda: self._save(response, kind, "replace"))
        return await self._record(saved, response)

    async def _recover_file(self) -> RowOutcome:
        entry = self._entry
        self._journal = RowJournal(self._context.journal, self.row.id, intent=entry.intent)
        origin = Origin(provider=entry.provider, model=entry.model, request=entry.request, request_id=entry.request_id)
        files = await self._in_thread(lambda: write_missing_sidecars(self._decision.files, origin))
        return await self._record(SavedOutputs(files), None)

    async def _record(self, saved: SavedOutputs, response: GenerationResponse | None) -> RowOutcome:
        """Writes the files of the row into the journal, and returns its outcome."""
        assert self._journal is not None  # noqa: S101 # every step has written to it
        self._report_if_fatal(saved.error)
        cost = None if response is None else response.cost
        job = getattr(response, "job", None)
        error_text = None if saved.error is None else f"{type(saved.error).__name__}: {saved.error}"
        try:
            for index, file in enumerate(saved.files):
                path = str(file.path.absolute())
                line = self._journal.write_saved(path, file.sha256, None if index else cost)
                line.add_done_callback(self._on_written)
            if not saved.files:
                await self._journal.write_lost(str(error_text))
        except SaveError as error:  # the files are in place: another run finds them
            self._report_if_fatal(error)
        self._response = None
        return RowOutcome(
            id=self.row.id,
            line=self.row.line,
            status="done" if saved.files else "unconfirmed",
            fresh=response is not None,
            files=tuple(saved.files),
            urls=tuple(saved.urls),
            cost=cost,
            job_id=None if job is None else job.id,
            error=error_text,
            warning=self._decision.warning,
        )

    def _on_written(self, written: asyncio.Future[None]) -> None:
        error = None if written.cancelled() else written.exception()
        if isinstance(error, OSError):
            self._context.on_fatal(cannot_write(self._context.journal.path, error))

    @property
    def _entry(self) -> Entry:
        assert self._decision.entry is not None  # noqa: S101 # what is resumed or recovered has one
        return self._decision.entry

    async def _in_thread(self, function: Callable[[], ResultT]) -> ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._context.threads, function)


def _first(chain: Chain) -> Plan[Any]:
    return next(link for link in chain if isinstance(link, Plan))
