"""A creating request is sent once unless nothing was created; a reading one is patient until the deadline."""

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContentPolicyError,
    DownloadError,
    GenerationTimeoutError,
    PluginError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.flows.commands import Emit, ProviderCall
from tarash.tarash_gateway.flows.retry import send_creating, send_reading


def make(what, *, n, timeout):
    """The primitive that is sent."""


CALL = ProviderCall("vendor", make, ("a cat",), {"n": 1})


def busy(**settings):
    return RateLimitError("slow down", **{"retryable": True, "billable": "no", **settings})


def lost(**settings):
    return ProviderUnavailableError("502", **{"status_code": 502, "retryable": True, "billable": "unknown", **settings})


@pytest.fixture
def create(feed, context_of, image_cfg):
    """Feeds answers to one creating call; gives what came of it and what was asked for."""

    def create(*answers, now=0.0, **fields):
        fed = feed(*answers, now=now)
        try:
            result = fed(send_creating(context_of(image_cfg(**fields)), CALL))
        except Exception as error:
            result = error
        return result, fed

    return create


@pytest.fixture
def read(feed, context_of, image_cfg):
    def read(*answers, now=0.0, max_tries=None, **fields):
        fed = feed(*answers, now=now)
        try:
            result = fed(send_reading(context_of(image_cfg(**fields)), CALL, max_tries=max_tries))
        except Exception as error:
            result = error
        return result, fed

    return read


class TestCreating:
    def test_an_answer_at_once(self, create):
        result, fed = create("a picture", now=30.0)
        assert result == "a picture"
        assert fed.calls == [ProviderCall("vendor", make, ("a cat",), {"n": 1, "timeout": 70.0})]

    @pytest.mark.parametrize(
        "refused",
        [
            busy(),
            ProviderUnavailableError("503", retryable=True, billable="no"),
            ConnectionFailedError("refused", retryable=True, billable="no"),
        ],
        ids=["429", "503", "not reached"],
    )
    def test_it_is_sent_again_where_nothing_was_created(self, refused, create):
        result, fed = create(refused, refused, "a picture")
        assert (result, len(fed.calls), fed.sleeps) == ("a picture", 3, [0.25, 0.5])

    @pytest.mark.parametrize(
        "error",
        [lost(), lost(status_code=500), ConnectionFailedError("cut", billable="unknown", retryable=True)],
        ids=["502", "500", "cut"],
    )
    def test_it_is_sent_once_where_the_outcome_is_unknown(self, error, create):
        result, fed = create(error)
        assert type(result) is UnconfirmedGenerationError
        assert (len(fed.calls), fed.sleeps, result.billable) == (1, [], "unknown")
        assert result.__cause__ is error
        assert str(result) == (
            f"the request to acme went out and its outcome is unknown ({error}). It may have been billed, so it was not "
            "sent again. Look at the vendor's usage page, or set retry_unconfirmed=True to risk a second bill."
        )

    def test_what_is_known_of_a_lost_answer_is_kept(self, create):
        result, _ = create(lost(code="bad_gateway", raw={"a": 1}, retry_after=3))
        assert (result.status_code, result.code, result.raw, result.retry_after) == (502, "bad_gateway", {"a": 1}, 3)

    @pytest.mark.parametrize(
        "error",
        [
            UnconfirmedGenerationError("lost"),
            PluginError("a defect", billable="unknown"),
        ],
        ids=["already unconfirmed", "a plugin's defect"],
    )
    def test_an_error_that_says_it_itself_is_raised_as_it_is(self, error, create):
        result, fed = create(error)
        assert result is error
        assert len(fed.calls) == 1

    @pytest.mark.parametrize(
        "error",
        [
            AuthenticationError("401"),
            QuotaExceededError("429"),
            ContentPolicyError("no", retryable=True, billable="yes"),
        ],
        ids=["401", "quota", "billed"],
    )
    def test_what_waiting_does_not_help_is_raised_at_once(self, error, create):
        result, fed = create(error)
        assert result is error
        assert len(fed.calls) == 1

    def test_a_cause_is_kept(self, create):
        error = AuthenticationError("401")
        error.__cause__ = KeyError("x")
        result, _ = create(error)
        assert isinstance(result.__cause__, KeyError)

    def test_a_caller_may_risk_a_second_bill(self, create):
        result, fed = create(lost(), "a picture", retry_unconfirmed=True)
        assert (result, len(fed.calls)) == ("a picture", 2)

    def test_a_refusal_after_a_lost_answer_is_still_unconfirmed(self, create):
        result, fed = create(lost(), AuthenticationError("401"), retry_unconfirmed=True)
        assert len(fed.calls) == 2
        assert result.billable == "unknown"

    def test_a_deadline_after_a_lost_answer_is_still_unconfirmed(self, create):
        result, fed = create(lost(retry_after=60), lost(retry_after=60), retry_unconfirmed=True, timeout=70)
        assert len(fed.calls) == 2
        assert result.billable == "unknown"

    @pytest.mark.parametrize(("retries", "calls"), [(0, 1), (1, 2), (5, 6)])
    def test_it_is_sent_again_as_often_as_the_config_says(self, retries, calls, create):
        result, fed = create(*[busy() for _ in range(9)], max_retries=retries)
        assert type(result) is RateLimitError
        assert len(fed.calls) == calls

    def test_a_wait_doubles_and_is_spread(self, create):
        _, fed = create(*[busy() for _ in range(9)], max_retries=8, timeout=86_400)
        assert fed.sleeps == [0.25, 0.5, 1, 2, 4, 8, 16, 30]

    @pytest.mark.parametrize("seconds", [0, 0.3, 7, 60])
    def test_the_vendors_own_wait_is_kept_to(self, seconds, create):
        result, fed = create(busy(retry_after=seconds), "a picture")
        assert (result, fed.sleeps) == ("a picture", [seconds])

    def test_a_vendor_that_asks_for_more_than_a_minute_is_an_error_at_once(self, create):
        result, fed = create(busy(retry_after=61), timeout=1000)
        assert (type(result), result.retry_after, fed.sleeps) == (RateLimitError, 61, [])

    def test_a_wait_past_the_deadline_is_not_begun(self, create):
        result, fed = create(busy(retry_after=10), now=95.0)
        assert (type(result), fed.sleeps) == (RateLimitError, [])

    def test_nothing_is_sent_after_the_deadline(self, create):
        result, fed = create(now=100.0)
        assert type(result) is GenerationTimeoutError
        assert str(result) == "the deadline of 100 s passed. Give the config a longer timeout."
        assert (result.billable, fed.calls) == ("no", [])

    def test_each_try_is_told_how_much_time_is_left(self, create):
        _, fed = create(busy(retry_after=20), "a picture", now=10.0)
        assert [call.options["timeout"] for call in fed.calls] == [90.0, 70.0]

    def test_a_wait_is_told_before_it_begins(self, create):
        _, fed = create(busy(retry_after=2), "a picture")
        [update] = fed.updates
        assert (update.status, update.wait_seconds, update.message) == ("waiting", 2, "slow down")
        assert (update.request_id, update.elapsed_seconds) == ("req_1", 0.0)
        assert [type(command).__name__ for command in fed.commands][-4:] == ["Emit", "Sleep", "Now", "ProviderCall"]
        assert isinstance(fed.commands[-4], Emit)


