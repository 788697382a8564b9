# ruff: noqa: INP001 # a script is in no package
"""The table of `docs/portability.md`: typical requests, and what becomes of each with every living model.

`tables.py` writes it; the tests send every cell through the sandbox.
"""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway import RequestPlan, list_models, list_providers, plan
from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

PROVIDERS = ("openai", "azure_openai", "google", "google-vertex", "openrouter", "xai", "fal")

IMAGE_REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dall-e-3", {"size": "1792x1024", "quality": "hd", "style": "vivid"}),
    ("dall-e-2", {"size": "512x512", "n": 4, "extra_params": {"response_format": "b64_json"}}),
    (
        "gpt-image-1.5",
        {"size": "1536x1024", "quality": "high", "background": "transparent", "output_format": "webp"},
    ),
    (
        "gpt-image-1-mini",
        {"quality": "low", "output_format": "jpeg", "extra_params": {"output_compression": 70, "moderation": "low"}},
    ),
    ("gpt-image-2", {"size": "2048x1152", "quality": "medium", "n": 2}),
    ("gpt-image-2.5-sunburst", {"size": "3840x2160", "quality": "max"}),
    (
        "gpt-image-2.6-flare",
        {
            "size": "1024x1024",
            "quality": "xhigh",
            "output_format": "gif",
            "extra_params": {"frame_count": 3, "frame_duration_ms": 200, "complexity": "low"},
        },
    ),
    ("gemini-nano-banana-2.1", {"aspect_ratio": "21:9", "resolution": "2K", "seed": 7}),
    ("gemini-3.1-flash-image", {"aspect_ratio": "1:4", "resolution": "512"}),
    ("openai/gpt-image-2 by openrouter", {"aspect_ratio": "4:5", "quality": "auto", "seed": 11}),
)
"""The model that each one is typical for, and its fields besides the prompt."""

VIDEO_REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sora-2", {"duration_seconds": 8, "size": "1280x720", "generate_audio": True}),
    ("sora-2-pro", {"duration_seconds": 15, "size": "1792x1024"}),
    (
        "veo-3.1-generate-001",
        {
            "duration_seconds": 6,
            "aspect_ratio": "16:9",
            "resolution": "1080p",
            "generate_audio": False,
            "negative_prompt": "fog",
            "seed": 7,
        },
    ),
    ("gemini-omni-1.2-flash", {"duration_seconds": 5, "aspect_ratio": "9:16", "resolution": "360p"}),
    ("bytedance/seedance-2.0", {"duration_seconds": 12, "aspect_ratio": "21:9", "resolution": "480p", "seed": 3}),
    ("alibaba/wan-2.7", {"duration_seconds": 3, "aspect_ratio": "1:1", "resolution": "1080p"}),
)
"""The model that each one is typical for, and its fields besides the prompt."""

Row = ImageModel | VideoModel


def rows(kind: str, *, living: bool) -> list[tuple[str, Row]]:
    """Every shipped row of a kind, with its provider; `living` leaves out what its vendor has retired."""
    shipped = [
        (provider, row)
        for provider in PROVIDERS
        if provider in list_providers()
        for row in list_models(provider)
        if isinstance(row, ImageModel if kind == "image" else VideoModel) and not row.min_input_images
    ]
    return [(provider, row) for provider, row in shipped if not living or _lives(row)]


def _lives(row: Row) -> bool:
    # By its row and not by the day: the page must not change by itself.
    return row.lifecycle.status != "retired"


def image_table() -> str:
    """What becomes of the typical image requests."""
    return _table("image", IMAGE_REQUESTS)


def video_table() -> str:
    """What becomes of the typical video requests."""
    return _table("video", VIDEO_REQUESTS)


def _table(kind: str, requests: tuple[tuple[str, dict[str, Any]], ...]) -> str:
    head = ("Provider and model", *(str(at) for at in range(1, len(requests) + 1)))
    models: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for provider, row in rows(kind, living=True):
        cells = tuple(cell(planned(kind, provider, row.model, fields)) for _, fields in requests)
        models.setdefault((provider, cells), []).append(f"`{row.model}`")
    lines = [head, tuple("---" for _ in head)]
    lines += [(f"{provider}: {', '.join(names)}", *cells) for (provider, cells), names in models.items()]
    legend = [f"{at}. as for `{name}`: {_fields(fields)}" for at, (name, fields) in enumerate(requests, start=1)]
    return "\n".join([*legend, "", *(f"| {' | '.join(cells)} |" for cells in lines)])


def _fields(fields: dict[str, Any]) -> str:
    return f"`{', '.join(f'{name}={value!r}' for name, value in fields.items())}`".replace("'", '"')


def planned(kind: str, provider: str, model: str, fields: dict[str, Any], **settings: Any) -> RequestPlan:
    """The plan of one cell: `unsupported_values="nearest"`, unless `settings` say otherwise."""
    known = {"provider": provider, "model": model, "unsupported_values": "nearest", **settings}
    if kind == "image":
        return plan(ImageGenerationConfig(**known), ImageGenerationRequest(prompt="a pier", **fields))
    return plan(VideoGenerationConfig(**known), VideoGenerationRequest(prompt="a pier", **fields))


def cell(shown: RequestPlan) -> str:
    """What became of a request, in a few words."""
    if shown.problems:
        return "refused: " + ", ".join(dict.fromkeys(problem.field for problem in shown.problems))
    told = []
    if shown.adjustments:
        changed = (f"{item.field} {'not sent' if item.sent is None else item.sent}" for item in shown.adjustments)
        told.append(f"adjusted: {', '.join(changed)}")
    if shown.left_out:
        told.append(f"left out: {', '.join(name.removeprefix('extra_params.') for name in shown.left_out)}")
    return "; ".join(told) or "as asked"
