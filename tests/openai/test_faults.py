"""What a refusal or a broken connection means: pure tables, no network."""

from __future__ import annotations

import json

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContentPolicyError,
    InvalidRequestError,
    InvalidResponseError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
)
from tarash.tarash_gateway.plugins import Redaction
from tarash.tarash_gateway.plugins.http import Answer, categories_of, connection_error, read_error_body
from tarash_gateway_openai.errors import error_of

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"


def fault(status, error=None, *, body=None, headers=None, secrets=()):
    content = json.dumps({"error": error}).encode() if body is None else body
    answer = Answer(status, headers or {}, content, redaction=Redaction(secrets), method="POST")
    return error_of(answer, "OPENAI_API_KEY")


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable", "billable"),
    [
        (400, "invalid_value", InvalidRequestError, False, "no"),
        (401, "invalid_api_key", AuthenticationError, False, "no"),
        (402, None, QuotaExceededError, False, "no"),
        (403, None, PermissionDeniedError, False, "no"),
        (404, "model_not_found", ModelNotFoundError, False, "no"),
        (404, "DeploymentNotFound", ModelNotFoundError, False, "no"),
        (408, None, ProviderUnavailableError, True, "unknown"),
        (409, None, InvalidRequestError, False, "no"),
        (410, None, ModelNotFoundError, False, "no"),
        (413, None, InvalidRequestError, False, "no"),
        (418, None, InvalidRequestError, False, "no"),
        (422, None, InvalidRequestError, False, "no"),
        (429, "rate_limit_exceeded", RateLimitError, True, "no"),
        (429, "insufficient_quota", QuotaExceededError, False, "no"),
        (429, "billing_hard_limit_reached", QuotaExceededError, False, "no"),
        (500, None, ProviderUnavailableError, True, "unknown"),
        (502, None, ProviderUnavailableError, True, "unknown"),
        (503, None, ProviderUnavailableError, True, "no"),
        (504, None, ProviderUnavailableError, True, "unknown"),
        (529, None, ProviderUnavailableError, True, "no"),
    ],
)
def test_a_status_is_an_error_that_says_whether_to_wait_and_what_was_paid(status, code, kind, retryable, billable):
    error = fault(status, {"message": "because.", "code": code, "type": None, "param": None})

    assert type(error) is kind
    assert (error.retryable, error.billable, error.status_code, error.code) == (retryable, billable, status, code)
    assert str(error).startswith(f"because. (HTTP {status}{f', {code}' if code else ''})")


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        pytest.param(
            401,
            {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}},
            "Incorrect API key (HTTP 401, invalid_api_key). The key was looked for in api_key, then in OPENAI_API_KEY.",
            id="key",
        ),
        pytest.param(
            404,
            {"error": {"message": "Resource not found", "code": "404"}},
            "Resource not found (HTTP 404). Azure has no such route here: is base_url the resource's address, and "
            "does api_version have it? Without api_version requests go to the v1 route, which has images, edits and "
            "videos.",
            id="azure-route",
        ),
        pytest.param(
            404,
            {"error": {"message": "Invalid URL (POST /images)", "code": None}},
            "Invalid URL (POST /images) (HTTP 404). Is the model's name right, and does base_url end where the API "
            "begins (usually /v1)?",
            id="route",
        ),
        pytest.param(
            404,
            {"error": {"message": "The API deployment 'x' for this resource does not exist.", "code": None}},
            "The API deployment 'x' for this resource does not exist. (HTTP 404). Azure asks for the deployment's name "
            "as `model`, not for the model's: is it spelled as in the resource, is base_url that resource's, and is the "
            "deployment older than a few minutes?",
            id="azure-deployment",
        ),
        pytest.param(
            429,
            {"error": {"message": "No quota", "code": "insufficient_quota"}},
            "No quota (HTTP 429, insufficient_quota). Waiting does not help: look at the account's billing.",
            id="quota",
        ),
        pytest.param(400, {"error": "plain words"}, "plain words (HTTP 400)", id="error-is-a-string"),
        pytest.param(400, {"message": "no wrapping"}, "no wrapping (HTTP 400)", id="no-error-object"),
        pytest.param(400, {"detail": "x"}, "x (HTTP 400)", id="detail"),
        pytest.param(400, {"error": {"type": "bad"}}, "no reason given (HTTP 400, bad)", id="no-message"),
    ],
)
def test_the_text_of_a_refusal_is_the_vendors_with_status_and_hint(status, body, text):
    assert str(fault(status, body=json.dumps(body).encode())) == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<html>Bad Gateway</html>", "a web page came in place of an answer, probably from a proxy (HTTP 502)"),
        (b"", "no reason given (HTTP 502)"),
        (b"upstream is gone", "upstream is gone (HTTP 502)"),
        (b"\xff\xfe", "\ufffd\ufffd (HTTP 502)"),
    ],
    ids=["page", "nothing", "text", "no-text"],
)
def test_a_body_that_is_not_json_is_told_as_far_as_it_helps(body, text):
    assert str(fault(502, body=body)) == text


def test_a_redirect_is_not_followed_and_says_where_it_leads():
    error = fault(307, headers={"location": "https://evil.example/v1/images"}, body=b"")

    assert isinstance(error, InvalidResponseError)
    assert error.billable == "no"
    assert str(error).startswith("the server redirects to evil.example, which is not followed")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
    ids=["seconds", "milliseconds", "words", "nothing"],
)
def test_the_time_to_wait_is_read_from_the_headers(headers, seconds):
    assert fault(429, {"message": "slowly"}, headers=headers).retry_after == seconds


