"""Videos that were made: kept for a moment where they came inside an answer, and fetched where they are elsewhere."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from tarash.tarash_gateway.errors import DownloadError
from tarash.tarash_gateway.plugins import decode_base64
from tarash.tarash_gateway.plugins.http import HttpRequest
from tarash_gateway_google.interactions import Video
from tarash_gateway_google.urls import Urls

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins import Sink

_BASE64_CHUNK = 1024 * 1024
"""Characters of base64 that are decoded at a time: a multiple of 4."""


def write_inline(text: str, sink: Sink) -> None:
    """Writes a video that came as base64, piece by piece.

    Raises:
        DownloadError: it is no base64.
    """
    sink.begin(length=None, resumed=False, content_type="video/mp4")
    try:
        for at in range(0, len(text), _BASE64_CHUNK):
            sink.write(binascii.a2b_base64(text[at : at + _BASE64_CHUNK], strict_mode=True))
    except ValueError:
        # Another alphabet, line breaks or no padding: as a whole, then.
        sink.begin(length=None, resumed=False, content_type="video/mp4")
        try:
            sink.write(decode_base64(text))
        except ValueError as error:
            msg = f"the video that came with the answer cannot be read: it {error}"
            raise DownloadError(msg) from error


def content_request(video: Video, urls: Urls) -> HttpRequest:
    """Builds the download of a video: of a vendor's file by the config's own address, or from the answer's address.

    Raises:
        DownloadError: it is at no address that can be fetched.
    """
    uri = video.uri or ""
    name = urls.file_of(uri)
    if name is not None:
        return HttpRequest("GET", urls.download(name))
    kind, colon, _ = uri.partition("://")
    if colon and kind.lower() not in ("http", "https"):
        msg = f"the video is not at an address that can be fetched ({kind[:20]}): look for it in the storage itself"
        raise DownloadError(msg)
    return HttpRequest("GET", uri)
