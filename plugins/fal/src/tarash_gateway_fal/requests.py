"""What goes out: the input of one model as JSON, in its own field names. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from tarash.tarash_gateway.capabilities import VideoModel
from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.models import GenerationJob, ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.plugins import PreparedRequest
from tarash.tarash_gateway.plugins.http import HttpRequest, path_segment, video_url
from tarash_gateway_fal.field_names import IMAGES, USUAL, FieldNames

_PIXELS = re.compile(r"(\d+)x(\d+)")
Field = tuple[str, str | None, Any]
"""A field of the request, what it is called at the model (None where it has none), and the value."""

_NAMESPACES = ("workflows", "comfy")
"""First segments of ids whose application has three segments."""


def image_request(prepared: PreparedRequest[ImageGenerationRequest]) -> HttpRequest:
    """Builds the submit of an image job."""
    request, names = prepared.request, _names_of(prepared)
    links = [file.data_url for file in prepared.images]
    fields: list[Field] = [
        ("n", names.count, request.n if request.n > 1 else None),
        *_shared(request, names),
        ("output_format", names.output_format, request.output_format),
        *((name, name, getattr(request, name)) for name in ("quality", "style", "background")),
        (
            "mask_image",
            names.mask,
            None if prepared.mask is None else prepared.mask.data_url,
        ),
        ("image_list", names.images, _inputs(links, names.images)),
    ]
    return _submit(prepared, fields)


def video_request(prepared: PreparedRequest[VideoGenerationRequest]) -> HttpRequest:
    """Builds the submit of a video job.

    Raises:
        ValidationError: the model has no place for an input image, or the video is none that can be sent.
    """
    request, names = prepared.request, _names_of(prepared)
    if request.n > 1:
        problem = Problem("n", "one job makes one video; submit several jobs", value=request.n, nearest=1)
        raise _refusal(prepared, [problem])
    frames = {file.role: file.data_url for file in prepared.images if file.role in ("first_frame", "last_frame")}
    references = [file.data_url for file in prepared.images if file.role not in frames]
    if len(frames) + len(references) < len(prepared.images):
        raise _refusal(prepared, [Problem("image_list", "has two images of one frame; give one for each")])
    if references and names.references is None and "first_frame" not in frames:
        frames["first_frame"] = references.pop(0)  # the one image that an image-to-video model takes
    fields: list[Field] = [
        ("duration_seconds", names.duration, _duration(prepared, names)),
        *_shared(request, names),
        ("generate_audio", names.audio, request.generate_audio),
        ("image_list", names.first_frame, frames.get("first_frame")),
        ("image_list", names.last_frame, frames.get("last_frame")),
        ("image_list", names.references, _inputs(references, names.references)),
        ("video", names.video, _source(prepared) if request.operation != "generate" else None),
    ]
    return _submit(prepared, fields)


def status_request(job: GenerationJob) -> HttpRequest:
    """Builds the question about a job."""
    return HttpRequest("GET", f"{_job_path(job)}/status")


def result_request(job: GenerationJob) -> HttpRequest:
    """Builds the request for what a job has made."""
    return HttpRequest("GET", _job_path(job))


def cancel_request(job: GenerationJob) -> HttpRequest:
    """Builds the request to stop a job."""
    return HttpRequest("PUT", f"{_job_path(job)}/cancel")


def _job_path(job: GenerationJob) -> str:
    """Returns where a job is: below the application, the first two segments of the model's id."""
    segments = job.model.split("/")
    count = 3 if segments[0] in _NAMESPACES else 2
    application = "/".join(path_segment(segment) for segment in segments[:count])
    return f"/{application}/requests/{path_segment(job.id)}"


def _submit(prepared: PreparedRequest[Any], fields: list[Field]) -> HttpRequest:
    """Builds the submit; a value that the model has no field for is refused, never dropped."""
    homeless = [name for name, wire, value in fields if wire is None and value is not None]
    if homeless:
        raise _refusal(prepared, [Problem(name, "the model has no field for it") for name in dict.fromkeys(homeless)])
    sent = {wire: value for _, wire, value in fields if value is not None}
    path = "/".join(path_segment(segment) for segment in prepared.model.split("/"))
    request = prepared.request
    return HttpRequest("POST", f"/{path}", {"prompt": request.prompt, **sent, **request.extra_params})


def _names_of(prepared: PreparedRequest[Any]) -> FieldNames:
    row = prepared.row
    return USUAL if row is None or not row.extra_params else FieldNames(row.extra_params)


def _shared(request: ImageGenerationRequest | VideoGenerationRequest, names: FieldNames) -> list[Field]:
    size = request.size
    pixels = _PIXELS.fullmatch(size) if size else None
    return [
        ("size", names.size, {"width": int(pixels[1]), "height": int(pixels[2])} if pixels else size),
        ("aspect_ratio", names.aspect_ratio, request.aspect_ratio),
        ("resolution", names.resolution, request.resolution),
        ("seed", names.seed, request.seed),
        ("negative_prompt", names.negative_prompt, request.negative_prompt),
    ]


def _inputs(links: list[str], name: str | None) -> Any:
    """Returns what goes into a field of input images: a list, or the one that it takes."""
    if not links:
        return None
    return links if name in IMAGES else links[0]


def _duration(prepared: PreparedRequest[VideoGenerationRequest], names: FieldNames) -> Any:
    """Returns the length as the model spells it: `"5"`, `"8s"` or 5."""
    seconds = prepared.request.duration_seconds
    if seconds is None:
        return None
    row = prepared.row
    words = row.param_values.get(names.duration or "") if isinstance(row, VideoModel) else None
    spelled = [word for word in words if str(word).rstrip("s") == f"{seconds:g}"] if isinstance(words, tuple) else []
    return spelled[0] if spelled else int(seconds) if seconds == int(seconds) else seconds


def _source(prepared: PreparedRequest[VideoGenerationRequest]) -> str:
    url = video_url(prepared.request.video)
    if url is not None:
        return url
    message = "must be a video (a file, bytes or its URL): this vendor changes videos, not jobs"
    raise _refusal(prepared, [Problem("video", message)])


def _refusal(prepared: PreparedRequest[Any], problems: list[Problem]) -> ValidationError:
    return ValidationError.of(f"fal/{prepared.model}", problems)


def models_request(cursor: str | None) -> HttpRequest:
    """Builds the question for one page of the platform's models, with their schemas."""
    page = f"&cursor={quote(cursor, safe='')}" if cursor else ""
    return HttpRequest("GET", f"/models?expand=openapi-3.0&status=active&limit=50{page}")


def prices_request(models: list[str]) -> HttpRequest:
    """Builds the question for what models cost."""
    return HttpRequest("GET", "/models/pricing?" + "&".join(f"endpoint_id={quote(model, safe='')}" for model in models))
