"""What is plugged in: every plugin with its distribution, its hooks, and what is wrong with it."""

from __future__ import annotations

from typing import Literal

from tarash.tarash_gateway.plugins._discovery import (
    GROUPS,
    OBSERVERS,
    PROVIDERS,
    InstallOrigin,
    discover,
    normalize_name,
)
from tarash.tarash_gateway.plugins._observers import observers
from tarash.tarash_gateway.plugins._plugin import Plugin
from tarash.tarash_gateway.plugins._registry import PluginRegistry, registry
from tarash.tarash_gateway.records import FrozenModel

Status = Literal["ok", "broken", "disabled", "conflict"]


class PluginReport(FrozenModel):
    """One plugin, found by one entry point or registered in this process."""

    name: str
    """The entry point's name: a provider's, a command's, or the observer's own."""

    group: str
    """The entry point's group, such as `tarash_gateway.providers`."""

    status: Status
    """`disabled`: TARASH_DISABLE_PLUGINS leaves it out. `conflict`: another one claims the same name."""

    cause: str | None = None
    """What is wrong and what to do, in one sentence or two; None where the status is `ok`."""

    providers: tuple[str, ...] = ()
    """The providers that it offers."""

    hooks: tuple[str, ...] = ()
    """The hooks that it implements; empty where it could not be loaded."""

    api_version: int | None = None
    """The version of the plugin contract that it was written for."""

    distribution: str | None = None
    """What pip installed; None for one that was registered in this process."""

    version: str | None = None
    """The distribution's version."""

    origin: str | None = None
    """Where pip installed it from, where that was a folder, a file or a repository."""

    editable: bool = False
    """Whether its sources are used where they lie."""


def plugin_report() -> list[PluginReport]:
    """Reports every plugin, broken and disabled ones included. Loads all of them; sends nothing.

    Returns:
        One report for each entry point and each registered plugin, by group and name.
    """
    return report_of(registry)


def report_of(registry: PluginRegistry) -> list[PluginReport]:
    """Returns the report of one registry's providers, and of the plugins of the other groups."""
    plugins = [*registry.plugins()]
    for group in GROUPS:
        if group != PROVIDERS:
            plugins += [Plugin.installed(found) for found in discover(group)]
    plugins += [plugin for plugin in observers.active() if plugin.found is None and not plugin.specs]
    claims: dict[tuple[str, str], list[str]] = {}
    for plugin in plugins:
        if plugin.found is not None and not plugin.disabled:
            plugin.load()
            # Observers are all told, whatever their names.
            if plugin.group != OBSERVERS:
                claims.setdefault((plugin.group, normalize_name(plugin.name)), []).append(plugin.origin)
    reports = [_report(plugin, claims.get((plugin.group, normalize_name(plugin.name)), [])) for plugin in plugins]
    return sorted(reports, key=lambda report: (GROUPS.index(report.group), report.name, report.distribution or ""))


def _report(plugin: Plugin, claimed_by: list[str]) -> PluginReport:
    found = plugin.found
    place = found.place if found is not None else InstallOrigin()
    status, cause = _status(plugin, claimed_by)
    return PluginReport(
        name=plugin.name,
        group=OBSERVERS if found is None and not plugin.specs else plugin.group,
        status=status,
        cause=cause,
        providers=tuple(spec.name for spec in plugin.specs.values()),
        hooks=plugin.hooks,
        api_version=plugin.api_version,
        distribution=found.distribution if found is not None else None,
        version=found.version if found is not None else None,
        origin=place.url,
        editable=place.editable,
    )


def _status(plugin: Plugin, claimed_by: list[str]) -> tuple[Status, str | None]:
    if plugin.disabled:
        return "disabled", "left out by TARASH_DISABLE_PLUGINS"
    if plugin.found is not None and len(claimed_by) > 1:
        claims = f"{plugin.name!r} is claimed by {', '.join(sorted(claimed_by))}"
        return (
            "conflict",
            f"{claims}: uninstall one of them, or leave one out with TARASH_DISABLE_PLUGINS=<distribution>",
        )
    if plugin.error is not None:
        return "broken", str(plugin.error)
    return "ok", None
