"""A server that only speaks the protocol, and jobs that end otherwise than well."""

from __future__ import annotations

import base64
import io
import time

import httpx2
import openai
import pytest
from PIL import Image

from tarash_gateway_sandbox import SandboxServer


@pytest.fixture(scope="module")
def server():
    with SandboxServer(profile="compatible", job_seconds=0.3) as running:
        yield running


@pytest.fixture
def client(server):
    server.clear()
    headers = {"authorization": "Bearer k"}
    with httpx2.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60, verify=False) as client:
        yield client


def last(client, job, below=""):
    """The statuses of a job up to one that does not move on, and what it was then."""
    received, until = [], time.monotonic() + 60
    while time.monotonic() < until:
        job = client.get(f"{below}/videos/{job['id']}").json()
        if job["status"] not in received:
            received.append(job["status"])
        if job["status"] not in ("pending", "processing", "queued", "in_progress"):
            break
        time.sleep(0.01)
    return received, job


def test_an_unknown_profile_is_refused_at_once():
    with pytest.raises(ValueError, match=r"There is no profile 'azure'\. There are: openai, compatible"):
        SandboxServer(profile="azure")


def test_a_job_is_shown_with_little_and_in_other_words(client):
    answer = client.post("/videos", json={"model": "acme/wan-9", "prompt": "a lake"})

    job = answer.json()
    assert sorted(job) == ["created_at", "id", "status"]
    assert job["status"] == "pending"
    assert "openai-poll-after-ms" not in client.get(f"/videos/{job['id']}").headers
    received, done = last(client, job)
    assert received[-2:] == ["processing", "succeeded"]
    assert sorted(done) == ["completed_at", "created_at", "id", "status"]
    assert client.get(f"/videos/{job['id']}/content").content[4:8] == b"ftyp"


def test_models_sizes_lengths_and_other_keys_are_taken_and_recorded(client, server):
    body = {
        "model": "acme/wan-9",
        "prompt": "a lake",
        "size": "321x241",
        "seconds": 3,
        "seed": 4,
        "negative_prompt": "rain",
        "fps": 24,
    }
    answer = client.post("/videos", json=body)

    assert answer.status_code == 200
    assert server.requests[-1].json == body
    last(client, answer.json())
    assert client.get(f"/videos/{answer.json()['id']}/content").status_code == 200


def test_a_form_may_have_other_keys_and_a_reference_of_any_size(client, server, picture):
    files = {
        "input_reference": ("a.png", picture(50, 40), "image/png"),
        "audio_reference": ("a.wav", b"RIFF", "audio/wav"),
    }
    answer = client.post("/videos", data={"prompt": "a lake", "seed": "4", "seconds": "7"}, files=files)

    assert answer.status_code == 200
    assert server.requests[-1].fields["seed"] == "4"


@pytest.mark.parametrize(
    "body", [{"prompt": 4}, {"seconds": [4]}, {"seconds": True}, {"size": 4}, {"model": 4}, {"prompt": None}]
)
def test_types_are_checked(client, body):
    assert client.post("/videos", json={"prompt": "a lake"} | body).status_code == 400


def test_pictures_come_as_base64_whatever_the_model(client, server):
    body = {"model": "dall-e-3", "prompt": "a lake", "size": "300x200", "n": 2, "seed": 4, "guidance": 7.5}
    answer = client.post("/images/generations", json=body)

    assert answer.status_code == 200, answer.text
    pictures = [Image.open(io.BytesIO(base64.b64decode(item["b64_json"]))) for item in answer.json()["data"]]
    assert [picture.size for picture in pictures] == [(300, 200), (300, 200)]
    assert server.requests[-1].json["guidance"] == 7.5
    url = client.post("/images/generations", json=body | {"response_format": "url"}).json()["data"][0]["url"]
    assert httpx2.get(url, trust_env=False, timeout=60, verify=False).headers["content-type"] == "image/png"


def test_it_streams_and_edits_with_the_official_sdk(server, picture):
    with openai.OpenAI(api_key="k", base_url=server.url, max_retries=0, http_client=httpx2.Client(verify=False)) as sdk:
        events = list(sdk.images.generate(model="acme/flux", prompt="a lake", stream=True, partial_images=1))
        answer = sdk.images.edit(
            model="acme/flux",
            prompt="x",
            image=("a.png", picture(), "image/png"),
            size="400x304",
            extra_body={"seed": "4"},
        )

    assert [event.type for event in events] == ["image_generation.partial_image", "image_generation.completed"]
    assert answer.size == "400x304"


def test_any_model_can_be_looked_up(client):
    assert client.get("/models/acme-flux").json()["id"] == "acme-flux"


@pytest.mark.parametrize("status", ["cancelled", "expired", "failed", "melted"])
def test_jobs_can_end_otherwise_in_any_word(http, tarash_sandbox, status):
    tarash_sandbox.end_jobs_as(status)

    received, job = last(http, http.post("/v1/videos", json={"prompt": "a lake"}).json(), below="/v1")

    assert received[-1] == status
    assert (job["completed_at"], job["expires_at"], job["progress"]) == (None, None, 99)
    assert (job["error"] is not None) == (status == "failed")
    assert http.get(f"/v1/videos/{job['id']}/content").status_code == 404


def test_a_job_can_end_with_an_error_of_ones_own(sdk, tarash_sandbox):
    error = {"code": "moderation_blocked", "message": "Your request was blocked by our moderation system."}
    tarash_sandbox.end_jobs_as("failed", error)

    with pytest.warns(DeprecationWarning, match="Sora API"):
        job = sdk.videos.create_and_poll(prompt="a lake", poll_interval_ms=20)

    assert (job.status, job.error.code, job.error.message) == ("failed", error["code"], error["message"])


@pytest.mark.parametrize("undo", [lambda server: server.end_jobs_as("completed"), lambda server: server.clear()])
def test_jobs_end_well_again(http, tarash_sandbox, finished, undo):
    tarash_sandbox.end_jobs_as("failed")
    undo(tarash_sandbox)

    assert finished(prompt="a lake")["error"] is None


def test_a_compatible_job_fails_with_its_error(client, server):
    server.end_jobs_as("failed", {"code": "nsfw", "message": "No."})

    _, job = last(client, client.post("/videos", json={"prompt": "a lake"}).json())

    assert sorted(job) == ["created_at", "error", "id", "status"]
    assert job["error"] == {"code": "nsfw", "message": "No."}
