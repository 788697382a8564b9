"""Videos: what goes out, and what comes back."""

from __future__ import annotations

import base64

import pytest

from tarash.tarash_gateway import check_request, estimate_cost, submit_video
from tarash.tarash_gateway.errors import UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import ImageType


def test_a_video_is_made_waited_for_and_fetched(router, make_video, video_config, video_request):
    wanted = video_request(duration_seconds=4, aspect_ratio="16:9", resolution="720p", generate_audio=False, seed=7)
    response = make_video(video_config(), wanted)

    assert response.video.content_type == "video/mp4"
    assert router.requests[0].json == {
        "model": "google/veo-3.1-lite",
        "prompt": "a lake at dawn",
        "duration": 4,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "generate_audio": False,
        "seed": 7,
    }
    assert router.openrouter.dropped == []


def test_what_the_vendor_says_it_cost_is_the_cost(make_video, video_config, video_request):
    response = make_video(video_config(), video_request(duration_seconds=4))

    assert (response.cost, response.cost_source) == (0.2, "vendor")
    assert response.usage == {"cost": 0.2, "is_byok": False}


def test_a_finished_job_tells_until_when_it_is_kept_and_shows_no_signed_address(
    make_video, video_config, video_request
):
    response = make_video(video_config(), video_request())

    assert response.job.expires_at is not None
    assert response.job.vendor_status is None
    assert [url.partition("?")[2] for url in response.raw_response["urls"]] == ["[signature]"]
    assert "X-Signature" not in response.model_dump_json()


def test_every_video_of_a_job_is_fetched(router, make_video, video_config, video_request):
    router.openrouter.outputs = 3
    response = make_video(video_config(), video_request("three boats"))

    assert len(response.videos) == 3
    assert response.job.outputs == 3
    fetched = [request.query["index"] for request in router.requests if request.path.endswith("/content")]
    assert fetched == ["0", "1", "2"]


def test_first_and_last_frame_go_out_as_frames(router, video_config, video_request, picture):
    images = [ImageType(image=picture(), type="first_frame"), ImageType(image=picture(32), type="last_frame")]
    submit_video(video_config(), video_request(image_list=images))

    frames = router.requests[0].json["frame_images"]
    assert [frame["frame_type"] for frame in frames] == ["first_frame", "last_frame"]
    assert all(frame["type"] == "image_url" for frame in frames)
    head, _, data = frames[1]["image_url"]["url"].partition(",")
    assert (head, base64.b64decode(data)) == ("data:image/png;base64", picture(32))


def test_references_go_out_as_references_in_their_order(router, video_config, video_request, picture):
    submit_video(video_config(), video_request(image_list=[picture(32), picture(48)]))

    sent = [part["image_url"]["url"].partition(",")[2] for part in router.requests[0].json["input_references"]]
    assert sent == [base64.b64encode(picture(edge)).decode() for edge in (32, 48)]
    assert "frame_images" not in router.requests[0].json


@pytest.mark.parametrize("model", ["google/veo-3.1-lite", "acme/without-a-row"])
def test_frames_beside_references_are_refused_before_anything_is_sent(
    router, video_config, video_request, picture, model
):
    images = [ImageType(image=picture(), type="first_frame"), picture(32)]
    with pytest.raises(ValidationError, match="image_list") as caught:
        submit_video(video_config(model), video_request(image_list=images))

    assert [problem.field for problem in caught.value.problems] == ["image_list"]
    assert router.requests == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n": 2}, "n"),
        ({"duration_seconds": 4.5}, "duration_seconds"),
        ({"video": "gen-vid-1", "operation": "edit", "image_list": ["style"]}, "image_list.0.type"),
    ],
    ids=["several videos", "half a second", "a style"],
)
def test_what_the_protocol_has_no_place_for_is_refused_without_a_row_too(
    router, video_config, video_request, picture, fields, field
):
    if "image_list" in fields:
        fields = {**fields, "image_list": [ImageType(image=picture(), type="style")]}
    with pytest.raises(ValidationError) as caught:
        submit_video(video_config("acme/without-a-row"), video_request(**fields))

    assert [problem.field for problem in caught.value.problems] == [field]
    assert router.requests == []


@pytest.mark.parametrize("operation", ["edit", "extend"])
def test_an_earlier_job_is_edited_and_extended(router, make_video, video_config, video_request, operation):
    first = make_video(video_config(), video_request()).job
    response = make_video(video_config(), video_request("the same at night", video=first, operation=operation))

    sent = [request.json for request in router.requests if request.method == "POST"]
    assert sent[1]["previous_job_id"] == first.id
    assert response.job.id != first.id


