"""What the tests of misbehaving plugins share: a plugin of any primitives, configs for it, and what it is refused with."""

from __future__ import annotations

import types

import pytest

from tarash.tarash_gateway import register_plugin
from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl

ENDPOINT = "https://api.acme.test"


def _awaited(function):
    async def primitive(*args, **options):
        return function(*args, **options)

    return primitive


def _plugin_of(make, specs=lambda: [ProviderSpec(name="acme", api_version=1)]):
    module = types.ModuleType("acme_plugin")

    @hookimpl
    def tarash_provider_specs():
        return specs()

    @hookimpl
    def tarash_create_provider(config):
        return make(config)

    module.tarash_provider_specs, module.tarash_create_provider = tarash_provider_specs, tarash_create_provider
    return module


@pytest.fixture
def plugin_of():
    """Makes a plugin of what makes its provider, and of what gives its specs."""
    return _plugin_of


@pytest.fixture
def provider_of():
    """Makes a provider of its methods."""

    def provider_of(**methods):
        return type("AcmeProvider", (Provider,), {"endpoint": ENDPOINT, **methods})()

    return provider_of


@pytest.fixture
def acme():
    """Registers a plugin whose provider has these primitives, in the flavour that is asked for."""
    registered = []

    def register(flavour="sync", **primitives):
        named = {
            name if flavour == "sync" else f"{name}_async": function if flavour == "sync" else _awaited(function)
            for name, function in primitives.items()
        }
        methods = {
            name: lambda self, *args, _call=call, **options: _call(*args, **options) for name, call in named.items()
        }
        provider = type("AcmeProvider", (Provider,), {"endpoint": ENDPOINT, **methods})
        registered.append(register_plugin(_plugin_of(lambda config: provider()), replace=True))

    yield register
    for entry in reversed(registered):
        entry.unregister()


@pytest.fixture(params=["sync", "async"])
def flavour(request):
    """Which flavour of a primitive the plugin gives."""
    return request.param


@pytest.fixture
def image_config():
    def config(**fields):
        return ImageGenerationConfig(**{"provider": "acme", "model": "m", "timeout": 5, "max_retries": 0, **fields})

    return config


@pytest.fixture
def video_config():
    def config(**fields):
        fixed = {"provider": "acme", "model": "m", "timeout": 5, "max_retries": 0, "poll_interval": 0.01}
        return VideoGenerationConfig(**{**fixed, **fields})

    return config


@pytest.fixture
def refused():
    """Calls, and gives the error that comes out."""

    def refused(call, *args, kind=PluginError, **options):
        with pytest.raises(kind) as caught:
            call(*args, **options)
        error = caught.value
        assert (error.provider, error.model) == ("acme", "m")
        assert len(str(error)) < 400
        return error

    return refused
