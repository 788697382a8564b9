"""What arrived: every request as it was received, for tests to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tarash_gateway_sandbox.memory import History
from tarash_gateway_sandbox.multipart import UploadedFile, parse_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RecordedRequest", "Recorder", "UploadedFile", "receive"]

MOST_REQUESTS = 10_000


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
    """Make a record of what was read from a connection.

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
