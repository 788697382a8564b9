"""What a flow can ask its driver for, and a flow as a driver goes through it: one command after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from tarash.tarash_gateway.errors import PluginError, TarashError
from tarash.tarash_gateway.plugins._libraries import hidden_library
from tarash.tarash_gateway.plugins._observers import observers
from tarash.tarash_gateway.plugins.hookspecs import CallContext, CallOutcome

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.exchange import RequestControl

ReturnT = TypeVar("ReturnT")


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """Call one primitive of a provider, in the flavour that suits the driver; returns and raises as it does."""

    provider: Any
    primitive: Callable[..., Any]
    """The function of `Provider` that names it, such as `Provider.poll_video`."""

    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    control: RequestControl | None = None
    """What the plugin may report of the request while it runs, and how many run at a time."""

    emit: Callable[..., Emit] | None = None
    """Makes the update of a report of the plugin."""

    @property
    def name(self) -> str:
        """The primitive's name."""
        return self.primitive.__name__

    @property
    def label(self) -> str:
        """The class and the primitive, for messages."""
        return f"{type(self.provider).__name__}.{self.primitive.__name__}"

    def within(self, seconds: float) -> Self:
        """Returns the same call with that many seconds left."""
        return replace(self, options={**self.options, "timeout": seconds})


class OpenStream(ProviderCall):
    """Call a primitive that returns a stream, which is not yet read."""


@dataclass(init=False, slots=True)
class Blocking:
    """Call `function(*args, **options)`, which blocks: in a thread of its own where the driver awaits."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    options: dict[str, Any]

    def __init__(self, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        self.function, self.args, self.options = function, args, options


@dataclass(frozen=True, slots=True)
class Either:
    """Call `function`, or await `async_function`, whichever suits the driver."""

    function: Callable[..., Any]
    async_function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    def within(self, seconds: float) -> Self:
        """Returns the same call with that many seconds left."""
        return replace(self, options={**self.options, "timeout": seconds})


@dataclass(frozen=True, slots=True)
class Next:
    """The next item of a stream, or `END`. The driver closes every stream when the flow ends or is left."""

    stream: Any
    timeout: float | None = None
    """Seconds that it may take."""


END = object()
"""What `Next` gives when there is no more."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait that many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Now:
    """Gives seconds on a clock that only goes forward."""


@dataclass(frozen=True, slots=True)
class Today:
    """Gives the date and time, UTC: to be written down or compared with a vendor's, never to measure with."""


@dataclass(frozen=True, slots=True)
class Random:
    """Gives a number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the caller's progress callback; whatever the callback raises does not reach the flow."""

    update: Callable[[float], Any]
    """Makes the update, of the seconds on the driver's clock; not called where nobody listens."""


@dataclass(frozen=True, slots=True)
class Observe:
    """Tell the observers; whatever one raises does not reach the flow."""

    hook: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one child of a `Gather`: a value or an error."""

    value: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Gather:
    """Run these flows side by side; gives an `Outcome` for each, in order. One that fails cancels no other."""

    flows: tuple[Flow[Any], ...]


Command = ProviderCall | Blocking | Either | Next | Sleep | Now | Today | Random | Emit | Observe | Gather
Flow = Generator[Command, Any, ReturnT]


def continue_with(flow: Flow[ReturnT]) -> ReturnT:
    """Hands over to another flow: where one returns this, the driver runs the other in its place.

    What calls through it has one generator less between itself and the provider.
    """
    return cast("ReturnT", flow)


class FlowRun:
    """A flow between two commands: what it is answered next, and what to close and whom to notify at its end."""

    def __init__(self, flow: Flow[Any]) -> None:
        self._flow = flow
        self._error: BaseException | None = None
        self.answer: Any = None
        self.result: Any = None
        self.streams: list[Any] = []
        self._begun: list[tuple[CallContext, float]] = []

    def next(self) -> Command | None:
        """Resumes the flow and returns its next command; None when the flow has returned its `result`."""
        answer, error = self.answer, self._error
        self.answer = self._error = None
        while True:
            try:
                command = self._flow.send(answer) if error is None else self._flow.throw(error)
            except StopIteration as done:
                if not isinstance(done.value, GeneratorType):
                    self.result = done.value
                    return None
                self._flow, answer, error = done.value, None, None
                continue
            if isinstance(command, Observe):
                self._note(command)
            return command

    def fail(self, command: Command, error: BaseException) -> None:
        """Lets `command` raise in the flow. What is not ours, from a plugin, is a defect of the plugin."""
        if isinstance(command, (ProviderCall, Next)) and isinstance(error, Exception):
            called = command.stream.call if isinstance(command, Next) else command
            error = error if isinstance(error, TarashError) else _defect(error, called)
        self._error = error

    def close(self) -> None:
        """Ends the flow where it stands, and notifies observers of the end of what they saw begin."""
        self._flow.close()
        while self._begun:
            context, began = self._begun.pop()
            left = GeneratorExit("the stream was left before its end")
            outcome = CallOutcome(time.monotonic() - began, error=left)
            observers.notify("tarash_after_generate", {"context": context, "outcome": outcome})

    def _note(self, command: Observe) -> None:
        if command.hook == "tarash_before_generate":
            self._begun.append((command.facts["context"], time.monotonic()))
        elif command.hook == "tarash_after_generate":
            self._begun.pop()


def _defect(error: Exception, call: ProviderCall) -> TarashError:
    """Names a foreign error for what it is: the plugin's, or that of a file which hides the plugin's library."""
    defect: TarashError | None = hidden_library(error, "unknown")
    if defect is None:
        # Only the kind of it: a foreign text may quote a key. The exception itself is the cause.
        msg = f"{call.label} raised {type(error).__name__}. This is a defect of the plugin, not of the request."
        defect = PluginError(msg, billable="unknown")
    defect.__cause__ = error
    return defect
