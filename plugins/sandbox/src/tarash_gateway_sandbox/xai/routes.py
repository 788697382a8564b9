"""xAI's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tarash_gateway_sandbox.route import Face, key_of
from tarash_gateway_sandbox.xai import PREFIX, images, videos
from tarash_gateway_sandbox.xai.checks import XaiError

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route

OPEN_ROUTES: tuple[Route, ...] = (("GET", rf"{videos.STORE}(.+)\.mp4", videos.stored),)
ROUTES: tuple[Route, ...] = (
    ("POST", rf"{PREFIX}/images/generations", images.generate),
    ("POST", rf"{PREFIX}/images/edits", images.edit),
    ("POST", rf"{PREFIX}/videos/generations", videos.generate),
    ("POST", rf"{PREFIX}/videos/edits", videos.edit),
    ("POST", rf"{PREFIX}/videos/extensions", videos.extend),
    ("GET", rf"{PREFIX}/videos/([^/]+)", videos.retrieve),
)


def _authorize(request: RecordedRequest) -> None:
    key = key_of(request)
    if not key:
        msg = "Missing API key"
        raise XaiError(401, "unauthenticated", msg)
    if key.startswith("sk-invalid"):
        # The vendor answers a wrong key with 400 in places.
        msg = "Incorrect API key provided. You can obtain an API key from the console."
        raise XaiError(400, "invalid-argument", msg)


FACE = Face(
    (f"{PREFIX}/",),
    OPEN_ROUTES,
    ROUTES,
    _authorize,
    lambda: XaiError(404, "not-found", "The requested resource was not found"),
)
