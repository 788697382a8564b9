"""Images of fal: jobs of one queue, in the field names of each model."""

from __future__ import annotations

import asyncio

import pytest

from tarash.tarash_gateway import (
    Journal,
    cancel_image,
    estimate_cost,
    generate_image,
    generate_image_async,
    list_models,
    poll_image,
    recover_images,
    refresh_models,
    resume_image,
    submit_image,
)
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    GenerationFailedError,
    InvalidRequestError,
    QuotaExceededError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageJob
from tarash_gateway_sandbox.replies import json_answer


def request(**fields):
    return ImageGenerationRequest(prompt="a boat at low tide", **fields)


def test_an_image_is_submitted_polled_and_fetched(vendor, image_config, posts):
    response = generate_image(image_config(), request(aspect_ratio="16:9", n=2, seed=3, output_format="png"))
    assert [image.content_type for image in response.images] == ["image/png", "image/png"]
    assert response.job.status == "completed"
    (sent,) = posts()
    assert sent.path == "/fal/fal-ai/flux/dev"
    assert sent.headers["authorization"].startswith("Key ")
    assert sent.json == {
        "prompt": "a boat at low tide",
        "num_images": 2,
        "image_size": "landscape_16_9",
        "seed": 3,
        "output_format": "png",
    }
    looks = {item.path for item in vendor.requests if item.method == "GET" and item.path.startswith("/fal/")}
    assert looks == {f"/fal/fal-ai/flux/requests/{response.job.id}{rest}" for rest in ("", "/status")}
    files = [item for item in vendor.requests if item.path.startswith("/fal-media/")]
    assert len(files) == 2
    assert all("authorization" not in item.headers for item in files)


def test_async_is_the_same(image_config):
    response = asyncio.run(generate_image_async(image_config(), request()))
    assert response.images[0].content_type == "image/jpeg"


def test_pixels_go_out_as_width_and_height(image_config, posts):
    generate_image(image_config(), request(size="640x384"))
    assert posts()[0].json["image_size"] == {"width": 640, "height": 384}


def test_the_users_own_example_is_taken_and_told(image_config, posts):
    response = generate_image(image_config(), request(size="1792x1024", quality="hd", style="vivid"))
    assert posts()[0].json == {"prompt": "a boat at low tide", "image_size": {"width": 1792, "height": 1024}}
    reported = "\n".join(response.warnings)
    assert "quality" in reported
    assert "style" in reported


def test_a_model_with_ratios_gets_a_ratio(image_config, posts):
    generate_image(image_config("fal-ai/nano-banana-2"), request(aspect_ratio="21:9", resolution="2K"))
    assert posts()[0].json == {"prompt": "a boat at low tide", "aspect_ratio": "21:9", "resolution": "2K"}


def test_input_images_are_data_urls_in_the_models_own_field(image_config, posts, png):
    generate_image(image_config("fal-ai/nano-banana-2/edit"), request(image_list=[{"image": png}, {"image": png}]))
    links = posts()[0].json["image_urls"]
    assert len(links) == 2
    assert all(link.startswith("data:image/png;base64,") for link in links)


def test_any_other_model_gets_its_input_as_extra_params(image_config, posts):
    generate_image(image_config("acme/painter/v9"), request(extra_params={"brush": "wide", "layers": [1, 2]}))
    (sent,) = posts()
    assert sent.path == "/fal/acme/painter/v9"
    assert sent.json == {"prompt": "a boat at low tide", "brush": "wide", "layers": [1, 2]}


def test_the_cost_is_billed_units_times_the_price_of_one(vendor, image_config, tmp_path, monkeypatch):
    monkeypatch.setenv("TARASH_CACHE", str(tmp_path))
    config = image_config("fal-ai/nano-banana-2", provider_config={"platform_url": vendor.fal_platform_url})
    assert generate_image(config, request()).cost is None
    rows = {row.model: row for row in refresh_models(config)}
    assert rows["fal-ai/flux/dev"].max_images == 4
    assert "fal-ai/kling-video/v2.6/pro/text-to-video" in {row.model for row in list_models("fal")}
    response = generate_image(config, request(n=2))
    assert response.cost == pytest.approx(0.16)


@pytest.mark.parametrize(
    ("model", "fields", "dollars"),
    [
        ("fal-ai/flux/dev", {"size": "1920x1080", "n": 2}, 0.1),
        ("fal-ai/flux/dev", {"aspect_ratio": "16:9"}, 0.025),
        ("fal-ai/flux/schnell", {}, 0.003),
        ("fal-ai/flux-2-pro", {"size": "1920x1080"}, 0.045),
    ],
)
def test_a_flux_model_is_estimated_and_billed_by_the_megapixel(image_config, model, fields, dollars):
    config = image_config(model)
    estimated = estimate_cost(config, request(**fields))
    assert (estimated.low, estimated.high) == (pytest.approx(dollars), pytest.approx(dollars))
    if model == "fal-ai/flux/dev":
        assert generate_image(config, request(**fields)).cost == pytest.approx(dollars)


def test_a_price_that_the_platform_gives_by_the_megapixel_is_kept(vendor, image_config, tmp_path, monkeypatch):
    monkeypatch.setenv("TARASH_CACHE", str(tmp_path))
    config = image_config("fal-ai/flux/dev", provider_config={"platform_url": vendor.fal_platform_url})
    rows = {row.model: row for row in refresh_models(config)}
    assert rows["fal-ai/flux/dev"].price.per_megapixel == {"each": 0.025}
    assert estimate_cost(config, request(aspect_ratio="1:1")).high == pytest.approx(0.025)


