"""Every error of the vendor, and what it is to the caller: its kind, whether it may be billed, and what it never holds."""

from __future__ import annotations

import json
import logging
import pickle

import pytest

from tarash.tarash_gateway import generate_image, generate_video, poll_video, submit_video
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContentPolicyError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    RateLimitError,
    TarashError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash.tarash_gateway.plugins import http
from tarash_gateway_google.errors import read_error
from tarash_gateway_sandbox import Answer

OMNI = "gemini-omni-1.1-flash"


def refused(make_video, config, request):
    with pytest.raises(TarashError) as caught:
        make_video(config, request)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "status", "code"),
    [
        ("string_error", InvalidRequestError, 400, "invalid_request"),
        ("int_error", RateLimitError, 429, "RESOURCE_EXHAUSTED"),
        ("array_error", PermissionDeniedError, 403, "API_KEY_SERVICE_BLOCKED"),
        ("unavailable", ProviderUnavailableError, 503, "UNAVAILABLE"),
    ],
)
def test_a_refusal_costs_nothing_in_each_of_its_shapes(
    make_video, server, video_config, video_request, fault, kind, status, code
):
    error = refused(make_video, video_config(f"{OMNI}@{fault}", max_retries=0), video_request())

    assert type(error) is kind
    assert (error.status_code, error.code, error.billable) == (status, code, "no")
    assert server.paid == []


def test_the_time_to_wait_is_read_from_the_body(make_video, server, video_config, video_request, posts):
    server.google.meet("int_error")

    make_video(video_config(), video_request())

    assert len(posts()) == 2
    error = refused(make_video, video_config(f"{OMNI}@int_error", max_retries=0), video_request())
    assert error.retry_after == 0.05


def test_an_internal_error_leaves_it_open_whether_a_job_was_made(make_video, video_config, video_request, posts):
    error = refused(make_video, video_config(f"{OMNI}@internal"), video_request())

    assert type(error) is UnconfirmedGenerationError
    assert (error.billable, error.status_code) == ("unknown", 500)
    assert len(posts()) == 1


@pytest.mark.parametrize(
    "fault", ["dropped_after_creation", "reset_after_creation", "dropped_half_way", "html_page_after_creation"]
)
def test_a_lost_answer_is_one_paid_request_and_no_second_one(
    make_video, server, video_config, video_request, posts, fault
):
    server.fail(fault, method="POST", path="*/interactions")

    error = refused(make_video, video_config(), video_request())

    assert type(error) is UnconfirmedGenerationError
    assert error.billable == "unknown"
    assert len(server.paid) == len(posts()) == 1


def test_the_faces_own_lost_answer_is_the_same(make_video, server, video_config, video_request, posts):
    error = refused(make_video, video_config(f"{OMNI}@lost_answer"), video_request())

    assert type(error) is UnconfirmedGenerationError
    assert len(server.paid) == len(posts()) == 1


def test_a_wrong_key_is_told_although_it_is_a_400(make_video, server, video_config, video_request):
    error = refused(make_video, video_config(api_key="sk-invalid-0123456789"), video_request())

    assert type(error) is AuthenticationError
    assert "GOOGLE_API_KEY and GEMINI_API_KEY" in str(error)


@pytest.mark.parametrize("model", ["gemini-omni-flash-preview", "veo-3.1-generate-preview"])
@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")
def test_a_model_that_was_shut_down_is_told_with_its_replacement(make_video, video_config, video_request, model):
    error = refused(make_video, video_config(model), video_request())

    assert type(error) is ModelNotFoundError
    assert "is no longer available" in str(error)
    assert "gemini-omni-1" in str(error)


def test_a_refusal_that_comes_as_completed_is_a_content_policy_error(
    make_video, server, video_config, video_request, caplog, posts
):
    caplog.set_level(logging.DEBUG)

    error = refused(make_video, video_config(f"{OMNI}@refusal"), video_request())

    assert type(error) is ContentPolicyError
    assert (error.stage, error.billable) == ("output", "unknown")
    assert error.job is not None
    assert video_request().prompt not in str(error)
    assert "I cannot make a video" not in str(error) + caplog.text
    assert video_request().prompt not in caplog.text
    assert "I cannot make a video" in json.dumps(error.raw)
    assert len(posts()) == 1
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_completed_job_without_its_video_was_paid_for(make_video, video_config, video_request, server):
    error = refused(make_video, video_config(f"{OMNI}@no_video"), video_request())

    assert type(error) is InvalidResponseError
    assert error.billable == "yes"
    assert error.job is not None
    assert len([request for request in server.requests if request.method == "GET"]) <= 20


@pytest.mark.parametrize(("fault", "code"), [("failed", "generation_failed"), ("out_of_budget", "budget_exceeded")])
def test_a_failed_job_says_why(make_video, video_config, video_request, fault, code):
    error = refused(make_video, video_config(f"{OMNI}@{fault}"), video_request())

    assert type(error) is GenerationFailedError
    assert error.code == code


@pytest.mark.parametrize("fault", ["passing_400", "odd_status", "big_echo", "inline_video"])
def test_what_passes_is_waited_out(make_video, server, video_config, video_request, fault):
    response = make_video(video_config(f"{OMNI}@{fault}"), video_request())

    assert response.video.content_type == "video/mp4"
    assert len(server.paid) == 1


