"""When a request is sent again, when a job is polled again, and after how long.

A creating request is sent again only where nothing can have been created; where that is not known it is
an `UnconfirmedGenerationError`. A reading request costs nothing and is patient until the deadline.

A job that is done is known to be done within a second while it is younger than half a minute, and within a
twentieth of its age after that. Each poll costs a request, so an older job is polled less often.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

from tarash.tarash_gateway._redaction import Redaction
from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    ContentPolicyError,
    GenerationFailedError,
    GenerationTimeoutError,
    JobExpiredError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    TarashError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.flows.commands import Either, Flow, Next, Now, OpenStream, ProviderCall, Random, Sleep
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins.exchange import JobReport
from tarash.tarash_gateway.plugins.provider import Provider
from tarash.tarash_gateway.plugins.spec import ProviderSpec

FIRST_PAUSE = 0.5
"""Seconds between two polls of a job that was just made."""

YOUNG = 30.0
"""Seconds of age up to which a job is polled every tenth of its age, and never later than `YOUNG_PAUSE`."""

YOUNG_PAUSE = 0.75
"""Seconds between two polls of a young job at the most; the rest of the second is left to the request itself."""

LONGEST_PAUSE = 20.0
"""Seconds between two polls at the most, whatever the vendor asks for."""

SHORTEST_PAUSE = 0.05
"""Seconds between two polls at the least, whatever the vendor allows."""

JITTER = 0.1
"""The share of a pause that chance may take away, so that jobs submitted together are not polled together."""

LookUp = Callable[[], Flow[Any]]
"""A flow that asks the vendor what became of a request whose answer was lost; None where it does not tell."""


def send_creating(context: Context, call: ProviderCall, look_up: LookUp | None = None) -> Flow[Any]:
    """Sends a creating request; at most once, unless the vendor is known to have refused it.

    Args:
        context: the call.
        call: the primitive, to which `timeout` is added.
        look_up: asks the vendor what became of a lost answer, before anything else is done about it; time is kept for
            that.

    Returns:
        The vendor's answer; of a stream, the open stream and its first item.

    Raises:
        UnconfirmedGenerationError: the outcome is not known; it may have been billed.
        TarashError: the vendor's answer, or its absence.
    """
    tries = 0
    lost = False
    while True:
        try:
            left = context.left((yield Now()))
            left -= context.policy.reserve(left) if look_up is not None else 0.0
            answer = yield call.within(left)
            return (answer, (yield Next(answer, left))) if isinstance(call, OpenStream) else answer
        except TarashError as raised:
            error = local_failure(raised) if context.local else raised
            context.complete(error)
            if call.control is not None and call.control.job_id is not None:
                raise error from error.__cause__  # the vendor has a job for it: it is never sent again
            if error.billable == "unknown" and look_up is not None:
                found = yield from look_up()
                if found is not None:
                    return found
            lost = lost or error.billable == "unknown"
            # Once an answer was lost, whatever a repetition (that the caller chose) comes to does not find it again.
            refused = unconfirmed(context, error, looked_up=look_up is not None) if lost else error
            # Again only where nothing was created and waiting helps: not reached, busy, or rate-limited.
            again = error.retryable and (error.billable == "no" or (lost and context.config.retry_unconfirmed))
            final = tries >= context.config.max_retries or not again
            delay = 0.0 if final else (yield from _delay(context, tries, refused))
            if final or delay > context.policy.longest_delay or (yield Now()) + delay >= context.deadline:
                if refused is error:
                    raise error from error.__cause__
                raise refused from error
            tries += 1
            kind = type(refused).__name__
            context.log(logging.WARNING, "was refused (%s), try %d follows in %.1f s", kind, tries + 1, delay)
            yield context.emit("waiting", wait_seconds=delay, message=str(refused))
            yield Sleep(delay)


def send_reading(
    context: Context, call: ProviderCall | Either, *, max_tries: int | None = None, job: GenerationJob | None = None
) -> Flow[Any]:
    """Sends a reading request, and again while the error is a passing one and the deadline is not there.

    Args:
        context: the call.
        call: the primitive; `timeout` is added.
        max_tries: tries at the most; None for as many as fit before the deadline.
        job: the job that it is about; then updates tell of the waits.

    Raises:
        GenerationTimeoutError: the deadline passed before an answer came.
        TarashError: the vendor's answer, where waiting does not help.
    """
    tries = 0
    while True:
        left = context.left((yield Now()))
        try:
            return (yield call.within(left))
        except TarashError as error:
            context.complete(error)
            tries += 1
            missing = isinstance(error, JobExpiredError) and tries >= _missing_tries(context, call)
            passing = error.retryable or isinstance(error, ConnectionFailedError) or _is_from_vendor(error)
            if missing or not passing or (max_tries is not None and tries >= max_tries):
                raise
            delay = min((yield from _delay(context, tries - 1, error)), context.policy.longest_reading_delay)
            now = yield Now()
            if now + delay >= context.deadline:
                msg = f"no time is left for another try before the deadline of {context.config.timeout:g} s: {error}"
                raise GenerationTimeoutError(msg) from error
            # A poll that failed is sent again within seconds: only a vendor that says so itself is worth a line.
            notable = _is_from_vendor(error) or not call.name.startswith("poll_")
            level, kind = logging.WARNING if notable else logging.DEBUG, type(error).__name__
            context.log(level, "%s failed (%s), sent again in %.1f s", call.name, kind, delay)
            if job is not None:
                yield context.emit("waiting", job=job, wait_seconds=delay, message=str(error))
            yield Sleep(delay)


def _missing_tries(context: Context, call: ProviderCall | Either) -> int:
    """Counts the tries for what the vendor does not know (yet): a finished job's result is worth more than a poll."""
    is_result = call.name in (Provider.download_video.__name__, Provider.fetch_image.__name__)
    return context.policy.result_tries if is_result else context.policy.missing_tries


