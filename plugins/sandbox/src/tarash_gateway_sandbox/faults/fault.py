"""What a fault is: a row with a name, the requests it hits, and its effect."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from tarash_gateway_sandbox.broken_replies import Late
from tarash_gateway_sandbox.replies import Answer, EventStream, Reply

if TYPE_CHECKING:
    from tarash_gateway_sandbox.operations import Operation, RequestFacts
    from tarash_gateway_sandbox.request import RecordedRequest


@dataclass(frozen=True)
class Scene:
    """A request that a fault is played on."""

    request: RecordedRequest
    origin: str
    """Where the server listens."""
    slow_seconds: float
    """How long a slow answer takes, in seconds."""
    real: Callable[[RecordedRequest], Awaitable[Reply]]
    """Does what was asked for: what it makes is made and counted as paid, whatever is sent then."""

    @property
    def foreign_origin(self) -> str:
        """The server under another name, which stands for another origin."""
        return f"http://localhost:{self.origin.rpartition(':')[2]}"

    @property
    def elsewhere(self) -> str:
        """The request's path at another origin."""
        return f"{self.foreign_origin}/elsewhere{self.request.path}"


class Effect(Protocol):
    """What a fault does."""

    makes: bool
    """Whether what was asked for is done all the same."""

    async def play(self, scene: Scene) -> Reply:
        """Gives the reply.

        Args:
            scene: The request.

        Returns:
            What is sent.
        """


def refused(reply: Reply) -> bool:
    """Tells whether a real answer is a refusal, which no fault replaces."""
    return isinstance(reply, Answer) and reply.status >= 300


@dataclass(frozen=True)
class Instead:
    """A reply in place of the work: nothing is made."""

    reply: Reply | Callable[[Scene], Reply]
    makes = False

    async def play(self, scene: Scene) -> Reply:
        """Gives the reply."""
        return self.reply(scene) if callable(self.reply) else self.reply


@dataclass(frozen=True)
class After:
    """The work, and then another reply than its own."""

    reply: Reply
    makes = True

    async def play(self, scene: Scene) -> Reply:
        """Does the work, give the reply."""
        real = await scene.real(scene.request)
        return real if refused(real) else self.reply


@dataclass(frozen=True)
class Change:
    """The work, and its answer changed."""

    change: Callable[[Answer, Scene], Reply]
    makes = True

    async def play(self, scene: Scene) -> Reply:
        """Does the work, change the answer."""
        real = await scene.real(scene.request)
        return self.change(real, scene) if isinstance(real, Answer) and not refused(real) else real


@dataclass(frozen=True)
class Delay:
    """The work, and its reply after `slow_seconds`."""

    makes = True

    async def play(self, scene: Scene) -> Reply:
        """Does the work, give the reply late."""
        return Late(await scene.real(scene.request), scene.slow_seconds)


@dataclass(frozen=True)
class ChangeStream:
    """The work, and the stream of its events changed."""

    change: Callable[[EventStream], Reply]
    makes = True

    async def play(self, scene: Scene) -> Reply:
        """Does the work, change the stream."""
        real = await scene.real(scene.request)
        return self.change(real) if isinstance(real, EventStream) else real


@dataclass(frozen=True)
class Whole:
    """The whole file, whatever part was asked for."""

    makes = True

    async def play(self, scene: Scene) -> Reply:
        """Answers as if no range had been asked for."""
        headers = {name: value for name, value in scene.request.headers.items() if name != "range"}
        return await scene.real(dataclasses.replace(scene.request, headers=headers))


@dataclass(frozen=True)
class Course:
    """How a job goes; its creation goes well."""

    steps: tuple[tuple[float, str], ...]
    """Statuses, each with the share of the job's time from which on it is shown."""
    error: Any = None
    """The job's error, where its last status is not a good one."""
    makes = True

    def status(self, share: float) -> str:
        """Returns the status when so much of the job's time is over, 0 to 1."""
        return next(status for since, status in reversed(self.steps) if share >= since)

    async def play(self, scene: Scene) -> Reply:
        """Creates the job; it keeps to its course by itself."""
        return await scene.real(scene.request)


@dataclass(frozen=True)
class Unlisted:
    """A job that the list does not show yet."""

    makes = True

    async def play(self, scene: Scene) -> Reply:
        """Creates the job; the list looks at it."""
        return await scene.real(scene.request)


QUEUED, IN_PROGRESS = (0.0, "queued"), (0.15, "in_progress")
USUAL = Course((QUEUED, IN_PROGRESS, (1.0, "completed")))
"""How a job goes that goes well."""
FAILED = {"code": "video_generation_failed", "message": "The video could not be generated."}
"""The error of a job that fails without a reason of its own."""


def course_to(status: str, error: Any = None) -> Course:
    """Returns how a job goes that ends otherwise than well."""
    return Course((QUEUED, IN_PROGRESS, (1.0, status)), error)


JOB_EFFECTS = (Course, Unlisted)
"""Effects that belong to a job from its creation on, and leave its creating request alone."""


@dataclass(frozen=True)
class Fault:
    """One row of the catalogue."""

    name: str
    summary: str
    """One line, for people."""
    on: tuple[Operation, ...]
    """The requests it hits; empty is any."""
    effect: Effect
    times: int | None = None
    """How many requests of one subject it hits; None is every one."""
    only: Literal["ranged", "streamed"] | None = None
    """Only requests for a part of a file, or for a stream."""

    @property
    def of_a_job(self) -> bool:
        """Whether it says how a job is, not how one request is answered."""
        return isinstance(self.effect, JOB_EFFECTS)

    @property
    def makes(self) -> bool:
        """Whether a creating request that it hits has made something, and is counted as paid."""
        return self.effect.makes

    def hits(self, facts: RequestFacts) -> bool:
        """Tells whether it is for such a request."""
        if self.on and facts.operation not in self.on:
            return False
        return self.only is None or bool(getattr(facts, self.only))


def error(status: int, message: str, code: str | None = None, **details: Any) -> Answer:
    """Returns a refusal in the vendor's shape.

    Args:
        status: The HTTP status.
        message: The vendor's sentence.
        code: The vendor's code.
        **details: Headers, as `headers`; everything else goes into the error.

    Returns:
        The answer.
    """
    headers = details.pop("headers", {})
    kind = "server_error" if status >= 500 else "invalid_request_error"
    content = {"message": message, "type": kind, "param": None, "code": code, **details}
    return Answer(status, headers, json.dumps({"error": content}).encode())


def page(status: int, title: str) -> Answer:
    """Returns a web page, as proxies send them."""
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, {}, text.encode(), "text/html; charset=utf-8")


def body(content: Any) -> Callable[[Answer, Scene], Reply]:
    """Returns a change that puts another body into an answer.

    Args:
        content: The body: bytes as they are, anything else as JSON.

    Returns:
        The change.
    """
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda answer, scene: dataclasses.replace(answer, body=data)  # noqa: ARG005 - a change's signature
