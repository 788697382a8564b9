"""What a call shows of a vendor's answer: no prompt, nothing endless, and no line of its own in a log."""

import logging
import pickle

import pytest

from tarash.tarash_gateway import generate_image, generate_video, submit_video
from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    GenerationFailedError,
    InvalidRequestError,
    PluginError,
    ProviderUnavailableError,
    TarashError,
)
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, VideoStatus

PROMPT = "a duel of pirates with cutlasses on a burning deck at night"
ENDPOINT = "https://api.acme.test"
LIMIT = 4000
LONG = "x" * 90_000


@pytest.fixture
def wish():
    return ImageGenerationRequest(prompt=PROMPT, negative_prompt="no daylight at all")


def raising(error):
    def give(prepared, **_):
        raise error

    return give


def failed(call, *args):
    with pytest.raises(TarashError) as caught:
        call(*args)
    return caught.value


QUOTES = {
    "whole": f"cannot draw '{PROMPT}'",
    "the beginning": f"cannot draw '{PROMPT[:40]}...'",
    "the end": f"cannot draw '...{PROMPT[-30:]}'",
    "the negative one": "cannot leave out 'no daylight at all'",
    "in JSON": 'the request was {"prompt": "a duel of pirates with cutlasses on a burning deck at night"}',
}


@pytest.mark.parametrize("text", QUOTES.values(), ids=QUOTES)
@pytest.mark.parametrize("kind", [InvalidRequestError, ContentPolicyError])
def test_no_error_quotes_the_prompt(acme, image_config, wish, text, kind, caplog):
    caplog.set_level(logging.DEBUG)
    acme(generate_image=raising(kind(text, raw={"error": {"message": text, "list": [text]}})))
    error = failed(generate_image, image_config(), wish)
    shown = f"{error} {error!r} {error.raw} {pickle.dumps(error)!r} {caplog.text}"
    for piece in (PROMPT, PROMPT[:40], PROMPT[-30:], "no daylight at all"):
        assert piece not in shown
    assert "[prompt]" in str(error)
    assert "[prompt]" in error.raw["error"]["list"][0]


def test_a_wait_quotes_no_prompt(acme, image_config, wish):
    updates = []
    busy = ProviderUnavailableError(f"busy with '{PROMPT}'", retryable=True, billable="no", retry_after=0.0)
    acme(generate_image=raising(busy))
    error = failed(lambda: generate_image(image_config(max_retries=1), wish, on_progress=updates.append))
    assert "waiting" in {update.status for update in updates}
    assert PROMPT not in f"{error} {updates}"


def test_a_word_of_the_prompt_stays_in_the_vendors_words(acme, image_config):
    acme(generate_image=raising(InvalidRequestError("the size is incomplete; the job was not completed")))
    error = failed(generate_image, image_config(), ImageGenerationRequest(prompt="complete"))
    assert str(error) == "the size is incomplete; the job was not completed"


def test_a_failed_job_quotes_no_prompt(acme, video_config):
    def submit(prepared, **_):
        return VideoStatus(VideoJob(provider="acme", model="m", id="j1", endpoint=ENDPOINT))

    def poll(job, **_):
        reason = f"cannot draw '{PROMPT}' {LONG}"
        return VideoStatus(job.model_copy(update={"status": "failed", "error_message": reason}))

    acme(submit_video=submit, poll_video=poll)
    error = failed(generate_video, video_config(), VideoGenerationRequest(prompt=PROMPT))
    assert isinstance(error, GenerationFailedError)
    assert PROMPT not in f"{error} {error.job!r}"
    assert max(len(str(error)), len(repr(error)), len(repr(error.job)), len(error.job.error_message)) <= LIMIT


def test_no_text_of_an_error_is_endless(acme, image_config, wish):
    raw = {"error": {"message": LONG, "more": [LONG] * 3, **{f"k{n}": n for n in range(3000)}}}
    acme(generate_image=raising(InvalidRequestError(LONG, code="c", raw=raw)))
    error = failed(generate_image, image_config(), wish)
    assert max(len(str(error)), len(repr(error)), len(repr(error.raw))) <= LIMIT
    assert error.raw["error"]["message"].startswith("<90000 characters")


def test_no_text_of_a_response_is_endless(acme, image_config, wish, png):
    answer = ImageAnswer(
        [ImageOutput(content=png, revised_prompt=LONG, url=f"https://cdn.acme.test/{LONG}")],
        warnings=[LONG] * 20,
        usage={"note": LONG},
        provider_request_id=LONG,
    )
    acme(generate_image=lambda prepared, **_: answer)
    response = generate_image(image_config(), wish)
    assert max(len(repr(response)), len(str(response)), len(repr(response.images))) <= LIMIT
    assert max(map(len, response.warnings)) <= LIMIT


@pytest.mark.parametrize("job_id", ["j1\nWARNING forged line", "j1\x1b[2J", "j1\u2028x", "j1\u202e"])
def test_a_job_id_cannot_forge_a_line_of_a_log(acme, video_config, job_id, caplog):
    caplog.set_level(logging.DEBUG)

    def submit(prepared, **_):
        return VideoStatus(VideoJob(provider="acme", model="m", id=job_id, endpoint=ENDPOINT))

    acme(submit_video=submit)
    error = failed(submit_video, video_config(), VideoGenerationRequest(prompt=PROMPT))
    assert isinstance(error, PluginError)
    assert "job.id has a control character in it" in str(error)
    assert error.billable == "unknown"
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_the_words_of_a_vendor_are_one_line(acme, image_config, wish):
    acme(generate_image=raising(InvalidRequestError("bad\nWARNING forged\x1b[2J\u202e")))
    assert str(failed(generate_image, image_config(), wish)).isprintable()
