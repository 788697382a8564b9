"""A request as plain JSON, with digests in place of media: what a job, a response and the journal remember."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins.provider import InputFile


def as_asked(
    request: GenerationRequest, images: Sequence[InputFile] = (), mask: InputFile | None = None
) -> dict[str, Any]:
    """`request` as it is sent.

    Args:
        request: the request, checked and converted.
        images: its input images, fetched.
        mask: its mask, fetched.
    """
    asked: dict[str, Any] = request.model_dump(
        mode="json", exclude_none=True, exclude_defaults=True, exclude={"image_list", "mask_image", "video"}
    )
    if images:
        asked["image_list"] = [{"type": file.role, "sha256": _digest(file)} for file in images]
    if mask is not None:
        asked["mask_image"] = {"sha256": _digest(mask)}
    video = getattr(request, "video", None)
    if isinstance(video, (VideoJob, str)):
        asked["video"] = video.id if isinstance(video, VideoJob) else video
    return asked


def _digest(file: InputFile) -> str:
    return hashlib.sha256(file.content).hexdigest()
