"""Vertex AI over real HTTP: paths below a project, Veo's operations, and who asks."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tarash.tarash_gateway import (
    cancel_video,
    check_request,
    estimate_cost,
    generate_video,
    poll_video,
    resume_video,
    submit_video,
)
from tarash.tarash_gateway.errors import (
    ConfigurationError,
    ContentPolicyError,
    GenerationFailedError,
    UnconfirmedGenerationError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageType, VideoJob

VEO = "veo-3.1-generate-001"
HOME = "/google/v1beta1/projects/my-project/locations/us-central1"


def test_several_videos_come_from_one_operation(make_video, server, vertex_config, video_request, posts):
    response = make_video(
        vertex_config(),
        video_request(
            n=3,
            duration_seconds=4,
            aspect_ratio="9:16",
            resolution="1080p",
            negative_prompt="fog",
            seed=5,
            generate_audio=False,
            extra_params={"personGeneration": "allow_adult"},
        ),
    )

    assert len(response.videos) == response.job.outputs == 3
    assert posts()[0].path == f"{HOME}/publishers/google/models/{VEO}:predictLongRunning"
    assert posts()[0].json == {
        "instances": [{"prompt": video_request().prompt}],
        "parameters": {
            "sampleCount": 3,
            "durationSeconds": 4,
            "aspectRatio": "9:16",
            "resolution": "1080p",
            "generateAudio": False,
            "negativePrompt": "fog",
            "seed": 5,
            "personGeneration": "allow_adult",
        },
    }
    assert len(server.paid) == 1


def test_the_videos_of_an_answer_are_not_asked_for_again(make_video, server, vertex_config, video_request):
    make_video(vertex_config(), video_request(n=4))

    looks = [request for request in server.requests if request.path.endswith(":fetchPredictOperation")]
    assert len(looks) == len(server.requests) - 1


def test_a_token_goes_out_as_a_bearer(make_video, server, vertex_config, video_request):
    make_video(vertex_config(), video_request())

    assert {request.headers["authorization"] for request in server.requests} == {"Bearer ya29.of-the-tests-0123456789"}
    assert not any("x-goog-api-key" in request.headers for request in server.requests)


def test_frames_and_assets_have_places_of_their_own(make_video, vertex_config, video_request, picture, posts):
    images = [
        ImageType(image=picture(16, 16), type="last_frame"),
        ImageType(image=picture(32, 16), type="first_frame"),
        ImageType(image=picture(48, 16), type="asset"),
        picture(64, 16),
    ]

    make_video(vertex_config(), video_request(image_list=images))

    (instance,) = posts()[0].json["instances"]
    shown = {name: base64.b64decode(instance[name]["bytesBase64Encoded"]) for name in ("image", "lastFrame")}
    assert shown == {"image": picture(32, 16), "lastFrame": picture(16, 16)}
    assets = instance["referenceImages"]
    assert [base64.b64decode(asset["image"]["bytesBase64Encoded"]) for asset in assets] == [
        picture(48, 16),
        picture(64, 16),
    ]
    assert {asset["referenceType"] for asset in assets} == {"ASSET"}


def test_a_last_frame_alone_is_refused(server, vertex_config, video_request, picture):
    with pytest.raises(ValidationError, match="a last_frame needs a first_frame"):
        generate_video(vertex_config(), video_request(image_list=[ImageType(image=picture(), type="last_frame")]))

    assert server.requests == []


def test_an_earlier_job_is_extended_with_its_bytes(make_video, vertex_config, video_request, posts):
    before = make_video(vertex_config(), video_request())

    make_video(vertex_config(), video_request(operation="extend", video=before.job))

    video = posts()[1].json["instances"][0]["video"]
    assert base64.b64decode(video["bytesBase64Encoded"]) == before.video.content


def test_a_look_that_fails_before_an_extension_is_nothing_paid(make_video, server, vertex_config, video_request, posts):
    before = generate_video(vertex_config(), video_request())
    server.fail("dropped", path="*:fetchPredictOperation")

    make_video(vertex_config(), video_request(operation="extend", video=before.job))

    assert len(posts()) == 2


def test_a_job_is_resumed_by_its_name(server, vertex_config, video_request):
    job = submit_video(vertex_config(), video_request(n=2))
    assert job.id.startswith("projects/my-project/locations/us-central1/publishers/google/models/")
    elsewhere = vertex_config(provider_config={"project": "another", "location": "europe-west4"})

    response = resume_video(elsewhere, VideoJob.model_validate_json(job.model_dump_json()))

    assert len(response.videos) == 2
    assert len(server.paid) == 1


def test_videos_that_were_withheld_are_told(make_video, vertex_config, video_request):
    response = make_video(vertex_config(f"{VEO}@fewer_videos"), video_request(n=3))

    assert len(response.videos) == 2
    assert "one video of the job was withheld by the vendor's filter" in response.warnings


def test_a_job_whose_videos_were_all_withheld_is_a_content_policy_error(
    make_video, vertex_config, video_request, caplog
):
    with pytest.raises(ContentPolicyError) as caught:
        make_video(vertex_config(f"{VEO}@all_filtered"), video_request(n=2))

    assert caught.value.stage == "output"
    assert video_request().prompt not in str(caught.value) + caplog.text
    assert caught.value.job.status == "completed"


def test_the_number_of_an_error_is_told_in_words(make_video, vertex_config, video_request):
    with pytest.raises(GenerationFailedError, match="INTERNAL: Video generation failed") as caught:
        make_video(vertex_config(f"{VEO}@failed"), video_request())

    assert caught.value.code == "INTERNAL"


def test_a_passing_400_is_waited_out(make_video, vertex_config, video_request):
    assert make_video(vertex_config(f"{VEO}@passing_400"), video_request()).videos


def test_a_lost_answer_is_one_paid_request(make_video, server, vertex_config, video_request, posts):
    with pytest.raises(UnconfirmedGenerationError):
        make_video(vertex_config(f"{VEO}@lost_answer"), video_request())

    assert len(server.paid) == len(posts()) == 1


def test_an_operation_cannot_be_cancelled(vertex_config, video_request):
    job = submit_video(vertex_config(), video_request())

    with pytest.raises(UnsupportedOperationError, match="no way to cancel"):
        cancel_video(vertex_config(), job)


def test_omni_is_below_the_project_and_gives_its_video_in_the_answer(
    make_video, server, vertex_config, video_request, posts
):
    response = make_video(vertex_config("gemini-omni-1.2-flash"), video_request(duration_seconds=5))

    assert posts()[0].path == f"{HOME}/interactions"
    assert posts()[0].json["response_format"] == {"type": "video", "duration": "5s"}
    assert response.job.provider_data == {"project": "my-project", "location": "us-central1"}


def test_big_pictures_go_out_inside_where_there_is_no_place_for_them(
    make_video, vertex_config, video_request, big_picture, posts
):
    make_video(vertex_config("gemini-omni-1.2-flash"), video_request(image_list=[big_picture]))

    assert base64.b64decode(posts()[0].json["input"][0]["data"]) == big_picture


def test_omni_is_cancelled(server, vertex_config, video_request):
    server.job_seconds = 30
    job = submit_video(vertex_config("gemini-omni-1.2-flash"), video_request())

    assert cancel_video(vertex_config(), job).status == "cancelled"


def test_pictures_have_an_output_format_here(make_image, vertex_config, image_request, posts):
    config = vertex_config("gemini-3-pro-image", kind=ImageGenerationConfig)

    response = make_image(config, image_request(output_format="jpeg", resolution="1K"))

    assert response.images[0].content_type == "image/jpeg"
    assert posts()[0].path == f"{HOME}/publishers/google/models/gemini-3-pro-image:generateContent"
    assert posts()[0].json["generationConfig"]["imageConfig"]["imageOutputOptions"] == {"mimeType": "image/jpeg"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"duration_seconds": 5}, "duration_seconds"),
        ({"n": 5}, "n"),
        ({"aspect_ratio": "1:1"}, "aspect_ratio"),
        ({"extra_params": {"personGeneration": "everybody"}}, "extra_params.personGeneration"),
        ({"operation": "edit", "video": "x"}, "operation"),
    ],
)
def test_what_the_vendor_refuses_is_refused_before_it_is_sent(vertex_config, video_request, fields, field):
    assert [problem.field for problem in check_request(vertex_config(), video_request(**fields))] == [field]


def test_a_place_of_ones_own_for_the_result_is_refused_where_the_caller_says_so(vertex_config, video_request):
    wanted = video_request(extra_params={"storageUri": "gs://a/b"})

    assert [p.field for p in check_request(vertex_config(unsupported="error"), wanted)] == ["extra_params.storageUri"]
    assert check_request(vertex_config(), wanted) == []


def test_sound_has_its_price(vertex_config, video_request):
    def dollars(**fields):
        return estimate_cost(vertex_config(), video_request(duration_seconds=8, **fields))

    assert dollars(generate_audio=True, resolution="720p").high == pytest.approx(3.2)
    assert dollars(generate_audio=False, resolution="1080p", n=2).high == pytest.approx(3.2)
    assert dollars(generate_audio=True, resolution="4k").high == pytest.approx(4.8)
    assert dollars(generate_audio=True).high == pytest.approx(4.8)  # the tier is left to the model

    fast = vertex_config("veo-3.1-fast-generate-001")
    costs = [
        estimate_cost(fast, video_request(duration_seconds=8, resolution=tier)).high for tier in ("720p", "1080p", "4k")
    ]
    assert costs == [pytest.approx(0.8), pytest.approx(0.96), pytest.approx(2.4)]


class Credential:
    """A credential as those of google-auth."""

    project_id = "of-the-credential"
    quota_project_id = "who-pays"

    def __init__(self, *, valid=True):
        self.valid, self.token = valid, "ya29.of-a-credential" if valid else None
        self.refreshed = 0

    def refresh(self, request):
        self.refreshed += 1
        self.valid, self.token = True, "ya29.refreshed"


@pytest.fixture
def fetching(monkeypatch):
    """The part of google-auth that fetches tokens, which is an extra."""
    import sys
    import types

    module = types.ModuleType("google.auth.transport.requests")
    module.Request = object
    monkeypatch.setitem(sys.modules, "google.auth.transport.requests", module)
    for name in ("google", "google.auth", "google.auth.transport"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))


def test_a_credential_says_who_it_is_and_who_pays(make_video, server, vertex_config, video_request):
    config = vertex_config(api_key=None, provider_config={"credential": Credential()})

    make_video(config, video_request())

    assert "/projects/of-the-credential/locations/global/" in server.requests[0].path
    assert server.requests[0].headers["authorization"] == "Bearer ya29.of-a-credential"
    assert server.requests[0].headers["x-goog-user-project"] == "who-pays"


def test_a_credential_is_refreshed_once(make_video, server, vertex_config, video_request, fetching):
    credential = Credential(valid=False)
    config = vertex_config(api_key=None, provider_config={"credential": credential, "project": "my-project"})

    make_video(config, video_request())

    assert credential.refreshed == 1
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer ya29.refreshed"}


def test_a_credential_that_fails_is_told_without_its_words(server, vertex_config, video_request, fetching):
    class Broken(Credential):
        def refresh(self, request):
            raise RuntimeError("secret")

    config = vertex_config(api_key=None, provider_config={"credential": Broken(valid=False), "project": "my-project"})

    with pytest.raises(ConfigurationError, match="raised RuntimeError when it was asked for a token") as caught:
        generate_video(config, video_request())

    assert "secret" not in str(caught.value)
    assert server.requests == []


def test_a_function_gives_a_token_for_each_request(server, vertex_config, video_request):
    inputs = iter(f"ya29.token-{number}" for number in range(100))

    async def token():
        return next(inputs)

    from tarash.tarash_gateway import generate_video_async

    asyncio.run(generate_video_async(vertex_config(api_key=token), video_request()))

    assert [request.headers["authorization"] for request in server.requests[:2]] == [
        "Bearer ya29.token-0",
        "Bearer ya29.token-1",
    ]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"provider_config": {}}, "there is no project for 'google-vertex'"),
        ({"provider_config": {"project": "Not A Project"}}, "project must be the project's id"),
        ({"provider_config": {"project": "p", "location": 7}}, "location must be the location's id"),
        ({"provider_config": {"project": "p", "credential": Credential()}}, "are both given"),
        ({"api_key": None, "provider_config": {"project": "p", "credential": object()}}, "has no token to refresh"),
    ],
)
def test_what_is_missing_or_wrong_is_told(vertex_config, video_request, settings, why):
    with pytest.raises(ConfigurationError, match=why):
        generate_video(vertex_config(**settings), video_request())


def test_without_google_auth_it_says_what_to_install(vertex_config, video_request, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "google.auth", None)

    with pytest.raises(ConfigurationError, match=r'pip install "tarash-gateway-google\[vertex\]"'):
        generate_video(vertex_config(api_key=None), video_request())


def test_project_and_location_come_from_the_environment_too(server, vertex_config, video_request, monkeypatch):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "of-the-environment")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west4")

    job = submit_video(vertex_config(provider_config={}), video_request())

    assert job.provider_data == {"project": "of-the-environment", "location": "europe-west4"}
    assert poll_video(vertex_config(), job).id == job.id


def test_without_an_address_the_location_chooses_the_host(vertex_config):
    from tarash_gateway_google.vertex import VertexProvider

    def endpoint(location):
        settings = {"base_url": None, "provider_config": {"project": "p", "location": location}}
        return VertexProvider(vertex_config(**settings)).endpoint

    assert endpoint("us-central1") == "https://us-central1-aiplatform.googleapis.com"
    assert endpoint("global") == "https://aiplatform.googleapis.com"
