"""A request that goes out, an answer that comes in, and a step-by-step talk of several of them. Pure."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pydantic_core

from tarash.tarash_gateway.errors import InvalidResponseError
from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.redaction import mask_all
from tarash_gateway_google.faults import told_words

ReturnT = TypeVar("ReturnT")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request."""

    method: str
    url: str
    """Whole, as it is asked for."""

    json: Any = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    most_seconds: float | None = None
    """Seconds that it may take at the most, however many are left."""

    keyed: bool = True
    """Whether the key goes out with it."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP answer with a status below 300."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Keys that may stand in it."""

    def parsed(self) -> dict[str, Any]:
        """The JSON object of the body.

        Raises:
            InvalidResponseError: it is none.
        """
        try:
            value = pydantic_core.from_json(self.body)
        except ValueError as error:
            msg = f"the vendor's answer is not JSON ({self._kind()}). Is base_url behind a proxy's login page?"
            raise InvalidResponseError(msg, status_code=self.status) from error
        if not isinstance(value, dict):
            msg = f"the vendor's answer is a JSON {type(value).__name__} where an object belongs ({self._kind()})"
            raise InvalidResponseError(msg, status_code=self.status)
        return value

    def told(self, words: object) -> str:
        """The vendor's words, without a key in them."""
        return told_words(words, self.secrets)

    def shown(self, parsed: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as it may be kept: without media, and without a key in it."""
        kept: dict[str, Any] = mask_all(without_media(parsed), self.secrets)
        return kept

    def _kind(self) -> str:
        named = self.headers.get("content-type", "")[:100]
        return f"status {self.status}, content type {named or 'not given'}"


Steps = Generator[Outgoing, Incoming, ReturnT]
"""A talk: it yields requests, gets their answers (or the errors that they ended with), and returns what it came to. Two
drivers run it, a blocking and an async one."""
