"""Observers: plugins that are notified of every call, and can neither refuse nor harm one."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.plugins._discovery import OBSERVERS, discover

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins._plugin import Plugin

HOOKS = frozenset(("tarash_before_generate", "tarash_after_generate", "tarash_job_updated"))
"""The hooks of an observer."""

logger = logging.getLogger("tarash.observers")


class Observers:
    """Those that are installed, found once, and those that were registered in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._installed: tuple[Plugin, ...] | None = None
        self._registered: tuple[Plugin, ...] = ()

    def active(self) -> Sequence[Plugin]:
        """Returns the observers that are notified; none in most processes."""
        if self._installed is None:
            loaded = self._load()  # without the lock: an import runs foreign code, which may come back here
            with self._lock:
                self._installed = loaded if self._installed is None else self._installed
        return self._registered + self._installed if self._registered else self._installed

    def register(self, plugin: Plugin) -> None:
        """Adds one of this process."""
        with self._lock:
            self._registered = (*self._registered, plugin)

    def unregister(self, plugin: Plugin) -> None:
        """Takes it out again."""
        with self._lock:
            self._registered = tuple(other for other in self._registered if other is not plugin)

    def notify(self, hook: str, facts: dict[str, Any]) -> None:
        """Calls `hook` of each; one that fails is named in the log and harms nobody."""
        for plugin in self.active():
            if plugin.manager is None:
                continue
            try:
                getattr(plugin.manager.hook, hook)(**facts)
            except Exception:
                logger.warning("observer %s (%s) failed in %s", plugin.name, plugin.origin, hook, exc_info=True)

    def _load(self) -> tuple[Plugin, ...]:
        from tarash.tarash_gateway.plugins._plugin import Plugin  # noqa: PLC0415 # only where one is installed

        found = [Plugin.installed(entry) for entry in discover(OBSERVERS) if not entry.disabled]
        for plugin in found:
            plugin.load()
        return tuple(plugin for plugin in found if plugin.error is None)

    def _forget_lock(self) -> None:
        self._lock = threading.Lock()


observers = Observers()
"""The observers of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=observers._forget_lock)  # noqa: SLF001 # its own module
