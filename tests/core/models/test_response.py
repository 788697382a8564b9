"""Responses survive JSON with their media and their job."""

import hashlib
import pickle

import pytest

from tarash.tarash_gateway.models import (
    Adjustment,
    Attempt,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    Media,
    VideoGenerationResponse,
    VideoGenerationUpdate,
    VideoJob,
)

JOB = VideoJob(provider="acme", model="acme-video", id="job_1", endpoint="https://api.acme.test/v1", status="completed")
TOLD = {
    "request_id": "req_1",
    "provider": "acme",
    "usage": {"total_tokens": 7},
    "cost": 0.04,
    "adjustments": [Adjustment(field="style", asked="vivid", sent="natural", reason="nearest")],
    "warnings": ["seed: acme-image has no such parameter; it was left out"],
    "raw_response": {"created": 1},
    "attempts": [Attempt(provider="acme", model="acme-image", outcome="succeeded")],
}


def images(*media):
    return ImageGenerationResponse(model="acme-image", images=list(media), **TOLD)


def videos(*media):
    return VideoGenerationResponse(model="acme-video", videos=list(media), job=JOB, **TOLD)


@pytest.fixture(params=["memory", "file", "URL", "all"])
def media(request, tmp_path, png):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    known = {
        "memory": Media.from_bytes(png, revised_prompt="a red cat"),
        "file": Media.from_file(path, sha256=hashlib.sha256(png).hexdigest()),
        "URL": Media(url="https://x.test/a.png"),
    }
    return list(known.values()) if request.param == "all" else [known[request.param]]


@pytest.mark.parametrize("make", [images, videos])
def test_a_response_survives_json(make, media):
    response = make(*media)
    twin = type(response).model_validate_json(response.model_dump_json())
    assert twin == response
    assert [item.sha256 for item in getattr(twin, make.__name__)] == [item.sha256 for item in media]


@pytest.mark.parametrize("make", [images, videos])
def test_a_response_survives_a_dump(make, media):
    response = make(*media)
    assert type(response).model_validate(response.model_dump()) == response
    assert type(response).model_validate(response.model_dump(mode="json")) == response


@pytest.mark.parametrize("make", [images, videos])
def test_a_response_pickles(make, media):
    response = make(*media)
    assert pickle.loads(pickle.dumps(response)) == response


def test_bytes_are_in_a_dump_once(png):
    dumped = images(Media.from_bytes(png)).model_dump_json()
    assert len(dumped) < 2 * len(png) + 1500


def test_the_first_video_is_at_hand(clip):
    first = Media.from_bytes(clip)
    assert videos(first, Media()).video is first


def test_a_response_is_short_in_a_repr(png):
    assert "created" not in repr(images(Media.from_bytes(png)))
    assert "Media(<image/png 8x6, " in repr(images(Media.from_bytes(png)))


def test_a_response_is_frozen(png):
    with pytest.raises(ValueError, match="frozen"):
        images(Media.from_bytes(png)).cost = 0


@pytest.mark.parametrize(
    "update",
    [
        ImageGenerationUpdate(
            status="waiting", request_id="r", provider="acme", model="m", wait_seconds=1.5, message="429"
        ),
        VideoGenerationUpdate(status="queued", request_id="r", provider="acme", model="m", progress=3, job=JOB),
    ],
    ids=["image", "video"],
)
def test_an_update_survives_json(update):
    assert type(update).model_validate_json(update.model_dump_json()) == update
