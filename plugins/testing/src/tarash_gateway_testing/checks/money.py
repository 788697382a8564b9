"""What is paid for: a creating request goes out once, and everybody knows whether it may be billed."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    InvalidResponseError,
    ProviderUnavailableError,
    RateLimitError,
    TarashError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.models import VideoJob
from tarash_gateway_testing.base import ROLE_OF, SPOKEN, Case, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.faults import Cut, Dropped, Fault
from tarash_gateway_testing.fake.vendor import KnownPlace
from tarash_gateway_testing.rules import Rule

__all__ = ["KINDS", "MoneyChecks"]

KINDS = pytest.mark.parametrize("kind", ["image", "stream", "video"])

LOST: dict[str, Fault | int] = {
    "dropped": Dropped(),
    "cut": Cut(),
    "500": 500,
    "502": 502,
    "504": 504,
    "web page": Answer(200, "<html><title>Sign in</title></html>", content_type="text/html"),
}
"""Faults after which nobody knows whether something was made; a number is the vendor's own refusal."""

_ONCE = Rule(
    "a creating request (generate_image, stream_image, submit_video) goes out at most once for each call of the "
    "primitive. Only core sends it again, and only where it was certainly refused.",
    "turn off the retries of your SDK or HTTP library (max_retries=0, attempts=1, no retrying transport), and let "
    'the error out. Say billable="no" of a refusal only: what is retryable and not billed is sent again by core.',
    "Money",
)
_UNKNOWN = Rule(
    "when the answer to a creating request is lost (no answer, half an answer, 500, 502, 504, something that is "
    'no answer of the vendor), it is not known whether it was billed: the error has billable="unknown", or "yes" '
    "for an answer that came and cannot be used; core makes an UnconfirmedGenerationError of it.",
    'raise ConnectionFailedError(..., billable="unknown") for a connection that broke after the request went out, '
    "error_for_status(status, ...) for a status, and InvalidResponseError(...) for an answer that is none.",
    "Money",
)
_STATUS = Rule(
    "an error keeps the HTTP status that it was made of.",
    "make it with error_for_status(status, message, headers=...), or give status_code=... yourself.",
    "Errors",
)
_REFUSED = Rule(
    "with 429 and 503 the vendor says that it did not take the request: RateLimitError and "
    'ProviderUnavailableError, retryable, billable="no". Core waits as long as Retry-After says, and sends it '
    "again.",
    "make the error with error_for_status(status, message, headers=answer_headers): it knows both, and Retry-After.",
    "Money",
)
_NOT_REACHED = Rule(
    'where no connection came up, nothing can have been billed: ConnectionFailedError with billable="no" and '
    "retryable=True.",
    'tell "cannot connect" from "the connection broke after the request was sent" by the exceptions of your HTTP '
    "library, such as ConnectError and ConnectTimeout.",
    "Money",
)
_FOUND = Rule(
    "where the vendor can list its jobs, find_video gives those made since `lost.since`, so that a submit whose "
    "answer was lost is found again and not paid twice. A job in it has the vendor's id, and the prompt in "
    "asked['prompt'].",
    "give `request={'prompt': ...}` (and model, size, duration_seconds where the vendor tells them) to every "
    "VideoJob of the list, and read on until `lost.since` where the vendor pages.",
    "Money",
)


