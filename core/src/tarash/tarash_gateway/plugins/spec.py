"""What a provider says about itself, as pure data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tarash.tarash_gateway.capabilities.rows import ImageModel, VideoModel
from tarash.tarash_gateway.records import StrictInput

API_VERSION = 1
"""The version of the plugin contract that this gateway speaks."""


class ProviderSpec(StrictInput):
    """One provider: its name, the version of the contract it was written for, and what its models accept."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$")]
    """The name in a config, the same as the entry point's."""

    api_version: int
    """The `API_VERSION` of the gateway that the plugin was written for."""

    title: str = ""
    """The vendor's name for people."""

    image_models: tuple[ImageModel, ...] = ()
    video_models: tuple[VideoModel, ...] = ()

    default_image_model: ImageModel | None = None
    """Converts requests for image models that have no row; never refuses one."""

    default_video_model: VideoModel | None = None
    """Converts requests for video models that have no row; never refuses one."""

    model_prefix: str | None = None
    """Taken off the front of a model's name before it goes out, such as `openai/`."""

    key_variables: tuple[str, ...] = ()
    """Environment variables that hold a key when the config has none; empty where no key is needed."""

    live_models: bool = False
    """Whether the vendor publishes its rows, so that `fetch_models` gives them."""

    def wire_model(self, model: str) -> str:
        """The model's name as it goes out."""
        return model.removeprefix(self.model_prefix) if self.model_prefix else model
