"""One HTTP answer with its whole body, and what it says: strict in nothing but that it must be JSON. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tarash.tarash_gateway._redaction import Redaction, one_line
from tarash.tarash_gateway.errors import InvalidResponseError
from tarash.tarash_gateway.plugins.http.json_reader import TooManyValuesError, read_json

LONGEST_WORD = 100
"""Characters of a content type or a status word that a message shows."""

SNIPPET = 200
"""Characters of an unreadable answer that a message shows."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{48,}=*")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Looked up by lower-case names."""

    body: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)
    """The address that it came from, without its query."""

    redaction: Redaction = field(default_factory=Redaction, repr=False)
    """Takes keys and prompts out of what is shown of it."""

    method: str = "GET"
    """Of the request: what answers a `POST` may have created something."""

    def json(self) -> Any:
        """Parses the body, whatever its content type.

        Raises:
            InvalidResponseError: it is no JSON.
        """
        why = "is not JSON"
        try:
            return read_json(self.body)
        except TooManyValuesError as error:
            why = f"was not read: {error}"
        except ValueError:
            pass
        # Out here, where the parser's error, which holds the whole body, is no context of ours.
        snippet = self.text(_BASE64.sub("…", self.body[:SNIPPET].decode(errors="replace")))
        msg = (
            f"the vendor's answer {why} ({self.kind}): {snippet!r}. "
            "Is base_url right, and is it not behind a proxy's login page?"
        )
        raise InvalidResponseError(msg, status_code=self.status)

    def object(self) -> dict[str, Any]:
        """Parses the body, which must be one JSON object.

        Raises:
            InvalidResponseError: it is no JSON, or no object.
        """
        parsed = self.json()
        if not isinstance(parsed, dict):
            msg = f"the vendor's answer is a JSON {type(parsed).__name__} where an object belongs ({self.kind})"
            raise InvalidResponseError(msg, status_code=self.status, raw=self.redaction.shown(parsed))
        return parsed

    @property
    def kind(self) -> str:
        """Status and content type, for a message."""
        named = one_line(str(self.headers.get("content-type", "")))[:LONGEST_WORD]
        return f"status {self.status}, content type {named or 'not given'}"

    @property
    def request_id(self) -> str | None:
        """The vendor's id of the HTTP request, for its support."""
        names = ("x-request-id", "request-id", "apim-request-id", "x-generation-id", "x-goog-request-id")
        found = next((self.headers[name] for name in names if self.headers.get(name)), None)
        return None if found is None else one_line(str(found))[: 2 * LONGEST_WORD]

    def text(self, words: Any) -> str:
        """The vendor's words for a message: one line, no key, no prompt, not long."""
        return self.redaction.text(words)

    def shown(self, parsed: Any) -> Any:
        """The answer as a response may keep it: without media, keys and prompts."""
        return self.redaction.value(parsed)
