"""What goes out: one request of the protocol, built from a prepared one. Pure."""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway.errors import Problem, UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import InputFile, PreparedRequest, decode_base64
from tarash.tarash_gateway.plugins.http import FilePart, HttpRequest, image_limit, path_segment, without_none

POLL_SECONDS = 30.0
"""Seconds that one poll of a job may take; a longer one is given up and sent again."""

PARTIAL_IMAGES = 2
"""Partial images of a stream, where the request does not say how many; the protocol takes 0 to 3."""


def image_request(prepared: PreparedRequest[ImageGenerationRequest], *, stream: bool = False) -> HttpRequest:
    """Builds `images/generations`, or `images/edits` where there are input images."""
    request = prepared.request
    body = {
        "model": prepared.model,
        "prompt": request.prompt,
        "n": request.n,
        "size": request.size,
        "quality": request.quality,
        "style": request.style,
        "background": request.background,
        "output_format": request.output_format,
        "stream": True if stream else None,
        "partial_images": PARTIAL_IMAGES if stream else None,
        **_without_a_row(request.negative_prompt, request.seed, request.aspect_ratio, request.resolution),
        **request.extra_params,
    }
    limit = image_limit(request.n + (PARTIAL_IMAGES if stream else 0))
    if not prepared.images:
        return HttpRequest("POST", "/images/generations", without_none(body), limit=limit)
    name = "image" if len(prepared.images) == 1 else "image[]"
    files = [_part(name, file) for file in prepared.images]
    if prepared.mask is not None:
        files.append(_part("mask", prepared.mask))
    markup = body.pop("markup", None)
    if markup is not None:
        files.append(FilePart("markup", "markup.png", _markup(markup), "image/png"))
    return HttpRequest("POST", "/images/edits", without_none(body), tuple(files), form=True, limit=limit)


def _markup(value: object) -> bytes:
    """Returns the transparent PNG that is laid over the first image, given as a data URL or as base64."""
    text = str(value)
    try:
        return decode_base64(text.partition(",")[2] if text.startswith("data:") else text)
    except ValueError as error:
        problem = Problem("extra_params.markup", f"{error}; give a PNG as a data URL or as base64")
        subject = "images/edits"
        raise ValidationError.of(subject, [problem]) from error


def video_request(prepared: PreparedRequest[VideoGenerationRequest]) -> HttpRequest:
    """Builds `videos`, or `videos/{id}/remix`."""
    request = prepared.request
    if request.operation == "remix":
        # A model without a row may have parameters of its own; for the others core has refused or left out the rest.
        own = {name: value for name, value in request.extra_params.items() if name != "video_id"}
        return HttpRequest("POST", f"/videos/{path_segment(_source(request))}/remix", {"prompt": request.prompt, **own})
    if request.operation != "generate":
        msg = f"this plugin does not {request.operation} videos; it generates and remixes them"
        raise UnsupportedOperationError(msg)
    body = {
        "model": prepared.model,
        "prompt": request.prompt,
        "seconds": None if request.duration_seconds is None else f"{request.duration_seconds:g}",
        "size": request.size,
        "generate_audio": request.generate_audio,
        "n": request.n if request.n > 1 else None,
        **_without_a_row(request.negative_prompt, request.seed, request.aspect_ratio, request.resolution),
        **request.extra_params,
    }
    # The official SDK sends a form here even without a file, and compatible servers were written against it.
    files = tuple(_part("input_reference", file) for file in prepared.images)
    return HttpRequest("POST", "/videos", without_none(body), files, form=True)


def status_request(job: VideoJob) -> HttpRequest:
    """Builds the request for the status of a job."""
    return HttpRequest("GET", f"/videos/{path_segment(job.id)}", most_seconds=POLL_SECONDS)


LISTED = 100
"""Jobs of one page of the list; the protocol gives no more."""


def list_request(after: str | None) -> HttpRequest:
    """Builds the request for a page of the job list, newest first."""
    page = f"&after={path_segment(after)}" if after else ""
    return HttpRequest("GET", f"/videos?limit={LISTED}&order=desc{page}", most_seconds=POLL_SECONDS)


def cancel_request(job: VideoJob) -> HttpRequest:
    """Builds the request that cancels a job: the protocol has no other, and one that is deleted is made no further."""
    return HttpRequest("DELETE", f"/videos/{path_segment(job.id)}", most_seconds=POLL_SECONDS)


def content_request(job: VideoJob) -> HttpRequest:
    """Builds the request for the video of a job."""
    return HttpRequest("GET", f"/videos/{path_segment(job.id)}/content")


def _without_a_row(
    negative_prompt: str | None, seed: int | None, aspect_ratio: str | None, resolution: str | None
) -> dict[str, Any]:
    """Fields that OpenAI's own models do not have: they are still here only for a model without a row, which may."""
    return {
        "negative_prompt": negative_prompt,
        "seed": seed,
        "aspect_ratio": aspect_ratio,
        "resolution": resolution,
    }


def _part(field_name: str, file: InputFile) -> FilePart:
    return FilePart(field_name, file.name, file.content, file.content_type)


def _source(request: VideoGenerationRequest) -> str:
    if isinstance(request.video, VideoJob):
        return request.video.id
    if isinstance(request.video, str):
        return request.video
    named = request.extra_params.get("video_id")
    if not isinstance(named, str) or not named:
        msg = (
            "a remix starts from a video of the vendor: give its job as `video`, or its id as extra_params['video_id']"
        )
        raise UnsupportedOperationError(msg)
    return named
