"""Each call is one line: who made what, what it cost, who says so, and whether it can be on a bill."""

import asyncio
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway import (
    cancel_video,
    generate_image,
    generate_video,
    generate_video_async,
    poll_video,
    resume_video,
    stream_image,
    submit_video,
)
from tarash.tarash_gateway.errors import AuthenticationError, GenerationTimeoutError, UnconfirmedGenerationError
from tarash_gateway_sandbox import Answer, RawBytes

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def test_a_call_is_a_line(lines, make_image, image_config, image_request):
    before = datetime.now(UTC)
    response = make_image(image_config("gpt-image-2"), image_request(size="1024x1024", quality="low"))

    (line,) = lines()
    assert line.pop("elapsed_seconds") > 0
    assert before.replace(microsecond=0) <= datetime.fromisoformat(line["time"]) <= datetime.now(UTC)
    assert line.pop("time").endswith("Z")
    assert line == {
        "v": 1,
        "tag": None,
        "request_id": response.request_id,
        "provider_request_id": response.provider_request_id,
        "kind": "image",
        "operation": "generate",
        "provider": "openai",
        "model": "gpt-image-2",
        "cost": response.cost,
        "cost_source": "computed",
        "usage": response.usage,
        "images": 1,
        "videos": 0,
        "video_seconds": None,
        "billable": "yes",
        "error": None,
        "job_id": None,
    }


def test_a_video_has_its_seconds_and_its_job(lines, make_video, video_config, video_request):
    response = make_video(video_config(), video_request())

    (line,) = lines()
    assert (line["kind"], line["videos"], line["video_seconds"]) == ("video", 1, response.duration_seconds)
    assert line["job_id"] == response.job.id
    assert line["cost"] == response.cost


def test_the_line_of_a_chain_names_the_one_that_made_it(lines, tarash_sandbox, make_image, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    make_image(image_config(fallback_configs=(image_config("dall-e-3"),)), image_request(size="1024x1024"))

    (line,) = lines()
    assert (line["model"], line["error"]) == ("dall-e-3", None)


def test_a_refusal_is_a_line_that_costs_nothing(lines, tarash_sandbox, make_image, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    with pytest.raises(AuthenticationError):
        make_image(image_config(), image_request())

    (line,) = lines()
    assert (line["error"], line["billable"], line["cost"], line["images"]) == ("AuthenticationError", "no", None, 0)


def test_a_lost_answer_may_be_on_the_bill(lines, tarash_sandbox, image_config, image_request):
    tarash_sandbox.play(RawBytes(), method="POST")
    with pytest.raises(UnconfirmedGenerationError):
        generate_image(image_config(), image_request())

    assert [(line["error"], line["billable"]) for line in lines()] == [("UnconfirmedGenerationError", "unknown")]


def test_a_job_that_is_submitted_and_fetched_is_two_lines_with_one_cost(lines, video_config, video_request):
    job = submit_video(video_config(), video_request())
    poll_video(video_config(), job)
    response = resume_video(video_config(), job)

    submitted, resumed = lines()
    assert [(line["operation"], line["cost"], line["billable"]) for line in (submitted, resumed)] == [
        ("submit", None, "yes"),
        ("resume", response.cost, "yes"),
    ]
    assert submitted["job_id"] == resumed["job_id"] == job.id


def test_a_cancelled_job_may_be_on_the_bill(lines, tarash_sandbox, video_config, video_request):
    tarash_sandbox.job_seconds = 60
    job = submit_video(video_config(), video_request())
    cancel_video(video_config(), job)

    assert [(line["operation"], line["billable"]) for line in lines()] == [("submit", "yes"), ("cancel", "unknown")]


def test_a_job_that_takes_too_long_is_on_its_line(lines, tarash_sandbox, video_config, video_request):
    tarash_sandbox.job_seconds = 60
    with pytest.raises(GenerationTimeoutError) as caught:
        generate_video(video_config(timeout=0.3), video_request())

    (line,) = lines()
    assert (line["error"], line["billable"], line["job_id"]) == (
        "GenerationTimeoutError",
        "unknown",
        caught.value.job.id,
    )


def test_a_call_that_is_broken_off_is_a_line_with_its_job(lines, tarash_sandbox, video_config, video_request):
    from tarash_gateway_ledger import _jobs

    tarash_sandbox.job_seconds = 60

    async def broken_off():
        task = asyncio.create_task(generate_video_async(video_config(), video_request()))
        while not any(request.path.startswith("/v1/videos/") for request in tarash_sandbox.requests):  # noqa: ASYNC110 # the sandbox is no coroutine
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(broken_off())
    (line,) = lines()
    assert (line["error"], line["billable"]) == ("CancelledError", "unknown")
    assert line["job_id"].startswith("video_")
    assert len(_jobs) == 0


def test_a_stream_is_a_line(lines, image_config, image_request):
    list(stream_image(image_config("gpt-image-1"), image_request(size="1024x1024")))

    assert [(line["operation"], line["images"], line["billable"]) for line in lines()] == [("stream", 1, "yes")]


def test_a_stream_that_is_left_is_a_line(path, lines, image_config, image_request):
    stream = stream_image(image_config("gpt-image-1"), image_request(size="1024x1024"))
    next(stream)
    stream.close()

    assert [(line["error"], line["billable"]) for line in lines()] == [("GeneratorExit", "unknown")]


def test_neither_prompt_nor_key_is_in_it(path, tarash_sandbox, image_config, image_request):
    config = image_config()
    key = config.api_key.get_secret_value()
    tarash_sandbox.play(Answer(401, body=f'{{"error":{{"message":"wrong key {key} for a lighthouse"}}}}'.encode()))
    with pytest.raises(AuthenticationError):
        generate_image(config, image_request())
    generate_image(config, image_request())

    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) == 2
    assert "lighthouse" not in text
    assert key[-8:] not in text
