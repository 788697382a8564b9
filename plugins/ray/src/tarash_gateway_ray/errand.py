"""A row that a worker works on, as the batch sees it. Its questions are answered; if it dies, another takes over."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.recovery import claim
from tarash_gateway_batch.interfaces import Gate
from tarash_gateway_batch.limits import Turn
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.resume import Decision
from tarash_gateway_batch.rows import Row, failure
from tarash_gateway_ray.crew import Crew, Member, WorkerLostError
from tarash_gateway_ray.grant import Grant
from tarash_gateway_ray.messages import (
    Answer,
    Corrected,
    HasJob,
    Left,
    News,
    Paid,
    Question,
    Said,
    Succeeded,
    Trouble,
    WantsMoney,
    WantsTurn,
    WasRefused,
)

logger = logging.getLogger("tarash.batch")


class Errand:
    """The work on one row.

    Args:
        row: the row.
        decision: what is to be done about it.
        crew: the workers.
    """

    def __init__(self, row: Row, decision: Decision, crew: Crew) -> None:
        self.row = row
        self._decision = decision
        self._crew = crew
        self._bench = crew.bench
        self._gate: Gate | None = None
        self._turn: Turn | None = None
        self._grant: Grant | None = None
        self._on_its_way = False
        self.on_answer: Callable[[], None] | None = None

    @property
    def on_its_way(self) -> bool:
        """Whether a request may be at the vendor, or a result not yet in its file."""
        return self._on_its_way

    def answered(self) -> None:
        """The row waits for no vendor any more."""
        if self.on_answer is not None:
            self.on_answer()
            self.on_answer = None

    async def run(self) -> RowOutcome:
        """Has it done, by as many workers as it takes."""
        while True:
            try:
                member = await self._crew.pick(self.row)
            except TarashError as error:
                return failure(self.row, error)
            try:
                return self._from_here(await self._talked(member))
            except WorkerLostError:
                found = await self._taken_up(member)
            except TarashError as error:
                return self._doubtful(error)
            finally:
                self._on_its_way = False
                member.rows.pop(self.row.id, None)
            if isinstance(found, RowOutcome):
                return found
            self.row, self._decision = found

    async def _talked(self, member: Member) -> RowOutcome:
        """Talks with one worker until the row has its outcome."""
        key = uuid.uuid4().hex
        member.rows[self.row.id] = self.row
        outcome: RowOutcome | None = None
        try:
            said: Said = await member.actor.call("begin", key, _absolute(self.row), self._decision)
            while True:
                for news in said.news:
                    await self._hear(news)
                self._on_its_way = said.on_its_way
                if said.outcome is not None:
                    outcome = said.outcome
                    return outcome
                if said.news:
                    self._bench.on_news()
                if said.question is None:
                    said = await member.actor.call("listen", key)
                else:
                    said = await member.actor.call("tell", key, await self._answer(said.question))
        finally:
            if self._turn is not None:
                self._turn.end()
            if self._grant is not None:
                await self._grant.close(None)
            if outcome is None:  # broken off
                member.actor.cast("drop", key)

    async def _answer(self, question: Question) -> Answer:
        match question:
            case WantsTurn(account, model):
                self._gate = self._bench.gates.gate(account, model)
                try:
                    number = await self._gate.enter()
                except TarashError as error:
                    return error
                self._turn = Turn(self._gate, number)
                return number
            case WantsMoney(dollars):
                self._grant = Grant(self._bench.purse)
                granted = await self._grant.open(dollars)
                self._on_its_way = True
                return granted
            case WasRefused(error, number):
                return self._gate is not None and await self._gate.refused(error, number)

    async def _hear(self, news: News) -> None:
        match news:
            case Succeeded():
                if self._gate is not None:
                    self._gate.succeeded()
            case Left():
                if self._turn is not None:
                    self._turn.end()
            case Paid(cost):
                if self._grant is not None:
                    await self._grant.close(cost)
            case Corrected(dollars):
                self._bench.purse.corrected(dollars)
            case HasJob(job):
                claim(job)  # a lookup of this process takes it for no other row's
            case Trouble(error):
                self._bench.on_trouble(error)

    async def _taken_up(self, member: Member) -> tuple[Row, Decision] | RowOutcome:
        """What is to be done about the row after its worker died."""
        try:
            found = (await self._crew.taken_up(member))[self.row.id]
        except (TarashError, OSError) as error:
            return self._doubtful(error)
        # It would be called unconfirmed if an intent had been written: nothing was sent.
        unsent = not isinstance(found, RowOutcome) and found[1].step == "send"
        if unsent and self._grant is not None and not self._crew.desk.settings.retry_unconfirmed:
            self._grant.undo()
        self._gate = self._turn = self._grant = None
        return found if not isinstance(found, RowOutcome) else found.model_copy(update={"fresh": True})

    def _doubtful(self, error: Exception) -> RowOutcome:
        """The outcome of a row of which nobody knows what became."""
        outcome = failure(self.row, error)
        return outcome.model_copy(update={"fresh": True, "status": "unconfirmed"}) if self._grant else outcome

    def _from_here(self, outcome: RowOutcome) -> RowOutcome:
        """The outcome with the paths of its files as this process was given them."""
        out = self._crew.desk.settings.out
        files = tuple(file.model_copy(update={"path": _within(file.path, out)}) for file in outcome.files)
        return outcome.model_copy(update={"files": files})


def _within(path: Path, out: Path) -> Path:
    whole = out.absolute()
    return out / path.relative_to(whole) if path.is_relative_to(whole) else path


def _absolute(row: Row) -> Row:
    """The row with whole paths: a worker is in another folder."""
    request: Any = row.request
    changes: dict[str, Any] = {
        name: value.absolute()
        for name in ("mask_image", "video")
        if isinstance(value := getattr(request, name, None), Path)
    }
    if request.image_list:
        changes["image_list"] = [
            part.model_copy(update={"image": part.image.absolute()}) if isinstance(part.image, Path) else part
            for part in request.image_list
        ]
    return replace(row, request=request.model_copy(update=changes)) if changes else row
