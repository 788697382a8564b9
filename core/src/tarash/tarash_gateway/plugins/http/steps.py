"""Primitives written once: a generator yields requests, a blocking and an async driver send them."""

from __future__ import annotations

import time
from asyncio import to_thread
from collections.abc import Callable, Coroutine, Generator
from typing import Any, NamedTuple, Protocol, TypeVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.plugins.exchange import PreparedRequest, Sink
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.request import HttpRequest

ReturnT = TypeVar("ReturnT")


class DownloadStep(NamedTuple):
    """A step that streams the answer to `request` into `sink`."""

    request: HttpRequest
    sink: Sink


Steps = Generator[HttpRequest | DownloadStep, Answer, ReturnT]
"""Yields requests, gets their answers (or the errors that they ended with), and returns what they came to."""


class Sender(Protocol):
    """What sends the requests of steps: an `HttpClient`, or what has these of its methods."""

    def send(self, request: HttpRequest, timeout: float) -> Answer:
        """Sends a request once and reads the whole answer."""

    async def send_async(self, request: HttpRequest, timeout: float) -> Answer:
        """The twin of `send`."""

    def download(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """Streams a GET into `sink`."""

    async def download_async(self, request: HttpRequest, sink: Sink, timeout: float) -> None:
        """The twin of `download`."""


def run_steps(client: Sender, steps: Steps[ReturnT], timeout: float) -> ReturnT:
    """Sends the requests of `steps` one after the other.

    Args:
        client: sends them.
        steps: yields them.
        timeout: seconds for all of them together.
    """
    deadline = time.monotonic() + timeout
    ended, step = _advance(steps, None)
    while not ended:
        left = max(deadline - time.monotonic(), 0.0)
        outcome: Any = None
        try:
            if isinstance(step, DownloadStep):
                client.download(step.request, step.sink, left)
            else:
                outcome = client.send(step, left)
        except TarashError as error:
            outcome = error
        ended, step = _advance(steps, outcome)
    return step  # type: ignore[no-any-return] # what the steps return


async def run_steps_async(client: Sender, steps: Steps[ReturnT], timeout: float, *, aside: bool = False) -> ReturnT:
    """The twin of `run_steps`.

    Args:
        client: sends the requests.
        steps: yields them.
        timeout: seconds for all of them together.
        aside: whether requests are built and answers read in a thread: for megabytes of base64, or a long list, the
            event loop would stand still.
    """
    deadline = time.monotonic() + timeout
    ended, step = await to_thread(_advance, steps, None) if aside else _advance(steps, None)
    while not ended:
        left = max(deadline - time.monotonic(), 0.0)
        outcome: Any = None
        try:
            if isinstance(step, DownloadStep):
                await client.download_async(step.request, step.sink, left)
            else:
                outcome = await client.send_async(step, left)
        except TarashError as error:
            outcome = error
        ended, step = await to_thread(_advance, steps, outcome) if aside else _advance(steps, outcome)
    return step  # type: ignore[no-any-return] # what the steps return


def _advance(steps: Steps[Any], outcome: Any) -> tuple[bool, Any]:
    """Returns whether the steps have ended, and what they return or else the next step."""
    try:
        return False, steps.throw(outcome) if isinstance(outcome, TarashError) else steps.send(outcome)
    except StopIteration as end:
        return True, end.value


def both_flavours(
    primitive: Callable[..., Steps[ReturnT]], *, aside: bool = False
) -> tuple[Callable[..., ReturnT], Callable[..., Coroutine[Any, Any, ReturnT]]]:
    """Makes a primitive of an `HttpProvider` and its async twin of one method that gives its steps.

    Args:
        primitive: takes what the primitive takes, except for `timeout`.
        aside: as in `run_steps_async`; a request with input media is built in a thread anyway.

    Example:
        ```python
        def _poll(self, job):
            with job_errors(job):
                return read_job((yield status_request(job)), job)

        poll_video, poll_video_async = both_flavours(_poll)
        ```
    """

    def blocking(self: Any, *args: Any, timeout: float, **options: Any) -> ReturnT:
        result: ReturnT = self.run(primitive(self, *args, **options), timeout)
        return result

    async def twin(self: Any, *args: Any, timeout: float, **options: Any) -> ReturnT:
        is_large = aside or any(map(_is_large, args))
        result: ReturnT = await self.run_async(primitive(self, *args, **options), timeout, aside=is_large)
        return result

    return blocking, twin


def _is_large(argument: Any) -> bool:
    """Whether a request is built of input media."""
    return isinstance(argument, PreparedRequest) and (
        bool(argument.images) or getattr(argument.request, "video", None) is not None
    )
