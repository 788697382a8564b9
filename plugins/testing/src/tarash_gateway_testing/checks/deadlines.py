"""The deadline, and calls that are broken off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tarash.tarash_gateway import generate_video_async
from tarash.tarash_gateway.errors import DownloadError, GenerationTimeoutError, UnconfirmedGenerationError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import Provider, registry
from tarash_gateway_testing.base import ROLE_OF, SPOKEN, Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.checks.money import KINDS
from tarash_gateway_testing.fake.faults import Drips, Fault, Hangs, Stalls
from tarash_gateway_testing.fake.handlers import Role
from tarash_gateway_testing.rules import Rule

__all__ = ["DeadlineChecks"]

SLACK = 1.5
"""Seconds that a call may end behind its deadline: what it is about is a call that hangs, not a slow machine."""

TIMEOUTS = (0.1, 0.3, 1.5)
"""Seconds; a later one where an earlier one was over before the request went out, or the machine stood still."""

WAITS = (0.2, 0.4, 1.5)
"""The same for calls that must come to a second request."""

SLOW: dict[str, Fault] = {"no answer": Hangs(), "a byte at a time": Drips()}

_DEADLINE = Rule(
    "`timeout` is one deadline for the whole call. A primitive is given the seconds that are left, and ends by "
    "then, also where the server is silent or sends its answer a byte at a time.",
    "give `timeout` to every request, and limit the whole of it, not only each read: `async with "
    "asyncio.timeout(timeout)` in an async primitive; in a blocking one look at the clock between reads, and "
    "close the connection.",
    "Deadlines",
)
_UNKNOWN = Rule(
    "a creating request whose answer did not come in time may have been billed, and is not sent again.",
    'raise ConnectionFailedError(..., billable="unknown", retryable=True) where an answer did not come in time.',
    "Deadlines",
)
_JOB = Rule(
    "a deadline that passes while a job is waited for is a GenerationTimeoutError, and while it is fetched that "
    "or a DownloadError; it carries the job, which is left running.",
    "raise ConnectionFailedError(..., retryable=True) from poll_video and DownloadError(..., retryable=True) from "
    "download_video where time runs out; core knows the deadline.",
    "Deadlines",
)
_NOTE = Rule(
    "a call that is cancelled ends with CancelledError, which names the job in a note, and closes its connection.",
    "let asyncio.CancelledError pass, and close the response in a `finally` or a with block.",
    "Deadlines",
)


class DeadlineChecks(Case):
    """The deadline, and calls that are broken off."""

    @pytest.mark.parametrize("slow", SLOW)
    @KINDS
    def test_a_call_ends_at_its_deadline(self, calls: Calls, kind: Kind, slow: str) -> None:
        """The answer to a creating request does not come in time."""
        self.needs(kind)
        role = ROLE_OF[kind]
        attempt(calls.create, kind, self.config(kind), self.request(kind))  # what is slow once, such as an import

        def once(timeout: float) -> Outcome:
            self.vendor.fail(SLOW[slow], role)
            return attempt(calls.create, kind, self.config(kind, timeout=timeout), self.request(kind))

        sent, outcome = self._in_time(once, TIMEOUTS, role, f"{SPOKEN[kind]} got {slow}")
        found = isinstance(outcome.value, VideoJob) and "list" in self.vendor.roles
        if sent != 1 or not (found or isinstance(outcome.error, UnconfirmedGenerationError)):
            self.broken(_UNKNOWN, f"{SPOKEN[kind]} got {slow}: it was sent {sent} times, and {outcome}")

    @pytest.mark.parametrize(("role", "fault"), [("poll", Hangs()), ("poll", Drips()), ("download", Stalls())])
    def test_a_wait_ends_at_the_deadline_with_the_job(self, calls: Calls, role: Role, fault: Fault) -> None:
        """The job is there; what is asked about it is not answered."""
        self.needs("video", "poll")
        attempt(calls.generate_video, self.config("video"), self.request("video"))

        def once(timeout: float) -> Outcome:
            self.vendor.fail(fault, role, times=20)
            return attempt(calls.generate_video, self.config("video", timeout=timeout), self.request("video"))

        _, outcome = self._in_time(once, WAITS, role, f"a {role} request was not answered")
        if role == "download" and outcome.error is None and not self.vendor.sent(role):
            pytest.skip("the video comes with the answer about its job: nothing is downloaded")
        error: Any = outcome.error
        if not isinstance(error, (GenerationTimeoutError, DownloadError)) or error.job is None:
            self.broken(_JOB, f"a {role} request was not answered by the deadline: {outcome}")

    def test_a_cancelled_call_names_its_job(self) -> None:
        """The job goes on, and whoever cancelled can fetch it."""
        self.needs("video", "poll")
        reported, error, _ = asyncio.run(self._cancelled())
        notes = " ".join(getattr(error, "__notes__", []))
        if not isinstance(error, asyncio.CancelledError) or reported is None or reported.id not in notes:
            job = reported.id if reported is not None else "unknown"
            details = f"{type(error).__name__}: {error}; its notes: {notes or 'none'}"
            self.broken(_NOTE, f"a call was cancelled while it waited for job {job}: {details}")

    def test_a_cancelled_call_closes_its_connection(self) -> None:
        """A request that nobody waits for any more is given up."""
        self.needs("video", "poll")
        provider = type(registry.create(self.config("video")))
        if getattr(provider, "poll_video_async", None) in (None, Provider.poll_video_async):
            pytest.skip("the provider is blocking; a thread cannot be interrupted")
        _, _, closed = asyncio.run(self._cancelled(wait=1.5))
        if not closed:
            self.broken(
                _NOTE, "a call was cancelled while it looked at a job, and its connection stayed open for 1.5 s"
            )

    async def _cancelled(self, wait: float = 0.0) -> tuple[VideoJob | None, BaseException | None, bool]:
        """Cancels a call that waits for the answer to a look.

        Args:
            wait: seconds until its connection must be closed.

        Returns:
            The job as the call told it, what was raised, and whether the connection was closed.
        """
        jobs: list[VideoJob] = []
        self.vendor.fail(Hangs(2.0), "poll", times=3)
        call = generate_video_async(
            self.config("video"),  # type: ignore[arg-type] # of this kind
            self.request("video"),
            on_progress=lambda update: jobs.append(update.job) if update.job is not None else None,
        )
        task = asyncio.create_task(call)
        until = time.monotonic() + 5
        while not (self.vendor.sent("poll") or task.done() or time.monotonic() > until):  # noqa: ASYNC110 # of a thread
            await asyncio.sleep(0.005)
        task.cancel()
        raised: BaseException | None = None
        try:
            await task
        except (asyncio.CancelledError, Exception) as error:  # noqa: BLE001 # what is raised is what is looked at
            raised = error
        # Before the event loop ends, which would close what is still open.
        closed = await asyncio.to_thread(self.vendor.left, "poll", wait)
        return (jobs[-1] if jobs else None), raised, closed

    def _in_time(
        self, once: Callable[[float], Outcome], timeouts: Iterable[float], role: Role, problem: str
    ) -> tuple[int, Outcome]:
        """Makes a call that cannot go well.

        Args:
            once: makes it, with a timeout.
            timeouts: seconds to try, one after the other.
            role: what must have arrived for a try to count.
            problem: what is wrong with the answer, for the message.

        Returns:
            How many such requests arrived, and what the call came to.
        """
        slow_ones = 0
        for timeout in timeouts:
            before, begun = len(self.vendor.sent(role)), time.monotonic()
            outcome = once(timeout)
            took, sent = time.monotonic() - begun, len(self.vendor.sent(role)) - before
            slow_ones += took > timeout + SLACK
            if slow_ones > 1:
                self.broken(_DEADLINE, f"{problem}: with timeout={timeout:g} the call took {took:.1f} s")
            if sent and took <= timeout + SLACK:
                break
            until = time.monotonic() + SLACK
            while not sent and len(self.vendor.sent(role)) == before and time.monotonic() < until:
                time.sleep(0.01)  # what is still on its way is not to be counted with the next try
        return sent, outcome
