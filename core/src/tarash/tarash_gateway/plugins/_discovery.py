"""What is installed: the entry points of a group, and the distributions they come from. Nothing is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, cast

from tarash.tarash_gateway._metadata import (
    Distribution,
    EntryPoint,
    PackageNotFoundError,
    distribution,
    distributions,
    header,
)

__all__ = [
    "COMMANDS",
    "ENGINES",
    "GROUPS",
    "OBSERVERS",
    "PROVIDERS",
    "InstallOrigin",
    "InstalledPlugin",
    "discover",
    "extras_of",
    "normalize_name",
]

PROVIDERS = "tarash_gateway.providers"
"""Entry points named as a provider."""

COMMANDS = "tarash_gateway.commands"
"""Entry points named as a command of `tarash`."""

OBSERVERS = "tarash_gateway.observers"
"""Entry points whose plugins are told of every call."""

ENGINES = "tarash_gateway.engines"
"""Entry points named as an engine of batches."""

GROUPS = (PROVIDERS, OBSERVERS, COMMANDS, ENGINES)

_OURS = "tarash_gateway."
"""What the name of each group begins with."""


def normalize_name(name: str) -> str:
    """Returns a provider's name as it is compared: `azure-openai` and `Azure_OpenAI` are `azure_openai`."""
    return name.strip().lower().replace("-", "_")


class InstallOrigin(NamedTuple):
    """Where a distribution was installed from."""

    url: str | None = None
    """The folder, file or repository, where pip was given one; None for an index."""

    editable: bool = False
    """Whether its sources are used where they lie."""


class InstalledPlugin(NamedTuple):
    """One entry point of one distribution."""

    entry_point: EntryPoint
    owner: Distribution
    distribution: str | None
    version: str | None
    disabled: bool = False
    """Whether TARASH_DISABLE_PLUGINS leaves it out."""

    @property
    def group(self) -> str:
        """One of `GROUPS`."""
        return self.entry_point.group

    @property
    def name(self) -> str:
        """As its author wrote it."""
        return self.entry_point.name

    @property
    def value(self) -> str:
        """The module, or the object in a module."""
        return self.entry_point.value

    @property
    def origin(self) -> str:
        """The distribution and its version, for a message."""
        return f"{self.distribution} {self.version}" if self.distribution else "unknown distribution"

    @property
    def summary(self) -> str:
        """What the distribution says of itself in one line."""
        return header(self.owner).get("Summary", "")

    @property
    def place(self) -> InstallOrigin:
        """Where the distribution was installed from: what pip wrote down, where that was anything but an index."""
        try:
            origin = self.owner.origin
        except (ValueError, AttributeError):
            return InstallOrigin()
        folder = getattr(origin, "dir_info", None)
        return InstallOrigin(getattr(origin, "url", None), bool(getattr(folder, "editable", False)))


def discover(group: str, installed: Iterable[InstalledPlugin] | None = None) -> list[InstalledPlugin]:
    """Returns the entry points of `group`, disabled ones included, in the order of the module search path.

    Args:
        group: one of `GROUPS`.
        installed: takes the place of what is installed, for tests.
    """
    disabled = _disabled()
    return [
        found._replace(
            disabled=not disabled.isdisjoint(
                {"*", normalize_name(found.name), normalize_name(found.distribution or "")}
            )
        )
        for found in (_installed() if installed is None else installed)
        if found.group == group and not _is_hidden(found.owner, found.distribution)
    ]


def _installed() -> tuple[InstalledPlugin, ...]:
    """Returns our entry points: read once, and again when a folder of the search path has changed."""
    return _read(_search_path())


def _search_path() -> tuple[tuple[str, int, int], ...]:
    """Returns the folders that are searched, with what changes when something is installed in one."""
    return tuple((path, *_state(path)) for path in sys.path)


def _state(path: str) -> tuple[int, int]:
    try:
        stat = os.stat(path or ".")  # noqa: PTH116 # a `Path` for each costs more than the look
    except (OSError, ValueError):
        return 0, 0
    return stat.st_ino, stat.st_mtime_ns


@lru_cache(maxsize=1)
def _read(_search_path: tuple[tuple[str, int, int], ...]) -> tuple[InstalledPlugin, ...]:
    """Opens one file of each distribution, and a second one of those that have entry points of ours."""
    read: dict[str, list[InstalledPlugin]] = {}
    for owner in cast(Iterator[Distribution], distributions()):
        try:
            text = owner.read_text("entry_points.txt") or ""
        except ValueError:  # no text: nothing of it can be loaded
            continue
        if _OURS in text:
            about = header(owner)
            name, version = about.get("Name"), about.get("Version")
            found = [InstalledPlugin(entry_point, owner, name, version) for entry_point in _entry_points(text)]
            read.setdefault(normalize_name(name) if name else str(len(read)), found)
    return tuple(found for of_one in read.values() for found in of_one)


def _entry_points(text: str) -> Iterator[EntryPoint]:
    """Yields our entry points; a line that the library cannot parse is passed over."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        name, equals, value = line.partition("=")
        if line.startswith("["):
            group = line.strip("[] ")
        elif group in GROUPS and equals and not line.startswith("#"):
            yield EntryPoint(name.strip(), value.strip(), group)


@lru_cache(maxsize=1024)
def _is_hidden(owner: Distribution, name: str | None) -> bool:
    """Whether another distribution of that name, with entry points or without, comes first on the search path."""
    try:
        return name is not None and distribution(name).locate_file("") != owner.locate_file("")
    except PackageNotFoundError:  # pip renames what it removes, and an interrupted one leaves that behind
        return True


def _disabled() -> set[str]:
    named = os.environ.get("TARASH_DISABLE_PLUGINS", "").split(",")
    return {normalize_name(name) for name in named if name.strip()}


def extras_of(name: str) -> list[str]:
    """Lists the extras that a distribution declares; none where it is not installed."""
    return list(_extras_of(name, _search_path()))


@lru_cache(maxsize=16)
def _extras_of(name: str, _folders: tuple[tuple[str, int, int], ...]) -> tuple[str, ...]:
    """Parses the whole metadata, readme included: once, and again when a folder of the search path has changed."""
    try:
        return tuple(distribution(name).metadata.get_all("Provides-Extra") or ())
    except PackageNotFoundError:
        return ()
