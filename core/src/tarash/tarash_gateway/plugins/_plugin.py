"""One plugin, discovered first and loaded when it is asked for. Whatever goes wrong in it is kept as its error."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pluggy

from tarash.tarash_gateway._lazy import import_companion
from tarash.tarash_gateway.errors import PluginApiVersionError, PluginError, PluginLoadError
from tarash.tarash_gateway.plugins import hookspecs
from tarash.tarash_gateway.plugins._discovery import COMMANDS, ENGINES, PROVIDERS, InstalledPlugin, normalize_name
from tarash.tarash_gateway.plugins._libraries import hidden_library
from tarash.tarash_gateway.plugins.spec import API_VERSION, ProviderSpec

DISTRIBUTION = "tarash-gateway"

IN_PROCESS = "registered in this process"

logger = logging.getLogger("tarash.plugins")

_lock = threading.Lock()
"""Held while the outcome of a load is kept, never while something is loaded."""

_NEEDED = {COMMANDS: "tarash_register_commands", ENGINES: "tarash_batch_engines"}
"""The hook without which a plugin of a group is of no use."""


@dataclass
class Plugin:
    """A module or an object that implements hooks."""

    name: str
    """The entry point's name, which is a provider's or a command's."""

    origin: str
    """The distribution and its version, or that it was registered in this process."""

    found: InstalledPlugin | None = None
    target: Any = None
    manager: pluggy.PluginManager | None = None
    specs: dict[str, ProviderSpec] = field(default_factory=dict)
    error: PluginError | None = None

    api_version: int | None = None
    """The version of the contract that it was written for, where it offers a provider."""

    @classmethod
    def installed(cls, found: InstalledPlugin) -> Plugin:
        """Makes a plugin of what is installed, not loaded yet."""
        return cls(found.name, found.origin, found)

    @property
    def group(self) -> str:
        """What it was found under; a plugin of this process offers providers."""
        return PROVIDERS if self.found is None else self.found.group

    @property
    def disabled(self) -> bool:
        """Whether TARASH_DISABLE_PLUGINS leaves it out."""
        return self.found is not None and self.found.disabled

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of the hooks that it implements, sorted; empty before it is loaded."""
        callers = self.manager.get_hookcallers(self.target) if self.manager is not None else None
        return tuple(sorted(caller.name for caller in callers or ()))

    def load(self) -> None:
        """Imports the plugin, once, and asks for its specs; whatever goes wrong is kept as its error.

        No lock is held meanwhile: a plugin's import runs foreign code, which may come back here, in another thread too.
        Where several threads load it at the same time, the first one that is done decides.
        """
        if self.manager is not None or self.error is not None:
            return
        loaded = replace(self)
        loaded._load()  # noqa: SLF001 # its own class
        with _lock:
            if self.manager is not None or self.error is not None:
                return
            self.target, self.manager, self.specs = loaded.target, loaded.manager, loaded.specs
            self.api_version, self.error = loaded.api_version, loaded.error
        if self.error is not None:
            logger.warning("%s", self.error)

    def _load(self) -> None:
        try:
            target = self.target if self.found is None else self.found.entry_point.load()
            manager = _manager()
            self._extend(manager, target)
            manager.register(target)
            manager.check_pending()
            specs = self._specs(manager) if self.group == PROVIDERS else {}
        except PluginError as error:
            self.error = error
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a stranger's trouble is not its neighbours'
            self.error = self.broken(f"cannot be loaded: {hidden_library(error) or f'{type(error).__name__}: {error}'}")
            self.error.__cause__ = error
        else:
            self.target, self.manager, self.specs = target, manager, specs
            self.error = self._unfit()

    def _unfit(self) -> PluginLoadError | None:
        """Returns why it is of no use to the group that it was found under."""
        needed = _NEEDED.get(self.group)
        if needed is not None and needed not in self.hooks:
            return self.broken(f"implements no {needed}")
        if self.found is not None and self.group == PROVIDERS and normalize_name(self.name) not in self.specs:
            offered = ", ".join(spec.name for spec in self.specs.values()) or "nothing"
            msg = f"{self.origin} has an entry point {self.name!r} but its plugin offers {offered}"
            return PluginLoadError(msg, provider=self.name)
        return None

    def _extend(self, manager: pluggy.PluginManager, target: object) -> None:
        """Adds the specifications of hooks of other distributions that the plugin implements."""
        for hook, (module, extra) in hookspecs.EXTENSIONS.items():
            if hasattr(target, hook):
                try:
                    manager.add_hookspecs(import_companion(module, extra, hook))
                except ImportError as error:
                    msg = f"cannot be loaded: {error}"
                    raise self.broken(msg) from error

    def broken(self, what: str) -> PluginLoadError:
        """Returns an error that says what is wrong with this plugin and how to go on without it."""
        msg = (
            f"the plugin of {self.name!r} ({self.origin}) {what}. "
            f"Update or remove it; TARASH_DISABLE_PLUGINS={self.name} leaves it out."
        )
        return PluginLoadError(msg, provider=self.name if self.group == PROVIDERS else None)

    def _specs(self, manager: pluggy.PluginManager) -> dict[str, ProviderSpec]:
        specs: dict[str, ProviderSpec] = {}
        for declared in manager.hook.tarash_provider_specs():
            for spec in declared:
                self._check_spec(spec)
                if normalize_name(spec.name) in specs:
                    msg = f"{self.origin} offers {spec.name!r} twice: give each provider a name of its own"
                    raise PluginLoadError(msg, provider=self.name)
                specs[normalize_name(spec.name)] = spec
        return specs

    def _check_spec(self, spec: object) -> None:
        if not isinstance(spec, ProviderSpec):
            msg = f"tarash_provider_specs of {self.origin} gave a {type(spec).__name__} where a ProviderSpec belongs"
            raise PluginLoadError(msg, provider=self.name)
        self.api_version = spec.api_version
        if spec.api_version != API_VERSION:
            older = spec.api_version < API_VERSION
            msg = (
                f"{self.origin} speaks version {spec.api_version} of the plugin contract, {DISTRIBUTION} speaks "
                f"{API_VERSION}: upgrade {'the plugin' if older else DISTRIBUTION}."
            )
            raise PluginApiVersionError(msg, provider=spec.name)


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    if os.environ.get("TARASH_TRACE_PLUGINS", "").strip() == "1":
        # Names and kinds only: a config in the arguments is never written out.
        manager.add_hookcall_monitoring(
            lambda name, impls, _: logger.warning("hook %s of %s", name, [impl.plugin_name for impl in impls]),
            lambda outcome, name, *_: logger.warning(
                "hook %s gave %s", name, type(outcome.excinfo or outcome.get_result()).__name__
            ),
        )
    return manager
