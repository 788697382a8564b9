"""Loading: a plugin costs nothing until it is used."""

from __future__ import annotations

import re
from types import ModuleType
from typing import ClassVar

import pytest

from tarash.tarash_gateway.plugins import PROVIDERS, ProviderSpec, discover, normalize_name
from tarash_gateway_testing.base import Case
from tarash_gateway_testing.rules import Rule
from tarash_gateway_testing.subprocess import Listing, list_in_subprocess

__all__ = ["HEAVY", "LoadingChecks"]

HEAVY = (
    "PIL",
    "aiohttp",
    "av",
    "boto3",
    "botocore",
    "grpc",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "numpy",
    "requests",
    "urllib3",
)
"""HTTP libraries (every SDK brings one) and heavy packages that have no place in a list of rows."""

_LAZY = Rule(
    "importing the plugin's module and listing its rows imports no SDK and no HTTP library: `import "
    "tarash.tarash_gateway` and `tarash models` must stay quick, whatever is installed.",
    "import the SDK inside tarash_create_provider, or in the module that it imports; import nothing but "
    "tarash.tarash_gateway at the top of the plugin's module.",
    "Loading",
)
_PURE = Rule(
    "tarash_provider_specs is pure data: it reads no file and no environment variable, and opens no connection.",
    "write the rows as Python; read settings in tarash_create_provider, when a call is made.",
    "Loading",
)
_CHEAP = Rule(
    "importing the plugin and listing its rows is cheap.",
    "look at what is imported at the top of your modules (python -X importtime), and import it where it is used. "
    "most_modules in the test class is the limit.",
    "Loading",
)
_NAMED = Rule(
    "the entry point in the group tarash_gateway.providers has the name of the provider: that is how it is found "
    "without importing anything.",
    'in pyproject.toml: [project.entry-points."tarash_gateway.providers"] and NAME = "your_module"; then install anew.',
    "Before you begin",
)


class LoadingChecks(Case):
    """Loading."""

    _listings: ClassVar[dict[tuple[str, str], Listing]] = {}

    def test_the_entry_point_has_the_providers_name(self) -> None:
        """It is found by its name."""
        if self.plugin is not None:
            pytest.skip("the plugin is given in `plugin`; install it and leave that out to have this checked")
        found = sorted(entry.name for entry in discover(PROVIDERS))
        if normalize_name(self.provider) not in map(normalize_name, found):
            self.broken(_NAMED, f"no entry point is named {self.provider!r}; there are {', '.join(found) or 'none'}")
        declared = self.spec().name
        if normalize_name(declared) != normalize_name(self.provider):
            self.broken(_NAMED, f"the entry point is {self.provider!r}, the spec's name is {declared!r}")

    def test_the_plugin_can_be_loaded(self) -> None:
        """It speaks this gateway's version of the contract, and its specs are what they should be."""
        if not isinstance(self.spec(), ProviderSpec):
            self.broken(_NAMED, f"the plugin's spec is {self.spec()!r}")

    def test_listing_the_rows_imports_no_sdk_and_no_http_library(self) -> None:
        """In a fresh process."""
        listing = self._listing()
        found = sorted({*HEAVY, *self.forbidden_modules}.intersection(listing.modules))
        if found:
            self.broken(_LAZY, f"importing the plugin and listing its rows imported {', '.join(found)}")

    def test_listing_the_rows_opens_no_connection(self) -> None:
        """And starts no process."""
        listing = self._listing()
        if listing.connections:
            self.broken(_PURE, f"importing the plugin and listing its rows did {'; '.join(listing.connections)}")

    def test_listing_the_rows_opens_no_file(self) -> None:
        """But the Python modules themselves."""
        listing = self._listing()
        if listing.files:
            self.broken(_PURE, f"importing the plugin and listing its rows opened {', '.join(listing.files)}")

    def test_listing_the_rows_reads_no_environment_variable(self) -> None:
        """Settings are read when a call is made."""
        listing = self._listing()
        if listing.variables:
            self.broken(_PURE, f"importing the plugin and listing its rows read {', '.join(listing.variables)}")

    def test_importing_the_plugin_is_cheap(self) -> None:
        """Counted in modules, which are the same on every machine."""
        listing = self._listing()
        count = len(listing.modules)
        if count > self.most_modules:
            packages = sorted({re.split(r"\.", name)[0] for name in listing.modules})
            self.broken(_CHEAP, f"it loaded {count} modules, the limit is {self.most_modules}: {', '.join(packages)}")

    def _listing(self) -> Listing:
        """Returns what importing the plugin does, found out once."""
        place = self._place()
        listing = self._listings.get(place) or self._listings.setdefault(place, list_in_subprocess(*place))
        if listing.error is not None:
            self.broken(_LAZY, f"the plugin's module cannot be imported in a fresh process:\n{listing.error}")
        return listing

    def _place(self) -> tuple[str, str]:
        """Returns the module of the plugin, and the object in it."""
        if isinstance(self.plugin, str):
            return self.plugin, ""
        if isinstance(self.plugin, ModuleType):
            return self.plugin.__name__, ""
        if self.plugin is not None:
            pytest.skip("the plugin is an object of this process; give the name of its module")
        found = next(
            (entry for entry in discover(PROVIDERS) if normalize_name(entry.name) == normalize_name(self.provider)),
            None,
        )
        if found is None:
            self.broken(_NAMED, f"no entry point is named {self.provider!r}")
        return found.entry_point.module, found.entry_point.attr
