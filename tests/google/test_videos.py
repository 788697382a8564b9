"""Omni videos over real HTTP: what goes out, and what comes back."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import textwrap

import pytest

from tarash.tarash_gateway import cancel_video, check_request, poll_video, resume_video, submit_video
from tarash.tarash_gateway.errors import ConfigurationError, TarashError, ValidationError
from tarash.tarash_gateway.models import ImageType, Media, VideoJob
from tarash_gateway_sandbox import Answer


def test_a_text_becomes_a_video(make_video, server, video_config, video_request, posts):
    response = make_video(video_config(), video_request(duration_seconds=3, aspect_ratio="16:9", resolution="720p"))

    assert response.video.content_type == "video/mp4"
    assert posts()[0].json == {
        "model": "gemini-omni-1.1-flash",
        "input": video_request().prompt,
        "background": True,
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "3s",
        },
    }
    assert response.usage["output_tokens_by_modality"] == [{"modality": "video", "tokens": 3 * 5792}]
    assert len(server.paid) == 1


def test_the_key_is_in_its_header_and_nowhere_else(make_video, server, video_config, video_request):
    make_video(video_config(), video_request())

    assert {request.headers["x-goog-api-key"] for request in server.requests} == {"AIza-of-the-tests-0123456789"}
    assert not any("authorization" in request.headers or request.query.get("key") for request in server.requests)


def test_a_first_frame_is_an_image_to_video(make_video, video_config, video_request, picture, posts):
    make_video(video_config(), video_request(image_list=[ImageType(image=picture(), type="first_frame")]))

    body = posts()[0].json
    assert body["generation_config"] == {"video_config": {"task": "image_to_video"}}
    assert [part["type"] for part in body["input"]] == ["image", "text"]
    assert base64.b64decode(body["input"][0]["data"]) == picture()
    assert body["input"][1]["text"] == video_request().prompt


def test_the_first_frame_goes_before_the_last_whatever_their_order(
    make_video, video_config, video_request, picture, posts
):
    first, last = picture(32, 32), picture(48, 48)
    frames = [ImageType(image=last, type="last_frame"), ImageType(image=first, type="first_frame")]

    make_video(video_config(), video_request(image_list=frames))

    assert [base64.b64decode(part["data"]) for part in posts()[0].json["input"][:2]] == [first, last]


def test_references_keep_their_order(make_video, video_config, video_request, picture, posts):
    pictures = [picture(16 * size, 16) for size in range(1, 5)]

    make_video(video_config(), video_request(image_list=pictures))

    body = posts()[0].json
    assert [base64.b64decode(part["data"]) for part in body["input"][:-1]] == pictures
    assert body["generation_config"]["video_config"]["task"] == "reference_to_video"


def test_a_frame_with_references_is_told_in_the_prompt_and_to_the_caller(
    make_video, video_config, video_request, picture, posts
):
    images = [picture(16, 16), ImageType(image=picture(32, 32), type="first_frame"), picture(48, 48)]

    response = make_video(video_config(), video_request(image_list=images))

    body = posts()[0].json
    sent = [base64.b64decode(part["data"]) for part in body["input"][:-1]]
    assert sent == [picture(32, 32), picture(16, 16), picture(48, 48)]
    assert body["input"][-1]["text"] == (
        "[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2 <IMAGE_REF_1>@Image3] "
        + video_request().prompt
    )
    assert "generation_config" not in body
    assert any("written in front of it" in warning for warning in response.warnings)


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (["last_frame"], "one first_frame, alone or with one last_frame"),
        (["first_frame", "last_frame", "reference"], "does not go together with references"),
    ],
)
def test_parts_that_the_vendor_has_no_words_for_are_refused_before_anything_is_sent(
    make_video, server, video_config, video_request, picture, roles, why
):
    images = [ImageType(image=picture(), type=role) for role in roles]

    with pytest.raises(ValidationError, match=why):
        make_video(video_config(), video_request(image_list=images))

    assert server.requests == []


def test_a_big_picture_is_uploaded_once_and_not_sent_with_the_request(
    make_video, server, video_config, video_request, big_picture, posts
):
    make_video(video_config(), video_request(image_list=[big_picture]))

    part = posts()[0].json["input"][0]
    assert set(part) == {"type", "mime_type", "uri"}
    (file,) = server.google.files.values()
    assert (file.content, file.content_type) == (big_picture, "image/png")
    uploads = [request for request in server.requests if request.path.startswith("/google/upload/")]
    # The address of a begun upload is a permission of its own.
    assert ["x-goog-api-key" in request.headers for request in uploads] == [True, False]


def test_a_file_that_the_vendor_still_looks_at_is_waited_for(
    make_video, server, video_config, video_request, big_picture, posts, monkeypatch
):
    from tarash_gateway_google import uploads

    monkeypatch.setattr(uploads, "LATER", 0.01)
    server.google.meet("slow_file")

    make_video(video_config(), video_request(image_list=[big_picture]))

    assert len(server.google.files) == 1
    assert len(posts()) == 1


def test_an_upload_that_fails_costs_nothing_and_is_tried_again(
    make_video, server, video_config, video_request, big_picture, posts
):
    server.fail("dropped", path="/google/upload/*")

    make_video(video_config(), video_request(image_list=[big_picture]))

    assert len(posts()) == len(server.paid) == 1


@pytest.mark.parametrize(
    "address",
    [
        "@localhost:{port}/elsewhere/x",
        ".localhost:{port}/elsewhere/x",
        "//localhost:{port}/elsewhere/x",
        "\\\\localhost:{port}\\elsewhere/x",
        "http:@localhost:{port}/elsewhere/x",
        "http://localhost:{port}/elsewhere/x",
        "http://127.0.0.1:{port}@localhost:{port}/elsewhere/x",
        "ftp://localhost:{port}/elsewhere/x",
        "http://[/x",
        "/elsewhere/x",
        "",
    ],
)
def test_the_address_of_an_upload_leads_to_no_other_host(
    make_video, server, video_config, video_request, big_picture, posts, address
):
    port = server.origin.rpartition(":")[2]
    headers = {"x-goog-upload-url": address.format(port=port)}
    server.play(Answer(200, headers, b"{}"), method="POST", path="/google/upload/*", times=None)
    with pytest.raises(TarashError) as caught:
        make_video(video_config(max_retries=0), video_request(image_list=[big_picture]))

    assert caught.value.billable == "no"
    assert {request.headers["host"] for request in server.requests} == {f"127.0.0.1:{port}"}
    assert server.google.fetched == server.google.leaks == posts() == []


@pytest.mark.parametrize("operation", ["edit", "extend"])
def test_an_earlier_job_is_gone_on_from(make_video, video_config, video_request, posts, operation):
    before = make_video(video_config(), video_request(duration_seconds=3))

    make_video(video_config(), video_request("now at night", operation=operation, video=before.job))

    body = posts()[1].json
    assert body["previous_interaction_id"] == before.job.id
    assert body["input"] == "now at night"
    assert body["generation_config"]["video_config"]["task"] == operation


def test_a_clip_of_the_callers_own_is_uploaded_and_edited(
    make_video, server, video_config, video_request, tmp_path, posts
):
    clip = make_video(video_config(), video_request()).video.save(tmp_path / "clip.mp4")

    make_video(video_config(), video_request("now at night", operation="edit", video=clip))
    make_video(video_config(), video_request("now at night", operation="edit", video=Media.from_file(clip)))

    part = posts()[1].json["input"][0]
    assert (part["type"], part["mime_type"]) == ("video", "video/mp4")
    assert base64.b64decode(part["data"]) == clip.read_bytes()


def test_a_job_of_another_vendor_is_not_gone_on_from(server, video_config, video_request):
    stranger = VideoJob(provider="openai", model="sora-2", id="video_1", endpoint="https://api.openai.com/v1")

    with pytest.raises(ConfigurationError, match="lives at openai"):
        submit_video(video_config(), video_request(operation="edit", video=stranger))

    assert server.requests == []


def test_a_job_is_resumed_in_another_process(server, video_config, video_request):
    job = submit_video(video_config(), video_request())
    program = """
        import sys
        from tarash.tarash_gateway import resume_video
        from tarash.tarash_gateway.models import VideoGenerationConfig, VideoJob
        job = VideoJob.model_validate_json(sys.stdin.read())
        config = VideoGenerationConfig(provider="google", model=job.model, base_url=sys.argv[1], poll_interval=0.02)
        print(resume_video(config, job).video)
    """

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), server.google_url],
        input=job.model_dump_json(),
        capture_output=True,
        text=True,
        check=True,
        env={"GEMINI_API_KEY": "AIza-of-another-process"},
    )

    assert done.stdout.startswith("<video/mp4 1280x720, 8 s")
    assert len(server.paid) == 1


def test_a_job_is_plain_json_without_a_key(video_config, video_request):
    job = submit_video(video_config(), video_request())

    assert "AIza" not in job.model_dump_json()
    assert VideoJob.model_validate(json.loads(job.model_dump_json())) == job


def test_a_finished_job_says_where_its_file_is(video_config, video_request, server):
    job = submit_video(video_config(), video_request())
    resume_video(video_config(), job)

    received = poll_video(video_config(), job)

    assert received.status == "completed"
    assert received.provider_data == {"files": list(server.google.videos)}


def test_the_time_of_creation_is_the_first_that_was_told(video_config, video_request):
    job = submit_video(video_config(), video_request())
    assert job.created_at is not None

    assert poll_video(video_config(), job).created_at == job.created_at


def test_a_job_is_cancelled(server, video_config, video_request):
    server.job_seconds = 30
    job = submit_video(video_config(), video_request())

    assert cancel_video(video_config(), job).status == "cancelled"
    assert poll_video(video_config(), job).status == "cancelled"


def test_what_omni_does_not_have_is_left_out_and_told(make_video, video_config, video_request, posts):
    response = make_video(
        video_config(), video_request(size="1280x720", negative_prompt="fog", seed=4, generate_audio=False)
    )

    assert set(posts()[0].json) == {"model", "input", "background", "response_format"}
    reported = [warning.partition(":")[0] for warning in response.warnings]
    assert sorted(reported) == ["generate_audio", "negative_prompt", "seed", "size"]


def test_a_model_without_a_row_works_by_its_name(make_video, video_config, video_request, posts):
    response = make_video(video_config("gemini-omni-1.1-flash@odd_status"), video_request(n=2, duration_seconds=4))

    assert posts()[0].json["response_format"]["duration"] == "4s"
    assert "n: Omni makes one video in one job, 2 were asked for" in response.warnings


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"resolution": "480p"}, "resolution"),
        ({"duration_seconds": 11}, "duration_seconds"),
        ({"duration_seconds": 3.5}, "duration_seconds"),
        ({"n": 2}, "n"),
        ({"operation": "remix", "video": "v1_x"}, "operation"),
    ],
)
def test_what_the_vendor_refuses_is_refused_before_it_is_sent(video_config, video_request, fields, field):
    assert [problem.field for problem in check_request(video_config(), video_request(**fields))] == [field]


def test_a_parameter_that_is_not_ours_to_pass_on_is_left_out_and_told(make_video, video_config, video_request, posts):
    response = make_video(video_config(), video_request(extra_params={"webhook": 1}))

    assert "webhook" not in posts()[0].json
    assert [warning.partition(":")[0] for warning in response.warnings] == ["extra_params.webhook"]


def test_the_newer_model_makes_longer_videos_and_extends_by_ten_seconds(video_config, video_request):
    config = video_config("gemini-omni-1.2-flash")

    assert check_request(config, video_request(duration_seconds=15)) == []
    assert check_request(config, video_request(duration_seconds=15, operation="extend", video="v1_x")) != []


@pytest.mark.parametrize("form", ["", "/", "/v1", "/v1beta"])
def test_an_address_may_have_a_version(make_video, server, video_config, video_request, form):
    make_video(video_config(base_url=server.google_url + form), video_request())

    version = form.strip("/") or "v1beta"
    assert {request.path.split("/")[2] for request in server.requests} == {version}


def test_a_job_outlives_a_change_of_the_version(server, video_config, video_request):
    job = submit_video(video_config(base_url=f"{server.google_url}/v1"), video_request())

    assert resume_video(video_config(), job).video is not None
