"""Prompts are told only where the environment asks for them; keys never."""

import json
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway import generate_image
from tarash.tarash_gateway.errors import AuthenticationError, GenerationFailedError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import CallContext, CallOutcome
from tarash_gateway_opentelemetry.content import VARIABLE, prompt_attributes, without_prompt
from tarash_gateway_sandbox import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

PROMPT = "a secret lighthouse"


def everything(telemetry):
    return "".join(span.to_json() for span in telemetry.spans) + (telemetry.reader.get_metrics_data().to_json())


@pytest.mark.parametrize("setting", [None, "", "false", "NO_CONTENT", "EVENT_ONLY"])
def test_a_prompt_is_not_told(setting, telemetry, make_video, video_config, video_request, monkeypatch):
    if setting is not None:
        monkeypatch.setenv(VARIABLE, setting)
    make_video(video_config(), video_request(PROMPT))

    assert len(telemetry.spans) == 2
    assert PROMPT not in everything(telemetry)


@pytest.mark.parametrize("setting", ["true", "SPAN_ONLY", "span_and_event"])
def test_a_prompt_is_told_where_it_is_asked_for(setting, telemetry, image_config, image_request, monkeypatch):
    monkeypatch.setenv(VARIABLE, setting)
    generate_image(image_config(), image_request(PROMPT))

    call, attempt = telemetry.spans
    assert json.loads(attempt.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": PROMPT}]}
    ]
    assert "gen_ai.input.messages" not in call.attributes


@pytest.mark.parametrize(("setting", "told_of"), [("true", {"tarash.request.negative_prompt"}), ("false", set())])
def test_what_is_not_wanted_in_the_picture_is_a_prompt_too(setting, told_of, monkeypatch):
    monkeypatch.setenv(VARIABLE, setting)
    wanted = {"prompt": PROMPT, "negative_prompt": "people"}
    context = CallContext("req_1", "video", "generate", "acme", "m", None, datetime.now(UTC), 1, wanted)

    assert set(prompt_attributes(context)) - {"gen_ai.input.messages"} == told_of
    assert without_prompt(f"no {PROMPT} without people", wanted) == "no [prompt] without [negative_prompt]"


def test_a_prompt_of_a_letter_is_not_looked_for():
    assert without_prompt("a bad request", {"prompt": "a"}) == "a bad request"


def test_a_prompt_that_a_vendor_quotes_of_a_resumed_job_is_left_out(telemetry):
    """The call is not told what was asked; its job knows."""
    wanted = {"prompt": PROMPT}
    job = VideoJob(provider="acme", model="m", id="job_1", endpoint="https://acme.example", asked=wanted)
    context = CallContext("req_1", "video", "resume", "acme", "m", "https://acme.example", datetime.now(UTC))
    telemetry.observer.tarash_before_generate(context)
    error = GenerationFailedError(f"job_1 failed: {PROMPT!r} is not allowed")
    telemetry.observer.tarash_after_generate(context, CallOutcome(0.1, job=job, error=error))

    assert telemetry.spans[0].status.description == "job_1 failed: '[prompt]' is not allowed"
    assert PROMPT not in everything(telemetry)


def test_a_key_is_in_nothing_that_is_exported(
    telemetry, tarash_sandbox, make_image, image_config, image_request, monkeypatch
):
    monkeypatch.setenv(VARIABLE, "SPAN_ONLY")
    config = image_config(provider_config={"organization": "org-of-the-tests"})
    key = config.api_key.get_secret_value()
    tarash_sandbox.play(Answer(401, body=json.dumps({"error": {"message": f"wrong key {key}"}}).encode()))
    with pytest.raises(AuthenticationError):
        make_image(config, image_request())
    make_image(config, image_request())

    told_all = everything(telemetry)
    assert "wrong key [key]" in told_all
    assert key not in told_all
    assert key[-10:] not in told_all
