"""Finds the row that a config follows."""

from __future__ import annotations

from typing import Protocol

from tarash.tarash_gateway.capabilities.live import live_row
from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.models.config import GenerationConfig, ImageGenerationConfig, VideoGenerationConfig


class ProviderRows(Protocol):
    """The rows of a provider. A `ProviderSpec` has them."""

    name: str
    image_models: tuple[ImageModel, ...]
    video_models: tuple[VideoModel, ...]
    default_image_model: ImageModel | None
    default_video_model: VideoModel | None
    live_models: bool

    def wire_model(self, model: str, /) -> str:
        """Returns the vendor's name of a model."""


def find_row(config: GenerationConfig, spec: ProviderRows) -> tuple[ModelRow | None, bool]:
    """Finds the row that `config` follows, and says whether it may refuse.

    The config's own row comes first, then one that the vendor published, then the plugin's row of `base_model` or
    `model`. The provider's default row, where there is one, converts a model without a row and never refuses it: the
    service is the authority.
    """
    name = spec.wire_model(config.base_model or config.model)
    if spec.live_models and config_row(config) is None:
        live, fresh = live_row(spec.name, "image" if isinstance(config, ImageGenerationConfig) else "video", name)
        if live is not None:
            return live, fresh
    if isinstance(config, ImageGenerationConfig):
        own: ModelRow | None = config_row(config) or _by_name(spec.image_models).get(name)
        default: ModelRow | None = spec.default_image_model
    else:
        own = config_row(config) or _by_name(spec.video_models).get(name)
        default = spec.default_video_model
    return (own, True) if own is not None else (default, False)


def config_row(config: GenerationConfig) -> ModelRow | None:
    """Returns the row of `config.capabilities`."""
    return config.capabilities if isinstance(config, (ImageGenerationConfig, VideoGenerationConfig)) else None


_cached: dict[int, tuple[tuple[ModelRow, ...], dict[str, ModelRow]]] = {}


def _by_name(rows: tuple[ImageModel, ...] | tuple[VideoModel, ...]) -> dict[str, ModelRow]:
    """Indexes each tuple once. Keyed by identity, since comparing rows costs more than looking one up."""
    entry = _cached.get(id(rows))
    if entry is None or entry[0] is not rows:
        entry = (rows, {name: row for row in rows for name in row.names()})
        _cached[id(rows)] = entry
    return entry[1]
