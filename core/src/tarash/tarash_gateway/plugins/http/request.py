"""One HTTP request, as data: built by a plugin, sent by `HttpClient`. It holds no key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from tarash.tarash_gateway.errors import JobExpiredError, ValidationError
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.plugins.exchange import InputFile

if TYPE_CHECKING:
    from tarash.tarash_gateway.media.steps import Deadline
    from tarash.tarash_gateway.models.job import ImageJob, VideoJob

Headers = list[tuple[bytes, bytes]]

MEBIBYTE = 1024 * 1024

ERROR_BYTES = MEBIBYTE
"""Bytes of an answer with a status of 300 or above that are read."""

JOB_BYTES = 16 * MEBIBYTE
"""Bytes of an answer about a job, and of a list."""

IMAGE_BYTES = 64 * MEBIBYTE
"""Bytes of an answer for each image that was asked for."""

VIDEO_BYTES = 4096 * MEBIBYTE
"""Bytes of a video."""


def image_limit(n: int) -> int:
    """Returns the bytes that an answer with `n` images may have."""
    return IMAGE_BYTES * max(n, 1)


def path_segment(text: str) -> str:
    """Quotes a job's id, or any other name, as one segment of a path.

    Raises:
        ValidationError: it would become another path: empty, `.`, `..`, or with a slash or a control character in it.
    """
    if text in ("", ".", "..") or any(char in "/\\" or not char.isprintable() for char in text):
        msg = f"{text[:60]!r} is no id: it would lead to another address of the vendor. Nothing was sent."
        raise ValidationError(msg)
    return quote(text, safe="")


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of a request that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def video_url(video: object) -> str | None:
    """Returns an input video as an address or a data URL; None for an earlier job and for what is no video."""
    if isinstance(video, str):
        return video if video.startswith(("https://", "http://", "data:")) else None
    if not isinstance(video, (Media, Path)):
        return None
    media = video if isinstance(video, Media) else Media(path=video)
    if media.url is not None and media.path is None:
        return media.url
    content, kind = media.content, media.content_type or ""
    return InputFile("video", content, kind if kind.startswith("video/") else "video/mp4").data_url


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a form."""

    name: str
    """The form's field."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request. The transport puts key, private headers and private query on it."""

    method: str
    path: str
    """Below the connection's base URL, such as `/images?limit=1`; or a whole address, for downloads."""

    body: Any = field(default=None, repr=False)
    """What goes out as JSON, or the fields of a form where `form` is set; bytes go out as they are."""

    files: Sequence[FilePart] = field(default=(), repr=False)
    form: bool = False
    """Whether it is a form (multipart/form-data), also where it has no file."""

    headers: Mapping[str, str] = field(default_factory=dict)
    limit: int = JOB_BYTES
    """Bytes that the answer may have, unpacked: `JOB_BYTES`, or `image_limit(n)`."""

    most_seconds: float | None = None
    """Seconds that it may take at the most, where that is less than what is left of the call."""

    prompts: tuple[str, ...] = field(default=(), repr=False)
    """What the caller wrote: taken out of what is shown of the answer, as a key is."""

    signed: bool = True
    """Whether the key goes out with it; not to an address that is a permission of its own."""


class WireRequest(NamedTuple):
    """One HTTP request as the transport sends it, to the connection's own origin."""

    method: str
    url: Any
    """An `httpcore2.URL`, without the private query."""

    headers: Headers
    """Those that the HTTP library needs to know."""

    content: bytes | Iterable[bytes]
    deadline: Deadline
    """When the whole answer must have come, and the bytes that it may have."""

    signed: bool = True
    """Whether key, private headers and private query are added."""

    unpack: bool = True
    """Whether the answer is unpacked."""

    lines: bytes = b""
    """Further headers, as `header_lines` makes them: written as they are."""


def result_file_request(job: ImageJob | VideoJob) -> HttpRequest:
    """Builds the download of a result whose address came with the job's status, kept as `provider_data["url"]`.

    Raises:
        JobExpiredError: no status named an address; polling again may.
    """
    url = job.provider_data.get("url")
    if not isinstance(url, str):
        msg = f"job {job.id} has no address of its result; ask for its status (poll_{job.kind}), which names one"
        raise JobExpiredError(msg, job=job, retryable=True)
    return HttpRequest("GET", url)
