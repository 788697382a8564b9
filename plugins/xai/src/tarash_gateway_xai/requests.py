"""What goes out: one JSON request of the vendor's REST API, built from a prepared one. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import InputFile, PreparedRequest
from tarash.tarash_gateway.plugins.http import (
    HttpRequest,
    image_limit,
    path_segment,
    video_url,
    without_none,
)

_REFERENCES = ("reference", "asset")


def image_request(prepared: PreparedRequest[ImageGenerationRequest]) -> HttpRequest:
    """Builds `POST /images/generations`, or `/images/edits` where there are input images.

    Base64 is asked for: links of this vendor end within the hour.
    """
    request = prepared.request
    images = [_link(file) for file in prepared.images]
    body = {
        "model": prepared.model,
        "prompt": request.prompt,
        "n": request.n if request.n > 1 else None,
        "aspect_ratio": request.aspect_ratio,
        "resolution": request.resolution,
        "quality": request.quality,
        "response_format": "b64_json",
        "image": images[0] if len(images) == 1 else None,
        "images": images if len(images) > 1 else None,
        **_fields_without_a_row(request),
        **request.extra_params,
    }
    path = "/images/edits" if images else "/images/generations"
    return HttpRequest("POST", path, without_none(body), limit=image_limit(request.n))


def video_request(prepared: PreparedRequest[VideoGenerationRequest]) -> HttpRequest:
    """Builds `POST /videos/generations`, `/videos/edits` or `/videos/extensions`.

    Raises:
        ValidationError: the vendor has no place for something of it.
    """
    problems = list(_problems(prepared))
    if problems:
        raise _refusal(prepared, problems)
    request = prepared.request
    references = [_link(file) for file in prepared.images if file.role in _REFERENCES]
    frames = {file.role: _link(file) for file in prepared.images if file.role not in _REFERENCES}
    body = {
        "model": prepared.model,
        "prompt": request.prompt,
        "duration": None if request.duration_seconds is None else int(request.duration_seconds),
        "aspect_ratio": request.aspect_ratio,
        "resolution": request.resolution,
        "image": frames.get("first_frame"),
        "last_frame": frames.get("last_frame"),
        "reference_images": references or None,
        "generate_audio": request.generate_audio,
        "video": _source(prepared) if request.operation != "generate" else None,
        **_fields_without_a_row(request),
        **request.extra_params,
    }
    paths = {"generate": "/videos/generations", "edit": "/videos/edits", "extend": "/videos/extensions"}
    return HttpRequest("POST", paths[request.operation], without_none(body))


def status_request(job: VideoJob) -> HttpRequest:
    """Builds the question about a job."""
    return HttpRequest("GET", f"/videos/{path_segment(job.id)}")


def _problems(prepared: PreparedRequest[VideoGenerationRequest]) -> Iterator[Problem]:
    """Finds what a model without a row takes here and the vendor would refuse after the upload, or misread."""
    request = prepared.request
    if request.operation == "remix":
        yield Problem(
            "operation", "this vendor does not remix videos; 'edit' changes one", value="remix", nearest="edit"
        )
    roles = [file.role for file in prepared.images]
    for at, role in enumerate(roles):
        if role == "style":
            yield Problem(
                f"image_list.{at}.type", "the vendor has no 'style' image; give it as 'reference'", value=role
            )
    frames = [role for role in roles if role in ("first_frame", "last_frame")]
    if len(frames) != len(set(frames)):
        yield Problem("image_list", "has two images of one frame; give one for each")
    if frames and len(frames) < len(roles):
        yield Problem("image_list", "has frames and references; the vendor takes one kind only")
    if request.n > 1:
        yield Problem("n", "the vendor makes one video in one job; submit several jobs", value=request.n, nearest=1)
    seconds = request.duration_seconds
    if seconds is not None and seconds != int(seconds):
        yield Problem("duration_seconds", "the vendor takes whole seconds", value=seconds, nearest=max(int(seconds), 1))


def _source(prepared: PreparedRequest[VideoGenerationRequest]) -> dict[str, Any]:
    """Returns the video that is edited or extended: its bytes, or where the vendor has put it.

    Raises:
        ValidationError: it is an earlier job, whose link cannot be told from its id.
    """
    url = video_url(prepared.request.video)
    if url is not None:
        return {"url": url}
    message = "must be a video (a file, bytes or its URL): this vendor edits and extends videos, not jobs"
    raise _refusal(prepared, [Problem("video", message)])


def _refusal(prepared: PreparedRequest[Any], problems: list[Problem]) -> ValidationError:
    return ValidationError.of(f"xai/{prepared.model}", problems)


def _fields_without_a_row(request: ImageGenerationRequest | VideoGenerationRequest) -> dict[str, Any]:
    """Fields that no model of today has: they are still here only for a model without a row, which may."""
    fields = {"size": request.size, "seed": request.seed, "negative_prompt": request.negative_prompt}
    return without_none(fields)


def _link(file: InputFile) -> dict[str, Any]:
    return {"url": file.data_url, "type": "image_url"}
