"""Sends big files ahead: every poll of a job gives its whole input back, images included.

An upload costs nothing and makes nothing: where it fails, it may be tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tarash.tarash_gateway.errors import InvalidResponseError, ProviderUnavailableError, TarashError
from tarash.tarash_gateway.plugins.http import Answer, HttpRequest, Steps, read_id, read_text
from tarash_gateway_google.urls import Urls

INLINE_BYTES = 256 * 1024
"""An image up to this many bytes goes out inside the request."""

UPLOAD_SECONDS = 120.0

LATER = 1.0
"""Seconds after which to look again at a file that the vendor is still looking at."""


class Uploads:
    """The files that were sent ahead for one call, so that a repeated request does not send them again."""

    def __init__(self) -> None:
        self._sent: dict[str, dict[str, Any]] = {}

    def uri_of(self, urls: Urls, content: bytes, content_type: str) -> Steps[str]:
        """Yields the address of `content` at the vendor, uploaded if it is not there yet.

        Raises:
            ProviderUnavailableError: the vendor is still looking at it.
            InvalidResponseError: the answer names no file, or the vendor cannot use it.
        """
        digest = hashlib.sha256(content).hexdigest()
        with free_of_charge():
            sent = self._sent.get(digest)
            file = yield from (_upload(urls, content, content_type) if sent is None else _poll(urls, sent))
            self._sent[digest] = file
            state = str(file.get("state") or "ACTIVE").upper().removeprefix("STATE_")
            if state == "PROCESSING":
                msg = "an input file was uploaded, and the vendor is still looking at it"
                raise ProviderUnavailableError(msg, retryable=True, retry_after=LATER)
            if state != "ACTIVE":
                del self._sent[digest]
                msg = f"an input file was uploaded, and the vendor cannot use it (state {state[:50]})"
                raise InvalidResponseError(msg, billable="no")
        return str(file["uri"])


def _upload(urls: Urls, content: bytes, content_type: str) -> Steps[dict[str, Any]]:
    begun = yield HttpRequest(
        "POST",
        urls.upload(),
        body={"file": {}},
        headers={
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-length": str(len(content)),
            "x-goog-upload-header-content-type": content_type,
        },
        most_seconds=UPLOAD_SECONDS,
    )
    url = begun.headers.get("x-goog-upload-url")
    if not url:
        msg = "the vendor did not say where an input file is to be uploaded to"
        raise InvalidResponseError(msg, status_code=begun.status, billable="no", retryable=True)
    # The address itself says who may write there; the key is not needed.
    done = yield HttpRequest(
        "POST",
        urls.own_path(url),
        body=content,
        headers={"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"},
        most_seconds=UPLOAD_SECONDS,
        signed=False,
    )
    return _file(done, done.object().get("file"))


def _poll(urls: Urls, file: dict[str, Any]) -> Steps[dict[str, Any]]:
    name = (read_id(file.get("name")) or str(file["uri"])).rpartition("/")[2]
    answer = yield HttpRequest("GET", urls.file(name), most_seconds=UPLOAD_SECONDS)
    parsed = answer.object()
    return _file(answer, parsed.get("file", parsed))


def _file(answer: Answer, file: Any) -> dict[str, Any]:
    if not isinstance(file, dict) or read_text(file.get("uri")) is None:
        msg = "the vendor's answer to an upload names no file"
        raise InvalidResponseError(msg, status_code=answer.status, billable="no", retryable=True)
    return file


@contextmanager
def free_of_charge() -> Iterator[None]:
    """Marks every error of the block as free: it came before the creating request."""
    try:
        yield
    except TarashError as error:
        error.billable = "no"
        raise
