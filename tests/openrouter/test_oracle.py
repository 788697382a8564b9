"""The vendor's own SDK, as it is, against the sandbox: so the server is right, not only agreeable to our client.

It lives in an environment of its own in the checkout. `scripts/test --all` makes it, which takes a network.
"""

from __future__ import annotations

import json
import subprocess

import pytest

PROGRAM = """
import base64, json, sys, time
from openrouter import OpenRouter, errors

seen = {}
with OpenRouter(api_key="sk-or-of-the-oracle", server_url=sys.argv[1]) as client:
    models = client.video_generation.list_videos_models()
    seen["video_models"] = [model.id for model in models.data]
    images = client.images.list_models()
    seen["image_models"] = [model.id for model in images.data]

    job = client.video_generation.generate(
        model="google/veo-3.1-lite", prompt="a lake", duration=4, resolution="720p", aspect_ratio="16:9",
        generate_audio=True, seed=7,
        provider={"options": {"google-vertex": {"parameters": {"negativePrompt": "fog"}}}},
    )
    seen["submitted"] = job.status
    while job.status in ("pending", "in_progress"):
        time.sleep(0.05)
        job = client.video_generation.get_generation(job_id=job.id)
    seen["finished"] = [job.status, job.usage.cost, len(job.urls), len(job.unsigned_urls), bool(job.expires_at)]
    content = client.video_generation.get_video_content(job_id=job.id, index=0)
    seen["clip"] = content.read()[4:8].decode()
    more = client.video_generation.generate(model="google/veo-3.1-lite", prompt="at night", previous_job_id=job.id)
    seen["continued"] = more.status

    made = client.images.generate(model="openai/gpt-image-2", prompt="a cat", n=2, quality="low")
    seen["picture"] = [base64.b64decode(made.data[0].b64_json)[1:4].decode(), len(made.data), made.usage.cost]
    with client.images.generate(model="openai/gpt-image-2", prompt="a cat", stream=True) as events:
        seen["events"] = [event.type for event in events]

    refused = {}
    for name, call in {
        "bad": lambda: client.video_generation.generate(model="google/veo-3.1-lite", prompt="a lake", duration=5),
        "unknown": lambda: client.video_generation.get_generation(job_id="gen-vid-0"),
        "early": lambda: client.video_generation.get_video_content(job_id=more.id),
        "model": lambda: client.images.generate(model="acme/none", prompt="a cat"),
    }.items():
        try:
            call()
            refused[name] = None
        except errors.OpenRouterError as error:
            refused[name] = [type(error).__name__, error.status_code]
    seen["refused"] = refused
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def dropped(_router):
    """What the sandbox drops in silence."""
    _router.clear()
    return lambda: _router.openrouter.dropped


@pytest.fixture(scope="module")
def received(_router, dropped, official_sdk):
    _router.job_seconds = 3.0  # one is asked for before it is done
    command = [official_sdk("openrouter>=1.3,<2"), "-c", PROGRAM, _router.openrouter_url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_reads_the_lists(received):
    assert "google/veo-3.1-lite" in received["video_models"]
    assert "openai/gpt-image-2" in received["image_models"]


def test_it_makes_a_video(received):
    assert received["submitted"] == "pending"
    assert received["finished"] == ["completed", 0.2, 1, 1, True]
    assert received["clip"] == "ftyp"
    assert received["continued"] == "pending"


def test_it_makes_pictures(received):
    assert received["picture"] == ["PNG", 2, 0.08]
    assert received["events"] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]


def test_it_knows_the_refusals(received):
    assert received["refused"] == {
        "bad": ["BadRequestResponseError", 400],
        "unknown": ["NotFoundResponseError", 404],
        "early": ["ConflictResponseError", 409],
        "model": ["NotFoundResponseError", 404],
    }


@pytest.mark.usefixtures("received")
def test_nothing_of_what_it_sends_is_dropped(dropped):
    assert dropped() == []
