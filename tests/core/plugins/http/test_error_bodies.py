"""Errors of servers, in every shape and with every status."""

import json

import pytest

from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    DownloadError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
)
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import Redaction
from tarash.tarash_gateway.plugins.http import (
    Answer,
    download_errors,
    embedded_error,
    event_error,
    job_errors,
    read_error,
    read_error_body,
)

KEY = "sk-of-the-tests-0123456789"

SHAPES = {
    "object": ({"error": {"message": "too big", "code": "bad_size"}}, "too big", "bad_size"),
    "text": ({"error": "too big"}, "too big", None),
    "word beside a sentence": ({"error": "bad_size", "message": "it is too big"}, "it is too big", "bad_size"),
    "list": ({"error": ["too big", "too wide"]}, "too big; too wide", None),
    "list of objects": ({"errors": [{"message": "too big", "code": "bad_size"}]}, "too big", "bad_size"),
    "the answer is a list": ([{"error": {"code": 400, "message": "too big", "status": "BAD"}}], "too big", "BAD"),
    "a list of texts": (["too big"], "too big", None),
    "FastAPI, text": ({"detail": "too big"}, "too big", None),
    "FastAPI, list": (
        {"detail": [{"loc": ["body", "size"], "msg": "too big", "type": "value_error"}]},
        "size: too big",
        "value_error",
    ),
    "detail with an error": ({"detail": {"error": {"message": "too big"}}}, "too big", None),
    "message": ({"message": "too big", "code": 7}, "too big", "7"),
    "msg": ({"msg": "too big", "error_code": "bad_size"}, "too big", "bad_size"),
    "error is true": ({"error": True, "message": "too big"}, "too big", None),
    "problem details": ({"title": "Bad", "detail": "too big", "status": 400}, "too big", "400"),
    "a sentence": ("too big", "too big", None),
    "null code": ({"error": {"message": "too big", "code": None, "type": "user_error"}}, "too big", "user_error"),
    "nothing": ({}, None, None),
    "null": (None, None, None),
    "numbers": ([1, 2], None, None),
    "nested without end": ({"error": {"error": {"error": {"error": {"error": {"error": {}}}}}}}, None, None),
}


@pytest.mark.parametrize(("body", "message", "code"), SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("status", [400, 404, 422, 500])
def test_an_error_is_read_in_every_shape(body, message, code, status):
    error = read_error(Answer(status, {}, json.dumps(body).encode()))
    assert error.status_code == status
    assert error.code == code
    assert error.message.startswith(f"{message or 'no reason given'} (HTTP {status}")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"out of order", "out of order (HTTP 502)"),
        (b"<html>502</html>", "a web page came in place of an answer, probably from a proxy (HTTP 502)"),
        (b"", "no reason given (HTTP 502)"),
        (b'\xef\xbb\xbf{"error":{"message":"caf\xe9 \\ud83d"}}', "caf\ufffd \ufffd (HTTP 502)"),
    ],
)
def test_a_body_that_is_no_json_is_told(body, message):
    assert read_error(Answer(502, {}, body)).message == message


REFUSALS = [
    {"error": {"code": None, "message": "Your request was rejected by our safety system: safety_violations=[sexual]"}},
    {"error": {"code": "InputTextSensitiveContentDetected", "message": "The request failed."}},
    {"error": {"code": "OutputVideoSensitiveContentDetected", "message": "The request failed."}},
    {"code": "DataInspectionFailed", "message": "Input data may contain something."},
    {"error": {"code": "content_policy_violation", "message": "no"}},
    {"error": {"code": "moderation_blocked", "message": "no"}},
    {"error": {"code": "contentFilter", "message": "no", "inner_error": {"code": "ResponsibleAIPolicyViolation"}}},
    {"error": {"message": "no", "inner_error": {"content_filter_results": {"hate": {"filtered": True}}}}},
    {"error": {"message": "no", "type": "sentinel_block"}},
    {"detail": "The prompt contains sensitive words"},
    {"message": "Content violates usage guidelines. Team: a"},
    {"error": "NSFW content detected"},
    {"error": {"message": "This request was blocked by the content filter"}},
    {"error": {"message": "The prompt was flagged as unsafe"}},
]


@pytest.mark.parametrize("body", REFUSALS, ids=range(len(REFUSALS)))
@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_a_refusal_is_known_by_code_or_sentence_whatever_the_status(body, status):
    error = read_error(Answer(status, {}, json.dumps(body).encode()))
    assert isinstance(error, ContentPolicyError)
    assert error.billable == "no"
    assert error.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "Unknown parameter: 'moderation'.", "param": "moderation", "code": "unknown_parameter"}},
        {"error": {"message": "Invalid value for 'safety_settings': must be a list"}},
        {"error": {"message": "The content type must be application/json"}},
        {"error": {"message": "size must be one of 1024x1024", "code": "invalid_value"}},
        {"error": {"message": "The image is too large", "code": "image_too_large"}},
        {"error": {"message": "policy_id is required"}},
    ],
)
def test_a_complaint_about_a_parameter_is_no_refusal(body):
    error = read_error(Answer(400, {}, json.dumps(body).encode()))
    assert type(error) is InvalidRequestError


