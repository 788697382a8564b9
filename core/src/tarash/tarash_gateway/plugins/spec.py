"""What a provider says about itself, as pure data."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tarash.tarash_gateway.capabilities.rows import ImageModel, VideoModel
from tarash.tarash_gateway.records import StrictModel

API_VERSION = 1
"""The version of the plugin contract that this gateway speaks."""

CORE_SETTINGS = ("allow_private_urls", "inputs_through_proxy")
"""Names in `provider_config` that core reads itself, for every provider."""

HTTP_SETTINGS = (*CORE_SETTINGS, "headers")
"""Names in `provider_config` that every provider of the HTTP kit takes."""


class ProviderSpec(StrictModel):
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

    factory: Annotated[str, Field(pattern=r"^$|^[\w.]+:\w+$")] = ""
    """What makes a provider of a config, as `package.module:Class`: imported and called with the config when the first
    provider is made. Without it, the hook `tarash_create_provider` does."""

    settings: tuple[str, ...] | None = None
    """What `provider_config` may hold; any other name is refused, with the one that was meant. None takes any.

    With the HTTP kit `HTTP_SETTINGS` belong to it."""

    plain_settings: tuple[str, ...] | None = None
    """Of what `provider_config` may hold, what is no secret: it travels in dumps and pickles, and nothing else does.
    None leaves it to the names: an entry that is called `token`, `url` and the like stays behind."""

    live_models: bool = False
    """Whether the vendor publishes its rows, so that `fetch_models` gives them."""

    local: bool = False
    """Whether it makes images in this process: it has no endpoint and needs no key, and its failures cost nothing."""

    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Calls of `generate_image` that run at a time in a process; the others wait. None for no limit."""

    def wire_model(self, model: str) -> str:
        """Returns the model's name as it goes out."""
        return model.removeprefix(self.model_prefix) if self.model_prefix else model
