"""What goes out: the sandbox has recorded it, and the vendor's rules say what it must be."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tarash.tarash_gateway import generate_image, generate_video
from tarash.tarash_gateway.errors import UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import ImageType, Media, VideoJob
from tarash.tarash_gateway.plugins import Prepared
from tarash_gateway_openai import requests

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)

FAILED = {"id": "video_1", "object": "video", "status": "failed", "error": {"code": "x", "message": "not drawn"}}
"""A job that ends at once: the tests of what went out need no clip."""


@pytest.fixture
def submitted(tarash_sandbox, posts, video_config, video_request, answering):
    """Submits a video request and gives what was sent; no clip is drawn."""

    def submit(model="openai/sora-2", provider_config=None, **fields):
        tarash_sandbox.clear()
        tarash_sandbox.play(answering(FAILED), method="POST", path="/v1/videos*")
        with pytest.raises(Exception, match="job video_1 failed: x: not drawn"):
            generate_video(video_config(model, provider_config=provider_config or {}), video_request(**fields))
        (sent,) = posts()
        return sent

    return submit


@pytest.fixture
def sent_image(tarash_sandbox, posts, image_config, image_request, one_picture):
    """Sends an image request and gives what was sent; nothing is drawn."""

    def send(model="dall-e-2", **fields):
        tarash_sandbox.clear()
        tarash_sandbox.play(one_picture)
        generate_image(image_config(model), image_request(**fields))
        (sent,) = posts()
        return sent

    return send


def test_a_video_request_is_a_form_whose_seconds_are_a_string_and_whose_model_has_no_prefix(submitted):
    sent = submitted(prompt="a lake", duration_seconds=8, aspect_ratio="16:9")

    assert (sent.method, sent.path, sent.is_form) == ("POST", "/v1/videos", True)
    assert sent.fields == {"model": "sora-2", "prompt": "a lake", "seconds": "8", "size": "1280x720"}
    assert sent.files == ()


@pytest.mark.parametrize(
    ("model", "on_the_wire"),
    [
        ("openai/sora-2", "sora-2"),
        ("sora-2-pro", "sora-2-pro"),
        pytest.param("bytedance/seedance-2.0", "bytedance/seedance-2.0", id="another-vendors-slash-stays"),
        pytest.param("openai/openai/x", "openai/x", id="only-one-prefix-is-taken-off"),
    ],
)
def test_only_the_prefix_openai_is_taken_off_the_model(submitted, model, on_the_wire):
    assert submitted(model).fields["model"] == on_the_wire


@pytest.mark.parametrize("model", ["sora-2", "sora-2-pro"])
@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("16:9", "1280x720"),
        ("9:16", "720x1280"),
        ("1:1", "1024x1024"),
        ("16:10", "1792x1024"),
        ("10:16", "1024x1792"),
    ],
)
def test_a_video_aspect_ratio_goes_out_as_a_size(submitted, model, ratio, size):
    fields = submitted(model, aspect_ratio=ratio).fields

    assert fields["size"] == size
    assert "aspect_ratio" not in fields


@pytest.mark.parametrize(
    ("model", "ratio", "size"),
    [
        ("dall-e-2", "1:1", "1024x1024"),
        ("dall-e-3", "1:1", "1024x1024"),
        ("dall-e-3", "16:9", "1792x1024"),
        ("dall-e-3", "9:16", "1024x1792"),
        ("gpt-image-1.5", "1:1", "1024x1024"),
        ("gpt-image-1.5", "16:9", "1536x1024"),
        ("gpt-image-1.5", "9:16", "1024x1536"),
    ],
)
def test_an_image_aspect_ratio_goes_out_as_a_size(sent_image, model, ratio, size):
    body = sent_image(model, size=None, aspect_ratio=ratio).json

    assert body["size"] == size
    assert "aspect_ratio" not in body


def forms_of_an_image(kind, picture, folder, origin):
    if kind == "url":
        return f"{origin}/car.jpg"
    if kind == "data-url":
        return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    if kind == "base64":
        return base64.b64encode(picture).decode()
    if kind == "path":
        path = Path(folder, "reference.png")
        path.write_bytes(picture)
        return path
    return Media.from_bytes(picture) if kind == "media" else picture


@pytest.mark.parametrize("kind", ["url", "data-url", "base64", "bytes", "path", "media"])
def test_a_reference_image_arrives_as_a_file_part_with_name_and_type(
    submitted, tarash_sandbox, picture, tmp_path, kind
):
    encoded = picture(1280, 720)
    image = forms_of_an_image(kind, encoded, tmp_path, tarash_sandbox.origin)

    sent = submitted(image_list=[ImageType(image=image)], size="1280x720", provider_config={"allow_private_urls": True})

    (part,) = sent.files
    ending, content_type = ("jpg", "image/jpeg") if kind == "url" else ("png", "image/png")
    assert (part.field, part.filename, part.content_type) == ("input_reference", f"image_list-0.{ending}", content_type)
    assert kind == "url" or part.content == encoded
    assert "input_reference" not in sent.fields


def test_only_the_first_of_several_reference_images_goes_out(submitted, picture):
    first, second = picture(1280, 720), picture(720, 1280)

    sent = submitted(image_list=[ImageType(image=first), ImageType(image=second)], size="1280x720")

    assert [part.content for part in sent.files] == [first]


def test_a_remix_posts_the_prompt_and_nothing_else(submitted):
    sent = submitted(
        prompt="with snow",
        extra_params={"video_id": "video_abc123"},
        duration_seconds=8,
        size="1280x720",
        seed=7,
    )

    assert (sent.method, sent.path) == ("POST", "/v1/videos/video_abc123/remix")
    assert sent.json == {"prompt": "with snow"}


@pytest.mark.parametrize("source", ["id", "job"])
def test_a_remix_may_name_its_video_in_the_field_that_every_vendor_has(submitted, tarash_sandbox, source):
    job = VideoJob(provider="openai", model="sora-2", id="video_9", endpoint=tarash_sandbox.url)

    sent = submitted(operation="remix", video=job if source == "job" else "video_9")

    assert sent.path == "/v1/videos/video_9/remix"


def test_an_id_stays_one_segment_of_the_path_whatever_is_in_it():
    job = VideoJob(provider="openai", model="sora-2", id="video?x=1#y", endpoint="https://x/v1")

    assert requests.status_request(job).path == "/videos/video%3Fx%3D1%23y"
    assert requests.content_request(job).path == "/videos/video%3Fx%3D1%23y/content"


@pytest.mark.parametrize("job_id", [".", "..", "../files", "a/b", "a\\b"])
@pytest.mark.parametrize("build", [requests.status_request, requests.content_request, requests.cancel_request])
def test_an_id_that_would_lead_elsewhere_is_refused(build, job_id):
    job = VideoJob(provider="openai", model="sora-2", id=job_id, endpoint="https://x/v1")

    with pytest.raises(ValidationError, match="it would lead to another address of the vendor"):
        build(job)


@pytest.mark.parametrize("operation", ["edit", "extend"])
def test_an_operation_that_the_plugin_does_not_have_is_refused_by_name(video_request, operation):
    prepared = Prepared("sora-2", video_request(operation=operation, video="video_1"), "req_1")

    with pytest.raises(UnsupportedOperationError) as caught:
        requests.video_request(prepared)

    assert str(caught.value) == f"this plugin does not {operation} videos; it generates and remixes them"


def test_a_remix_of_a_clip_in_memory_says_what_to_give(video_request, picture):
    prepared = Prepared("sora-2", video_request(operation="remix", video=Media.from_bytes(picture())), "req_1")

    with pytest.raises(UnsupportedOperationError) as caught:
        requests.video_request(prepared)

    assert str(caught.value).startswith("a remix starts from a video of the ")
    assert str(caught.value).endswith(": give its job as `video`, or its id as extra_params['video_id']")


@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-1.5-2025-12-16", "dall-e-3", "dall-e-2"])
def test_no_model_is_sent_a_response_format_that_was_not_asked_for(sent_image, model):
    body = sent_image(model, size="1024x1024").json

    assert set(body) == {"model", "prompt", "n", "size"}
    assert body["model"] == model


def test_a_response_format_goes_out_where_the_model_has_one(sent_image):
    assert sent_image(extra_params={"response_format": "b64_json"}).json["response_format"] == "b64_json"


def test_the_pages_sizes_of_gpt_image_go_out_as_the_nearest_that_it_has(sent_image):
    assert sent_image("gpt-image-1.5", size="1024x1792").json["size"] == "1024x1536"
    assert sent_image("gpt-image-1.5", size="1792x1024").json["size"] == "1536x1024"


@pytest.mark.parametrize(
    ("count", "field"), [pytest.param(1, "image", id="one"), pytest.param(3, "image[]", id="three")]
)
def test_an_edit_is_a_form_with_its_images_and_its_mask_as_file_parts(sent_image, picture, count, field):
    images = [ImageType(image=picture(64 + at, 64, "WEBP")) for at in range(count)]

    sent = sent_image("gpt-image-1.5", size="1024x1024", image_list=images, mask_image=picture(mode="RGBA"))

    assert (sent.path, sent.is_form) == ("/v1/images/edits", True)
    assert sent.fields == {"model": "gpt-image-1.5", "prompt": "a cat", "n": "1", "size": "1024x1024"}
    assert [(part.field, part.filename, part.content_type) for part in sent.files] == [
        *((field, f"image_list-{at}.webp", "image/webp") for at in range(count)),
        ("mask", "mask_image.png", "image/png"),
    ]


@pytest.mark.parametrize("form", ["data URL", "base64"])
def test_a_markup_is_a_file_part(sent_image, picture, form):
    png = picture(mode="RGBA")
    text = base64.b64encode(png).decode()
    markup = f"data:image/png;base64,{text}" if form == "data URL" else text

    sent = sent_image(
        "gpt-image-2.5-sunburst", size="1024x1024", image_list=[picture()], extra_params={"markup": markup}
    )

    assert "markup" not in sent.fields
    (part,) = [part for part in sent.files if part.field == "markup"]
    assert (part.filename, part.content_type, part.content) == ("markup.png", "image/png", png)


def test_a_markup_that_is_no_picture_is_refused_before_anything_is_sent(
    tarash_sandbox, image_config, image_request, picture
):
    requested = image_request(size="1024x1024", image_list=[picture()], extra_params={"markup": 7})

    with pytest.raises(ValidationError, match=r"extra_params.markup: is not base64: .*; give a PNG as a data URL"):
        generate_image(image_config("gpt-image-2.5-sunburst"), requested)

    assert tarash_sandbox.requests == []


def test_an_edit_is_made_by_the_sandbox_as_the_vendor_makes_it(image_config, image_request, picture):
    requested = image_request(size="1024x1024", image_list=[ImageType(image=picture(form="JPEG"))])

    response = generate_image(image_config("gpt-image-1.5"), requested)

    assert (response.images[0].width, response.images[0].height) == (1024, 1024)


@pytest.mark.parametrize(
    "fields",
    [{"negative_prompt": "people"}, {"seed": 7}, {"resolution": "2K"}],
    ids=lambda fields: next(iter(fields)),
)
@pytest.mark.parametrize("model", ["gpt-image-1.5", "dall-e-3", "dall-e-2"])
def test_a_field_that_an_image_model_does_not_have_is_not_sent(sent_image, model, fields):
    body = sent_image(model, size="1024x1024", **fields).json

    assert set(body) == {"model", "prompt", "n", "size"}


@pytest.mark.parametrize(
    "fields",
    [
        {"negative_prompt": "people"},
        {"seed": 7},
        {"generate_audio": False},
        {"generate_audio": True},
        {"resolution": "1080p"},
    ],
    ids=lambda fields: "-".join(f"{name}-{value}" for name, value in fields.items()),
)
@pytest.mark.parametrize("model", ["sora-2", "sora-2-pro"])
def test_a_field_that_sora_does_not_have_is_not_sent(submitted, model, fields):
    assert set(submitted(model, **fields).fields) == {"model", "prompt"}


def test_a_model_without_a_row_gets_every_field_as_it_is(submitted):
    sent = submitted(
        "wan-2.5", seed=7, negative_prompt="people", duration_seconds=6.5, resolution="720p", extra_params={"fps": 24}
    )

    assert sent.fields == {
        "model": "wan-2.5",
        "prompt": "a lake",
        "seconds": "6.5",
        "negative_prompt": "people",
        "seed": "7",
        "resolution": "720p",
        "fps": "24",
    }


def test_no_organisation_of_the_environment_is_told_to_another_host(
    monkeypatch, tarash_sandbox, image_config, image_request, one_picture, posts
):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-the-environment")
    tarash_sandbox.play(one_picture)

    generate_image(image_config(), image_request())

    (sent,) = posts()
    assert "environment" not in json.dumps(dict(sent.headers))
    assert not {"openai-organization", "openai-project"} & set(sent.headers)


def test_an_organisation_that_the_config_gives_goes_to_any_host(
    tarash_sandbox, image_config, image_request, one_picture, posts
):
    tarash_sandbox.play(one_picture)

    generate_image(image_config(provider_config={"organization": "org-1", "project": "proj-1"}), image_request())

    (sent,) = posts()
    assert (sent.headers["openai-organization"], sent.headers["openai-project"]) == ("org-1", "proj-1")


def test_the_key_goes_out_as_a_bearer_token_and_the_api_version_as_a_query(
    tarash_sandbox, image_config, image_request, one_picture, posts
):
    tarash_sandbox.play(one_picture)

    generate_image(image_config(api_key="sk-mine-1234", api_version="preview"), image_request())

    (sent,) = posts()
    assert sent.headers["authorization"] == "Bearer sk-mine-1234"
    assert sent.query == {"api-version": "preview"}


def test_a_remix_keeps_the_own_parameters_of_a_model_without_a_row(submitted):
    sent = submitted(model="our/own-film", prompt="snow", extra_params={"video_id": "video_7", "strength": 3})

    assert (sent.path, sent.json) == ("/v1/videos/video_7/remix", {"prompt": "snow", "strength": 3})
