"""Azure's spellings of the routes, and what Azure refuses."""

from __future__ import annotations

import httpx2
import pytest

from tarash_gateway_sandbox.server import SandboxServer

IMAGE = {"prompt": "a cat"}
DATED = {"api-version": "2025-04-01-preview"}


@pytest.fixture(scope="module")
def azure():
    with (
        SandboxServer(job_seconds=0.1, deployments={"pictures": "gpt-image-1.5", "clips": "sora-2"}) as server,
        httpx2.Client(
            base_url=server.origin, headers={"api-key": "k"}, trust_env=False, timeout=60, verify=False
        ) as client,
    ):
        yield client


@pytest.mark.parametrize("query", [{}, {"api-version": "preview"}, {"api-version": "v1"}, {"api-version": "latest"}])
def test_the_v1_path_takes_a_deployment_as_the_model(azure, query):
    answer = azure.post("/openai/v1/images/generations", json=IMAGE | {"model": "pictures"}, params=query)

    assert answer.status_code == 200


def test_the_v1_path_takes_no_dated_version(azure):
    answer = azure.post("/openai/v1/images/generations", json=IMAGE | {"model": "pictures"}, params=DATED)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "api-version query parameter is not allowed when using /v1 path"


def test_the_deployments_path_takes_a_dated_version_only(azure):
    path = "/openai/deployments/pictures/images/generations"

    assert azure.post(path, json=IMAGE, params=DATED).status_code == 200
    assert azure.post(path, json=IMAGE, params={"api-version": "2025-04-01"}).status_code == 200
    for query in ({}, {"api-version": "preview"}):
        answer = azure.post(path, json=IMAGE, params=query)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "404")


def test_edits_need_a_version_that_has_them(azure, picture):
    path = "/openai/deployments/pictures/images/edits"
    files = {"image": ("a.png", picture(), "image/png")}

    assert azure.post(path, data=IMAGE, files=files, params=DATED).status_code == 200
    old = {"api-version": "2025-03-01-preview"}
    assert azure.post(path, data=IMAGE, files=files, params=old).status_code == 404


@pytest.mark.parametrize(
    "path", ["/openai/videos", "/openai/deployments/clips/videos", "/openai/v1/deployments/x/videos"]
)
def test_videos_are_on_the_v1_path_only(azure, path):
    assert azure.post(path, json={"prompt": "a red car"}, params=DATED).status_code in (400, 404)
    assert azure.post("/openai/videos", json={"prompt": "a red car"}, params=DATED).status_code == 404
    answer = azure.post("/openai/v1/videos", json={"prompt": "a red car", "model": "clips"})
    assert answer.json()["model"] == "clips"


def test_a_token_in_the_keys_header_is_refused(azure):
    path, body = "/openai/v1/images/generations", IMAGE | {"model": "pictures"}
    token = "eyJhbGciOi.eyJzdWIi.c2ln"

    assert azure.post(path, json=body, headers={"api-key": token}).status_code == 401
    headers = {"api-key": "", "authorization": f"Bearer {token}"}
    assert azure.post(path, json=body, headers=headers).status_code == 200


def test_a_mapped_deployment_has_its_models_rules_and_any_other_has_types_only(azure):
    path = "/openai/v1/images/generations"

    assert azure.post(path, json=IMAGE | {"model": "pictures", "size": "640x480"}).status_code == 400
    answer = azure.post(path, json=IMAGE | {"model": "mine", "size": "640x480", "quality": "any"})
    assert (answer.status_code, answer.json()["size"]) == (200, "640x480")
    assert azure.post(path, json={"model": "mine"}).status_code == 400
    assert azure.post(path, json=IMAGE | {"model": "mine", "size": "wide"}).status_code == 400
    video = {"prompt": "a red car", "model": "mine"}
    assert azure.post("/openai/v1/videos", json=video | {"seconds": "5", "size": "640x480"}).status_code == 200
    assert azure.post("/openai/v1/videos", json=video | {"seconds": 5}).status_code == 400


def test_the_v1_path_needs_a_deployment(azure):
    answer = azure.post("/openai/v1/images/generations", json=IMAGE)

    assert answer.json()["error"]["message"] == "Missing required parameter: 'model'."


def test_azure_makes_no_webp(azure):
    answer = azure.post("/openai/v1/images/generations", json=IMAGE | {"model": "pictures", "output_format": "webp"})

    assert answer.json()["error"]["message"] == "Invalid value: 'webp'. Supported values are: 'png' and 'jpeg'."


def test_a_deployment_of_an_unknown_model_is_refused_at_once():
    with pytest.raises(ValueError, match="deployments name models the sandbox does not know: gpt-image-9"):
        SandboxServer(deployments={"pictures": "gpt-image-9"})
