"""The registry: finds providers by name, loads only the plugin that is asked for, and keeps a broken one to itself."""

from __future__ import annotations

import difflib
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import pluggy

from tarash.tarash_gateway.errors import (
    PluginApiVersionError,
    PluginConflictError,
    PluginError,
    PluginLoadError,
    ProviderNotFoundError,
    TarashError,
)
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.plugins import hookspecs
from tarash.tarash_gateway.plugins._metadata import (
    EntryPoint,
    PackageNotFoundError,
    distribution,
    entry_points,
)
from tarash.tarash_gateway.plugins.provider import Provider
from tarash.tarash_gateway.plugins.spec import API_VERSION, ProviderSpec

GROUP = "tarash_gateway.providers"
DISTRIBUTION = "tarash-gateway"

logger = logging.getLogger("tarash.plugins")


def same_name(name: str) -> str:
    """`azure-openai`, `azure_openai` and `Azure_OpenAI` are one provider."""
    return name.strip().lower().replace("-", "_")


@dataclass
class _Plugin:
    """A plugin under one provider's name: discovered, then loaded when it is first asked for."""

    name: str
    origin: str
    """The distribution and its version, or `registered in this process`."""

    entry_point: EntryPoint | None = None
    target: Any = None
    manager: pluggy.PluginManager | None = None
    specs: dict[str, ProviderSpec] = field(default_factory=dict)
    error: PluginError | None = None


class PluginRegistry:
    """Providers by name. Loading is by name, once, and safe across threads."""

    def __init__(self, installed: Iterable[EntryPoint] | None = None) -> None:
        self._installed = installed
        self._lock = threading.RLock()
        self._discovered: dict[str, list[_Plugin]] | None = None
        self._registered: dict[str, _Plugin] = {}

    def names(self) -> list[str]:
        """The names of all providers, sorted; no plugin is imported."""
        with self._lock:
            found = {key: plugins[0].name for key, plugins in self._installed_plugins().items()}
            found |= {key: plugin.name for key, plugin in self._registered.items()}
            return sorted(found.values())

    def spec(self, name: str) -> ProviderSpec:
        """What the provider says about itself.

        Raises:
            PluginError: there is no such provider, or its plugin is broken.
        """
        return self._owner(name).specs[same_name(name)]

    def create(self, config: GenerationConfig) -> Provider:
        """A provider bound to `config`.

        Raises:
            PluginError: there is no such provider, or its plugin is broken.
            ConfigurationError: a key, an endpoint or a setting is missing.
        """
        owner = self._owner(config.provider)
        config.require_whole()
        assert owner.manager is not None  # noqa: S101 # a loaded plugin has one
        try:
            provider: Provider | None = owner.manager.hook.tarash_create_provider(config=config)
        except TarashError:
            raise
        except Exception as error:
            # Only the kind of it: a foreign text may quote the config's key. The exception itself is the cause.
            kind = type(error).__name__
            msg = f"the plugin of {config.provider!r} ({owner.origin}) failed while it made a provider: {kind}"
            raise PluginError(msg, provider=config.provider, model=config.model) from error
        if provider is None:
            msg = f"the plugin of {config.provider!r} ({owner.origin}) made no provider for its own name"
            raise PluginError(msg, provider=config.provider, model=config.model)
        return provider

    def register(self, plugin: object, *, replace: bool = False) -> Registration:
        """Registers a plugin of this process. See `register_plugin`."""
        entry = _Plugin(
            name=getattr(plugin, "__name__", type(plugin).__name__),
            origin="registered in this process",
            target=plugin,
        )
        self._load(entry)
        if not entry.specs and entry.error is None:
            msg = f"{entry.name} offers no provider: mark its functions with hookimpl and yield a ProviderSpec"
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
                self._registered[key] = _Plugin(
                    spec.name, entry.origin, target=plugin, manager=entry.manager, specs=entry.specs
                )
        return Registration(self, before)

    def _restore(self, before: dict[str, _Plugin | None]) -> None:
        with self._lock:
            for key, plugin in before.items():
                if plugin is None:
                    self._registered.pop(key, None)
                else:
                    self._registered[key] = plugin

    def _owner(self, name: str) -> _Plugin:
        key = same_name(name)
        with self._lock:
            registered = self._registered.get(key)
            if registered is not None:
                return registered
            found = self._installed_plugins().get(key, [])
            if not found:
                raise _not_found(name, self.names())
            if len(found) > 1:
                raise _conflict(name, [plugin.origin for plugin in found])
            plugin = found[0]
            if plugin.manager is None and plugin.error is None:
                self._load(plugin)
            if plugin.error is None and key not in plugin.specs:
                offered = ", ".join(spec.name for spec in plugin.specs.values()) or "nothing"
                msg = f"{plugin.origin} has an entry point {plugin.name!r} but its plugin offers {offered}"
                plugin.error = PluginLoadError(msg, provider=name)
            if plugin.error is not None:
                raise plugin.error.with_traceback(None)  # each raise would add its own frames to the kept error
            return plugin

    def _installed_plugins(self) -> dict[str, list[_Plugin]]:
        if self._discovered is None:
            found: dict[str, list[_Plugin]] = {}
            disabled = _disabled()
            for entry_point in entry_points(group=GROUP) if self._installed is None else self._installed:
                owner = entry_point.dist
                shop = owner.name if owner is not None else "unknown distribution"
                if "*" in disabled or same_name(entry_point.name) in disabled or same_name(shop) in disabled:
                    continue
                origin = f"{shop} {owner.version}" if owner is not None else shop
                known = found.setdefault(same_name(entry_point.name), [])
                # One distribution may be found twice, through an editable install and its wheel on one path.
                if not any(plugin.origin == origin and plugin.entry_point == entry_point for plugin in known):
                    known.append(_Plugin(entry_point.name, origin, entry_point=entry_point))
            self._discovered = found
        return self._discovered

    def _load(self, plugin: _Plugin) -> None:
        """Imports the plugin and asks for its specs; whatever goes wrong is kept as its error."""
        try:
            target = plugin.target if plugin.entry_point is None else plugin.entry_point.load()
            manager = _manager()
            manager.register(target)
            manager.check_pending()
            specs: dict[str, ProviderSpec] = {}
            for declared in manager.hook.tarash_provider_specs():
                for spec in declared:
                    _check_spec(spec, plugin)
                    specs[same_name(spec.name)] = spec
        except PluginError as error:
            plugin.error = error
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a stranger's trouble is not its neighbours'
            msg = (
                f"the plugin of {plugin.name!r} ({plugin.origin}) cannot be loaded: {_told(error)}. "
                f"Update or remove it; TARASH_DISABLE_PLUGINS={plugin.name} leaves it out."
            )
            plugin.error = PluginLoadError(msg, provider=plugin.name)
            plugin.error.__cause__ = error
        else:
            plugin.target, plugin.manager, plugin.specs = target, manager, specs
        if plugin.error is not None:
            logger.warning("%s", plugin.error)


