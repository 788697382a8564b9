"""What is installed: the entry points of a group, and the distributions they come from. Nothing is imported."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tarash.tarash_gateway._metadata import EntryPoint, PackageNotFoundError, distribution, entry_points

__all__ = ["COMMANDS", "GROUPS", "PROVIDERS", "EntryPoint", "Found", "Place", "discover", "extras_of", "same_name"]

PROVIDERS = "tarash_gateway.providers"
"""Entry points named as a provider."""

COMMANDS = "tarash_gateway.commands"
"""Entry points named as a command of `tarash`."""

OBSERVERS = "tarash_gateway.observers"
"""Entry points whose plugins are told of every call."""

GROUPS = (PROVIDERS, OBSERVERS, COMMANDS)


def same_name(name: str) -> str:
    """`azure-openai`, `azure_openai` and `Azure_OpenAI` are one provider."""
    return name.strip().lower().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a distribution was installed from."""

    url: str | None = None
    """The folder, file or repository, where pip was given one; None for an index."""

    editable: bool = False
    """Whether its sources are used where they lie."""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry point of one distribution."""

    group: str
    name: str
    entry_point: EntryPoint
    distribution: str | None
    version: str | None
    disabled: bool
    """Whether TARASH_DISABLE_PLUGINS leaves it out."""

    @property
    def origin(self) -> str:
        """The distribution and its version, for a message."""
        return f"{self.distribution} {self.version}" if self.distribution else "unknown distribution"

    @property
    def summary(self) -> str:
        """What the distribution says of itself in one line."""
        return _about(self.entry_point.dist).get("Summary") or ""

    @property
    def place(self) -> Place:
        """Where the distribution was installed from."""
        return _place(self.entry_point.dist)


def discover(group: str, installed: Iterable[EntryPoint] | None = None) -> list[Found]:
    """The entry points of `group`, disabled ones included, in the order of the module search path.

    Args:
        group: one of `GROUPS`.
        installed: takes the place of what is installed, for tests.
    """
    disabled = _disabled()
    found: list[Found] = []
    for entry_point in entry_points(group=group) if installed is None else installed:
        about = _about(entry_point.dist)
        shop, version = about.get("Name"), about.get("Version")
        left_out = not disabled.isdisjoint({"*", same_name(entry_point.name), same_name(shop or "")})
        one = Found(group, entry_point.name, entry_point, shop, version, left_out)
        # One distribution may be found twice, through an editable install and its wheel on one path.
        if not any(other.origin == one.origin and other.entry_point == entry_point for other in found):
            found.append(one)
    return found


def extras_of(name: str) -> list[str]:
    """The extras that a distribution declares; none where it is not installed, as in a bare source tree."""
    try:
        return distribution(name).metadata.get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []


def _about(owner: Any) -> Mapping[str, str]:
    """What a distribution says of itself. An interrupted uninstall leaves entry points, and no word about them."""
    try:
        return dict(owner.metadata) if owner is not None and owner.metadata is not None else {}
    except FileNotFoundError:  # what the libraries raise for it is one
        return {}


def _disabled() -> set[str]:
    named = os.environ.get("TARASH_DISABLE_PLUGINS", "").split(",")
    return {same_name(name) for name in named if name.strip()}


def _place(owner: object) -> Place:
    """What pip wrote into `direct_url.json`, where it installed from anything but an index."""
    origin = getattr(owner, "origin", None)
    editable = bool(getattr(getattr(origin, "dir_info", None), "editable", False))
    return Place(getattr(origin, "url", None), editable)