def _is_from_vendor(error: TarashError) -> bool:
    return isinstance(error, (ProviderUnavailableError, RateLimitError))


def _delay(context: Context, tries: int, error: TarashError) -> Flow[float]:
    if error.retry_after is not None:
        return max(float(error.retry_after), 0.0)
    spread: float = yield Random()
    return min(context.policy.first_delay * 2.0**tries, context.policy.longest_delay) * spread


def unconfirmed(context: Context, error: TarashError, *, looked_up: bool = False) -> TarashError:
    """Names the error for what it means to the caller: it may have been billed."""
    if isinstance(error, (UnconfirmedGenerationError, PluginError, ContentPolicyError)):
        return error
    unseen = "The vendor's job list, as far as it can be read, does not show it. " if looked_up else ""
    msg = (
        f"the request to {context.config.provider} went out and its outcome is unknown ({error}). {unseen}"
        "It may have been billed, so it was not sent again. Look at the vendor's usage page, "
        "or set retry_unconfirmed=True to risk a second bill."
    )
    return UnconfirmedGenerationError(
        msg,
        status_code=error.status_code,
        code=error.code,
        retry_after=error.retry_after,
        raw=error.raw,
        retryable=True,
    )


def pause_before(report: JobReport[Any], age: float, chance: float, *, interval: float | None, first: bool) -> float:
    """Computes the seconds until the next poll.

    Args:
        report: the vendor's last answer.
        age: seconds since the wait began.
        chance: a number from 0 up to 1.
        interval: seconds that the caller wants between two polls.
        first: whether the job was not polled yet. It may have failed or be done at once, so that this poll is soon,
            whatever the interval.
    """
    if interval is not None:
        pause = interval
    elif report.poll_after is not None:
        pause = min(max(report.poll_after, SHORTEST_PAUSE), LONGEST_PAUSE)
    else:
        pause = pause_at(age) * (1 - JITTER * chance)
    return min(pause, FIRST_PAUSE) if first else pause


def pause_at(age: float) -> float:
    """Computes the seconds between two polls of a job of this age, in seconds."""
    if age < YOUNG:
        return min(max(FIRST_PAUSE, age / 10), YOUNG_PAUSE)
    return min(age / 25, LONGEST_PAUSE)


# What an exception of a plugin itself says, as far as a user may read it. A local model's "CUDA out of memory" is all
# that helps; a vendor's SDK may quote the key, the prompt or a whole request.


QUOTED = 300
"""Characters of a foreign exception that a message shows."""

_DATA = re.compile(r"[A-Za-z0-9+/_-]{60,}={0,2}")
"""Base64, or something as long: nobody reads it."""


def local_failure(error: TarashError) -> TarashError:
    """Names the error of a provider that works in this process for what it is: nothing was paid."""
    cause = error.__cause__
    if isinstance(error, PluginError) and cause is not None and not isinstance(cause, TarashError):
        failed = GenerationFailedError(f"the local model failed: {type(cause).__name__}", billable="no")
        failed.__cause__ = cause
        return failed
    error.billable = "no"
    return error


def quote_cause(error: TarashError, config: GenerationConfig, spec: ProviderSpec, request: GenerationRequest) -> None:
    """Adds to the error of a plugin what the exception behind it says, keys, prompts and data masked."""
    cause = error.__cause__
    if not isinstance(error, (PluginError, GenerationFailedError)) or cause is None or isinstance(cause, TarashError):
        return
    redaction = Redaction(_secrets(config, spec), (request.prompt, request.negative_prompt))
    words = redaction.text(_DATA.sub("[data]", _text_of(cause)), QUOTED)
    if words and words not in error.message:
        kind = type(cause).__name__
        error.message = error.message.replace(kind, f"{kind} ({words})", 1)
        error.args = (error.message,)


def _text_of(cause: BaseException) -> str:
    try:
        return str(cause)
    except Exception:  # noqa: BLE001 # whatever a stranger's exception raises
        return ""


def _secrets(config: GenerationConfig, spec: ProviderSpec) -> Iterator[str]:
    if config.api_key is not None and hasattr(config.api_key, "get_secret_value"):
        yield config.api_key.get_secret_value()
    yield from (value for value in config.provider_config.values() if isinstance(value, str))
    yield from (os.environ[name] for name in spec.key_variables if os.environ.get(name))
