"""Which image is what to an Omni video: by their order, by a task, and by words in the prompt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.models import VideoGenerationRequest
from tarash.tarash_gateway.plugins import InputFile

_FRAMES = ("first_frame", "last_frame")
_TASKS = {(): None, ("first_frame",): "image_to_video", _FRAMES: "image_to_video"}
"""Frames, without references, to the vendor's word for it."""


@dataclass(frozen=True, slots=True)
class Cast:
    """The images in the order in which they go out, and how the model learns what each of them is."""

    images: tuple[InputFile, ...]
    task: str | None
    prompt: str
    note: str | None = None
    """What the caller should know of it."""


def cast(request: VideoGenerationRequest, images: Sequence[InputFile]) -> Cast:
    """Frames first and references behind them, each kind in the caller's order: the vendor binds them by order.

    Raises:
        ValidationError: the vendor has no way to say what is asked for.
    """
    frames = tuple(sorted((file for file in images if file.role in _FRAMES), key=lambda file: _FRAMES.index(file.role)))
    references = tuple(file for file in images if file.role not in _FRAMES)
    if request.operation != "generate":
        return Cast((*frames, *references), request.operation, request.prompt)
    roles = tuple(file.role for file in frames)
    if not references:
        if roles not in _TASKS:
            _refuse("one first_frame, alone or with one last_frame, is what the model takes")
        return Cast(frames, _TASKS[roles], request.prompt)
    if not frames:
        return Cast(references, "reference_to_video", request.prompt)
    if roles != ("first_frame",):
        _refuse("a last_frame does not go together with references; leave one of the two out")
    words = " ".join(f"<IMAGE_REF_{at}>@Image{at + 2}" for at in range(len(references)))
    prompt = f"[# Sources <FIRST_FRAME>@Image1] [# References {words}] {request.prompt}"
    if "<FIRST_FRAME>" in request.prompt:  # the caller says it in his own way
        return Cast((*frames, *references), None, request.prompt)
    note = "prompt: the model learns the parts of input images from the prompt; they were written in front of it"
    return Cast((*frames, *references), None, prompt, note)


def _refuse(why: str) -> None:
    subject = "the input images"
    raise ValidationError.of(subject, [Problem("image_list", why)])
