"""What a plugin can implement, in the order in which the gateway calls it.

A plugin is a module (or an object) whose functions are marked with `hookimpl`. An entry point in the group
`tarash_gateway.providers`, named as the provider, makes an installed plugin known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import GenerationConfig
    from tarash.tarash_gateway.plugins.provider import Provider
    from tarash.tarash_gateway.plugins.spec import ProviderSpec

PROJECT = "tarash_gateway"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def tarash_provider_specs() -> Iterable[ProviderSpec]:  # type: ignore[empty-body] # a spec has no body
    """Declares the providers that the plugin offers, as pure data.

    Called once for each process, when a provider of the plugin is first asked for or its rows are listed. It must
    import no SDK, read no file or environment variable, and touch no network.

    Returns:
        One spec for each provider.

    Example:
        ```python
        @hookimpl
        def tarash_provider_specs():
            yield ProviderSpec(name="acme", api_version=1, image_models=ROWS, key_variables=("ACME_API_KEY",))
        ```
    """


@hookspec(firstresult=True)
def tarash_create_provider(config: GenerationConfig) -> Provider | None:
    """Makes the provider that serves calls with this config.

    Called for the plugin that owns `config.provider`, once for each call of the public functions: cache clients, not
    providers. Here the SDK is imported. It must send nothing.

    Args:
        config: the caller's config; its key is read from the environment here where it has none.

    Returns:
        A provider bound to this config, or None where the config names a provider of another plugin.

    Raises:
        ConfigurationError: a key, an endpoint or a setting is missing or unusable; the message says what to set.

    Example:
        ```python
        @hookimpl
        def tarash_create_provider(config):
            from acme_plugin.client import AcmeProvider

            return AcmeProvider(config)
        ```
    """
