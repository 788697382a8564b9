"""Refusals and broken connections through the real SDK: what is sent again, what is not, and what is told."""

from __future__ import annotations

import socket
import traceback

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContentPolicyError,
    GenerationFailedError,
    InvalidRequestError,
    InvalidResponseError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
    UnconfirmedGenerationError,
)
from tarash_gateway_sandbox import RawBytes

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)


@pytest.fixture
def nobody():
    """A base URL at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


@pytest.fixture
def soon(retry_policy):
    """Waits between two tries are short."""
    retry_policy(first_delay=0.001)


def test_a_refused_connection_costs_nothing_and_is_tried_again(make_image, image_config, image_request, nobody, soon):
    updates = []

    with pytest.raises(ConnectionFailedError) as caught:
        make_image(image_config(base_url=nobody, max_retries=2), image_request(), on_progress=updates.append)

    assert str(caught.value).startswith("127.0.0.1 cannot be reached: ")
    assert str(caught.value).endswith("Is base_url right, and is there a network?")
    assert caught.value.billable == "no"
    assert [update.status for update in updates] == ["submitting", "waiting", "waiting", "failed"]
    assert updates[-1].message == str(caught.value)


def test_a_submitted_video_answered_with_500_is_unconfirmed_and_sent_once(
    tarash_sandbox, make_video, video_config, video_request, answering, posts
):
    tarash_sandbox.play(answering({"error": {"message": "oops"}}, status=500), times=None)

    with pytest.raises(UnconfirmedGenerationError) as caught:
        make_video(video_config(), video_request())

    assert len(posts()) == 1
    assert (caught.value.status_code, caught.value.billable) == (500, "unknown")
    assert "its outcome is unknown (oops (HTTP 500))" in str(caught.value)
    assert isinstance(caught.value.__cause__, ProviderUnavailableError)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"], ids=["dropped", "cut"])
def test_an_answer_that_breaks_off_is_unconfirmed_and_the_request_is_sent_once(
    tarash_sandbox, make_image, image_config, image_request, data
):
    tarash_sandbox.play(RawBytes(data), times=None)

    with pytest.raises(UnconfirmedGenerationError, match="closed the connection without a whole answer") as caught:
        make_image(image_config(), image_request())

    assert len(tarash_sandbox.requests) == 1
    assert caught.value.billable == "unknown"
    assert isinstance(caught.value.__cause__, ConnectionFailedError)


def test_an_answer_that_was_lost_is_asked_for_again_where_the_config_takes_the_risk(
    tarash_sandbox, make_image, image_config, image_request, one_picture, soon
):
    tarash_sandbox.play(RawBytes(b""))
    tarash_sandbox.play(one_picture)

    response = make_image(image_config(retry_unconfirmed=True), image_request())

    assert len(response.images) == 1
    assert len(tarash_sandbox.requests) == 2


@pytest.mark.parametrize("status", [503, 429])
def test_a_busy_vendor_is_asked_again_after_the_time_that_it_names(
    tarash_sandbox, make_image, image_config, image_request, answering, one_picture, status
):
    busy = answering({"error": {"message": "busy"}}, status=status, retry_after_ms="20")
    tarash_sandbox.play(busy)
    tarash_sandbox.play(one_picture)
    updates = []

    response = make_image(image_config(), image_request(), on_progress=updates.append)

    assert len(response.images) == 1
    assert len(tarash_sandbox.requests) == 2
    assert [(update.status, update.wait_seconds) for update in updates if update.status == "waiting"] == [
        ("waiting", 0.02)
    ]
    assert updates[1].message == f"busy (HTTP {status})"


def test_a_vendor_that_asks_for_more_patience_than_there_is_is_an_error_at_once(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering({"error": {"message": "later"}}, status=429, retry_after="3600"), times=None)

    with pytest.raises(RateLimitError) as caught:
        make_image(image_config(), image_request())

    assert caught.value.retry_after == 3600
    assert len(tarash_sandbox.requests) == 1


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"message": "no", "code": "invalid_value"}, InvalidRequestError),
        (400, {"message": "no", "code": "moderation_blocked"}, ContentPolicyError),
        (403, {"message": "no"}, PermissionDeniedError),
        (429, {"message": "no", "code": "insufficient_quota"}, QuotaExceededError),
    ],
    ids=["invalid", "moderation", "forbidden", "quota"],
)
def test_a_refusal_that_waiting_does_not_change_is_sent_once(
    tarash_sandbox, make_video, video_config, video_request, answering, status, error, kind
):
    tarash_sandbox.play(answering({"error": error}, status=status), times=None)

    with pytest.raises(kind) as caught:
        make_video(video_config(), video_request())

    assert len(tarash_sandbox.requests) == 1
    assert caught.value.billable == "no"
    assert caught.value.job is None


def test_the_sandbox_refuses_a_wrong_key_as_the_vendor_does_and_the_key_is_nowhere(
    make_image, image_config, image_request, caplog
):
    key = "sk-invalid-0123456789abcdef"

    with pytest.raises(AuthenticationError) as caught:
        make_image(image_config(api_key=key), image_request())

    shown = f"{caught.value} {caught.value.raw!r} {caught.value.args!r} {caplog.text}"
    assert "Incorrect API key provided: [key]" in shown
    assert "The key was looked for in api_key, then in OPENAI_API_KEY." in shown
    assert key not in shown
    assert "cdef" not in shown


@pytest.mark.parametrize("status", [200, 400])
def test_a_servers_text_that_quotes_the_key_is_masked_whatever_its_status(
    tarash_sandbox, make_image, image_config, image_request, answering, status
):
    key = "sk-a-secret-of-some-length"
    said = {"error": {"message": f"who is {key}?", "code": "x"}, "you": [key]}
    tarash_sandbox.play(answering(said, status=status))

    with pytest.raises((InvalidRequestError, InvalidResponseError)) as caught:
        make_image(image_config(api_key=key), image_request())

    assert "who is [key]?" in str(caught.value)
    assert key not in f"{caught.value!r} {caught.value.raw!r}"
    assert caught.value.raw["you"] == ["[key]"]


def test_a_redirect_is_not_followed_so_that_the_key_stays_at_its_host(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    elsewhere = f"{tarash_sandbox.origin}/elsewhere"
    tarash_sandbox.play(answering("", status=307, location=elsewhere))

    with pytest.raises(InvalidResponseError, match=r"the server redirects to 127\.0\.0\.1"):
        make_image(image_config(), image_request())

    assert len(tarash_sandbox.requests) == 1


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"code": "internal_error", "message": "no luck"}, "job video_1 failed: internal_error: no luck"),
        ({"message": "no luck"}, "job video_1 failed: no luck"),
        ("no luck", "job video_1 failed: no luck"),
        (None, "job video_1 failed: the vendor gives no reason"),
    ],
    ids=["code-and-message", "message", "text", "nothing"],
)
def test_a_failed_job_says_why_and_which_it_is(
    tarash_sandbox, make_video, video_config, video_request, answering, said, text
):
    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), method="POST")
    tarash_sandbox.play(answering({"id": "video_1", "status": "failed", "error": said}), method="GET")

    with pytest.raises(GenerationFailedError) as caught:
        make_video(video_config(), video_request())

    assert str(caught.value) == text
    assert (caught.value.job.id, caught.value.job.status) == ("video_1", "failed")
    assert len(tarash_sandbox.requests) == 2


def test_a_job_that_moderation_ended_is_a_content_policy_error_about_the_output(
    tarash_sandbox, make_video, video_config, video_request, answering
):
    said = {"code": "moderation_blocked", "message": "blocked by our moderation system"}
    tarash_sandbox.play(answering({"id": "video_1", "status": "in_progress"}), method="POST")
    tarash_sandbox.play(answering({"id": "video_1", "status": "failed", "error": said}), method="GET")

    with pytest.raises(ContentPolicyError) as caught:
        make_video(video_config(), video_request())

    assert str(caught.value) == "job video_1 was ended by moderation: blocked by our moderation system"
    assert caught.value.stage == "output"
    assert caught.value.job.id == "video_1"
    assert caught.value.billable in {"yes", "unknown"}


@pytest.mark.parametrize("status", [400, 401])
def test_a_traceback_shows_the_sdks_exception_and_no_key(
    tarash_sandbox, make_image, image_config, image_request, answering, status
):
    key = "sk-proj-verysecret-0123456789"
    tarash_sandbox.play(answering({"error": {"message": f"no such key: {key}"}}, status=status))

    with pytest.raises(TarashError) as caught:
        make_image(image_config(api_key=key), image_request())

    shown = "".join(traceback.format_exception(caught.value))
    assert type(caught.value.__cause__).__module__.startswith("openai")
    assert "no such key: [key]" in shown
    assert "verysecret" not in shown