def test_an_earlier_job_may_be_given_by_its_id(make_video, video_config, video_request, posts):
    first = make_video(video_config(), video_request()).job
    make_video(video_config(), video_request("at night", video=first.id, operation="edit"))

    assert posts()[1].json["previous_job_id"] == first.id


def test_a_job_of_another_place_is_not_edited_here(router, video_config, video_request):
    job = submit_video(video_config(), video_request())
    elsewhere = job.model_copy(update={"endpoint": "https://api.openai.com/v1"})
    with pytest.raises(ValidationError, match=r"lives at https://api\.openai\.com/v1"):
        submit_video(video_config(), video_request(video=elsewhere, operation="edit"))

    assert len(router.paid) == 1


def test_a_clip_of_ones_own_is_not_edited_here(router, video_config, video_request, tmp_path, clip):
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip)
    with pytest.raises(ValidationError, match="must be an earlier job of this vendor"):
        submit_video(video_config(), video_request(video=path, operation="extend"))

    assert router.requests == []


def test_a_remix_is_refused_with_the_way_out(router, video_config, video_request):
    with pytest.raises(ValidationError, match="cannot remix"):
        submit_video(video_config(), video_request(video="gen-vid-1", operation="remix"))
    with pytest.raises(UnsupportedOperationError, match="operation='edit'"):
        submit_video(video_config("acme/without-a-row"), video_request(video="gen-vid-1", operation="remix"))

    assert router.requests == []


def test_a_negative_prompt_goes_to_the_vendor_behind_where_the_row_says_so(
    router, make_video, video_config, video_request
):
    own = {"options": {"google-vertex": {"parameters": {"personGeneration": "allow_adult"}}}}
    make_video(video_config(), video_request(negative_prompt="fog", extra_params={"provider": own}))

    passed = router.requests[0].json["provider"]["options"]["google-vertex"]["parameters"]
    assert passed == {"negativePrompt": "fog", "personGeneration": "allow_adult"}
    assert router.openrouter.dropped == ["provider.options.google-vertex.parameters.personGeneration"]


@pytest.mark.parametrize("model", ["x-ai/grok-imagine-video-1.5-lite", "bytedance/seedance-2.0"])
def test_a_negative_prompt_is_left_out_with_a_warning_elsewhere(router, make_video, video_config, video_request, model):
    response = make_video(video_config(model), video_request(negative_prompt="fog"))

    assert "negative_prompt" in response.warnings[0]
    assert "fog" not in str(router.requests[0].json)


def test_a_parameter_that_the_vendor_would_drop_in_silence_is_told_or_refused(
    router, make_video, video_config, video_request, posts
):
    wanted = video_request(extra_params={"n": 4, "callback_url": "https://a.example"})
    problems = check_request(video_config(unsupported="error"), wanted)

    assert [problem.field for problem in problems] == ["extra_params.n"]

    response = make_video(video_config(), wanted)

    assert "extra_params.n: google/veo-3.1-lite has no such parameter; it was left out" in response.warnings
    assert "n" not in posts()[0].json


def test_the_names_of_an_application_go_out_as_headers(router, make_video, video_config, video_request):
    named = {"referer": "https://app.example", "title": "My app"}
    make_video(video_config(provider_config=named), video_request())

    for request in router.requests:
        assert request.headers["http-referer"] == "https://app.example"
        assert request.headers["x-openrouter-title"] == "My app"


@pytest.mark.parametrize(
    ("fields", "low", "high"),
    [
        ({"duration_seconds": 4, "resolution": "720p", "generate_audio": True}, 0.2, 0.2),
        ({"duration_seconds": 4, "resolution": "720p"}, 0.12, 0.2),
        ({"duration_seconds": 8, "size": "1920x1080", "generate_audio": False}, 0.4, 0.4),
        ({}, 0.12, 0.64),
    ],
    ids=["tier and sound", "sound left open", "size", "all left open"],
)
def test_the_cost_is_estimated_by_tier_and_sound(video_config, video_request, fields, low, high):
    estimate = estimate_cost(video_config(), video_request(**fields))

    assert (round(estimate.low, 6), round(estimate.high, 6)) == (low, high)
    assert "as others quote it" in estimate.basis
