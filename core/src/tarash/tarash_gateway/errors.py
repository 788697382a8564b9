"""Every error of the gateway.

TarashError
├── ConfigurationError            a key, an endpoint or a setting is missing or unusable
├── ValidationError               the request cannot be right; nothing was sent (a ValueError too)
├── PluginError                   a plugin failed, not the vendor
│   ├── ProviderNotFoundError     no installed plugin offers that provider
│   ├── PluginLoadError           the plugin raised while it was imported
│   ├── PluginConflictError       two plugins claim one provider
│   └── PluginApiVersionError     plugin and gateway speak different versions of the contract
├── ProviderError                 the vendor answered, and the answer is no
│   ├── AuthenticationError       401
│   ├── PermissionDeniedError     403
│   ├── InvalidRequestError       400, 409, 413, 422
│   ├── ModelNotFoundError        404, 410: the model, the deployment or the API is not there (any more)
│   ├── RateLimitError            429, worth waiting for
│   ├── QuotaExceededError        429 or 402, not worth waiting for
│   ├── ProviderUnavailableError  5xx
│   ├── ContentPolicyError        moderation, before or after generating
│   └── InvalidResponseError      an answer came and cannot be used
├── ConnectionFailedError         the vendor could not be reached
├── UnconfirmedGenerationError    a creating request went out and its outcome is unknown: it may have been billed
├── GenerationFailedError         the job ended without a result
├── GenerationTimeoutError        the deadline passed; a job may still be running
├── DownloadError                 the result exists and could not be fetched
├── JobExpiredError               the vendor no longer keeps the result
├── UnsafeUrlError                an address that a reference image must not be fetched from
├── MediaTooLargeError            more bytes or pixels than the limit
├── SaveError                     a file could not be written
└── UnsupportedOperationError     the provider cannot do this at all
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationJob, Media

__all__ = [
    "AuthenticationError",
    "Billable",
    "ConfigurationError",
    "ConnectionFailedError",
    "ContentPolicyError",
    "DownloadError",
    "GenerationFailedError",
    "GenerationTimeoutError",
    "InvalidRequestError",
    "InvalidResponseError",
    "JobExpiredError",
    "MediaTooLargeError",
    "ModelNotFoundError",
    "PermissionDeniedError",
    "PluginApiVersionError",
    "PluginConflictError",
    "PluginError",
    "PluginLoadError",
    "Problem",
    "ProviderError",
    "ProviderNotFoundError",
    "ProviderUnavailableError",
    "QuotaExceededError",
    "RateLimitError",
    "SaveError",
    "TarashError",
    "UnconfirmedGenerationError",
    "UnsafeUrlError",
    "UnsupportedOperationError",
    "ValidationError",
]

Billable = Literal["no", "yes", "unknown"]


LISTED = 60
"""Problems that a message lists; `problems` has them all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a request from being sent.

    A secret or a prompt is never a `value`: where one is at fault, `value` is None and the message tells its length.
    """

    field: str
    """The field, with its path where it is nested: `size`, `image_list.0.image`."""

    message: str
    """What is wrong, in one sentence."""

    value: Any = None
    """The value that was refused, or None where it must not be shown."""

    allowed: tuple[Any, ...] | str | None = None
    """The values that are taken, or a rule in words; None where there is no such list."""

    nearest: Any = None
    """The valid value nearest to the refused one, or None."""

    def __str__(self) -> str:
        text = f"{self.field}: {self.message}"
        if self.allowed:
            listed = self.allowed if isinstance(self.allowed, str) else ", ".join(str(item) for item in self.allowed)
            text += f"; allowed: {listed}"
        if self.nearest is not None:
            text += f"; nearest: {self.nearest}"
        return text


class TarashError(Exception):
    """Whatever went wrong, with what is known about it.

    Every argument but the message is optional. The flow fills in what a plugin left out: provider, model, request id,
    job.
    """

    default_billable: ClassVar[Billable] = "no"

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        request_id: str | None = None,
        status_code: int | None = None,
        code: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        billable: Billable | None = None,
        job: GenerationJob | None = None,
        media: Media | None = None,
        raw: Any = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        """The provider that was asked."""
        self.model = model
        """The model that was asked for."""
        self.request_id = request_id
        """Our id of the call, the one in the log lines."""
        self.status_code = status_code
        """The HTTP status of the vendor's answer."""
        self.code = code
        """The vendor's own word for it."""
        self.retryable = retryable
        """Whether the same call may succeed later without a change."""
        self.retry_after = retry_after
        """Seconds the vendor asks to wait."""
        self.billable: Billable = billable or self.default_billable
        """Whether this call may appear on a bill: `no`, `yes` or `unknown`."""
        self.job = job
        """The job, where one exists: `resume_video(config, error.job)` picks it up."""
        self.media = media
        """What came and is no whole image or video, where something came: its bytes, or its `path`."""
        self.raw = raw
        """The vendor's answer as far as it was readable, secrets masked, at most 4,000 characters."""

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        state = self.__dict__.copy()
        cause = self.__cause__
        if cause is not None and not isinstance(cause, (TarashError, PickledCause)):
            # An SDK's exception rarely survives a pickle, and its text may quote the key; one of ours does neither.
            cause = PickledCause(f"{type(cause).__module__}.{type(cause).__qualname__}")
        return _rebuild, (type(self), state, cause)


