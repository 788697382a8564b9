"""What goes out: one request of the protocol, built from a prepared one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tarash.tarash_gateway.errors import UnsupportedOperationError, ValidationError
from tarash.tarash_gateway.media.decoding import decode_base64, decode_data_url
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import InputFile, Prepared
from tarash.tarash_gateway.problems import Problem

Part = tuple[str, tuple[str, bytes, str]]
"""A file part: field, then name, bytes and content type."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request of the protocol."""

    method: str
    path: str
    body: dict[str, Any] | None = field(default=None, repr=False)
    files: tuple[Part, ...] = field(default=(), repr=False)
    multipart: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


PARTIAL_PICTURES = 2
"""Partial pictures of a stream, where the request does not say how many; the protocol takes 0 to 3."""


def image_request(prepared: Prepared[ImageGenerationRequest], *, stream: bool = False) -> Outgoing:
    """`images/generations`, or `images/edits` where there are input images."""
    asked = prepared.request
    body = {
        "model": prepared.model,
        "prompt": asked.prompt,
        "n": asked.n,
        "size": asked.size,
        "quality": asked.quality,
        "style": asked.style,
        "background": asked.background,
        "output_format": asked.output_format,
        "stream": True if stream else None,
        "partial_images": PARTIAL_PICTURES if stream else None,
        **_without_a_row(asked.negative_prompt, asked.seed, asked.aspect_ratio, asked.resolution),
        **asked.extra_params,
    }
    if not prepared.images:
        return Outgoing("POST", "/images/generations", _given(body))
    name = "image" if len(prepared.images) == 1 else "image[]"
    files = [_part(name, file) for file in prepared.images]
    if prepared.mask is not None:
        files.append(_part("mask", prepared.mask))
    markup = body.pop("markup", None)
    if markup is not None:
        files.append(("markup", ("markup.png", _markup(markup), "image/png")))
    return Outgoing("POST", "/images/edits", _given(body), tuple(files), multipart=True)


def _markup(value: object) -> bytes:
    """The transparent PNG that is laid over the first picture, given as a data URL or as base64."""
    text = str(value)
    try:
        return decode_data_url(text) if text.startswith("data:") else decode_base64(text)
    except ValueError as error:
        problem = Problem("extra_params.markup", f"{error}; give a PNG as a data URL or as base64")
        subject = "images/edits"
        raise ValidationError.of(subject, [problem]) from error


def video_request(prepared: Prepared[VideoGenerationRequest]) -> Outgoing:
    """`videos`, or `videos/{id}/remix`."""
    asked = prepared.request
    if asked.operation == "remix":
        # A model without a row may have parameters of its own; for the others core has refused or left out the rest.
        own = {name: value for name, value in asked.extra_params.items() if name != "video_id"}
        return Outgoing("POST", f"/videos/{_id(_source(asked))}/remix", {"prompt": asked.prompt, **own})
    if asked.operation != "generate":
        msg = f"this plugin does not {asked.operation} videos; it generates and remixes them"
        raise UnsupportedOperationError(msg)
    body = {
        "model": prepared.model,
        "prompt": asked.prompt,
        "seconds": None if asked.duration_seconds is None else f"{asked.duration_seconds:g}",
        "size": asked.size,
        "generate_audio": asked.generate_audio,
        "n": asked.n if asked.n > 1 else None,
        **_without_a_row(asked.negative_prompt, asked.seed, asked.aspect_ratio, asked.resolution),
        **asked.extra_params,
    }
    # The official SDK sends a form here even without a file, and compatible servers were written against it.
    files = tuple(_part("input_reference", file) for file in prepared.images)
    return Outgoing("POST", "/videos", _given(body), files, multipart=True)


def status_request(job: VideoJob) -> Outgoing:
    """A look at a job."""
    return Outgoing("GET", f"/videos/{_id(job.id)}")


LISTED = 100
"""Jobs of one page of the list; the protocol gives no more."""


def list_request(after: str | None) -> Outgoing:
    """A page of the job list, newest first."""
    page = f"&after={_id(after)}" if after else ""
    return Outgoing("GET", f"/videos?limit={LISTED}&order=desc{page}")


def cancel_request(job: VideoJob) -> Outgoing:
    """The protocol has no cancel of its own: a job that is deleted is made no further."""
    return Outgoing("DELETE", f"/videos/{_id(job.id)}")


def content_request(job: VideoJob, offset: int) -> Outgoing:
    """The clip of a job, from `offset` on. No encoding is asked for: the length says whether all of it came."""
    headers = {"Accept": "video/mp4, */*", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    return Outgoing("GET", f"/videos/{_id(job.id)}/content", headers=headers)


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


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _part(field_name: str, file: InputFile) -> Part:
    return field_name, (file.name, file.content, file.content_type)


def _source(asked: VideoGenerationRequest) -> str:
    if isinstance(asked.video, VideoJob):
        return asked.video.id
    if isinstance(asked.video, str):
        return asked.video
    named = asked.extra_params.get("video_id")
    if not isinstance(named, str) or not named:
        msg = (
            "a remix starts from a video of the vendor: give its job as `video`, or its id as extra_params['video_id']"
        )
        raise UnsupportedOperationError(msg)
    return named


def _id(job_id: str) -> str:
    """An id as one segment of a path, whatever is in it."""
    return quote(job_id, safe="")
