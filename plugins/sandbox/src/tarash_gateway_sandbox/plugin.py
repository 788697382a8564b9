"""The plugin: the provider `sandbox`, which is the OpenAI plugin bound to a server on loopback."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tarash.tarash_gateway.capabilities import ImageModel, Lifecycle, VideoModel
from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl
from tarash_gateway_openai import spec

RowT = TypeVar("RowT", ImageModel, VideoModel)


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """Returns the sandbox, with the models and the rows of OpenAI. It needs no key and costs nothing."""
    rows = spec("sandbox", "Sandbox", key_variables=())
    yield rows.model_copy(
        update={
            "image_models": tuple(free(row) for row in rows.image_models),
            "video_models": (_sandbox_video(rows), *(free(row) for row in rows.video_models)),
        }
    )


def _sandbox_video(rows: ProviderSpec) -> VideoModel:
    """Returns a model of the sandbox's own for first steps: what Sora accepts, and no retirement to warn of."""
    sora = next(row for row in rows.video_models if row.model == "sora-2")
    return free(sora).model_copy(update={"model": "sandbox-video", "aliases": (), "lifecycle": Lifecycle()})


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """Returns the OpenAI plugin, bound to the embedded server or to the sandbox at `config.base_url`."""
    from tarash.tarash_gateway.plugins.http import Connection, KeySource  # noqa: PLC0415 # not for rows alone
    from tarash_gateway_openai import OpenAIProvider  # noqa: PLC0415 # not for rows alone
    from tarash_gateway_sandbox import SandboxServer  # noqa: PLC0415 # not for rows alone
    from tarash_gateway_sandbox.embedded import embedded_server  # noqa: PLC0415 # the first call starts a server

    base_url = config.base_url or embedded_server().url
    return OpenAIProvider(config, Connection.of(config, base_url, KeySource(SandboxServer.api_key)))


def free(row: RowT) -> RowT:
    """Returns a row whose prices are zero where the vendor's are known, so that limits can be tried out as well."""
    if row.price is None:
        return row
    zeros = {name: dict.fromkeys(table, 0.0) for name, table in row.price.tables().items()}
    price = row.price.model_copy(update={**zeros, "basis": "the sandbox is free"})
    return row.model_copy(update={"price": price})
