"""Edits and extensions of videos, and variations of pictures, through the official SDK."""

from __future__ import annotations

import base64
import io

import httpx2
import openai
import pytest
from openai.types import Video
from PIL import Image

from tarash_gateway_sandbox import SandboxServer


@pytest.fixture
def vendor():
    with SandboxServer(quick=True, job_seconds=0, deployments={"clips": "sora-2"}) as server:
        yield server


@pytest.fixture
def sdk(vendor):
    with openai.OpenAI(
        api_key="k", base_url=vendor.url, max_retries=0, http_client=httpx2.Client(verify=False)
    ) as client:
        yield client


@pytest.fixture
def source(sdk):
    with pytest.warns(DeprecationWarning, match="Sora API"):
        return sdk.videos.create(prompt="a red car", seconds="8", size="1280x720")


def post(sdk, path, source, **body):
    """By id, which the SDK types and refuses itself."""
    return sdk.post(f"/videos/{path}", cast_to=Video, body={"video": {"id": source}, **body})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestVideos:
    def test_a_job_is_edited_and_extended(self, sdk, source, vendor):
        edited = post(sdk, "edits", source.id, prompt="at night")
        assert (edited.size, edited.seconds, edited.prompt) == ("1280x720", "8", "at night")
        extended = post(sdk, "extensions", source.id, prompt="it turns left", seconds="12")
        assert extended.seconds == "20"  # the whole length
        assert {source.id} == {edited.remixed_from_video_id, extended.remixed_from_video_id}
        assert [paid.id for paid in vendor.paid] == [source.id, edited.id, extended.id]
        assert sdk.videos.download_content(extended.id).content[4:8] == b"ftyp"

    def test_an_upload_is_edited_and_extended(self, sdk, source):
        clip = sdk.videos.download_content(source.id).content
        edited = sdk.videos.edit(video=("clip.mp4", clip, "video/mp4"), prompt="at night")
        assert (edited.size, edited.seconds) == ("1280x720", "8")
        assert sdk.videos.extend(video=("clip.mp4", clip, "video/mp4"), prompt="on", seconds="4").seconds == "12"
        assert sdk.videos.download_content(edited.id).content[4:8] == b"ftyp"

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda sdk, source: post(sdk, "edits", "video_0", prompt="x"), "'video_0' not found"),
            (
                lambda sdk, source: sdk.videos.edit(video=("a", b"no clip", "video/mp4"), prompt="x"),
                "Invalid video file",
            ),
            (lambda sdk, source: post(sdk, "edits", source, prompt=""), "'prompt': empty string"),
            (
                lambda sdk, source: post(sdk, "extensions", source, prompt="x", seconds="5"),
                "'4', '8', '12', '16', and '20'|'4'",
            ),
            (
                lambda sdk, source: sdk.post(
                    "/videos/extensions", cast_to=object, body={"prompt": "x", "video": {"id": source}}
                ),
                "parameter: 'seconds'",
            ),
            (lambda sdk, source: sdk.post("/videos/edits", cast_to=object, body={"prompt": "x"}), "parameter: 'video'"),
            (
                lambda sdk, source: sdk.post("/videos/edits", cast_to=object, body={"prompt": "x", "video": source}),
                "a file or an object with an id",
            ),
            (
                lambda sdk, source: sdk.post("/videos/edits", cast_to=object, body={"prompt": "x", "size": "x"}),
                "Unknown parameter: 'size'",
            ),
        ],
    )
    def test_what_is_refused(self, sdk, source, vendor, call, message):
        with pytest.raises(openai.APIStatusError, match=message):
            call(sdk, source.id)
        assert len(vendor.paid) == 1

    def test_a_job_that_is_not_completed_is_not_edited(self, sdk, vendor):
        vendor.job_seconds = 60
        job = sdk.videos.create(prompt="a red car")
        with pytest.raises(openai.BadRequestError, match="not completed yet"):
            post(sdk, "edits", job.id, prompt="x")

    def test_a_form_names_an_id_with_brackets(self, vendor, source):
        form = {"prompt": (None, "x"), "video[id]": (None, source.id)}
        headers = {"authorization": "Bearer k"}
        answer = httpx2.post(
            f"{vendor.url}/videos/edits", files=form, headers=headers, trust_env=False, timeout=60, verify=False
        )
        assert answer.json()["remixed_from_video_id"] == source.id

    def test_faults_reach_them(self, sdk, source, vendor):
        vendor.fail("server_error_after_creation")
        with pytest.raises(openai.InternalServerError):
            post(sdk, "edits", source.id, prompt="x")
        assert len(vendor.paid) == 2


def square(edge=64):
    out = io.BytesIO()
    Image.new("RGB", (edge, edge)).save(out, "PNG")
    return ("a.png", out.getvalue(), "image/png")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
class TestVariations:
    def test_a_picture_is_varied_without_a_prompt(self, sdk, vendor):
        answer = sdk.images.create_variation(image=square(), n=2, response_format="b64_json", size="256x256")
        pictures = [base64.b64decode(item.b64_json) for item in answer.data]
        assert pictures[0] != pictures[1]
        assert [paid.count for paid in vendor.paid] == [2]
        assert sdk.images.create_variation(image=square()).data[0].url.startswith(vendor.origin)

    def test_only_a_model_that_has_variations_makes_them(self, sdk):
        with pytest.raises(openai.BadRequestError, match=r"'gpt-image-2'. This endpoint supports: dall-e-2\."):
            sdk.images.create_variation(image=square(), model="gpt-image-2")
        with pytest.raises(openai.BadRequestError, match="Unknown parameter: 'prompt'"):
            sdk.images.create_variation(image=square(), extra_body={"prompt": "x"})
        with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'image'"):
            sdk.post("/images/variations", cast_to=object, body={"n": 1})
