"""Each kind of error has its number, and the number its meaning."""

import pytest

from tarash.tarash_gateway import errors
from tarash_gateway_cli.exit_codes import EXIT_CODES, MEANINGS, exit_code

KINDS = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]

CODES = {
    "TarashError": 1,
    "ValidationError": 3,
    "UnsafeUrlError": 3,
    "MediaTooLargeError": 3,
    "ConfigurationError": 4,
    "UnsupportedOperationError": 4,
    "PluginError": 5,
    "ProviderNotFoundError": 5,
    "PluginLoadError": 5,
    "PluginConflictError": 5,
    "PluginApiVersionError": 5,
    "SaveError": 6,
    "AuthenticationError": 10,
    "PermissionDeniedError": 10,
    "ProviderError": 11,
    "InvalidRequestError": 11,
    "ModelNotFoundError": 11,
    "ContentPolicyError": 12,
    "QuotaExceededError": 13,
    "RateLimitError": 20,
    "ProviderUnavailableError": 20,
    "ConnectionFailedError": 20,
    "UnconfirmedGenerationError": 30,
    "InvalidResponseError": 31,
    "GenerationFailedError": 31,
    "JobExpiredError": 31,
    "GenerationTimeoutError": 32,
    "DownloadError": 32,
}
"""The promise. A number that is here may be in somebody's script: it is never given another meaning."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_the_number_it_was_promised(kind):
    assert exit_code(kind("it went wrong")) == CODES[kind.__name__]


def test_no_error_is_promised_that_does_not_exist():
    assert set(CODES) == {kind.__name__ for kind in KINDS}


def test_a_new_kind_of_error_takes_its_parents_number():
    class Newer(errors.RateLimitError):
        pass

    assert exit_code(Newer("slower")) == 20


def test_what_is_none_of_ours_is_a_bug():
    assert exit_code(ZeroDivisionError()) == 1


def test_every_number_has_a_meaning():
    assert set(EXIT_CODES.values()) <= set(MEANINGS)
    assert len(set(MEANINGS.values())) == len(MEANINGS)
