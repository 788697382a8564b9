"""The conformance kit: proves that a provider plugin keeps the contract.

A plugin's author writes a test class of a dozen lines; pytest runs it. The fake vendor is a real HTTP server on
loopback, and works without pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash_gateway_testing.conformance import LocalConformance, ProviderConformance
    from tarash_gateway_testing.fake.answers import Answer, Stream
    from tarash_gateway_testing.fake.faults import Cut, Drips, Dropped, Fault, Hangs, Redirected, Stalls
    from tarash_gateway_testing.fake.handlers import Handler, Role, answers
    from tarash_gateway_testing.fake.requests import FakeJob, Request
    from tarash_gateway_testing.fake.vendor import FakeVendor, Place, Vendor
    from tarash_gateway_testing.media import sample_image, sample_video

__all__ = [
    "Answer",
    "Cut",
    "Drips",
    "Dropped",
    "FakeJob",
    "FakeVendor",
    "Fault",
    "Handler",
    "Hangs",
    "LocalConformance",
    "Place",
    "ProviderConformance",
    "Redirected",
    "Request",
    "Role",
    "Stalls",
    "Stream",
    "Vendor",
    "answers",
    "sample_image",
    "sample_video",
]

_HOMES = {
    "answers": ("Answer", "Stream"),
    "faults": ("Cut", "Drips", "Dropped", "Fault", "Hangs", "Redirected", "Stalls"),
    "handlers": ("Handler", "Role", "answers"),
    "requests": ("FakeJob", "Request"),
    "vendor": ("FakeVendor", "Place", "Vendor"),
}
"""Where the names of the fake vendor live; the others are beside it."""


_RENAMED = {"picture": "sample_image", "clip": "sample_video"}
"""Names before 1.1, to those of today."""


def __getattr__(name: str) -> Any:
    if name not in __all__ and name not in _RENAMED:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    home = next((f"fake.{module}" for module, names in _HOMES.items() if name in names), None)
    home = home or ("conformance" if name.endswith("Conformance") else "media")
    value = getattr(import_module(f"{__name__}.{home}"), _RENAMED.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
