"""Responses survive JSON with their media and their job."""

import copy
import hashlib
import json
import pickle
from datetime import UTC, datetime

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
    "request": {"prompt": "a cat", "size": "8x6", "image_list": [{"type": "reference", "sha256": "ab"}]},
    "created_at": datetime(2026, 11, 22, 18, 0, 0, tzinfo=UTC),
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
    fixed = {
        "memory": Media.from_bytes(png, revised_prompt="a red cat"),
        "file": Media.from_file(path, sha256=hashlib.sha256(png).hexdigest()),
        "URL": Media(url="https://x.test/a.png"),
    }
    return list(fixed.values()) if request.param == "all" else [fixed[request.param]]


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


def test_a_response_says_when_it_was_made(png):
    before = datetime.now(UTC)
    made = ImageGenerationResponse(request_id="r", provider="acme", model="m", images=[Media.from_bytes(png)])
    assert before <= made.created_at <= datetime.now(UTC)


def test_media_of_a_response_are_its_pictures_or_its_videos(png, clip):
    assert images(Media.from_bytes(png)).media == [Media.from_bytes(png)]
    assert videos(Media.from_bytes(clip)).media == [Media.from_bytes(clip)]


def through_json(response):
    return type(response).model_validate_json(response.model_dump_json())


def through_a_dump(response):
    return type(response).model_validate(response.model_dump())


def through_a_pickle(response):
    return pickle.loads(pickle.dumps(response))


WAYS = [lambda same: same, through_json, through_a_dump, through_a_pickle, copy.copy, copy.deepcopy]
WAY_IDS = ["as it is", "JSON", "dump", "pickle", "copy", "deep copy"]


class TestSidecars:
    """Media know which call made them, wherever their response has been."""

    @staticmethod
    def saved(media, path):
        media.save(path, sidecar=True)
        return json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))

    @pytest.mark.parametrize("way", WAYS, ids=WAY_IDS)
    def test_a_picture_tells_of_its_call(self, way, tmp_path, png):
        response = images(Media.from_bytes(png, revised_prompt="a red cat"))
        response = response.model_copy(update={"provider_request_id": "vendor_1", "cost_source": "vendor"})
        assert self.saved(way(response).images[0], tmp_path / "a.png") == {
            "tarash_sidecar": 1,
            "file": "a.png",
            "sha256": hashlib.sha256(png).hexdigest(),
            "content_type": "image/png",
            "width": 8,
            "height": 6,
            "duration_seconds": None,
            "size_bytes": len(png),
            "kind": "image",
            "prompt": "a cat",
            "verified": True,
            "revised_prompt": "a red cat",
            "seed": None,
            "provider": "acme",
            "model": "acme-image",
            "parameters": {"size": "8x6", "image_list": [{"type": "reference", "sha256": "ab"}]},
            "adjustments": [{"field": "style", "asked": "vivid", "sent": "natural", "reason": "nearest", "attempt": 1}],
            "warnings": ["seed: acme-image has no such parameter; it was left out"],
            "cost": 0.04,
            "cost_source": "vendor",
            "outputs": 1,
            "created_at": "2026-11-22T18:00:00Z",
            "request_id": "req_1",
            "provider_request_id": "vendor_1",
            "job_id": None,
        }

    @pytest.mark.parametrize("way", WAYS, ids=WAY_IDS)
    def test_a_clip_tells_of_its_job(self, way, tmp_path, clip):
        reported = self.saved(way(videos(Media.from_bytes(clip))).video, tmp_path / "a.mp4")
        assert (reported["kind"], reported["model"], reported["job_id"], reported["prompt"]) == (
            "video",
            "acme-video",
            "job_1",
            "a cat",
        )

    def test_the_name_that_the_request_had_in_1_0_is_read(self, png):
        response = images(Media.from_bytes(png))
        stored = {
            ("asked" if name == "request" else name): value for name, value in response.model_dump(mode="json").items()
        }
        assert type(response).model_validate(stored).request == response.request == response.asked

    def test_a_resumed_clip_tells_what_its_job_was_asked_for(self, tmp_path, clip):
        job = JOB.model_copy(update={"request": {"prompt": "a lake", "duration_seconds": 4}})
        response = videos(Media.from_bytes(clip)).model_copy(update={"asked": {}, "job": job})
        reported = self.saved(response.video, tmp_path / "a.mp4")
        assert (reported["prompt"], reported["parameters"]) == ("a lake", {"duration_seconds": 4})

    def test_a_clip_that_was_there_before_has_no_origin(self, tmp_path, clip):
        response = VideoGenerationResponse(request_id="r", provider="acme", model="m", videos=[Media.from_bytes(clip)])
        reported = self.saved(response.video, tmp_path / "b.mp4")
        assert (reported["provider"], reported["model"], reported["created_at"]) == (None, None, None)

    def test_the_cost_of_several_pictures_is_told_as_that_of_all(self, tmp_path, png, jpeg):
        response = images(Media.from_bytes(png), Media.from_bytes(jpeg))
        first = self.saved(response.images[0], tmp_path / "a.png")
        second = self.saved(response.images[1], tmp_path / "b.jpg")
        assert [(reported["cost"], reported["outputs"]) for reported in (first, second)] == [(0.04, 2), (0.04, 2)]

    def test_a_copy_with_changes_tells_of_them_and_its_original_does_not(self, tmp_path, png):
        response = images(Media.from_bytes(png))
        changed = response.model_copy(update={"warnings": ["one more"]})
        assert self.saved(changed.images[0], tmp_path / "b.png")["warnings"] == ["one more"]
        assert self.saved(response.images[0], tmp_path / "a.png")["warnings"] == TOLD["warnings"]

    def test_media_in_two_responses_tell_of_their_own(self, tmp_path, png):
        picture = Media.from_bytes(png)
        first, second = images(picture), images(picture).model_copy(update={"model": "other"})
        assert self.saved(first.images[0], tmp_path / "a.png")["model"] == "acme-image"
        assert self.saved(second.images[0], tmp_path / "b.png")["model"] == "other"

    def test_a_copy_without_changes_shares_its_media(self, png):
        response = images(Media.from_bytes(png))
        assert response.model_copy().images[0] is response.images[0]

    def test_a_picture_parted_from_its_response_tells_of_its_call_through_a_pickle(self, tmp_path, png):
        picture = pickle.loads(pickle.dumps(images(Media.from_bytes(png)).images[0]))
        assert self.saved(picture, tmp_path / "a.png")["prompt"] == "a cat"
