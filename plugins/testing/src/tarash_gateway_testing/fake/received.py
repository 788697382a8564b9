"""A request as it arrived."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from tarash_gateway_testing.media import picture

if TYPE_CHECKING:
    from tarash_gateway_testing.fake.jobs import FakeJob

__all__ = ["Request", "Role"]

Role = Literal["image", "stream", "submit", "poll", "result", "download", "cancel", "list", "models", "other"]
"""What a request is for: the primitives of a provider, and `other` for what they need besides, such as an upload."""


@dataclass
class Request:
    """One HTTP request. Header names are in lower case."""

    method: str
    target: str
    """Path and query, as they came."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    role: Role = "other"
    """What its handler says that it is for."""

    params: dict[str, str] = field(default_factory=dict)
    """The named parts of the handler's route."""

    origin: str = field(default="", repr=False)
    """Where the vendor listens."""

    job: FakeJob = field(default=None, repr=False)  # type: ignore[assignment] # there is one where a handler needs it
    """The job that it makes or is about."""

    jobs: list[FakeJob] = field(default_factory=list, repr=False)
    """Every job of the vendor, newest first, for a handler that lists them."""

    image_bytes: bytes | None = field(default=None, repr=False)
    """What its images are, in place of a PNG of the kit."""

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The parameters behind the path."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def json(self) -> Any:
        """The body as JSON; an empty object where it is none."""
        try:
            return json.loads(self.body) if self.body else {}
        except ValueError:
            return {}

    @cached_property
    def form(self) -> dict[str, Any]:
        """The fields of a form: text, and bytes for a file; of several with one name, the last."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))
        if not kind.startswith("multipart/"):
            return {}
        fields: dict[str, Any] = {}
        for part in message_from_bytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + self.body).walk():
            name = part.get_param("name", header="content-disposition")
            if isinstance(name, str):
                content = part.get_payload(decode=True)
                data = content if isinstance(content, bytes) else b""
                fields[name] = data if part.get_filename() is not None else data.decode(errors="replace")
        return fields

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the body, whether it is a form or a JSON object."""
        return self.form or (self.json if isinstance(self.json, dict) else {})

    def picture(self, index: int = 0) -> bytes:
        """A picture to answer with."""
        return self.image_bytes or picture(f"{self.method} {self.path} {index}")

    def picture_url(self, index: int = 0) -> str:
        """An address at this vendor that gives such a picture."""
        return f"{self.origin}/kit/pictures/{index}.png"

    def leaves(self) -> Iterator[Any]:
        """Every value that it carries in its path, its query and its body, and the names of these."""
        yield self.path
        yield from _leaves(self.query)
        yield from _leaves(self.form or self.json)

    def holds(self, text: str) -> bool:
        """Whether `text` is anywhere in it, headers included."""
        wanted = text.encode()
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return wanted in self.body or text in head or text in unquote(self.target)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
