"""What goes out: one request of the protocol, built from a prepared one. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

from tarash.tarash_gateway.errors import Problem, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest, Media, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.models.request import Role
from tarash.tarash_gateway.plugins import InputFile, PreparedRequest
from tarash.tarash_gateway.plugins.http import HttpRequest, image_limit, path_segment, without_none
from tarash_gateway_openrouter.passthrough import negative_prompt_of

_FRAMES: tuple[Role, ...] = ("first_frame", "last_frame")


POLL_SECONDS = 30.0
"""Seconds that one poll of a job may take; a longer one is given up and asked again."""


def image_request(prepared: PreparedRequest[ImageGenerationRequest], *, stream: bool = False) -> HttpRequest:
    """Builds `POST /images`, with or without input images.

    Raises:
        ValidationError: the protocol has no place for something of it.
    """
    request = prepared.request
    if prepared.mask is not None:
        _refuse(prepared.model, [Problem("mask_image", "cannot be sent: this vendor's protocol has no mask")])
    body = {
        "model": prepared.model,
        "prompt": request.prompt,
        "n": request.n if request.n > 1 else None,
        "size": request.size,
        "aspect_ratio": request.aspect_ratio,
        "resolution": request.resolution,
        "quality": request.quality,
        "background": request.background,
        "output_format": request.output_format,
        "seed": request.seed,
        "input_references": [_part(file) for file in prepared.images] or None,
        "stream": True if stream else None,
        **request.extra_params,
    }
    headers = {"Accept": "text/event-stream, application/json"} if stream else {}
    return HttpRequest(
        "POST", "/images", without_none(body), headers=headers, limit=image_limit(request.n), prompts=(request.prompt,)
    )


def video_request(prepared: PreparedRequest[VideoGenerationRequest], endpoint: str) -> HttpRequest:
    """Builds `POST /videos`: a new video, or an earlier job's edited or extended.

    Args:
        prepared: the request.
        endpoint: where it goes, since an earlier job must be of the same place.

    Raises:
        ValidationError: the protocol has no place for something of it, or would drop it without a word.
        UnsupportedOperationError: the protocol has no such operation.
    """
    request = prepared.request
    problems = list(_problems(prepared))
    if problems:
        _refuse(prepared.model, problems)
    frames = [file for file in prepared.images if file.role in _FRAMES]
    references = [file for file in prepared.images if file.role not in _FRAMES]
    body: dict[str, Any] = {
        "model": prepared.model,
        "prompt": request.prompt,
        "duration": _whole(request.duration_seconds),
        "resolution": request.resolution,
        "aspect_ratio": request.aspect_ratio,
        "size": request.size,
        "generate_audio": request.generate_audio,
        "seed": request.seed,
        "frame_images": [{**_part(file), "frame_type": file.role} for file in frames] or None,
        "input_references": [_part(file) for file in references] or None,
        "previous_job_id": _source(prepared, endpoint),
        **request.extra_params,
    }
    if request.negative_prompt is not None:
        body["provider"] = negative_prompt_of(prepared.model, request.negative_prompt, body.get("provider"))
    return HttpRequest("POST", "/videos", without_none(body), prompts=(request.prompt,))


def status_request(job: VideoJob) -> HttpRequest:
    """Polls a job. The vendor's own address of it is not used: it may be relative, or anywhere."""
    prompt = job.request.get("prompt")
    prompts = (prompt,) if isinstance(prompt, str) else ()
    return HttpRequest("GET", f"/videos/{path_segment(job.id)}", most_seconds=POLL_SECONDS, prompts=prompts)


def content_request(job: VideoJob, index: int) -> HttpRequest:
    """Builds the download of a video."""
    return HttpRequest("GET", f"/videos/{path_segment(job.id)}/content?index={index}")


VIDEO_MODELS = HttpRequest("GET", "/videos/models")
IMAGE_MODELS = HttpRequest("GET", "/images/models")


def _problems(prepared: PreparedRequest[VideoGenerationRequest]) -> list[Problem]:
    """Finds what a model without a row takes here and the vendor would ignore."""
    request = prepared.request
    roles = [file.role for file in prepared.images]
    frames = [role for role in roles if role in _FRAMES]
    found = [
        Problem(f"image_list.{at}.type", f"the protocol has no {role!r} image; give it as 'reference'", value=role)
        for at, role in enumerate(roles)
        if role not in (*_FRAMES, "reference")
    ]
    found += [
        Problem("image_list", f"{frames.count(role)} images are {role}; give one")
        for role in _FRAMES
        if frames.count(role) > 1
    ]
    if frames and len(frames) < len(roles):
        message = "has frames and references; the vendor would drop the references, so give one kind only"
        found.append(Problem("image_list", message))
    if request.n > 1:
        found.append(Problem("n", "the protocol makes one video in one job; submit several jobs", value=request.n))
    if request.duration_seconds is not None and request.duration_seconds != int(request.duration_seconds):
        message = "the protocol takes whole seconds"
        near = f"{max(round(request.duration_seconds), 1)}"
        found.append(Problem("duration_seconds", message, value=request.duration_seconds, nearest=near))
    return found


def _source(prepared: PreparedRequest[VideoGenerationRequest], endpoint: str) -> str | None:
    """Returns the id of the job that is edited or extended."""
    request, video = prepared.request, prepared.request.video
    if request.operation == "generate":
        return None
    if request.operation == "remix":
        msg = "this vendor does not remix videos; operation='edit' does what is asked for with an earlier job"
        raise UnsupportedOperationError(msg)
    if isinstance(video, (Media, Path)) or video is None:
        message = "must be an earlier job of this vendor, or its id; a video of your own cannot be edited here"
        _refuse(prepared.model, [Problem("video", message)])
    if isinstance(video, VideoJob):
        if video.endpoint.rstrip("/") != endpoint:
            message = f"lives at {video.endpoint}; only jobs of {endpoint} can be edited or extended there"
            _refuse(prepared.model, [Problem("video", message)])
        return video.id
    return str(video)


def _refuse(model: str, problems: list[Problem]) -> NoReturn:
    subject = f"openrouter/{model}"
    raise ValidationError.of(subject, problems)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _part(file: InputFile) -> dict[str, Any]:
    """Makes a data URL of an input image, as the protocol takes it."""
    return {"type": "image_url", "image_url": {"url": file.data_url}}