MODERATION = {
    "openai": {"code": "moderation_blocked", "type": "image_generation_user_error"},
    "openai-policy": {"code": "content_policy_violation"},
    "openai-sora": {"code": "sentinel_block"},
    "openai-with-details": {
        "code": "moderation_blocked",
        "moderation_details": {"categories": ["violence"], "moderation_stage": "input"},
    },
    "azure-inner-error": {
        "code": "content_policy_violation",
        "inner_error": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_results": {
                "violence": {"filtered": True, "severity": "medium"},
                "jailbreak": {"detected": False, "filtered": False},
            },
        },
    },
    "azure-innererror": {
        "code": "BadRequest",
        "innererror": {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"violence": {"filtered": True}, "hate": {"filtered": False}},
        },
    },
    "azure-content-filter": {"code": "content_filter"},
    "azure-contentFilter": {"code": "contentFilter"},
    "the-code-in-the-type": {"code": None, "type": "content_policy_violation"},
}


@pytest.mark.parametrize("spelling", MODERATION)
def test_moderation_is_one_error_in_all_its_spellings(spelling):
    error = fault(400, {"message": "Your prompt was refused.", **MODERATION[spelling]})

    assert type(error) is ContentPolicyError
    assert str(error) == "moderation refused the request: Your prompt was refused."
    assert error.stage == "input"
    assert error.billable == "no"
    named = ("violence",) if {"inner_error", "innererror", "moderation_details"} & set(MODERATION[spelling]) else ()
    assert error.categories == named


@pytest.mark.parametrize(
    "said",
    [{}, {"code": "invalid_value"}, {"inner_error": "text"}, {"code": "x", "innererror": {"code": "Throttled"}}],
    ids=["nothing", "another-code", "inner-is-text", "another-inner-code"],
)
def test_another_refusal_is_no_moderation(said):
    assert not read_error_body({"error": said}).is_refusal
    assert read_error_body({"error": said}).categories == ()


def test_a_filter_that_only_detected_something_names_it_too():
    found = {"content_filter_results": {"jailbreak": {"detected": True, "filtered": False}, "odd": "text"}}

    assert categories_of({"innererror": found}) == ("jailbreak",)


@pytest.mark.parametrize(
    "quoted",
    [
        pytest.param(KEY, id="whole"),
        pytest.param(f"{KEY[:8]}********************{KEY[-4:]}", id="starred"),
        pytest.param(KEY[5:20], id="a-piece"),
    ],
)
def test_a_key_that_the_server_quotes_is_masked_in_message_and_raw(quoted):
    error = fault(401, {"message": f"Incorrect API key provided: {quoted}.", "param": quoted}, secrets=[KEY])

    shown = f"{error} {error.raw!r} {error.args!r}"
    assert quoted not in shown
    assert KEY[8:16] not in shown
    assert "Incorrect API key provided: [key]" in str(error)


def caused(cause):
    error = RuntimeError("Connection error.")
    error.__cause__ = cause
    return error


def named(name, text="", base=Exception):
    return type(name, (base,), {})(text)


@pytest.mark.parametrize(
    ("cause", "timed_out", "text", "retryable", "billable"),
    [
        pytest.param(
            named("ConnectError", "[Errno 111] Connection refused"),
            False,
            "api.example cannot be reached: [Errno 111] Connection refused. Is base_url right, and is there a network?",
            True,
            "no",
            id="refused",
        ),
        pytest.param(
            named("ConnectTimeout"),
            True,
            "api.example cannot be reached: ConnectTimeout. Is base_url right, and is there a network?",
            True,
            "no",
            id="connect-timeout",
        ),
        pytest.param(
            named("ReadTimeout"),
            True,
            "api.example did not answer in time (ReadTimeout)",
            True,
            "unknown",
            id="read-timeout",
        ),
        pytest.param(
            named("RemoteProtocolError", "Server disconnected"),
            False,
            "api.example closed the connection without a whole answer (RemoteProtocolError)",
            True,
            "unknown",
            id="closed",
        ),
        pytest.param(
            named("WriteError"),
            False,
            "api.example closed the connection without a whole answer (WriteError)",
            True,
            "unknown",
            id="while-writing",
        ),
    ],
)
def test_a_broken_connection_says_whether_the_request_can_have_arrived(cause, timed_out, text, retryable, billable):
    error = connection_error(caused(cause), "api.example")

    assert type(error) is ConnectionFailedError
    assert (str(error), error.retryable, error.billable) == (text, retryable, billable)


def test_a_certificate_that_is_not_trusted_is_no_reason_to_try_again():
    cause = named("ConnectError", "[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    error = connection_error(caused(cause), "api.example")

    assert str(error).startswith("no secure connection to api.example: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert "SSL_CERT_FILE" in str(error)
    assert (error.retryable, error.billable) == (False, "no")


def test_a_secure_connection_that_breaks_after_the_request_went_out_may_have_been_billed():
    # A word such as SSL in the text of a fault after the request went out must not make it harmless.
    cause = named("ReadError", "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] while reading")

    error = connection_error(caused(cause), "api.example")

    assert error.billable == "unknown"