def test_what_moderation_objected_to_is_told():
    body = read_error_body(REFUSALS[0])
    assert body.categories == ("sexual",)
    assert body.stage == "input"
    assert read_error_body(REFUSALS[2]).stage == "output"
    assert read_error_body(REFUSALS[7]).categories == ("hate",)
    assert read_error_body({"metadata": {"reasons": ["violence"]}, "message": "x"}).categories == ("violence",)


def test_status_and_code_decide_what_else_it_is():
    quota = read_error(Answer(429, {}, b'{"error":{"message":"no","code":"insufficient_quota"}}'))
    assert isinstance(quota, QuotaExceededError)
    assert not quota.retryable
    rate = read_error(Answer(429, {}, b'{"error":{"message":"no","details":[{"retryDelay":"34.5s"}]}}'))
    assert isinstance(rate, RateLimitError)
    assert rate.retry_after == 34.5
    moved = read_error(Answer(307, {"location": "https://elsewhere.test/x"}))
    assert isinstance(moved, InvalidResponseError)
    assert "redirects to elsewhere.test" in moved.message
    lost = read_error(Answer(404, {}, b'{"error":"gone"}', method="POST"), hints={404: "Is the name right?"})
    assert lost.message == "gone (HTTP 404). Is the name right?"
    assert "Is the name" not in read_error(Answer(404, {}, b"x"), hints={404: "Is the name?"}).message


def test_what_is_shown_is_masked_short_and_one_line():
    body = json.dumps({"error": {"message": f"bad {KEY}\nWARNING forged \x1b[2J {'x' * 90_000}", "code": "c" * 90}})
    error = read_error(Answer(400, {}, body.encode(), redaction=Redaction([KEY])))
    assert KEY not in error.message
    assert error.message.isprintable()
    assert len(error.message) < 4000
    assert len(repr(error.raw)) <= 4000
    assert KEY not in repr(error.raw)


def test_an_error_in_a_good_answer_counts_by_its_own_code():
    assert isinstance(embedded_error(Answer(200), {"error": {"code": 429, "message": "slow"}}), RateLimitError)
    assert isinstance(embedded_error(Answer(200), {"error": {"code": 400, "message": "bad"}}), InvalidRequestError)
    unknown = embedded_error(Answer(200), {"error": "boom"})
    assert isinstance(unknown, InvalidResponseError)
    assert unknown.billable == "unknown"
    assert isinstance(embedded_error(Answer(200), {"detail": "it was flagged"}), ContentPolicyError)


def test_an_error_in_a_stream_may_be_billed():
    assert event_error(Answer(200), {"type": "error", "error": {"message": "boom", "code": "x"}}).billable == "unknown"
    refused = event_error(Answer(200), {"type": "error", "error": "rejected by the safety system"})
    assert isinstance(refused, ContentPolicyError)
    assert refused.stage == "output"


JOB = VideoJob(provider="acme", model="m", id="j1", endpoint="https://acme.test")


class Restarted:
    restarted = False

    def restart(self):
        self.restarted = True


@pytest.mark.parametrize(
    ("status", "body", "kind", "retryable"),
    [
        (400, b'{"error":"task is not completed yet"}', DownloadError, True),
        (400, b'{"error":{"message":"Video is still being generated"}}', DownloadError, True),
        (409, b"", DownloadError, True),
        (425, b"", DownloadError, True),
        (404, b'{"detail":"not there"}', JobExpiredError, True),
        (410, b"", JobExpiredError, False),
        (416, b"", DownloadError, True),
        (400, b'{"error":"variant must be video"}', InvalidRequestError, False),
    ],
)
def test_a_result_that_is_not_ready_is_asked_for_again(status, body, kind, retryable):
    sink = Restarted()
    with pytest.raises(kind) as caught, download_errors(JOB, sink):
        raise read_error(Answer(status, {}, body), creating=False)
    assert caught.value.retryable is retryable
    assert sink.restarted is (status == 416)


def test_a_look_at_a_job_finds_it_gone_or_not_known_yet():
    for status, retryable in ((404, True), (410, False)):
        with pytest.raises(JobExpiredError, match="does not know job j1") as caught, job_errors(JOB):
            raise ModelNotFoundError("no", status_code=status)
        assert caught.value.retryable is retryable
    with pytest.raises(InvalidResponseError) as unread, job_errors(JOB):
        raise InvalidResponseError("not JSON")
    assert unread.value.retryable


@pytest.mark.parametrize("piece", ["violat", "violation of ", "rejected by ", "safety_violations=[", "still ", "ge"])
def test_an_endless_sentence_is_read_as_quickly_as_a_short_one(piece):
    message = piece * (1024 * 1024 // len(piece))
    error = read_error(Answer(400, {}, json.dumps({"error": {"message": message, "code": message}}).encode()))
    assert isinstance(error, TarashError)
    assert len(str(error)) < 4000