class TestReading:
    @pytest.mark.parametrize(
        "error",
        [lost(), busy(), ConnectionFailedError("cut"), DownloadError("cut", retryable=True)],
        ids=["502", "429", "cut", "half"],
    )
    def test_a_passing_fault_is_waited_out(self, error, read):
        result, fed = read(error, error, error, error, "a status")
        assert (result, len(fed.calls)) == ("a status", 5)

    @pytest.mark.parametrize("error", [AuthenticationError("401"), DownloadError("gone")], ids=["401", "gone"])
    def test_a_lasting_fault_is_raised_at_once(self, error, read):
        result, fed = read(error)
        assert result is error
        assert len(fed.calls) == 1

    def test_waits_are_at_most_eight_seconds(self, read):
        _, fed = read(*[lost() for _ in range(8)], "a status", timeout=1000)
        assert fed.sleeps == [0.25, 0.5, 1, 2, 4, 8, 8, 8]
        _, fed = read(busy(retry_after=300), "a status")
        assert fed.sleeps == [8]

    def test_it_is_patient_to_the_deadline_and_says_why_it_stopped(self, read):
        result, fed = read(*[lost() for _ in range(99)], timeout=20)
        assert type(result) is GenerationTimeoutError
        assert str(result) == "no time is left for another try before the deadline of 20 s: 502"
        assert isinstance(result.__cause__, ProviderUnavailableError)
        assert fed.now < 20

    def test_it_may_be_given_a_number_of_tries(self, read):
        result, fed = read(*[lost() for _ in range(9)], max_tries=3)
        assert type(result) is ProviderUnavailableError
        assert len(fed.calls) == 3