def test_a_passing_400_says_that_looking_again_helps(server, video_config, video_request):
    job = submit_video(video_config(f"{OMNI}@passing_400"), video_request())

    with pytest.raises(InvalidRequestError, match="Multiple authentication credentials") as caught:
        poll_video(video_config(), job)

    assert caught.value.retryable


def test_an_id_that_the_vendor_does_not_know_is_gone(make_video, server, video_config, video_request):
    job = submit_video(video_config(), video_request())
    server.google.jobs.clear()

    with pytest.raises(JobExpiredError, match="the vendor does not know job"):
        poll_video(video_config(), job)


def test_a_key_that_is_revoked_while_a_job_runs_is_told_at_once(server, video_config, video_request):
    job = submit_video(video_config(), video_request())

    with pytest.raises(AuthenticationError) as caught:
        poll_video(video_config(api_key="sk-invalid-0123456789"), job)

    assert not caught.value.retryable


def test_a_redirect_of_a_creating_request_is_not_followed(make_video, server, video_config, video_request):
    error = refused(make_video, video_config(f"{OMNI}@redirect"), video_request())

    assert type(error) is InvalidResponseError
    assert "redirects to localhost" in str(error)
    assert error.billable == "no"
    assert server.google.fetched == server.google.leaks == []


def test_a_server_that_drips_is_left_at_the_deadline(make_video, server, video_config, video_request, monkeypatch):
    server.slow_seconds = 20
    server.fail("slow_drip", method="POST", path="*/interactions")

    error = refused(make_video, video_config(timeout=0.5, max_retries=0), video_request())

    assert isinstance(error, (UnconfirmedGenerationError, GenerationTimeoutError))
    assert error.billable == "unknown"
    server.slow_seconds = 2.0


def test_nobody_listens(make_video, video_config, video_request):
    error = refused(make_video, video_config(base_url="http://127.0.0.1:9", max_retries=0), video_request())

    assert type(error) is ConnectionFailedError
    assert error.billable == "no"


def test_a_key_in_the_vendors_words_is_masked(make_video, server, video_config, video_request):
    key = "AIza-a-key-that-is-quoted-0123456789"
    body = json.dumps({"error": {"code": 400, "message": f"Bad key {key}.", "status": "INVALID_ARGUMENT"}}).encode()
    server.play(Answer(400, {}, body), method="POST", path="*/interactions")

    error = refused(make_video, video_config(api_key=key), video_request())

    assert key not in str(error) + repr(error.raw)
    assert "[key]" in str(error)


def test_a_prompt_in_the_vendors_words_is_left_out(make_video, server, video_config, video_request):
    prompt = video_request().prompt
    body = json.dumps({"error": {"code": "invalid_request", "message": f"Cannot read '{prompt}'."}}).encode()
    server.play(Answer(400, {}, body), method="POST", path="*/interactions")

    error = refused(make_video, video_config(), video_request())

    assert str(error).startswith("Cannot read '[prompt]'.")


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"[7]", b'"no"', b"", b'{"error": "no"}', b'{"error": {"code": {}}}', b"null"]
)
def test_any_body_of_a_refusal_can_be_read(body):
    error = read_error(http.Answer(400, body=body))

    assert type(error) is InvalidRequestError
    assert error.billable == "no"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 413, 422, 429, 500, 502, 503, 504])
def test_every_status_says_whether_it_may_be_billed(status):
    unknown = status >= 500 and status != 503

    assert read_error(http.Answer(status, body=b"{}")).billable == ("unknown" if unknown else "no")


@pytest.mark.parametrize(
    ("fault", "stage", "category"),
    [("refusal", "output", "IMAGE_SAFETY"), ("prompt_blocked", "input", "PROHIBITED_CONTENT")],
)
def test_a_withheld_picture_is_a_content_policy_error(make_image, image_config, image_request, fault, stage, category):
    with pytest.raises(ContentPolicyError) as caught:
        make_image(image_config(f"gemini-nano-banana-2.1@{fault}"), image_request())

    assert (caught.value.stage, caught.value.categories) == (stage, (category,))
    assert image_request().prompt not in str(caught.value)


def test_a_text_in_place_of_a_picture_is_told_without_its_words(image_config):
    request = ImageGenerationRequest(prompt="a secret that nobody tells")

    with pytest.raises(InvalidResponseError, match="the model wrote a text instead") as caught:
        generate_image(image_config("gemini-nano-banana-2.1@text_only"), request)

    assert "secret" not in str(caught.value) + repr(caught.value.raw)
    assert caught.value.billable == "yes"


def test_there_is_no_key(server, monkeypatch, video_config, video_request):
    with pytest.raises(Exception, match="set GOOGLE_API_KEY or GEMINI_API_KEY"):
        generate_video(video_config(api_key=None), video_request())

    monkeypatch.setenv("GEMINI_API_KEY", "AIza-second")
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-first")
    generate_video(video_config(api_key=None), video_request())
    assert server.requests[0].headers["x-goog-api-key"] == "AIza-first"