class Registration:
    """A plugin registered in this process; as a context manager it unregisters at the end of the block."""

    def __init__(self, registry: PluginRegistry, before: dict[str, _Plugin | None]) -> None:
        self._registry = registry
        self._before = before

    def unregister(self) -> None:
        """Makes things as they were before."""
        self._registry._restore(self._before)  # noqa: SLF001 # the two are one mechanism in two classes

    def __enter__(self) -> Registration:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unregister()


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    if os.environ.get("TARASH_TRACE_PLUGINS") == "1":
        # Names and kinds only: a config in the arguments is never written out.
        manager.add_hookcall_monitoring(
            lambda name, impls, _: logger.warning("hook %s of %s", name, [impl.plugin_name for impl in impls]),
            lambda outcome, name, *_: logger.warning(
                "hook %s gave %s", name, type(outcome.excinfo or outcome.get_result()).__name__
            ),
        )
    return manager


def _check_spec(spec: object, plugin: _Plugin) -> None:
    if not isinstance(spec, ProviderSpec):
        msg = f"tarash_provider_specs of {plugin.origin} gave a {type(spec).__name__} where a ProviderSpec belongs"
        raise PluginLoadError(msg, provider=plugin.name)
    if spec.api_version != API_VERSION:
        older = spec.api_version < API_VERSION
        msg = (
            f"{plugin.origin} speaks version {spec.api_version} of the plugin contract, {DISTRIBUTION} speaks "
            f"{API_VERSION}: upgrade {'the plugin' if older else DISTRIBUTION}."
        )
        raise PluginApiVersionError(msg, provider=spec.name)


def _disabled() -> set[str]:
    named = os.environ.get("TARASH_DISABLE_PLUGINS", "").split(",")
    return {same_name(name) for name in named if name.strip()}


def _conflict(name: str, origins: list[str]) -> PluginConflictError:
    msg = (
        f"provider {name!r} is offered by {len(origins)} plugins: {', '.join(sorted(origins))}. "
        "Uninstall one of them, or leave one out with TARASH_DISABLE_PLUGINS=<distribution>, or choose one with "
        "register_plugin(plugin, replace=True)."
    )
    return PluginConflictError(msg, provider=name)


def _not_found(name: str, installed: list[str]) -> ProviderNotFoundError:
    """Names what is near and what to install. Which vendors have an extra is read from our metadata, not known here."""
    extras = {same_name(extra): extra for extra in _extras()}
    key = same_name(name)
    text = f"no installed plugin offers a provider {name!r}"
    if key in extras:
        text += f'. Install it: pip install "{DISTRIBUTION}[{extras[key]}]"'
        return ProviderNotFoundError(text, provider=name)
    candidates = {same_name(other): other for other in (*extras.values(), *installed)}
    near = difflib.get_close_matches(key, candidates, n=1)
    if near:
        text += f" (did you mean {candidates[near[0]]}?)"
        if near[0] not in {same_name(other) for other in installed}:
            text += f': pip install "{DISTRIBUTION}[{extras[near[0]]}]"'
    text += f". Installed: {', '.join(installed) or 'none'}"
    if not near:
        shop = f"{DISTRIBUTION}-{re.sub('[^a-z0-9]+', '-', key).strip('-')}"
        text += f". A plugin of that name would be a distribution such as {shop}: pip install {shop}"
    return ProviderNotFoundError(text, provider=name)


def _extras() -> Iterator[str]:
    try:
        yield from distribution(DISTRIBUTION).metadata.get_all("Provides-Extra") or ()
    except PackageNotFoundError:  # run from a source tree without an install
        return


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
