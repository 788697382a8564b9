"""A request as it arrived at a fake vendor, and the job that it is about."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from tarash.tarash_gateway.models.job import JobStatus
from tarash_gateway_testing.media import sample_image, sample_video

__all__ = ["DONE", "UNHEARD_OF", "FakeJob", "Request", "Role", "State"]

Role = Literal["image", "stream", "submit", "poll", "result", "download", "cancel", "list", "models", "other"]
"""What a request is for: the primitives of a provider, and `other` for what they need besides, such as an upload."""


State = JobStatus | str
"""Our word for where a job stands, or `UNHEARD_OF`."""

UNHEARD_OF = "unheard-of"
"""A status that no vendor has named yet."""

DONE: Sequence[State] = ("in_progress", "completed")
"""What a job goes through: the first when it is submitted, the next with each poll."""


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

    def image(self, index: int = 0) -> bytes:
        """Returns an image to answer with."""
        return self.image_bytes or sample_image(f"{self.method} {self.path} {index}")

    def image_url(self, index: int = 0) -> str:
        """Returns an address at this vendor that gives such an image."""
        return f"{self.origin}/kit/images/{index}.png"

    picture, picture_url = image, image_url
    """The names before 1.1."""

    def leaves(self) -> Iterator[Any]:
        """Yields every value that it carries in its path, its query and its body, and the names of these."""
        yield self.path
        yield from _leaves(self.query)
        yield from _leaves(self.form or self.json)

    def holds(self, text: str) -> bool:
        """Tells whether `text` is anywhere in it, headers included."""
        wanted = text.encode()
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return wanted in self.body or text in head or text in unquote(self.target)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class FakeJob:
    """One job. A handler puts `id` and `word` into its answer in the vendor's own shape."""

    request: Request = field(repr=False)
    """What submitted it: its prompt is in there."""

    words: Mapping[str, str] = field(repr=False)
    states: Sequence[State] = DONE
    message: str = "the renderer broke down"
    """Why it failed, where it did."""

    outputs: int = 1
    """Videos that it makes."""

    files_at: str = ""
    """The origin of its result's address."""

    tail: bytes = field(default=b"", repr=False)
    """Bytes behind the end of its videos."""

    id: str = field(default_factory=lambda: f"job-{uuid.uuid4().hex[:16]}")
    created_at: float = field(default_factory=lambda: datetime.now(UTC).timestamp())
    """Seconds since 1970, UTC."""

    linked: bool = False
    """Whether the vendor's answer gave an address of the result."""

    _looks: int = 0

    @property
    def state(self) -> State:
        """Where it stands, in our word."""
        return self.states[min(self._looks, len(self.states) - 1)]

    @property
    def word(self) -> str:
        """Where it stands, in the vendor's word."""
        return self.words.get(self.state, self.state)

    @property
    def finished(self) -> bool:
        """Whether its video is there."""
        return self.state == "completed"

    def look(self) -> None:
        """Moves the job on to its next status."""
        self._looks += 1

    def end_as(self, state: State) -> None:
        """Ends the job with a status."""
        self.states, self._looks = (state,), 0

    def video(self, index: int = 0) -> bytes:
        """Returns the bytes of one of its videos."""
        return sample_video(f"{self.id}-{index}") + self.tail

    clip = video
    """The name before 1.1."""

    def result_url(self, index: int = 0) -> str:
        """Returns an address of one of its videos, for a vendor that puts it into its answer."""
        self.linked = True
        return f"{self.files_at}/kit/videos/{self.id}-{index}.mp4"


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