class PickledCause(Exception):  # noqa: N818 # it stands for an error of any kind
    """Stands for another library's exception where a pickle was loaded: its name, and none of its text."""


LeftBehindError = PickledCause
"""The name of 1.0, which older pickles hold."""


def _rebuild(kind: type[TarashError], state: dict[str, Any], cause: BaseException | None) -> TarashError:
    error = kind.__new__(kind, state["message"])
    error.args = (state["message"],)
    error.__dict__.update(state)
    error.__cause__ = cause
    return error


class ConfigurationError(TarashError):
    """A key, an endpoint or a setting is missing or unusable; nothing was sent."""


class ValidationError(TarashError, ValueError):
    """The request cannot be right; nothing was sent.

    Attributes:
        problems: every problem of the request at once.
    """

    def __init__(self, message: str, *, problems: Iterable[Problem] = (), **details: Any) -> None:
        super().__init__(message, **details)
        self.problems: tuple[Problem, ...] = tuple(problems)

    @classmethod
    def of(cls, subject: str, problems: Iterable[Problem], **details: Any) -> ValidationError:
        """Lists all `problems` of one `subject` in one error."""
        found = tuple(problems)
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        lines = "".join(f"\n  - {problem}" for problem in found[:LISTED])
        if len(found) > LISTED:
            lines += f"\n  - … and {len(found) - LISTED} more"
        return cls(f"{subject}: {count}, nothing was sent{lines}", problems=found, **details)


class PluginError(TarashError):
    """A plugin failed, not the vendor: its own exception is the cause."""


class ProviderNotFoundError(PluginError):
    """No installed plugin offers that provider."""


class PluginLoadError(PluginError):
    """The plugin raised while it was imported or asked for what it offers."""


class PluginConflictError(PluginError):
    """Two plugins claim one provider."""


class PluginApiVersionError(PluginError):
    """Plugin and gateway speak different versions of the contract."""


class ProviderError(TarashError):
    """The vendor answered, and the answer is no."""


class AuthenticationError(ProviderError):
    """The vendor does not know the key (401)."""


class PermissionDeniedError(ProviderError):
    """The key is known and may not do this (403)."""


class InvalidRequestError(ProviderError):
    """The vendor refuses the request as it is (400, 409, 413, 422)."""


class ModelNotFoundError(ProviderError):
    """The model, the deployment or the API is not there, or not any more (404, 410)."""


class RateLimitError(ProviderError):
    """Too many requests; waiting helps (429)."""


class QuotaExceededError(ProviderError):
    """The account's money or quota is used up; waiting does not help (429, 402)."""


class ProviderUnavailableError(ProviderError):
    """The vendor's service does not work at the moment (5xx)."""


class ContentPolicyError(ProviderError):
    """Moderation refused the input or the result. Never tried again, never handed to a fallback.

    Attributes:
        stage: `input` where the request was refused, `output` where the result was withheld.
        categories: the vendor's words for what it objected to.
    """

    def __init__(
        self,
        message: str,
        *,
        stage: Literal["input", "output"] = "input",
        categories: Iterable[str] = (),
        **details: Any,
    ) -> None:
        super().__init__(message, **details)
        self.stage = stage
        self.categories: tuple[str, ...] = tuple(categories)


class InvalidResponseError(ProviderError):
    """An answer came and cannot be used: not JSON, no image in it, half an image."""

    default_billable = "yes"


class ConnectionFailedError(TarashError):
    """The vendor could not be reached.

    `billable` is `no` where nothing can have arrived (refused, unknown host, no TLS) and `unknown` where the request
    may have been read before the connection broke.
    """


class UnconfirmedGenerationError(TarashError):
    """A creating request went out and its outcome is unknown: it may have been billed, so it is not sent again."""

    default_billable = "unknown"


class GenerationFailedError(TarashError):
    """The job ended without a result."""

    default_billable = "unknown"


class GenerationTimeoutError(TarashError):
    """The deadline passed. Where a job exists it is left running, and `error.job` resumes it."""

    default_billable = "unknown"


class DownloadError(TarashError):
    """The result exists and could not be fetched; fetching it again costs nothing."""

    default_billable = "yes"


class JobExpiredError(TarashError):
    """The vendor no longer keeps the result."""

    default_billable = "yes"


class UnsafeUrlError(TarashError):
    """An address that a reference image must not be fetched from."""


class MediaTooLargeError(TarashError):
    """More bytes or more pixels than the limit."""


class SaveError(TarashError):
    """A file could not be written.

    Attributes:
        errno: the operating system's number, such as `errno.ENOSPC`, where there is one.
    """

    def __init__(self, message: str, *, errno: int | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.errno = errno


class UnsupportedOperationError(TarashError):
    """The provider cannot do this at all."""
