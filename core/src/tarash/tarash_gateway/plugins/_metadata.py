"""The one place that knows where installed distributions are described."""

import sys

if sys.version_info >= (3, 13):
    from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points
else:
    # The backport brings what Python 3.13 has, `Distribution.origin` among it.
    from importlib_metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points

__all__ = ["Distribution", "EntryPoint", "PackageNotFoundError", "distribution", "entry_points"]
