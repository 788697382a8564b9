"""What arrived: every request as it was received, for tests to look at."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tarash_gateway_sandbox.memory import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RecordedRequest", "Recorder", "UploadedFile", "receive"]

MOST_REQUESTS = 10_000


@dataclass(frozen=True)
class UploadedFile:
    """One file part of a form."""

    field: str
    """The part's name: `image`, `image[]`, `mask`, `input_reference`."""
    filename: str
    content_type: str
    """As the part says it; `application/octet-stream` when it says nothing."""
    content: bytes = dataclasses.field(repr=False)


@dataclass
class _Part:
    headers: dict[str, str]
    name: bytes = b""
    value: bytes = b""
    content: bytearray = dataclasses.field(default_factory=bytearray)


def parse_form(content_type: str, body: bytes) -> tuple[dict[str, str], list[UploadedFile]]:
    """Takes a form apart.

    A part with a file name is a file, every other one a text field. A broken form gives the parts before the
    break: the vendor then misses a parameter, and says so.

    Args:
        content_type: The request's Content-Type, with its boundary.
        body: The request's body.

    Returns:
        The text fields by name (the last of a name wins), and the files in order.
    """
    from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - loaded with the first form
    from python_multipart.multipart import MultipartParser, parse_options_header  # noqa: PLC0415

    fields: dict[str, str] = {}
    files: list[UploadedFile] = []
    part = _Part({})

    def begin() -> None:
        nonlocal part
        part = _Part({})

    def header_name(data: bytes, start: int, end: int) -> None:
        part.name += data[start:end]

    def header_value(data: bytes, start: int, end: int) -> None:
        part.value += data[start:end]

    def header_end() -> None:
        part.headers[part.name.decode("latin-1").lower()] = part.value.decode("utf-8", "replace")
        part.name = part.value = b""

    def content(data: bytes, start: int, end: int) -> None:
        part.content += data[start:end]

    def finish() -> None:
        _, options = parse_options_header(part.headers.get("content-disposition", ""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        if filename is None:
            fields[name] = part.content.decode("utf-8", "replace")
        else:
            kind = part.headers.get("content-type", "application/octet-stream")
            files.append(UploadedFile(name, filename.decode("utf-8", "replace"), kind, bytes(part.content)))

    _, options = parse_options_header(content_type)
    try:
        parser = MultipartParser(
            options.get(b"boundary", b""),
            {
                "on_part_begin": begin,
                "on_header_field": header_name,
                "on_header_value": header_value,
                "on_header_end": header_end,
                "on_part_data": content,
                "on_part_end": finish,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        pass
    return fields, files


@dataclass(frozen=True)
class RecordedRequest:
    """One request, as it arrived."""

    method: str
    path: str
    """Without the query, percent-decoded."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in lower case. The key is here, as sent: that is why the repr leaves them out."""
    body: bytes = field(default=b"", repr=False)
    json: Any = None
    """The parsed body of a JSON request, otherwise None."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The text parts of a form."""
    files: tuple[UploadedFile, ...] = ()
    """The file parts of a form, in order."""

    @property
    def is_form(self) -> bool:
        """Whether the body is a multipart form."""
        return self.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _refuse_constant(name: str) -> Any:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def receive(method: str, target: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> RecordedRequest:
    """Makes a record of what was read from a connection.

    Args:
        method: The HTTP method.
        target: Path and query, as sent.
        headers: Names and values.
        body: The body, whole.

    Returns:
        The record, its body parsed where that is possible.
    """
    url = urlsplit(target)
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    content_type = named.get("content-type", "")
    parsed: Any = None
    fields: dict[str, str] = {}
    files: list[UploadedFile] = []
    if content_type.lower().startswith("multipart/form-data"):
        fields, files = parse_form(content_type, body)
    elif body:
        try:
            parsed = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            parsed = None
    return RecordedRequest(
        method,
        unquote(url.path),
        dict(parse_qsl(url.query, keep_blank_values=True)),
        named,
        body,
        parsed,
        fields,
        tuple(files),
    )


class Recorder(History[RecordedRequest]):
    """The latest requests. Safe to use from any thread."""

    def __init__(self) -> None:
        super().__init__(MOST_REQUESTS, lambda request: len(request.body))
