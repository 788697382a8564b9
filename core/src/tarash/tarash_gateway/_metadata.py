"""The one seam to the metadata of installed distributions: from the standard library, or from its backport."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 13):
    from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
else:
    # The backport brings what Python 3.13 has, `Distribution.origin` among it.
    from importlib_metadata import EntryPoint, PackageNotFoundError, distribution, entry_points

__all__ = ["EntryPoint", "PackageNotFoundError", "distribution", "entry_points"]
