"""Where the real vendor's answers and the faults come together."""

from __future__ import annotations

import fnmatch
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.fault_choice import HEADER, CountedFault, UnknownFaultError, choose, faults_named
from tarash_gateway_sandbox.faults.fault import Fault, Scene
from tarash_gateway_sandbox.jobs import Job
from tarash_gateway_sandbox.operations import facts_of
from tarash_gateway_sandbox.replies import json_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tarash_gateway_sandbox.operations import RequestFacts
    from tarash_gateway_sandbox.replies import Reply
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.vendor import Vendor

logger = logging.getLogger(__name__)

BROKEN = {
    "error": {
        "message": "The sandbox had an error, see its log.",
        "type": "server_error",
        "param": None,
        "code": None,
    }
}


@dataclass
class _Scripted:
    played: Reply | Fault
    method: str | None
    path: str | None
    times: int | None

    def fits(self, facts: RequestFacts, method: str, path: str) -> bool:
        if self.method not in (None, method):
            return False
        if self.path is not None:
            return fnmatch.fnmatchcase(path, self.path)
        # A fault knows which requests it is for; a path that was given says it better.
        return not hasattr(self.played, "hits") or self.played.hits(facts)


class Script:
    """The answers that wait to be played, first come first served. Safe to use from any thread."""

    def __init__(self) -> None:
        self._waiting: list[_Scripted] = []
        self._lock = threading.Lock()

    def add(self, played: Reply | Fault, *, method: str | None, path: str | None, times: int | None) -> None:
        """Lets the next matching requests get a reply instead of the real answer, or meet a fault.

        Args:
            played: What they get.
            method: Only requests with this method; None is any.
            path: Only requests with this path, `*` and `?` being wildcards; None is any, and for a fault those
                that it is for.
            times: How many requests; None is every one from now on.
        """
        with self._lock:
            self._waiting.append(_Scripted(played, method.upper() if method else None, path, times))

    def take(self, facts: RequestFacts, method: str, path: str) -> list[Reply | Fault]:
        """Returns what is scripted for a request, counted down: all faults of a job, and the first of anything else."""
        taken: list[Reply | Fault] = []
        answered = False
        with self._lock:
            for scripted in list(self._waiting):
                of_a_job = getattr(scripted.played, "of_a_job", False)
                if (answered and not of_a_job) or not scripted.fits(facts, method, path):
                    continue
                answered = answered or not of_a_job
                if scripted.times is not None:
                    scripted.times -= 1
                    if scripted.times <= 0:
                        self._waiting.remove(scripted)
                taken.append(scripted.played)
        return taken

    def awaits(self, method: str, path: str) -> bool:
        """Tells whether something is scripted that may be for a request, as far as its head tells."""
        with self._lock:
            return any(
                scripted.method in (None, method)
                and (scripted.path is None or fnmatch.fnmatchcase(path, scripted.path))
                for scripted in self._waiting
            )

    def clear(self) -> None:
        """Forgets everything scripted."""
        with self._lock:
            self._waiting.clear()


class Dispatcher:
    """Gives each request its reply.

    Args:
        vendor: The vendor that gives the real answers.
        standing: Faults of every request, by name.
    """

    def __init__(self, vendor: Vendor, standing: Iterable[str] = ()) -> None:
        self._vendor, self._standing = vendor, faults_named(standing)
        self.script = Script()

    def admits(self, head: RecordedRequest) -> bool:
        """Tells whether a request's body is worth reading: its key is let in, or its reply is scripted.

        Args:
            head: The request without its body.
        """
        from tarash_gateway_sandbox.routes import find  # noqa: PLC0415 - with the first request

        if self.script.awaits(head.method, head.path):
            return True
        try:
            find(head)
        except VendorError:
            return False
        return True

    async def reply(self, request: RecordedRequest) -> Reply:
        """Returns what a request gets: what is scripted for it, what it or its job asks for, or the real answer."""
        facts = facts_of(request)
        scripted = self.script.take(facts, request.method, request.path)
        answers = [played for played in scripted if not isinstance(played, Fault)]
        if answers:
            return answers[0]
        try:
            wanted = list(self._wanted(request, facts))
        except VendorError as error:
            return error.answer()
        # What is scripted comes first, and was counted when it was taken.
        faults = [played for played in scripted if isinstance(played, Fault)]
        answering = next((fault for fault in faults if not fault.of_a_job), None)
        job_faults = [CountedFault(fault, fault.times) for fault in faults if fault.of_a_job]
        choice = choose([*job_faults, *wanted], facts, self._vendor.tally, answering)

        async def real(request: RecordedRequest) -> Reply:
            return await self._real(request, choice.job)

        if choice.fault is None:
            return await real(request)
        return await choice.fault.effect.play(Scene(request, self._vendor.origin, self._vendor.slow_seconds, real))

    def _wanted(self, request: RecordedRequest, facts: RequestFacts) -> Iterator[CountedFault]:
        for where, names in ((HEADER, request.headers.get(HEADER, "")), ("model", facts.faults)):
            try:
                yield from faults_named(names)
            except UnknownFaultError as error:
                raise VendorError(str(error), param=where, code="unknown_fault") from None
        job = self._vendor.jobs.get(facts.job, Job) if facts.job else None
        if job is not None:
            yield from job.faults
        elif facts.operation == "list":  # a list is of all jobs
            for listed in self._vendor.jobs.listed():
                yield from listed.faults
        yield from self._standing

    async def _real(self, request: RecordedRequest, job_faults: tuple[CountedFault, ...]) -> Reply:
        from tarash_gateway_sandbox.routes import answer  # noqa: PLC0415 - with the first request

        try:
            return await answer(request, self._vendor, job_faults)
        except Exception:
            logger.exception("The sandbox could not answer %s %s", request.method, request.path)
            return json_answer(BROKEN, status=500)
