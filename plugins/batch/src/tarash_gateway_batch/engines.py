"""Engines by name: who works on the rows of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tarash.tarash_gateway.errors import PluginConflictError, ValidationError
from tarash.tarash_gateway.plugins import ENGINES, InstalledPlugin, Plugin, discover, normalize_name
from tarash_gateway_batch.seams import BatchEngine
from tarash_gateway_batch.spec import EngineSpec

LOCAL: Final = "local"
"""This process; it needs no plugin."""


def engine_named(name: str, options: Mapping[str, Any]) -> BatchEngine | None:
    """The engine of that name, set up with `options`; None for this process.

    Raises:
        ValidationError: there is none, or it takes no such options.
        PluginError: its plugin is broken, or two offer it.
    """
    if normalize_name(name) == LOCAL:
        _check(LOCAL, options, ())
        return None
    found = [one for one in discover(ENGINES) if not one.disabled]
    mine = [one for one in found if normalize_name(one.name) == normalize_name(name)]
    if not mine:
        names = sorted({LOCAL, *(one.name for one in found)})
        msg = f"there is no engine {name!r}; installed: {', '.join(names)}. ray comes with tarash-gateway[ray]."
        raise ValidationError(msg)
    if len(mine) > 1:
        msg = (
            f"{' and '.join(one.origin for one in mine)} both offer the engine {name!r}: uninstall one of them, or set "
            "TARASH_DISABLE_PLUGINS to the name of the distribution to leave out."
        )
        raise PluginConflictError(msg)
    spec = _spec(mine[0])
    _check(spec.name, options, spec.options)
    return spec.make(**options)


def _spec(found: InstalledPlugin) -> EngineSpec:
    plugin = Plugin.installed(found)
    plugin.load()
    if plugin.error is not None:
        raise plugin.error
    assert plugin.manager is not None  # noqa: S101 # a loaded plugin has one
    try:
        offered = [spec for given in plugin.manager.hook.tarash_batch_engines() for spec in given]
    except Exception as error:
        told = f"failed in tarash_batch_engines: {type(error).__name__}: {error}"
        raise plugin.broken(told) from error
    for spec in offered:
        if isinstance(spec, EngineSpec) and normalize_name(spec.name) == normalize_name(found.name):
            return spec
    told = "offers no EngineSpec of that name"
    raise plugin.broken(told)


def _check(name: str, options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = [option for option in options if option not in known]
    if unknown:
        takes = ", ".join(known) or "no options"
        msg = f"the engine {name!r} takes {takes}, and not {', '.join(unknown)}"
        raise ValidationError(msg)
