"""Omni videos: jobs of the Interactions API, made in the background. Builds requests, and sends them in steps."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import ConfigurationError, UnsupportedOperationError
from tarash.tarash_gateway.models import Media, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import PreparedRequest
from tarash.tarash_gateway.plugins.http import Answer, HttpRequest, Steps, image_limit, without_none
from tarash_gateway_google.roles import cast
from tarash_gateway_google.uploads import INLINE_BYTES, Uploads
from tarash_gateway_google.urls import Urls

POLL_SECONDS = 30.0
"""Seconds that one poll of a job may take; a longer one is given up and asked again."""

POLL_BYTES = image_limit(2)
"""Bytes of an answer about a job: each gives the whole input back, and may hold the video."""

_LEFT_OUT = {
    "negative_prompt": "write what is not to be seen into the prompt",
    "size": "give aspect_ratio and resolution",
}
"""Fields that no Omni model has; they get here for a model without a row only."""


def submit(
    urls: Urls, prepared: PreparedRequest[VideoGenerationRequest], uploads: Uploads, notes: list[str]
) -> Steps[Answer]:
    """Uploads what is big, then creates the job. What the caller should know goes into `notes`."""
    request = prepared.request
    parts = cast(request, prepared.images)
    content: list[dict[str, Any]] = []
    for file in parts.images:
        part = yield from _part(urls, "image", file.content, file.content_type, uploads)
        content.append(part)
    if parts.note:
        notes.append(parts.note)
    notes += [f"{name}: Omni has no such parameter, {way}" for name, way in _LEFT_OUT.items() if getattr(request, name)]
    if request.n > 1:
        notes.append(f"n: Omni makes one video in one job, {request.n} were asked for")
    before = None
    if request.operation != "generate":
        if isinstance(request.video, VideoJob):
            check_home(request.video, urls)
            before = request.video.id
        elif isinstance(request.video, str):
            before = request.video
        else:
            data, kind = input_video_of(request)
            content.append((yield from _part(urls, "video", data, kind, uploads)))
    body = _body(urls, prepared, parts, content, before)
    return (yield HttpRequest("POST", urls.interactions(), body, limit=POLL_BYTES, prompts=(request.prompt,)))


def poll(urls: Urls, job: VideoJob) -> Steps[Answer]:
    """Polls a job."""
    return (yield poll_request("GET", urls.of_job(job).interactions(job.id), job))


def cancel(urls: Urls, job: VideoJob) -> Steps[Answer]:
    """Ends a job."""
    return (yield poll_request("POST", urls.of_job(job).interactions(job.id, "cancel"), job, {}))


def poll_request(method: str, path: str, job: VideoJob, body: Any = None) -> HttpRequest:
    """Returns a request about a job, whose answer may hold its input and its videos."""
    prompt = job.request.get("prompt")
    prompts = (prompt,) if isinstance(prompt, str) else ()
    videos = job.request.get("n")
    limit = max(POLL_BYTES, image_limit(videos) if isinstance(videos, int) else 0)
    return HttpRequest(method, path, body, limit=limit, most_seconds=POLL_SECONDS, prompts=prompts)


def _body(
    urls: Urls,
    prepared: PreparedRequest[VideoGenerationRequest],
    parts: Any,
    content: list[dict[str, Any]],
    before: str | None,
) -> dict[str, Any]:
    request = prepared.request
    # Vertex wants a place of the caller's for a result that is not in the answer.
    delivery = None if urls.of_vertex else "uri"
    seconds = request.duration_seconds
    body = {
        "model": prepared.model,
        "input": [*content, {"type": "text", "text": parts.prompt}] if content else parts.prompt,
        "background": True,
        "previous_interaction_id": before,
        "response_format": without_none(
            {
                "type": "video",
                "delivery": delivery,
                "aspect_ratio": request.aspect_ratio,
                "resolution": request.resolution,
                "duration": None if seconds is None else f"{seconds:g}s",
            }
        ),
        "generation_config": without_none(
            {"seed": request.seed, "video_config": {"task": parts.task} if parts.task else None}
        )
        or None,
    }
    return with_extra(without_none(body), request.extra_params)


def with_extra(body: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Adds the vendor's own parameters to a body; an object is merged into the one that is there."""
    for name, value in extra.items():
        there = body.get(name)
        body[name] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    return body


def _part(urls: Urls, kind: str, content: bytes, content_type: str, uploads: Uploads) -> Steps[dict[str, Any]]:
    """Makes the part of an input image or video: inside the request, or uploaded where possible and worth it."""
    part = {"type": kind, "mime_type": content_type}
    if len(content) <= INLINE_BYTES or urls.of_vertex:  # Vertex has no Files API
        return {**part, "data": b64encode(content).decode()}
    uri = yield from uploads.uri_of(urls, content, content_type)
    return {**part, "uri": uri}


def check_home(video: VideoJob, urls: Urls) -> None:
    """Makes sure that an earlier job is one of this vendor.

    Raises:
        ConfigurationError: it lives somewhere else.
    """
    if video.endpoint.rstrip("/") != urls.root:
        msg = (
            f"job {video.id} lives at {video.provider} ({video.endpoint}), and this request goes to {urls.root}; "
            "save its video and give the file"
        )
        raise ConfigurationError(msg)


def input_video_of(request: VideoGenerationRequest) -> tuple[bytes, str]:
    """Returns the bytes of a video that the caller gives, and their kind."""
    video = request.video
    if isinstance(video, Path):
        video = Media.from_file(video)
    if not isinstance(video, Media):
        msg = f"{request.operation} needs a video: give an earlier job, its id, a file or a Media as `video`"
        raise UnsupportedOperationError(msg)
    return video.content, video.content_type or "video/mp4"
