"""A talk of several requests, written once: a generator that yields requests, run by a blocking and an async driver."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.client import HttpClient
from tarash.tarash_gateway.plugins.http.request import HttpRequest

ReturnT = TypeVar("ReturnT")

Steps = Generator[HttpRequest, Answer, ReturnT]
"""Yields requests, gets their answers (or the errors that they ended with), and returns what the talk came to."""


def run_steps(client: HttpClient, steps: Steps[ReturnT], timeout: float) -> ReturnT:
    """Runs a talk to its end.

    Args:
        client: sends the requests.
        steps: the talk.
        timeout: seconds for all of its requests together.
    """
    deadline = time.monotonic() + timeout
    outcome: Answer | TarashError | None = None
    while True:
        try:
            request = _next(steps, outcome)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return] # what the talk returns
        try:
            outcome = client.send(request, deadline - time.monotonic())
        except TarashError as error:
            outcome = error


async def run_steps_async(client: HttpClient, steps: Steps[ReturnT], timeout: float) -> ReturnT:
    """The twin of `run_steps`."""
    deadline = time.monotonic() + timeout
    outcome: Answer | TarashError | None = None
    while True:
        try:
            request = _next(steps, outcome)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return] # what the talk returns
        try:
            outcome = await client.send_async(request, deadline - time.monotonic())
        except TarashError as error:
            outcome = error


def _next(steps: Steps[Any], outcome: Answer | TarashError | None) -> HttpRequest:
    """The talk's next request, given what the last one came to."""
    if outcome is None:
        return next(steps)
    return steps.throw(outcome) if isinstance(outcome, TarashError) else steps.send(outcome)
