"""Videos that are made of others: remixes, edits and extensions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.errors import (
    VendorError,
    invalid_type,
    invalid_value,
    missing_parameter,
    unknown_parameter,
)
from tarash_gateway_sandbox.openai import checks, rows
from tarash_gateway_sandbox.openai.videos import OpenAIJob, known_job
from tarash_gateway_sandbox.replies import Answer, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

EXTENSIONS = ("4", "8", "12", "16", "20")
"""Seconds that an extension adds."""
PROMPT_LENGTH = 32_000
UPLOADED = "sora-2"
"""The model of a video that was uploaded."""
MOST_PIXELS = 1920 * 1920


async def remix(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos/{id}/remix: a prompt, and nothing else."""
    body = rows.body_of(call)
    source = _completed(call.name, vendor)
    checks.known_keys(body, ("prompt",))
    for file in call.request.files:
        raise unknown_parameter(file.field)
    return _derived(call, vendor, source, body)


async def edit(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos/edits: a prompt, and a video as a file or by its id."""
    body = rows.body_of(call)
    source = await _source(call, vendor, body, ("prompt", "video"))
    return _derived(call, vendor, source, body)


async def extend(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos/extensions: a prompt, a video, and how many seconds are added to it."""
    body = rows.body_of(call)
    source = await _source(call, vendor, body, ("prompt", "video", "seconds"))
    added = checks.text(body, "seconds", EXTENSIONS)
    if added is None:
        raise missing_parameter(name="seconds")
    return _derived(call, vendor, dataclasses.replace(source, seconds=source.seconds + int(added)), body)


def _derived(call: Call, vendor: Vendor, source: OpenAIJob, body: Mapping[str, Any]) -> Answer:
    job = vendor.start_job(
        OpenAIJob,
        call,
        model=source.model,
        prompt=checks.prompt(body, PROMPT_LENGTH),
        size=source.size,
        seconds=source.seconds,
        reference=source.reference,
        remixed_from=source.id or None,
        remixes=source.remixes + 1,
        scene=source.scene or source.prompt,
        profile=vendor.profile,
    )
    return json_answer(job.resource())


async def _source(call: Call, vendor: Vendor, body: Mapping[str, Any], allowed: tuple[str, ...]) -> OpenAIJob:
    """Returns the video that a request names or brings."""
    checks.known_keys(body, (*allowed, "video[id]"))
    files = [file for file in call.request.files if file.field == "video"]
    checks.known_keys({file.field: 0 for file in call.request.files}, ("video",))
    source = body.get("video", {"id": body["video[id]"]} if "video[id]" in body else None)  # a form spells it so
    if files and source is None:
        return await vendor.studio.run(_uploaded, files[0].content)
    if source is None:
        raise missing_parameter(name="video")
    if not isinstance(source, Mapping) or not isinstance(source.get("id"), str) or files:
        raise invalid_type(name="video", expected="a file or an object with an id", value=source)
    return _completed(source["id"], vendor)


def _completed(name: str, vendor: Vendor) -> OpenAIJob:
    source = known_job(name, vendor)
    if not source.completed:
        msg = f"Video with id '{source.id}' is not completed yet."
        raise VendorError(msg, param="video_id", code="invalid_value")
    return source


def _uploaded(content: bytes) -> OpenAIJob:
    from tarash_gateway_sandbox.artwork.video import inspect  # noqa: PLC0415 - brings Pillow and PyAV

    try:
        image, (width, height), seconds = inspect(content)
    except Exception as error:  # PyAV raises as many kinds of error as there are broken files
        msg = "Invalid video file, please check your video file."
        raise VendorError(msg, param="video", code="invalid_video_file") from error
    if width * height > MOST_PIXELS or seconds > 60:
        size = f"{width}x{height}, {seconds:.0f} seconds"
        raise invalid_value(name="video", value=size, supported=("videos up to 1920x1920 and 60 seconds",))
    return OpenAIJob(
        model=UPLOADED,
        prompt="",
        size=f"{width}x{height}",
        seconds=max(1, round(seconds)),
        duration=0.0,
        reference=image,
        id="",
    )