def test_a_job_is_resumed_in_another_process(image_config):
    job = submit_image(image_config(), request())
    assert job.queue_position == 0
    again = ImageJob.model_validate_json(job.model_dump_json())
    assert resume_image(image_config(), again).images[0].content_type == "image/jpeg"


def test_a_job_in_the_queue_is_cancelled(vendor, image_config):
    vendor.job_seconds = 60
    job = submit_image(image_config(), request())
    assert cancel_image(image_config(), job).status == "cancelled"


def test_a_running_job_that_was_asked_to_stop_is_recovered_when_it_completes(vendor, image_config, tmp_path, caplog):
    journal = Journal(tmp_path)
    with journal:
        job = submit_image(image_config(), request())
        vendor.play(json_answer({"status": "CANCELLATION_REQUESTED"}, status=202), method="PUT")
        stopping = cancel_image(image_config(), job)
        assert (stopping.id, stopping.finished) == (job.id, False)
        assert f"was asked to stop job {job.id}, which may still complete and be billed" in caplog.text
        (found,) = recover_images(image_config(), journal)
        assert resume_image(image_config(), found).images[0].content_type == "image/jpeg"
        assert recover_images(image_config(), journal) == []


def test_a_completed_job_cannot_be_cancelled(vendor, image_config):
    vendor.job_seconds = 0.0
    job = submit_image(image_config(), request())
    assert poll_image(image_config(), job).status == "completed"
    with pytest.raises(InvalidRequestError, match="it is completed"):
        cancel_image(image_config(), job)


def test_a_job_that_failed_says_why_when_its_result_is_fetched(vendor, image_config, posts):
    vendor.end_jobs_as("failed", {"code": "internal", "message": "the worker crashed"})
    chain = image_config(fallback_configs=[image_config("fal-ai/flux/schnell")])
    with pytest.raises(GenerationFailedError, match="the worker crashed") as caught:
        generate_image(chain, request())
    assert caught.value.job.status == "failed"
    assert caught.value.code == "downstream_service_error"
    assert len(posts()) == 1


def test_a_refusal_before_the_job_names_categories_and_no_prompt(image_config, posts):
    chain = image_config(fallback_configs=[image_config("fal-ai/flux/schnell")])
    secret = ImageGenerationRequest(prompt="a forbidden scene of my own")
    with pytest.raises(ContentPolicyError) as caught:
        generate_image(chain, secret)
    assert list(caught.value.categories) == ["violence"]
    assert "of my own" not in f"{caught.value}{caught.value.raw}"
    assert (caught.value.billable, len(posts())) == ("no", 1)


def test_a_refusal_of_a_finished_job_carries_the_job(vendor, image_config, posts):
    vendor.end_jobs_as("failed", {"code": "moderation_blocked", "message": "flagged"})
    with pytest.raises(ContentPolicyError) as caught:
        generate_image(image_config(), request())
    assert caught.value.job.id
    assert caught.value.billable == "unknown"
    assert "low tide" not in str(caught.value.raw)
    assert len(posts()) == 1


def test_an_image_that_the_checker_blanked_is_told(vendor, image_config, png):
    job = submit_image(image_config(), request())
    images = [
        {"url": f"{vendor.origin}/1.png"},
        {"url": "data:image/png;base64," + __import__("base64").b64encode(png).decode()},
    ]
    body = {"images": images, "has_nsfw_concepts": [True, False]}
    vendor.play(json_answer({"status": "COMPLETED"}), path="/fal/*/status")
    vendor.play(json_answer(body), path=f"/fal/fal-ai/flux/requests/{job.id}")
    response = resume_image(image_config(), job)
    assert len(response.images) == 1
    assert any("blanked" in warning for warning in response.warnings)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_lost_answer_to_a_submit_is_not_sent_again(vendor, image_config, posts, status):
    vendor.play(json_answer({"detail": "bad gateway"}, status=status), method="POST")
    with pytest.raises(UnconfirmedGenerationError):
        generate_image(image_config(), request())
    assert len(posts()) == 1


@pytest.mark.parametrize("status", [429, 503, 502])
def test_trouble_after_the_submit_never_submits_again(vendor, image_config, posts, status):
    vendor.play(json_answer({"detail": "try later"}, status=status), method="GET", path="/fal/*")
    assert generate_image(image_config(), request()).images
    assert len(posts()) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"detail": "Unauthorized"}, AuthenticationError),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, QuotaExceededError),
        (
            422,
            {
                "detail": [
                    {
                        "loc": ["body", "seed"],
                        "msg": "Input should be a valid integer",
                        "type": "int_type",
                        "input": "my secret",
                    }
                ]
            },
            InvalidRequestError,
        ),
    ],
)
def test_refusals_say_what_they_mean(vendor, image_config, status, body, kind):
    vendor.play(json_answer(body, status=status), method="POST")
    with pytest.raises(kind) as caught:
        generate_image(image_config(), request())
    assert caught.value.billable == "no"
    assert "my secret" not in f"{caught.value}{caught.value.raw}"


def test_an_id_and_a_secret_of_the_environment_make_a_key(image_config, posts, monkeypatch):
    monkeypatch.setenv("FAL_KEY_ID", "the-id-of-the-tests")
    monkeypatch.setenv("FAL_KEY_SECRET", "the-secret-of-the-tests")
    generate_image(image_config(api_key=None), request())
    assert posts()[0].headers["authorization"] == "Key the-id-of-the-tests:the-secret-of-the-tests"
