"""What the vendor's refusals become."""

from __future__ import annotations

import pickle

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    TarashError,
)
from tarash_gateway_testing.base import ROLE_OF, SPOKEN, Case, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.checks.money import KINDS
from tarash_gateway_testing.fake.answers import Answer, as_answer
from tarash_gateway_testing.rules import Rule

__all__ = ["ErrorChecks"]

EXPECTED: dict[int, type[TarashError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    402: QuotaExceededError,
    403: PermissionDeniedError,
    404: ModelNotFoundError,
    409: InvalidRequestError,
    422: InvalidRequestError,
}

_CLASS = Rule(
    "every refusal is the error of tarash.tarash_gateway.errors that its status means, with status_code, and "
    'billable="no", since nothing was made. Nothing else than these errors leaves a primitive.',
    "make it with error_for_status(status, message, headers=..., code=..., raw=...). Where a status means "
    "something else at this vendor, say so in expected_errors.",
    "Errors",
)
_WORDS = Rule(
    "the vendor's own words are in the text of the error: they say what is wrong with the request.",
    "take the message out of the error's body and put it into the text.",
    "Errors",
)
_PICKLE = Rule(
    "errors survive a pickle, so that they come home from a worker process.",
    "raise errors of tarash.tarash_gateway.errors as they are; a subclass with a constructor of its own, or a "
    "value in `raw` that cannot be pickled, does not survive.",
    "Errors",
)
_MODERATION = Rule(
    "a refusal by moderation is a ContentPolicyError: it is never tried again and never handed to a fallback. Its "
    'stage is "input" where the request was refused, and "output" where a finished result was withheld.',
    "look for the vendor's own code of moderation before you look at the status.",
    "Errors",
)


class ErrorChecks(Case):
    """What the vendor's refusals become."""

    @pytest.mark.parametrize("status", EXPECTED)
    @KINDS
    def test_a_refusal_becomes_the_error_that_its_status_means(self, calls: Calls, kind: Kind, status: int) -> None:
        """Each status has one error."""
        self.needs(kind)
        expected = self.expected_errors.get(status, EXPECTED[status])
        self.vendor.fail(Answer(status, self.refusal(status, "three legs are too many")), ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind, max_retries=0), self.request(kind))
        error = outcome.error
        if not isinstance(error, expected) or error.status_code != status or error.billable != "no":
            attributes = {name: getattr(error, name, None) for name in ("status_code", "billable")}
            wanted = f"{expected.__name__} with status_code={status} and billable='no' was expected"
            self.broken(_CLASS, f"the answer {status} to {SPOKEN[kind]}: {outcome} ({attributes}); {wanted}")
        if "three legs" not in str(error):
            self.broken(_WORDS, f"the vendor said 'three legs are too many', the error says: {error}")

    @KINDS
    def test_errors_survive_a_pickle(self, calls: Calls, kind: Kind) -> None:
        """An error comes home from another process as it was."""
        self.needs(kind)
        self.vendor.fail(Answer(400, self.refusal(400, "three legs are too many")), ROLE_OF[kind])
        error = attempt(calls.create, kind, self.config(kind, max_retries=0), self.request(kind)).error
        outcome = attempt(lambda: pickle.loads(pickle.dumps(error)))  # noqa: S301 # our own pickle
        again = outcome.value
        if type(again) is not type(error) or str(again) != str(error) or vars(again) != vars(error):
            self.broken(_PICKLE, f"{type(error).__name__} was pickled, and {outcome}")

    @KINDS
    def test_moderation_is_told_as_moderation(self, calls: Calls, kind: Kind) -> None:
        """What moderation refuses is no other error."""
        self.needs(kind)
        refusal = self.moderation(ROLE_OF[kind])
        if refusal is None:
            pytest.skip(f"moderation({ROLE_OF[kind]!r}) is not overridden: how it looks is not known")
        answer = as_answer(refusal)
        assert isinstance(answer, Answer)  # noqa: S101 # a refusal is whole
        self.vendor.fail(answer, ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        if not isinstance(outcome.error, ContentPolicyError) or len(self.vendor.sent(ROLE_OF[kind])) != 1:
            self.broken(_MODERATION, f"moderation refused {SPOKEN[kind]}: {outcome}")

    def test_a_job_that_moderation_ended_says_so(self, calls: Calls) -> None:
        """A result that is withheld after it was made."""
        self.needs("video", "poll")
        refusal = self.moderation("poll")
        if refusal is None:
            pytest.skip("moderation('poll') is not overridden: how it looks is not known")
        answer = as_answer(refusal)
        assert isinstance(answer, Answer)  # noqa: S101 # see above
        self.vendor.fail(answer, "poll")
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        error = outcome.error
        if not isinstance(error, ContentPolicyError) or error.stage != "output" or error.job is None:
            self.broken(_MODERATION, f"moderation ended a job: {outcome} (stage={getattr(error, 'stage', None)!r})")
