"""The vendor's list of models. It shares nothing with the plugin's rows, so that one can catch a mistake of the other.

Read from what others quote of `GET /videos/models` and `GET /images/models` between August and October 2026.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RELEASED = 1_759_276_800
"""Unix time that every entry gives: October 2025."""

RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
RESOLUTIONS = ("360p", "480p", "720p", "768p", "1080p", "1K", "2K", "4K")
SHORT_SIDES = {"360p": 360, "480p": 480, "720p": 720, "768p": 768, "1080p": 1080, "1K": 1024, "2K": 1440, "4K": 2160}
"""Pixels of a video's shorter side, by tier."""

IMAGE_RATIOS = (
    *("1:1", "1:2", "1:4", "1:8", "2:1", "2:3", "2.35:1", "3:2", "3:4", "4:1", "4:3", "4:5", "5:2", "5:4", "5:7"),
    *("7:5", "8:1", "9:16", "16:9", "9:19.5", "19.5:9", "9:20", "20:9", "9:21", "21:9"),
)
IMAGE_SIDES = {"512": 512, "768": 768, "1K": 1024, "1.5K": 1536, "2K": 2048, "4K": 4096}
"""Pixels of a square image's side, by tier; other shapes have as many pixels."""


@dataclass(frozen=True)
class VideoEntry:
    """One video model."""

    id: str
    durations: tuple[int, ...] | None = None
    resolutions: tuple[str, ...] | None = None
    ratios: tuple[str, ...] | None = None
    sizes: tuple[str, ...] | None = None
    frames: tuple[str, ...] | None = None
    audio: bool | None = None
    seed: bool | None = None
    skus: dict[str, str] = field(default_factory=dict)
    passthrough: tuple[str, ...] = ()
    slug: str = ""
    """The vendor that runs it: only what is for it in `provider.options` is passed on."""
    continues: bool = False
    """Whether it edits and extends earlier jobs."""
    per_second: float = 0.0
    """Dollars."""

    def shown(self) -> dict[str, Any]:
        """Returns the entry as the list has it."""
        return {
            "id": self.id,
            "canonical_slug": f"{self.id}-20251001",
            "name": self.id.partition("/")[2],
            "created": RELEASED,
            "supported_durations": _list(self.durations),
            "supported_resolutions": _list(self.resolutions),
            "supported_aspect_ratios": _list(self.ratios),
            "supported_sizes": _list(self.sizes),
            "supported_frame_images": _list(self.frames),
            "generate_audio": self.audio,
            "seed": self.seed,
            "allowed_passthrough_parameters": list(self.passthrough),
            "pricing_skus": dict(self.skus) or None,
            "creativity": None,
            "upscale_factor": None,
        }

    def listed(self) -> dict[str, Any]:
        """Returns the entry as the list of all models has it."""
        return _listed(self.id, ["text", *(["image"] if self.frames else [])], "video", {})


@dataclass(frozen=True)
class ImageEntry:
    """One image model."""

    id: str
    parameters: dict[str, dict[str, Any]]
    streaming: bool = False
    cost: float = 0.04
    """Dollars an image."""

    def shown(self) -> dict[str, Any]:
        """Returns the entry as the list has it."""
        takes = ["text", "image"] if "input_references" in self.parameters else ["text"]
        return {
            "id": self.id,
            "name": self.id.partition("/")[2],
            "description": "",
            "created": RELEASED,
            "architecture": {"input_modalities": takes, "output_modalities": ["image"]},
            "supported_parameters": self.parameters,
            "supports_streaming": self.streaming,
            "endpoints": f"/api/v1/images/models/{self.id}/endpoints",
        }

    def listed(self) -> dict[str, Any]:
        """Returns the entry as the list of all models has it."""
        takes = ["text", "image"] if "input_references" in self.parameters else ["text"]
        return _listed(self.id, takes, "image", {"image_output": str(self.cost)})

    def values(self, name: str) -> tuple[str, ...]:
        """Returns what an enumerated parameter takes; empty where it is not listed."""
        found = self.parameters.get(name, {})
        return tuple(found["values"]) if found.get("type") == "enum" else ()

    def most(self, name: str, otherwise: int) -> int:
        """Returns the end of a parameter's range."""
        return int(self.parameters.get(name, {}).get("max", otherwise))


def _listed(name: str, takes: list[str], makes: str, prices: dict[str, str]) -> dict[str, Any]:
    return {
        "id": name,
        "canonical_slug": f"{name}-20251001",
        "name": name.partition("/")[2],
        "created": RELEASED,
        "description": "",
        "context_length": None,
        "architecture": {
            "modality": f"{'+'.join(takes)}->{makes}",
            "input_modalities": takes,
            "output_modalities": [makes],
            "instruct_type": None,
            "tokenizer": "Other",
        },
        "pricing": {"prompt": "0", "completion": "0", **prices},
        "top_provider": {"is_moderated": False, "context_length": None, "max_completion_tokens": None},
        "per_request_limits": None,
        "supported_parameters": ["seed"],
        "supported_voices": None,
        "default_parameters": None,
        "links": {"details": f"/api/v1/models/{name}/endpoints"},
    }