class MoneyChecks(Case):
    """What is paid for."""

    @KINDS
    def test_a_good_call_is_one_creating_request(self, calls: Calls, kind: Kind) -> None:
        """A call that goes well sends one creating request."""
        self.needs(kind)
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        if outcome.error is not None:
            self.broken(_ONCE, f"a good {kind} call did not go well: {outcome}")
        self._sent_once(kind, "everything was answered well")

    @pytest.mark.parametrize("fault", LOST)
    @KINDS
    def test_a_lost_answer_is_not_paid_for_twice(self, calls: Calls, kind: Kind, fault: str) -> None:
        """Whatever becomes of the answer, the request is not sent again, and the error says that it may be billed."""
        self.needs(kind)
        lost = LOST[fault]
        happened: Fault = Answer(lost, self.refusal(lost, "it broke down")) if isinstance(lost, int) else lost
        self.vendor.fail(happened, ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        self._sent_once(kind, f"the answer was lost ({fault})")
        found = isinstance(outcome.value, VideoJob) and "list" in self.vendor.roles
        if not found:
            self._check_unknown(outcome, kind, fault)
        if isinstance(lost, int) and getattr(outcome.error, "status_code", None) != lost:
            details = getattr(outcome.error, "status_code", None)
            self.broken(_STATUS, f"the answer {lost} to {SPOKEN[kind]} became an error with status_code={details}")

    def _check_unknown(self, outcome: Any, kind: Kind, fault: str) -> None:
        error = outcome.error
        right = isinstance(error, UnconfirmedGenerationError) or (
            isinstance(error, InvalidResponseError) and fault == "web page"
        )
        if not right or (isinstance(error, TarashError) and error.billable == "no"):
            details = f" with billable={error.billable!r}" if isinstance(error, TarashError) else ""
            self.broken(_UNKNOWN, f"the answer to {SPOKEN[kind]} was lost ({fault}), and {outcome}{details}")

    @pytest.mark.parametrize("fault", ["dropped", "cut"])
    def test_a_lost_job_is_found_in_the_vendors_list(self, calls: Calls, fault: str) -> None:
        """A submit whose answer was lost is looked up where the vendor lists its jobs."""
        self.needs("video", "list")
        lost = LOST[fault]
        assert not isinstance(lost, int)  # noqa: S101 # of the table above
        self.vendor.fail(lost, "submit")
        outcome = attempt(calls.submit, self.config("video"), self.request("video"))
        self._sent_once("video", f"the answer was lost ({fault})")
        if not isinstance(outcome.value, VideoJob):
            looked = f"{len(self.vendor.sent('list'))} requests asked for the list"
            self.broken(_FOUND, f"the answer to a submit was lost ({fault}), {looked}, and {outcome}")

    @pytest.mark.parametrize("status", [429, 503])
    @KINDS
    def test_a_refused_request_is_sent_again(self, calls: Calls, kind: Kind, status: int) -> None:
        """What the vendor did not take is sent again after the time that it asks for."""
        self.needs(kind)
        self.vendor.fail(Answer(status, self.refusal(status, "too busy"), {"retry-after": "0"}), ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        sent = len(self.vendor.sent(ROLE_OF[kind]))
        if outcome.error is not None or sent != 2:
            self.broken(_REFUSED, f"after one answer {status} to {SPOKEN[kind]}, {sent} were sent and {outcome}")

    @pytest.mark.parametrize(("status", "expected"), [(429, RateLimitError), (503, ProviderUnavailableError)])
    @KINDS
    def test_a_refusal_that_stays_is_not_billed(
        self, calls: Calls, kind: Kind, status: int, expected: type[TarashError]
    ) -> None:
        """A refusal is told with the time to wait, and that nothing was billed."""
        self.needs(kind)
        self.vendor.fail(Answer(status, self.refusal(status, "too busy"), {"retry-after": "7"}), ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind, max_retries=0), self.request(kind))
        self._sent_once(kind, f"it was refused with {status}, and max_retries is 0")
        error = outcome.error
        if not isinstance(error, expected) or error.billable != "no" or not error.retryable or error.retry_after != 7:
            details = {name: getattr(error, name, None) for name in ("billable", "retryable", "retry_after")}
            self.broken(_REFUSED, f"a {status} with Retry-After: 7 to {SPOKEN[kind]}: {outcome} ({details})")

    @KINDS
    def test_a_vendor_that_is_not_reached_bills_nothing(self, calls: Calls, kind: Kind) -> None:
        """Nobody listens at the address."""
        self.needs(kind)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
            nowhere = KnownPlace(self.vendor.url.replace(self.vendor.origin, origin), self.vendor.key)
            outcome = attempt(calls.create, kind, self.config(kind, nowhere, max_retries=0), self.request(kind))
        error = outcome.error
        if not isinstance(error, ConnectionFailedError) or error.billable != "no" or not error.retryable:
            details = {name: getattr(error, name, None) for name in ("billable", "retryable")}
            self.broken(_NOT_REACHED, f"nobody listens at {origin}: {outcome} ({details})")

    def _sent_once(self, kind: Kind, circumstance: str) -> None:
        sent = self.vendor.sent("image", "stream", "submit")
        if len(sent) != 1:
            listed = ", ".join(map(str, sent)) or "none"
            self.broken(
                _ONCE, f"{len(sent)} creating requests were sent for one {kind} call ({listed}): {circumstance}"
            )
