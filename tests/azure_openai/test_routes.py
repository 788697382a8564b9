"""Requests as they arrive at a server that is as strict as Azure."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import check_request, generate_image, generate_video, list_models
from tarash.tarash_gateway.errors import ConfigurationError, InvalidRequestError, ModelNotFoundError, RateLimitError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageType, VideoGenerationConfig
from tarash_gateway_azure_openai.provider import AzureOpenAIProvider

DATED = "2025-04-01-preview"


@pytest.mark.parametrize("name", ["azure_openai", "azure-openai"])
def test_a_picture_goes_to_the_v1_route_with_the_deployment_as_its_model(
    drawing_nothing, make_image, image_config, image_request, posts, name
):
    response = make_image(image_config(provider=name), image_request())

    assert len(response.images) == 1
    (sent,) = posts()
    assert (sent.path, sent.query) == ("/openai/v1/images/generations", {})
    assert sent.json == {"model": "my-pictures", "prompt": "a cat", "n": 1, "size": "1024x1024"}


def test_a_dated_version_leads_pictures_to_the_deployments_route(
    tarash_sandbox, make_image, image_config, image_request, posts
):
    response = make_image(image_config("my pictures", api_version=DATED), image_request())

    assert (response.images[0].width, response.images[0].height) == (1024, 1024)
    (sent,) = posts()
    assert sent.path == "/openai/deployments/my pictures/images/generations"
    assert sent.query == {"api-version": DATED}
    assert sent.headers["api-key"].startswith("azure-key")


@pytest.mark.parametrize("version", ["v1", "preview", "latest"])
def test_an_undated_version_stays_on_the_v1_route(drawing_nothing, image_config, image_request, posts, version):
    generate_image(image_config(api_version=version), image_request())

    assert (posts()[0].path, posts()[0].query) == ("/openai/v1/images/generations", {"api-version": version})


@pytest.mark.parametrize(
    ("version", "path"),
    [(None, "/openai/v1/images/edits"), (DATED, "/openai/deployments/my-pictures/images/edits")],
    ids=["v1", "deployments"],
)
def test_an_edit_goes_the_way_of_its_version(
    tarash_sandbox, make_image, image_config, image_request, picture, posts, version, path
):
    request = image_request(image_list=[ImageType(image=picture(), type="reference")])

    make_image(image_config(api_version=version), request)

    assert posts()[0].path == path
    assert [file.content_type for file in posts()[0].files] == ["image/png"]


def test_an_edit_with_a_version_that_has_none_is_told_where_edits_are(
    tarash_sandbox, image_config, image_request, picture
):
    request = image_request(image_list=[ImageType(image=picture(), type="reference")])

    with pytest.raises(ModelNotFoundError) as caught:
        generate_image(image_config(api_version="2024-05-01-preview"), request)

    assert str(caught.value).startswith(
        "Resource not found (HTTP 404, invalid_request_error). Azure has no such route here: is base_url the resource's address, and does "
        "api_version have it? Without api_version requests go to the v1 route, which has images, edits and videos"
    )


@pytest.mark.parametrize("version", [None, "2024-05-01-preview", "preview"])
def test_a_video_goes_to_the_v1_route_never_with_a_dated_version(
    tarash_sandbox, make_video, video_config, video_request, posts, tmp_path, version
):
    response = make_video(video_config(api_version=version), video_request(), save_to=tmp_path / "lake.mp4")

    assert response.video.path == tmp_path / "lake.mp4"
    assert response.job.endpoint == f"{tarash_sandbox.origin}/openai/v1"
    (sent,) = posts()
    assert sent.path == "/openai/v1/videos"
    assert sent.fields == {"model": "my-sora-deployment", "prompt": "a lake", "seconds": "4", "size": "1280x720"}
    query = {"api-version": "preview"} if version == "preview" else {}
    assert [request.query for request in tarash_sandbox.requests] == [query] * len(tarash_sandbox.requests)
    assert {request.path.rpartition("/")[2] for request in tarash_sandbox.requests} >= {"videos", "content"}


def test_a_video_begins_with_a_picture_and_is_remixed(
    tarash_sandbox, make_video, video_config, video_request, picture, posts
):
    config = video_config()
    first = make_video(config, video_request(image_list=[ImageType(image=picture(1280, 720), type="reference")]))

    remixed = make_video(config, video_request("the same in snow", extra_params={"video_id": first.job.id}))

    assert [file.field for file in posts()[0].files] == ["input_reference"]
    assert posts()[1].path == f"/openai/v1/videos/{first.job.id}/remix"
    assert posts()[1].json == {"prompt": "the same in snow"}
    assert remixed.video.content_type == "video/mp4"


def test_a_job_holds_nothing_secret(tarash_sandbox, video_config, video_request):
    base_url = f"{tarash_sandbox.origin}/?subscription-key=of-the-gateway"

    response = generate_video(video_config(base_url=base_url), video_request())

    dumped = response.model_dump_json()
    assert "of-the-gateway" not in dumped
    assert "azure-key" not in dumped
    assert all(sent.query == {"subscription-key": "of-the-gateway"} for sent in tarash_sandbox.requests)


def test_address_key_and_version_are_read_from_the_environment_of_the_call(
    drawing_nothing, monkeypatch, image_request, posts
):
    config = ImageGenerationConfig(provider="azure_openai", model="dep")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", f"{drawing_nothing.origin}/")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key-of-the-environment")
    monkeypatch.setenv("OPENAI_API_VERSION", DATED)

    generate_image(config, image_request())

    assert posts()[0].path == "/openai/deployments/dep/images/generations"
    assert posts()[0].query == {"api-version": DATED}
    assert posts()[0].headers["api-key"] == "key-of-the-environment"


ADDRESS = "no address: give base_url in the config, such as 'https://RESOURCE.openai.azure.com/', or set AZURE_OPENAI_ENDPOINT"
NO_KEY = (
    "no key: give api_key in the config (a key, a token, or a function that gives tokens) or "
    "provider_config={'credential': DefaultAzureCredential()}, or set AZURE_OPENAI_API_KEY"
)
SANDBOX = "To try things out without a key, use provider='sandbox'."


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"api_key": "k"}, f"there is {ADDRESS}. {SANDBOX}"),
        ({"base_url": "https://r.openai.azure.com"}, f"there is {NO_KEY}. {SANDBOX}"),
        ({}, f"there is {ADDRESS}; and {NO_KEY}. {SANDBOX}"),
    ],
    ids=["address", "key", "both"],
)
def test_what_is_missing_is_named_with_its_variable_and_openais_own_do_not_count(
    tarash_sandbox, make_image, image_request, monkeypatch, settings, text
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)

    with pytest.raises(ConfigurationError) as caught:
        make_image(ImageGenerationConfig(provider="azure-openai", model="dep", **settings), image_request())

    assert str(caught.value) == text
    assert (caught.value.provider, caught.value.model) == ("azure-openai", "dep")
    assert tarash_sandbox.requests == []


def test_nothing_is_guessed_from_a_deployments_name(image_config, video_config, image_request, video_request):
    assert check_request(image_config("my-dall-e-3"), image_request(size="7x9", n=99)) == []
    assert check_request(video_config("my-sora-2"), video_request(duration_seconds=5)) == []


def test_base_model_says_which_row_a_deployment_follows(image_config, video_config, image_request, video_request):
    config = image_config(base_model="gpt-image-1.5")

    (problem,) = check_request(config, image_request(output_format="webp"))

    assert problem.field == "output_format"
    assert [
        p.field for p in check_request(video_config(base_model="openai/sora-2"), video_request(duration_seconds=5))
    ] == ["duration_seconds"]


def test_the_models_of_azure_are_listed():
    listed = {row.model for row in list_models("azure_openai")}

    assert {"gpt-image-1.5", "dall-e-3", "dall-e-2", "sora-2"} <= listed
    assert not {"sora-2-pro", "chatgpt-image-latest", "gpt-image-2.6-sunburst"} & listed


@pytest.mark.parametrize(
    "fault",
    [
        {"code": "DeploymentNotFound", "message": "The API deployment for this resource does not exist."},
        {
            "code": None,
            "type": "video_generation_user_error",
            "message": "The API deployment 'my-sora-deployment' for this resource does not exist.",
        },
    ],
    ids=["images", "videos"],
)
def test_a_deployment_that_is_not_there_is_told_as_that(
    tarash_sandbox, make_video, video_config, video_request, answering, fault
):
    tarash_sandbox.play(answering({"error": fault}, status=404))

    with pytest.raises(ModelNotFoundError) as caught:
        make_video(video_config(), video_request())

    assert "Azure asks for the deployment's name as `model`, not for the model's" in str(caught.value)


def test_a_limit_says_how_long_to_wait(tarash_sandbox, make_image, image_config, image_request, answering):
    fault = {"error": {"code": "429", "message": "Too many requests."}}
    tarash_sandbox.play(answering(fault, status=429, retry_after_ms="1500"))

    with pytest.raises(RateLimitError) as caught:
        make_image(image_config(max_retries=0), image_request())

    assert caught.value.retry_after == 1.5


def test_azures_id_of_a_request_is_kept(tarash_sandbox, image_config, image_request, answering, item):
    tarash_sandbox.play(answering({"created": 1, "data": [item]}, x_request_id="", apim_request_id="apim-1"))

    assert generate_image(image_config(), image_request()).provider_request_id == "apim-1"


def test_the_provider_binds_one_config(image_config):
    provider = AzureOpenAIProvider(image_config(api_version=DATED))

    assert provider.endpoint.endswith("/openai/deployments/my-pictures")


def test_the_service_refuses_what_the_sandbox_refuses(tarash_sandbox, video_config, video_request):
    with pytest.raises(InvalidRequestError):
        generate_video(video_config(), video_request(extra_params={"fps": 5}))

    assert VideoGenerationConfig(provider="azure_openai", model="m").base_url is None
