"""The sandbox: an embedded stand-in vendor. No key, no network, no cost; real HTTP, real pictures, real clips.

`provider="sandbox"` starts a server on loopback by itself and runs the OpenAI plugin and the official SDK against it, with
the same model names. Its jobs live as long as the process. `SandboxServer` is the same server for any other client, and the
pytest fixture `tarash_sandbox` gives one to tests.
"""

from __future__ import annotations

from collections.abc import Iterable

from tarash.tarash_gateway.models import GenerationConfig
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl
from tarash_gateway_openai import Connection, OpenAIProvider, spec

from tarash_gateway_sandbox.server import SandboxServer

__all__ = ["SandboxServer", "tarash_create_provider", "tarash_provider_specs"]


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    """The sandbox, with the models and the rows of OpenAI. It needs no key."""
    yield spec("sandbox", "Sandbox", key_variables=())


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    """The OpenAI plugin, bound to the embedded server or to the sandbox at `config.base_url`."""
    from tarash_gateway_sandbox.embedded import embedded_server  # noqa: PLC0415 - the first call starts a server

    base_url = config.base_url or embedded_server().url
    return OpenAIProvider(config, Connection(base_url=base_url, key=SandboxServer.api_key))
