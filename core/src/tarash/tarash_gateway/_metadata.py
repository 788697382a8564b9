"""The one seam to what installers wrote about distributions.

That is a folder such as `acme-1.0.dist-info` on the search path, read here: `importlib.metadata` brings a mail parser
and an archive reader along, takes every file of entry points apart, and took a fifth of what `tarash --help` takes. It
is asked for what is in no folder: archives, and the finders that a program adds to Python's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Protocol

_SAME_FOLDERS = ("_frozen_importlib_external", "importlib_metadata")
"""The modules of the finders that look through the folders of the search path: Python's, and its backport's."""


class Distribution(Protocol):
    """What an installer wrote about one distribution."""

    def read_text(self, filename: str, /) -> str | None:
        """A file of it, or None where it has none of that name."""


class Folder:
    """A `.dist-info` or an `.egg-info`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read_text(self, filename: str, /) -> str | None:
        """A file of it, or None where it has none of that name."""
        try:
            with open(f"{self._path}/{filename}", encoding="utf-8") as file:  # noqa: PTH123 # hundreds, see above
                return file.read()
        except (OSError, ValueError):  # not there, or no text: nothing of it can be loaded
            return None


def distributions() -> Iterator[Distribution]:
    """Every distribution; the first one of its name on the search path hides the others."""
    seen: set[str] = set()
    for path in sys.path:
        try:
            names = os.listdir(path or ".")  # noqa: PTH208 # hundreds, see above
        except (OSError, ValueError):
            if os.path.isfile(path):  # noqa: PTH113 # as above
                yield from _of_archive(path)
            continue
        for name in names:
            stem, _, kind = name.rpartition(".")
            shop = stem.partition("-")[0].lower().replace("-", "_").replace(".", "_")
            # pip renames what it removes to begin with a tilde, and an interrupted one leaves that behind.
            if kind in {"dist-info", "egg-info"} and shop not in seen and not shop.startswith("~"):
                seen.add(shop)
                yield Folder(f"{path or '.'}/{name}")
    yield from _of_other_finders()


def header(owner: Distribution) -> dict[str, str]:
    """What a distribution says of itself in single lines, such as its name and version.

    An interrupted uninstall leaves entry points, and no word about them: the answer is empty then.
    """
    text = owner.read_text("METADATA") or owner.read_text("PKG-INFO") or ""
    fields: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name, value.strip())
    return fields


def extras_of(name: str) -> list[str]:
    """The extras that a distribution declares; none where it is not installed, as in a bare source tree."""
    from importlib.metadata import PackageNotFoundError, metadata  # noqa: PLC0415 # see above

    try:
        return metadata(name).get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return []


def _of_archive(path: str) -> Iterator[Distribution]:
    from importlib.metadata import distributions as of  # noqa: PLC0415 # see above

    yield from of(path=[path])


def _of_other_finders() -> Iterator[Distribution]:
    for finder in sys.meta_path:
        find = getattr(finder, "find_distributions", None)
        if find is not None and finder.__module__ not in _SAME_FOLDERS:
            from importlib.metadata import DistributionFinder  # noqa: PLC0415 # see above

            yield from find(DistributionFinder.Context())
