"""The registry: finds providers by name, loads only the plugin that is asked for, and keeps a broken one to itself."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import TracebackType

from tarash.tarash_gateway._lazy import install_command
from tarash.tarash_gateway.errors import (
    ConfigurationError,
    PluginConflictError,
    PluginError,
    PluginLoadError,
    ProviderNotFoundError,
    TarashError,
)
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.plugins._discovery import PROVIDERS, InstalledPlugin, discover, extras_of, normalize_name
from tarash.tarash_gateway.plugins._libraries import hidden_library
from tarash.tarash_gateway.plugins._observers import HOOKS, observers
from tarash.tarash_gateway.plugins._plugin import DISTRIBUTION, IN_PROCESS, Plugin
from tarash.tarash_gateway.plugins.provider import Provider
from tarash.tarash_gateway.plugins.spec import CORE_SETTINGS, ProviderSpec
from tarash.tarash_gateway.records import shortened

__all__ = ["PluginRegistry", "Registration", "normalize_name", "registry"]


class PluginRegistry:
    """Providers by name. Loading is by name, once, and safe across threads."""

    def __init__(self, installed: Iterable[InstalledPlugin] | None = None) -> None:
        self._installed = installed
        self._lock = threading.RLock()
        self._discovered: dict[str, list[Plugin]] | None = None
        self._registered: dict[str, Plugin] = {}

    def names(self) -> list[str]:
        """Returns the names of all providers, sorted; no plugin is imported."""
        with self._lock:
            found = {key: plugins[0].name for key, plugins in self._installed_plugins().items()}
            found |= {key: plugin.name for key, plugin in self._registered.items()}
            return sorted(found.values())

    def spec(self, name: str) -> ProviderSpec:
        """Returns what the provider says about itself.

        Raises:
            PluginError: there is no such provider, or its plugin is broken.
        """
        return self._owner(name).specs[normalize_name(name)]

    def create(self, config: GenerationConfig) -> Provider:
        """Returns a provider bound to `config`.

        Raises:
            PluginError: there is no such provider, or its plugin is broken.
            ConfigurationError: a key, an endpoint or a setting is missing.
        """
        owner = self._owner(config.provider)
        spec = owner.specs[normalize_name(config.provider)]
        if spec.local:
            _refuse_address(config)
        config.require_whole(spec.key_variables)
        _check_settings(config, spec.settings)
        try:
            provider = _make(owner, spec, config)
        except TarashError:
            raise
        except Exception as error:
            hidden = hidden_library(error)
            if hidden is not None:
                raise hidden from error
            # Only the kind of it: a foreign text may quote the config's key. The exception itself is the cause.
            kind = type(error).__name__
            msg = f"the plugin of {config.provider!r} ({owner.origin}) failed while it made a provider: {kind}"
            raise PluginError(msg, provider=config.provider, model=config.model) from error
        if provider is None:
            msg = f"the plugin of {config.provider!r} ({owner.origin}) made no provider for its own name"
            raise PluginError(msg, provider=config.provider, model=config.model)
        if spec.local:
            provider.endpoint = f"local://{spec.name}"
        elif not _endpoint_of(provider):
            kind = type(provider).__name__
            msg = (
                f"the plugin of {config.provider!r} ({owner.origin}) made a {kind} that has no endpoint: "
                "the base URL that its requests go to, as text"
            )
            raise PluginError(msg, provider=config.provider, model=config.model)
        return provider

    def register(self, plugin: object, *, replace: bool = False) -> Registration:
        """Registers a plugin of this process. See `register_plugin`."""
        entry = Plugin(
            name=getattr(plugin, "__name__", type(plugin).__name__),
            origin=IN_PROCESS,
            target=plugin,
        )
        entry.load()
        observes = not HOOKS.isdisjoint(entry.hooks)
        if not entry.specs and entry.error is None and not observes:
            msg = (
                f"{entry.name} offers no provider and observes no call: mark its functions with hookimpl, and yield a "
                "ProviderSpec or implement a hook of an observer"
            )
            entry.error = PluginLoadError(msg)
        if entry.error:
            raise entry.error
        with self._lock:
            if not replace:
                for key, spec in entry.specs.items():
                    taken = (
                        [self._registered[key]] if key in self._registered else self._installed_plugins().get(key, [])
                    )
                    if taken:
                        raise _conflict(spec.name, [other.origin for other in taken] + [entry.origin])
            before = {key: self._registered.get(key) for key in entry.specs}
            for key, spec in entry.specs.items():
                self._registered[key] = Plugin(
                    spec.name, entry.origin, target=plugin, manager=entry.manager, specs=entry.specs
                )
        if observes:
            observers.register(entry)
        return Registration(self, before, entry)

    def plugins(self) -> Iterator[Plugin]:
        """Yields every plugin: loaded, broken with its error, or disabled and untouched."""
        with self._lock:
            registered = list({id(plugin.target): plugin for plugin in self._registered.values()}.values())
            installed = [plugin for plugins in self._installed_plugins().values() for plugin in plugins]
            disabled = [Plugin.installed(entry) for entry in discover(PROVIDERS, self._installed) if entry.disabled]
        for plugin in installed:
            plugin.load()
        yield from (*installed, *disabled, *registered)

    def _restore(self, before: dict[str, Plugin | None]) -> None:
        with self._lock:
            for key, plugin in before.items():
                if plugin is None:
                    self._registered.pop(key, None)
                else:
                    self._registered[key] = plugin

    def _owner(self, name: str) -> Plugin:
        key = normalize_name(name)
        with self._lock:
            registered = self._registered.get(key)
            if registered is not None:
                return registered
            found = self._installed_plugins().get(key, [])
            if not found:
                raise _not_found(name, self.names(), self._left_out(key))
            if len(found) > 1:
                raise _conflict(name, [plugin.origin for plugin in found])
        plugin = found[0]
        plugin.load()
        if plugin.error is not None:
            raise plugin.error.with_traceback(None)  # each raise would add its own frames to the kept error
        return plugin

    def _installed_plugins(self) -> dict[str, list[Plugin]]:
        if self._discovered is None:
            found: dict[str, list[Plugin]] = {}
            for entry in discover(PROVIDERS, self._installed):
                if not entry.disabled:
                    found.setdefault(normalize_name(entry.name), []).append(Plugin.installed(entry))
            self._discovered = found
        return self._discovered

    def _left_out(self, key: str) -> str | None:
        """Returns the plugin of a provider that `TARASH_DISABLE_PLUGINS` leaves out, with its distribution."""
        plugins = (entry for entry in discover(PROVIDERS, self._installed) if normalize_name(entry.name) == key)
        return next((entry.origin for entry in plugins if entry.disabled), None)


class Registration:
    """A plugin registered in this process; as a context manager it unregisters at the end of the block."""

    def __init__(self, registry: PluginRegistry, before: dict[str, Plugin | None], plugin: Plugin) -> None:
        self._registry = registry
        self._before = before
        self._plugin = plugin

    def unregister(self) -> None:
        """Makes things as they were before."""
        self._registry._restore(self._before)  # noqa: SLF001 # the two are one mechanism in two classes
        observers.unregister(self._plugin)

    def __enter__(self) -> Registration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unregister()


def _conflict(name: str, origins: list[str]) -> PluginConflictError:
    msg = (
        f"provider {name!r} is offered by {len(origins)} plugins: {', '.join(sorted(origins))}. "
        "Uninstall one of them, or leave one out with TARASH_DISABLE_PLUGINS=<distribution>, or choose one with "
        "register_plugin(plugin, replace=True)."
    )
    return PluginConflictError(msg, provider=name)


_PRODUCTS = frozenset(("all", "batch", "cli", "cli-pictures", "ledger", "otel", "ray", "testing", "azure-openai-entra"))
"""Extras that bring no provider."""


def _not_found(name: str, installed: list[str], left_out: str | None) -> ProviderNotFoundError:
    """Names what is near and what to install. Which vendors have an extra is read from our metadata, not known here."""
    text = f"no installed plugin offers a provider {name!r}"
    if left_out is not None:
        text = (
            f"the provider {name!r} is disabled: TARASH_DISABLE_PLUGINS leaves its plugin ({left_out}) out. "
            "Take it out of that variable to use it"
        )
        return ProviderNotFoundError(text, provider=name)
    extras = {normalize_name(extra): extra for extra in extras_of(DISTRIBUTION) if extra not in _PRODUCTS}
    key = normalize_name(name)
    if key in extras:
        text += f". Install it: {install_command(extras[key])}"
        return ProviderNotFoundError(text, provider=name)
    candidates = {normalize_name(other): other for other in (*extras.values(), *installed)}
    near = difflib.get_close_matches(key, candidates, n=1)
    if near:
        text += f" (did you mean {candidates[near[0]]}?)"
        if near[0] not in {normalize_name(other) for other in installed}:
            text += f": {install_command(extras[near[0]])}"
    text += f". Installed: {', '.join(installed) or 'none'}"
    return ProviderNotFoundError(text, provider=name)


def _make(owner: Plugin, spec: ProviderSpec, config: GenerationConfig) -> Provider | None:
    """Makes a provider: by the spec's factory, else by the plugin's hook."""
    if spec.factory:
        module, _, name = spec.factory.partition(":")
        provider: Provider = getattr(import_module(module), name)(config)
        return provider
    assert owner.manager is not None  # noqa: S101 # a loaded plugin has one
    hooked: Provider | None = owner.manager.hook.tarash_create_provider(config=config)
    return hooked


def _check_settings(config: GenerationConfig, settings: tuple[str, ...] | None) -> None:
    """Refuses names in `provider_config` that the provider does not know."""
    if settings is None:
        return
    allowed = {*settings, *CORE_SETTINGS}
    unknown = [name for name in config.provider_config if name not in allowed]
    if not unknown:
        return
    hints = []
    for name in unknown:
        near = difflib.get_close_matches(str(name), allowed, n=1)
        hints.append(f"{shortened(str(name))!r}{f' (did you mean {near[0]}?)' if near else ''}")
    listed = ", ".join(sorted(allowed))
    msg = (
        f"provider_config of {config.provider!r} has {', '.join(hints)}, which it does not know; it takes {listed}. "
        "Nothing was sent."
    )
    raise ConfigurationError(msg, provider=config.provider, model=config.model, billable="no")


def _refuse_address(config: GenerationConfig) -> None:
    """Refuses an address or a key for a provider that works in this process and would ignore it.

    Raises:
        ConfigurationError: the config has one.
    """
    useless = [name for name in ("api_key", "base_url", "api_version") if getattr(config, name) is not None]
    if useless:
        names = " and ".join(useless)
        msg = f"{config.provider} works on this machine and sends nothing: leave {names} out of its config"
        raise ConfigurationError(msg, provider=config.provider, model=config.model)


def _endpoint_of(provider: object) -> str | None:
    try:
        endpoint = getattr(provider, "endpoint", None)
    except Exception:  # noqa: BLE001 # whatever a stranger's property raises
        return None
    return endpoint if isinstance(endpoint, str) and not isinstance(provider, type) else None


registry = PluginRegistry()
"""The providers of this process."""
