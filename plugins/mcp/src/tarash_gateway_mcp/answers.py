"""What tools answer: a JSON object, and the files to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.models import ImageGenerationResponse, Media, VideoGenerationResponse
from tarash_gateway_cli.results import file_as_json

SHOWN: Final = (
    "sizes", "aspect_ratios", "resolutions", "durations", "qualities", "styles", "backgrounds", "output_formats",
    "audio", "max_images", "min_input_images", "max_input_images", "price", "lifecycle", "unsupported",
)  # fmt: skip
"""Columns of a row that an agent can use."""


@dataclass(slots=True)
class Answer:
    """What a tool says: a JSON object, and files to show."""

    content: dict[str, Any]
    media: list[Media] = field(default_factory=list)
    """Each with its path."""


def describe_row(provider: str, row: Any) -> dict[str, Any]:
    """Returns what an agent can use of a row; what is not known or does not apply is left out."""
    fields = row.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    kind = "video" if hasattr(row, "durations") else "image"
    return {
        "model": f"{provider}/{row.model}",
        "kind": kind,
        **{name: fields[name] for name in SHOWN if name in fields},
    }


def describe_response(response: ImageGenerationResponse | VideoGenerationResponse) -> dict[str, Any]:
    """Returns what is known of a result besides its files."""
    return {
        "status": response.status,
        "model": f"{response.provider}/{response.model}",
        "cost": response.cost,
        "cost_source": response.cost_source,
        "adjustments": [str(adjustment) for adjustment in response.adjustments],
        "request_id": response.request_id,
    }


def describe_videos(content: dict[str, Any], response: VideoGenerationResponse) -> Answer:
    """Writes the sidecars of videos that are in their files, and tells of both."""
    warnings = list(response.warnings)
    for media in response.videos:
        try:
            media.write_sidecar("replace")
        except SaveError as error:  # the video is there: that is what counts
            warnings.append(str(error))
    return answer_with_files({**content, **describe_response(response), "warnings": warnings}, response.videos)


def answer_with_files(content: dict[str, Any], media: list[Media]) -> Answer:
    """Returns `content` with the facts of each file."""
    # What the model made of the prompt is a vendor's text: it stays in the sidecar.
    files = [file_as_json(item, item.path) for item in media if item.path is not None]
    for file in files:
        file.pop("revised_prompt", None)
    return Answer({"files": files, **content}, media)
