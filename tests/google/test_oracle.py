"""Google's own SDK, as it is, against the sandbox's face: so the face is right, not only agreeable to our client.

The SDK lives in an environment of its own in the checkout. `scripts/test --all` makes it, which takes a network.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tarash.tarash_gateway import submit_video
from tarash.tarash_gateway.models import ImageType

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def oracle(official_sdk):
    return official_sdk("google-genai>=3.1,<4")


@pytest.fixture
def received(oracle, server, big_picture, tmp_path):
    (tmp_path / "picture.png").write_bytes(big_picture)
    server.job_seconds = 2  # one is cancelled before it is done
    script = Path(__file__).parent / "oracle" / "run.py"
    done = subprocess.run(
        [oracle, script, server.google_url, tmp_path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_the_sdk_finds_everything_as_it_is_at_the_vendor(received, server, vertex_config, video_request, big_picture):
    sdk = received.pop("sdk")
    assert sdk.startswith("3.")
    assert received == {
        "created": "in_progress",
        "completed": "completed",
        "tokens": 17376,
        "uri": "https://generativelanguage.googleapis.com",
        "clip": "ftyp",
        "uploaded": ["FileState.ACTIVE", "image/png"],
        "file": "FileState.ACTIVE",
        "inline": "ftyp",
        "cancelled": "cancelled",
        "unknown": ["BadRequestError", 400],
        "bad ratio": ["BadRequestError", 400],
        "refusal": ["completed", True, True],
        "string_error": ["BadRequestError", 400],
        "int_error": ["RateLimitError", 429],
        "array_error": ["PermissionDeniedError", 403],
        "unavailable": ["InternalServerError", 503],
        "picture": "image/png",
        "thoughts": [True, True, False],
        "blocked": "IMAGE_SAFETY",
        "bad tier": ["ClientError", 400],
        "bad key": ["ClientError", 400],
        "models": 7,
        "veo": ["ftyp", "ftyp"],
        "vertex omni": "ftyp",
    }
    (theirs,) = [request for request in server.requests if request.path.endswith(":predictLongRunning")]

    submit_video(
        vertex_config(),
        video_request(
            "A red lighthouse",
            n=2,
            duration_seconds=4,
            aspect_ratio="16:9",
            resolution="720p",
            negative_prompt="fog",
            seed=1,
            generate_audio=False,
            image_list=[ImageType(image=big_picture, type="first_frame")],
            extra_params={"personGeneration": "allow_adult"},
        ),
    )

    ours = server.requests[-1]
    assert ours.path == theirs.path
    assert ours.json == theirs.json
