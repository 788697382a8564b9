"""Settings of the caller and of the machine: each does something, or is refused before anything is sent."""

from __future__ import annotations

import itertools

import pytest

from tarash.tarash_gateway.errors import ConfigurationError
from tarash_gateway_testing.base import Case, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.vendor import KnownPlace
from tarash_gateway_testing.rules import Rule

__all__ = ["SettingChecks"]

_HEADERS = Rule(
    "provider_config={'headers': {...}} goes out with every request to the vendor, for the sake of gateways.",
    "inherit from HttpProvider of tarash.tarash_gateway.plugins.http, which does it.",
    "Settings",
)
_UNKNOWN = Rule(
    "a name in provider_config that the plugin does not know is a ConfigurationError that says which one was meant, "
    "and nothing is sent.",
    "declare the names that your plugin reads; HttpProvider of tarash.tarash_gateway.plugins.http checks them.",
    "Settings",
)
_PROXY = Rule(
    'a proxy variable that cannot be used is a ConfigurationError with billable="no" that names it, before anything '
    "is sent; where NO_PROXY exempts the host, it does not matter.",
    "send with the client of your HttpProvider (tarash.tarash_gateway.plugins.http), which reads the proxies.",
    "Settings",
)

_numbers = itertools.count(1)

PROXIES = {"ALL_PROXY": "socks://127.0.0.1:7891/", "HTTP_PROXY": "nonsense"}


class SettingChecks(Case):
    """Settings of the caller and of the machine."""

    def test_headers_of_the_config_go_out(self, calls: Calls) -> None:
        """With every request to the vendor."""
        kind = self.kind()
        config = self.config_with(kind, headers={"x-gateway-of-the-kit": "a"})
        outcome = attempt(calls.create, kind, config, self.request(kind))
        sent = [request for request in self.vendor.sent() if request.role != "other"]
        if outcome.error is not None or any(request.headers.get("x-gateway-of-the-kit") != "a" for request in sent):
            self.broken(_HEADERS, f"{len(sent)} requests were sent, some without the header of the config: {outcome}")

    def test_a_misspelt_setting_is_refused(self, calls: Calls) -> None:
        """With the name that was meant."""
        kind = self.kind()
        outcome = attempt(calls.create, kind, self.config_with(kind, heders={"x-gateway": "a"}), self.request(kind))
        message = str(outcome.error)
        if not isinstance(outcome.error, ConfigurationError) or "headers" not in message or self.vendor.sent():
            sent = len(self.vendor.sent())
            self.broken(_UNKNOWN, f"provider_config had 'heders', {sent} requests were sent, and {outcome}")

    @pytest.mark.parametrize("variable", PROXIES)
    def test_a_proxy_that_cannot_be_used_is_told(
        self, calls: Calls, variable: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Unless NO_PROXY exempts the host."""
        vendor, kind = self.fake_vendor(), self.kind()
        monkeypatch.setenv(variable, PROXIES[variable])
        # A key of their own: connections that are open already would be used in spite of the variable.
        exempt, proxied = (KnownPlace(vendor.url, f"{vendor.key}{next(_numbers)}") for _ in range(2))
        outcome = attempt(calls.create, kind, self.config(kind, exempt), self.request(kind))
        if outcome.error is not None:
            self.broken(_PROXY, f"{variable} cannot be used, and NO_PROXY exempts the host: {outcome}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        before = len(vendor.sent())
        outcome = attempt(calls.create, kind, self.config(kind, proxied), self.request(kind))
        right = isinstance(outcome.error, ConfigurationError) and outcome.error.billable == "no"
        if not right or variable not in str(outcome.error) or len(vendor.sent()) != before:
            self.broken(_PROXY, f"{variable}={PROXIES[variable]!r}: {outcome}")
