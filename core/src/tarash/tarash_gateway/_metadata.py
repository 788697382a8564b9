"""The one seam to what installers wrote about distributions: the standard library, or its backport."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 13):
    from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, distributions
else:
    # The backport brings what Python 3.13 has, `Distribution.origin` among it.
    from importlib_metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, distributions

__all__ = ["Distribution", "EntryPoint", "PackageNotFoundError", "distribution", "distributions", "header"]


def header(owner: Distribution) -> dict[str, str]:
    """Reads the single lines of a distribution's metadata, such as its name and version.

    `Distribution.metadata` parses the whole text, readme included, as a mail: a hundred times the work. An interrupted
    uninstall leaves entry points, and no word about them: the answer is empty then.
    """
    text = owner.read_text("METADATA") or owner.read_text("PKG-INFO") or ""
    fields: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name, value.strip())
    return fields