def _list(values: tuple[Any, ...] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _enum(*values: str) -> dict[str, Any]:
    return {"type": "enum", "values": list(values)}


def _range(low: int, high: int) -> dict[str, Any]:
    return {"type": "range", "min": low, "max": high}


_HD = ("1280x720", "720x1280", "1920x1080", "1080x1920")
_BOTH = ("first_frame", "last_frame")

VIDEO_ENTRIES = {
    row.id: row
    for row in (
        VideoEntry(
            "google/veo-3.1",
            durations=(4, 6, 8),
            resolutions=("720p", "1080p", "4K"),
            ratios=("16:9", "9:16"),
            sizes=(*_HD, "3840x2160", "2160x3840"),
            frames=_BOTH,
            audio=True,
            seed=True,
            skus={
                "duration_seconds_with_audio": "0.40",
                "duration_seconds_with_audio_4k": "0.60",
                "duration_seconds_without_audio": "0.20",
                "duration_seconds_without_audio_4k": "0.40",
            },
            passthrough=("negativePrompt",),
            slug="google-vertex",
            continues=True,
            per_second=0.4,
        ),
        VideoEntry(
            "google/veo-3.1-fast",
            durations=(4, 6, 8),
            resolutions=("720p", "1080p", "4K"),
            ratios=("16:9", "9:16"),
            sizes=(*_HD, "3840x2160", "2160x3840"),
            frames=_BOTH,
            audio=True,
            seed=True,
            skus={
                "duration_seconds_with_audio": "0.12",
                "duration_seconds_with_audio_720p": "0.10",
                "duration_seconds_with_audio_4k": "0.30",
            },
            passthrough=("negativePrompt",),
            slug="google-vertex",
            continues=True,
            per_second=0.1,
        ),
        VideoEntry(
            "google/veo-3.1-lite",
            durations=(8, 4, 6),
            resolutions=("720p", "1080p"),
            ratios=("16:9", "9:16"),
            sizes=_HD,
            frames=_BOTH,
            audio=True,
            seed=True,
            skus={
                "duration_seconds_with_audio": "0.08",
                "duration_seconds_without_audio": "0.05",
                "duration_seconds_with_audio_720p": "0.05",
                "duration_seconds_without_audio_720p": "0.03",
            },
            passthrough=("negativePrompt",),
            slug="google-vertex",
            continues=True,
            per_second=0.05,
        ),
        VideoEntry(
            "alibaba/wan-2.7",
            durations=tuple(range(2, 11)),
            resolutions=("720p", "1080p"),
            ratios=("16:9", "9:16", "1:1", "4:3", "3:4"),
            frames=_BOTH,
            audio=True,
            seed=True,
            skus={"duration_seconds": "0.1"},
            passthrough=("negative_prompt",),
            slug="atlas-cloud",
            per_second=0.1,
        ),
        VideoEntry(
            "bytedance/seedance-2.0",
            durations=tuple(range(4, 16)),
            resolutions=("480p", "720p", "1080p", "4K"),
            ratios=("1:1", "3:4", "9:16", "4:3", "16:9", "21:9", "9:21"),
            frames=_BOTH,
            audio=True,
            seed=True,
            skus={"video_tokens": "0.000007", "video_tokens_without_audio": "0.000007"},
            passthrough=("watermark", "req_key"),
            slug="seed",
            per_second=0.15,
        ),
        VideoEntry(
            "x-ai/grok-imagine-video-1.5-lite",
            durations=tuple(range(1, 16)),
            resolutions=("480p", "720p", "1080p"),
            ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3"),
            frames=("first_frame",),
            per_second=0.02,
        ),
        VideoEntry("openai/sora-2-pro", durations=(4, 8, 12), per_second=0.3),
    )
}
"""Video models by name. The last one lingers in the list, and nobody runs it any more."""

GONE = ("openai/sora-2", "openai/sora-2-pro")

IMAGE_ENTRIES = {
    row.id: row
    for row in (
        ImageEntry(
            "openai/gpt-image-2",
            {
                "quality": _enum("auto", "low", "medium", "high"),
                "background": _enum("auto", "opaque", "transparent"),
                "output_format": _enum("png", "jpeg", "webp"),
                "output_compression": _range(0, 100),
                "n": _range(1, 10),
                "input_references": _range(0, 16),
            },
            streaming=True,
        ),
        ImageEntry(
            "google/gemini-3.1-flash-lite-image",
            {
                "resolution": _enum("1K"),
                "aspect_ratio": _enum("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"),
                "n": _range(1, 1),
                "input_references": _range(0, 14),
            },
            cost=0.034,
        ),
        ImageEntry(
            "black-forest-labs/flux.2-pro",
            {
                "aspect_ratio": _enum("1:1", "16:9"),
                "output_format": _enum("png", "jpeg"),
                "n": _range(1, 1),
                "input_references": _range(0, 4),
                "seed": {"type": "boolean"},
            },
            cost=0.03,
        ),
    )
}
"""Image models by name."""
