"""The key stays at its origin, whatever the vendor's answers lead to."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from tarash.tarash_gateway.models import MediaKind
from tarash_gateway_testing.base import Case, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.faults import Redirected
from tarash_gateway_testing.fake.handlers import Role
from tarash_gateway_testing.rules import Rule

__all__ = ["OriginChecks"]

_REDIRECT = Rule(
    "the key goes to the origin of the config's address (scheme, host and port) and to no other, also not by a "
    "redirect.",
    "turn redirects off in your HTTP client (follow_redirects=False), or follow them without the key.",
    "Secrets",
)
_ADDRESS = Rule(
    "an address in the vendor's answer that leads to another origin is fetched without the key.",
    "send the key only where scheme, host and port of the address are those of the config's address. An image's "
    "URL is best left to core: give it in ImageOutput.",
    "Secrets",
)


_SCREENED = Rule(
    "an address that an answer names, or a redirect leads to, is fetched from public addresses only (but for the "
    "vendor's own origin): what counts is the address that is connected to, not how the name is spelled.",
    "download with client.download(...) of your HttpProvider, or give the address in ImageOutput.",
    "Secrets",
)

_INSIDE = "files.of-the-kit.test"
"""A name that resolves to this machine."""


class OriginChecks(Case):
    """The key stays at its origin."""

    @pytest.mark.parametrize("role", ["image", "stream", "submit", "poll", "download", "cancel"])
    def test_a_redirect_takes_the_key_nowhere(self, calls: Calls, role: Role) -> None:
        """The vendor, or what is between, redirects to another origin."""
        self.needs("video" if role == "download" else role)
        self.vendor.fail(Redirected(self.elsewhere.origin), role)
        if role in ("image", "stream"):
            attempt(calls.create, role, self.config(role), self.request(role))
        elif role == "cancel":
            config = self.config("video")
            job = attempt(calls.submit, config, self.request("video")).value
            attempt(calls.cancel, config, job)
        else:
            attempt(calls.generate_video, self.config("video"), self.request("video"))
        self._no_key_elsewhere(_REDIRECT, f"a request ({role}) was redirected to another origin")

    def test_the_address_of_a_video_elsewhere_is_fetched_without_the_key(self, calls: Calls) -> None:
        """The answer leads to a store of files at another origin."""
        self.needs("video")
        self.vendor.files_are_at(self.elsewhere.origin)
        for config in (self.config("video"), self.config_with("video", allow_private_urls=True)):
            attempt(calls.generate_video, config, self.request("video"))
        self._no_key_elsewhere(_ADDRESS, "the address of a video led to another origin")
        if not self.elsewhere.sent():
            pytest.skip("the vendor's answers hold no address of a video, or it is not followed")

    def test_the_address_of_a_picture_elsewhere_is_fetched_without_the_key(self, calls: Calls) -> None:
        """The answer leads to a store of files at another origin."""
        self.needs("image")
        self.vendor.files_are_at(self.elsewhere.origin)
        for config in (self.config("image"), self.config_with("image", allow_private_urls=True)):
            attempt(calls.generate_image, config, self.request("image"))
        self._no_key_elsewhere(_ADDRESS, "the address of an image led to another origin")
        if not self.elsewhere.sent():
            pytest.skip("the vendor's answers hold no address of an image")

    @pytest.mark.parametrize("way", ["address", "redirect"])
    @pytest.mark.parametrize("kind", ["image", "video"])
    def test_a_name_that_leads_inside_is_not_fetched(
        self, calls: Calls, kind: MediaKind, way: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The name of a result's host resolves to an address of this machine."""
        self.needs(kind)
        monkeypatch.setattr(socket, "getaddrinfo", _resolving(socket.getaddrinfo))
        inside = f"http://{_INSIDE}:{self.elsewhere.origin.rpartition(':')[2]}"
        if way == "address":
            self.vendor.files_are_at(inside)
        elif kind == "image":
            pytest.skip("core fetches the addresses of images")
        else:
            self.vendor.fail(Redirected(inside, 302), "download", times=5)
        config = self.config_with(kind, allow_private_urls=None)
        call = calls.generate_image if kind == "image" else calls.generate_video
        outcome = attempt(call, config, self.request(kind))
        if self.elsewhere.sent():
            self.broken(_SCREENED, f"the {way} of a result led to {inside}, and it was fetched: {outcome}")

    def _no_key_elsewhere(self, rule: Rule, problem: str) -> None:
        leaked = [str(request) for request in self.elsewhere.sent() if request.holds(self.vendor.key)]
        if leaked:
            self.broken(rule, f"{problem}, and the key went there: {', '.join(leaked)}")


def _resolving(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the resolver of this machine, which knows one more name."""

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return resolve("127.0.0.1" if name == _INSIDE else host, *args, **options)

    return getaddrinfo
