"""Exit codes: the number that each error ends `tarash` with. The meaning of a number never changes."""

from __future__ import annotations

from typing import Final

from tarash.tarash_gateway import errors

OK: Final = 0
UNEXPECTED: Final = 1
"""An error of `tarash` itself: a bug, to be reported."""

USAGE: Final = 2
"""The command line cannot be read."""

BROKEN_PIPE: Final = 141
"""The reader of the output stopped reading, as in `tarash models | head`."""

INTERRUPTED: Final = 130
"""Ctrl-C. As with other programs, 128 plus the number of the signal."""

HUNG_UP, TERMINATED = 129, 143

OUTPUT_LOST: Final = 7
"""The work is done, but its output could not be written to stdout."""

EXIT_CODES: Final[dict[type[BaseException], int]] = {
    # Nothing was sent: change something here.
    errors.ValidationError: 3,
    errors.UnsafeUrlError: 3,
    errors.MediaTooLargeError: 3,
    errors.ConfigurationError: 4,
    errors.UnsupportedOperationError: 4,
    errors.PluginError: 5,
    errors.SaveError: 6,
    # The vendor says no.
    errors.AuthenticationError: 10,
    errors.PermissionDeniedError: 10,
    errors.ProviderError: 11,
    errors.ContentPolicyError: 12,
    errors.QuotaExceededError: 13,
    # Later it may work.
    errors.RateLimitError: 20,
    errors.ProviderUnavailableError: 20,
    errors.ConnectionFailedError: 20,
    # Something may have been paid for.
    errors.UnconfirmedGenerationError: 30,
    errors.InvalidResponseError: 31,
    errors.GenerationFailedError: 31,
    errors.JobExpiredError: 31,
    # The result is there, or will be: `tarash jobs resume`.
    errors.GenerationTimeoutError: 32,
    errors.DownloadError: 32,
    errors.TarashError: UNEXPECTED,
}
"""The nearest class in the error's method resolution order decides."""

MEANINGS: Final[dict[int, str]] = {
    OK: "done",
    UNEXPECTED: "an error of tarash itself: please report it",
    USAGE: "the command line cannot be read, or the extra `cli` is missing",
    3: "the request is invalid; nothing was sent",
    4: "a key, an address or a setting is missing or does not fit; nothing was sent",
    5: "a provider is not installed, or its plugin is broken",
    6: "a file cannot be written, or is there already",
    OUTPUT_LOST: "done, the files are there; stdout could not be written",
    10: "the vendor rejects the key",
    11: "the vendor refuses the request, or does not know the model",
    12: "moderation refused the prompt or the result",
    13: "the account's money or quota is used up",
    20: "busy, down or not reached: try again later",
    30: "the answer was lost and may have been billed: check before you send it again",
    31: "the vendor made nothing, and may have billed it",
    32: "the result exists or is being generated: resume the job at no cost",
    INTERRUPTED: "Ctrl-C",
    HUNG_UP: "SIGHUP: the terminal was closed",
    TERMINATED: "SIGTERM: the container or the service was stopped",
    BROKEN_PIPE: "done, the files are there; the reader of stdout went away",
}
"""The meaning of each number, for the documentation."""


def interrupted_by(number: int) -> int:
    """Returns the exit code of a process that a signal has ended."""
    return 128 + number


def exit_code(error: BaseException) -> int:
    """Returns the exit code of `error`."""
    return next(EXIT_CODES[kind] for kind in (*type(error).__mro__, errors.TarashError) if kind in EXIT_CODES)
