"""The worker's end of a talk about one row: a gate and a purse that ask the batch, and what is told unasked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tarash.tarash_gateway.budget import Budget
from tarash.tarash_gateway.errors import TarashError
from tarash_gateway_batch.interfaces import Payment, Working
from tarash_gateway_ray.grant import Granted
from tarash_gateway_ray.messages import (
    Answer,
    Corrected,
    Left,
    News,
    Paid,
    Question,
    Said,
    Succeeded,
    WantsMoney,
    WantsTurn,
    WasRefused,
)

PATIENCE: Final = 0.05
"""Seconds that news wait for a question or for the end, so that most rows need few messages."""


class Talk:
    """What is said about one row, in turns: the batch listens, answers, and listens again."""

    def __init__(self) -> None:
        self.work: Working | None = None
        self._said = Said()
        self._change = asyncio.Event()
        self._answer: asyncio.Future[Answer] | None = None

    def tell(self, news: News) -> None:
        """Says something that needs no answer."""
        self._said.news.append(news)
        self._change.set()

    def end(self, said: Said) -> None:
        """Says how the row ended."""
        self._said.outcome = said.outcome
        self._change.set()

    async def ask(self, question: Question) -> Answer:
        """Says something and waits for the answer.

        Raises:
            TarashError: that is the answer.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._said.question = question
        self._change.set()
        answer = await self._answer
        if isinstance(answer, TarashError):
            raise answer
        return answer

    def answer(self, answer: Answer) -> None:
        """Hears the answer to the last question."""
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def listen(self) -> Said:
        """Waits until there is something to say."""
        while not self._said.question and not self._said.outcome:
            self._change.clear()
            try:
                await asyncio.wait_for(self._change.wait(), PATIENCE if self._said.news else None)
            except TimeoutError:
                break
        said, self._said = self._said, Said()
        self._change.clear()
        said.on_its_way = self.work is not None and self.work.on_its_way
        return said


class AskedGates:
    """Gates that the batch keeps."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    def gate(self, account: str, model: str) -> AskedGate:
        """The gate of one account and model."""
        return AskedGate(self._talk, account, model)


class AskedGate:
    """One gate that the batch keeps."""

    def __init__(self, talk: Talk, account: str, model: str) -> None:
        self._talk = talk
        self._wish = WantsTurn(account, model)

    async def enter(self) -> int:
        """Waits until a request may be sent."""
        return int(await self._talk.ask(self._wish))  # type: ignore[arg-type] # the number of a turn

    def leave(self) -> None:
        """A request is no longer on its way."""
        self._talk.tell(Left())

    def succeeded(self) -> None:
        """The vendor took a request."""
        self._talk.tell(Succeeded())

    async def refused(self, error: TarashError, turn: int) -> bool:
        """Hears of a refusal by which nothing was created."""
        return bool(await self._talk.ask(WasRefused(error, turn)))


class AskedPurse:
    """The money that the batch keeps."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    @asynccontextmanager
    async def paying(self, dollars: float | None) -> AsyncIterator[Payment]:
        """A call that may cost so much."""
        granted = await self._talk.ask(WantsMoney(dollars))
        payment = Payment((_budget(granted),) if isinstance(granted, Granted) else ())
        try:
            yield payment
        finally:
            self._talk.tell(Paid(payment.cost))

    def corrected(self, dollars: float) -> None:
        """What an earlier run had counted turned out to be more by so much, or less."""
        self._talk.tell(Corrected(dollars))


def _budget(granted: Granted) -> Budget:
    budget = Budget(granted.dollars)
    budget.give_back(granted.left - granted.dollars)
    return budget
