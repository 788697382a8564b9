"""The plugin: the provider `sandbox`, which is the OpenAI plugin bound to a server on loopback."""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.capabilities import Lifecycle, VideoModel
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl
from tarash_gateway_openai import spec
from tarash_gateway_sandbox.free import free


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """The sandbox, with the models and the rows of OpenAI. It needs no key and costs nothing."""
    rows = spec("sandbox", "Sandbox", key_variables=())
    yield rows.model_copy(
        update={
            "image_models": tuple(free(row) for row in rows.image_models),
            "video_models": (_sandbox_video(rows), *(free(row) for row in rows.video_models)),
        }
    )


def _sandbox_video(rows: ProviderSpec) -> VideoModel:
    """A model of the sandbox's own for first steps: what Sora accepts, and no retirement to warn of."""
    sora = next(row for row in rows.video_models if row.model == "sora-2")
    return free(sora).model_copy(
        update={
            "model": "sandbox-video",
            "aliases": (),
            "lifecycle": Lifecycle(),
            "source": "docs/providers/sandbox.md",
        }
    )


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """The OpenAI plugin, bound to the embedded server or to the sandbox at `config.base_url`."""
    from tarash.tarash_gateway.plugins.http import Connection, KeySource  # noqa: PLC0415 # not for rows alone
    from tarash_gateway_openai import OpenAIProvider  # noqa: PLC0415 # not for rows alone
    from tarash_gateway_sandbox import SandboxServer  # noqa: PLC0415 # not for rows alone
    from tarash_gateway_sandbox.embedded import embedded_server  # noqa: PLC0415 # the first call starts a server

    base_url = config.base_url or embedded_server().url
    return OpenAIProvider(config, Connection.of(config, base_url, KeySource(SandboxServer.api_key)))
