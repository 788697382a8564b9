"""Typed use of the public face. Never run: mypy and pyright read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import assert_type

from pydantic import SecretStr

from tarash.tarash_gateway import (
    Problem,
    RequestPlan,
    check_request,
    estimate_cost,
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    list_models,
    list_providers,
    plan,
    register_plugin,
    stream_image,
    stream_image_async,
)
from tarash.tarash_gateway.capabilities import DurationRule, ImageModel, Lifecycle, Price, SizeRule, VideoModel
from tarash.tarash_gateway.errors import ContentPolicyError, TarashError, ValidationError
from tarash.tarash_gateway.models import (
    GenerationConfig,
    GenerationJob,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    ImageType,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
    VideoGenerationUpdate,
    VideoJob,
)
from tarash.tarash_gateway.plugins import (
    ImageAnswer,
    ImageOutput,
    Prepared,
    Provider,
    ProviderSpec,
    VideoStatus,
    error_for_status,
    hookimpl,
    seconds_to_wait,
)


async def key_from_a_vault() -> str:
    return "sk-from-a-vault"


def configs() -> tuple[ImageGenerationConfig, VideoGenerationConfig]:
    spare = ImageGenerationConfig(provider="azure-openai", model="my-deployment", base_model="gpt-image-1")
    image = ImageGenerationConfig(
        provider="openai",
        model="gpt-image-1",
        api_key="sk-plain",
        timeout=60,
        max_retries=1,
        fallback_configs=(spare,),
        unsupported="error",
        max_cost=0.5,
        provider_config={"organization": "org"},
    )
    video = VideoGenerationConfig(provider="sandbox", model="sora-2", api_key=key_from_a_vault, poll_interval=0.5)
    ImageGenerationConfig(provider="openai", model="gpt-image-1", api_key=SecretStr("sk-wrapped"))
    return image, video


def on_image(update: ImageGenerationUpdate) -> None:
    print(update.status, update.elapsed_seconds, update.image)


async def on_video(update: VideoGenerationUpdate) -> None:
    job: VideoJob | None = update.job
    print(update.progress, job and job.id)


def images(config: ImageGenerationConfig) -> bytes:
    request = ImageGenerationRequest(
        prompt="a cat",
        size="1024x1024",
        n=2,
        image_list=[ImageType(image=Path("cat.png")), ImageType(image=b"...", type="style")],
        mask_image=ImageType(image="https://example.org/mask.png"),
        extra_params={"user": "me", "nested": [1, None]},
    )
    problems = check_request(config, request)
    assert_type(problems, list[Problem])
    assert_type(plan(config, request), RequestPlan)
    response = generate_image(config, request, on_progress=on_image)
    assert_type(response, ImageGenerationResponse)
    first = response.images[0]
    assert_type(first, Media)
    assert_type(first.save("cat.png", exists="replace"), Path)
    assert_type(first.sha256, str | None)
    assert_type(response.cost, float | None)
    return first.content


def videos(config: VideoGenerationConfig) -> VideoJob | None:
    request = VideoGenerationRequest(prompt="a cat", duration_seconds=4, size="1280x720", generate_audio=True)
    try:
        response = generate_video(config, request, on_progress=on_video, save_to="cat.mp4", exists="skip")
    except ContentPolicyError as error:
        assert_type(error.categories, tuple[str, ...])
        raise
    except ValidationError as error:
        assert_type(error.problems, tuple[Problem, ...])
        raise
    except TarashError as error:
        assert_type(error.job, GenerationJob | None)
        assert_type(error.retry_after, float | None)
        raise
    assert_type(response, VideoGenerationResponse)
    assert_type(response.video, Media)
    remix = VideoGenerationRequest(prompt="a dog", video=response.job, operation="remix")
    return generate_video(config, remix).job


async def at_once(image: ImageGenerationConfig, video: VideoGenerationConfig) -> None:
    assert_type(await generate_image_async(image, ImageGenerationRequest(prompt="x")), ImageGenerationResponse)
    made = await generate_video_async(video, VideoGenerationRequest(prompt="x"), save_to=Path("x.mp4"))
    assert_type(made, VideoGenerationResponse)
    if made.job is not None:
        assert_type(VideoJob.model_validate_json(made.job.model_dump_json()), VideoJob)


def streams(image: ImageGenerationConfig) -> None:
    for update in stream_image(image, ImageGenerationRequest(prompt="x")):
        assert_type(update, ImageGenerationUpdate)
        assert_type(update.image, Media | None)
        if update.response is not None:
            assert_type(update.response, ImageGenerationResponse)


async def streams_async(image: ImageGenerationConfig) -> None:
    async for update in stream_image_async(image, ImageGenerationRequest(prompt="x")):
        assert_type(update, ImageGenerationUpdate)


def costs(image: ImageGenerationConfig, video: VideoGenerationConfig) -> None:
    known = estimate_cost(image, ImageGenerationRequest(prompt="x"))
    if known is not None:
        assert_type(known.low, float)
        assert_type(known.high, float)
        assert_type(known.basis, str)
    estimate_cost(video, VideoGenerationRequest(prompt="x"))


def lists() -> None:
    assert_type(list_providers(), list[str])
    for row in list_models("openai"):
        assert_type(row, ImageModel | VideoModel)
        print(row.model, row.lifecycle.notice(row.model, date(2026, 1, 1)))
    assert_type(list_models(kind="image"), list[ImageModel | VideoModel])
    assert_type(list_models("openai", kind="video", status="retired"), list[ImageModel | VideoModel])


SOURCE = "https://acme.test/docs"
CHECKED = date(2026, 1, 1)

IMAGE = ImageModel(
    model="acme-image",
    source=SOURCE,
    checked_on=CHECKED,
    sizes=SizeRule(multiple_of=16, max_edge=2048, words=("auto",)),
    aspect_ratios={"16:9": "1792x1024"},
    qualities=("low", "high"),
    unsupported=("seed",),
    lifecycle=Lifecycle(status="deprecated", shutdown=date(2027, 1, 1), replacement="acme-image-2"),
    price=Price(per_image={"low 1024x1024": 0.01}, source=SOURCE, checked_on=CHECKED),
)
VIDEO = VideoModel(
    model="acme-video", source=SOURCE, checked_on=CHECKED, durations=DurationRule(min=4, max=15), audio="always"
)


class AcmeProvider(Provider):
    endpoint = "https://api.acme.test/v1"

    def generate_image(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        if timeout < 1:
            raise error_for_status(503, "busy", headers={"retry-after": "1"})
        assert_type(seconds_to_wait({}), float | None)
        return ImageAnswer([ImageOutput(base64="...", revised_prompt=prepared.request.prompt)])

    async def submit_video_async(self, prepared: Prepared[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        job = VideoJob(provider="acme", model=prepared.model, id="job_1", endpoint=self.endpoint)
        return VideoStatus(job, poll_after=min(timeout, 2.0))


class AcmePlugin:
    @hookimpl
    def tarash_provider_specs(self) -> Iterable[ProviderSpec]:
        yield ProviderSpec(name="acme", api_version=1, image_models=(IMAGE,), video_models=(VIDEO,))

    @hookimpl
    def tarash_create_provider(self, config: GenerationConfig) -> Provider:
        print(config.provider)
        return AcmeProvider()


def in_this_process() -> None:
    with register_plugin(AcmePlugin(), replace=True) as registration:
        registration.unregister()
