"""Other forms of a vendor's answer that mean the same, as real servers give them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tarash_gateway_testing.fake.answers import Answer, Stream

__all__ = ["BLOCKED", "ODD_EVENTS", "ODD_JSON", "Form"]

_NOTE = "note_of_the_kit"
"""A field that no vendor has and no plugin needs."""

BLOCKED = "blocked by the kit"
"""Why an item of an answer has no image."""


@dataclass
class Form:
    """One way to change an answer. It says afterwards whether there was something to change.

    Attributes:
        change: takes the answer; gives another one, or None where it does not fit.
        applied: whether an answer was changed.
    """

    change: Callable[[Answer | Stream], Answer | Stream | None]
    applied: bool = field(default=False, init=False)

    def of(self, answer: Answer | Stream) -> Answer | Stream:
        """Returns the answer in this form."""
        changed = self.change(answer)
        self.applied = self.applied or changed is not None
        return answer if changed is None else changed


def _on_json(change: Callable[[Any], Any]) -> Callable[[Answer | Stream], Answer | None]:
    """Makes a form of a function that changes parsed JSON; None where it finds nothing to change."""

    def changed(answer: Answer | Stream) -> Answer | None:
        if not isinstance(answer, Answer) or not isinstance(answer.body, dict | list):
            return None
        body = change(json.loads(json.dumps(answer.body)))
        return None if body is None else replace(answer, body=body)

    return changed


def _with_note(note: bytes, before: bytes = b"") -> Callable[[Answer | Stream], Answer | None]:
    """Puts a field with these bytes as its text at the end of a JSON object."""

    def changed(answer: Answer | Stream) -> Answer | None:
        if not isinstance(answer, Answer) or not isinstance(answer.body, dict):
            return None
        head = json.dumps(answer.body).encode()[:-1]
        return replace(
            answer, body=before + head + f', "{_NOTE}": "'.encode() + note + b'"}', content_type=answer.type()
        )

    return changed


ODD_JSON = {
    "after a byte order mark": _with_note(b"a boat", before=b"\xef\xbb\xbf"),
    "half a surrogate pair": _with_note(b"a boat \\ud83d"),
    "a Latin-1 byte": _with_note(b"a caf\xe9"),
}
"""JSON that a strict reader refuses, though only an odd character is in it."""


def counts_as(write: Callable[[int], Any]) -> Callable[[Answer | Stream], Answer | None]:
    """Writes whole numbers below a field that is named after usage in another way."""

    def changed(body: Any) -> Any:
        found = False
        for name, value in _fields(body):
            if "usage" in name.lower() and isinstance(value, dict):
                for owner, key, count in _leaves(value):
                    if isinstance(count, int) and not isinstance(count, bool) and count > 0:
                        owner[key], found = write(count), True
        return body if found else None

    return _on_json(changed)


def base64_and_url(spoil: Callable[[str], str], url: str) -> Callable[[Answer | Stream], Answer | None]:
    """Spoils the base64 of each image and gives an address beside it."""

    def changed(body: Any) -> Any:
        found = False
        for owner, key, leaf in [*_leaves(body)]:
            if key == "b64_json" and isinstance(leaf, str):
                owner[key], owner["url"], found = spoil(leaf), url, True
        return body if found else None

    return _on_json(changed)


def second_item_fails(count: int) -> Callable[[Answer | Stream], Answer | None]:
    """Puts an error in place of the second of `count` items."""

    def changed(body: Any) -> Any:
        for _, items in _fields(body):
            if isinstance(items, list) and len(items) == count and all(isinstance(item, dict) for item in items):
                items[1] = {"error": {"message": BLOCKED}}
                return body
        return None

    return _on_json(changed)


def id_as_number(job_id: str) -> Callable[[Answer | Stream], Answer | None]:
    """Writes a job's id as a number."""

    def changed(body: Any) -> Any:
        found = False
        for owner, key, leaf in [*_leaves(body)]:
            if leaf == job_id:
                owner[key], found = int(job_id), True
        return body if found else None

    return _on_json(changed)


def reason_in_a_list(message: str) -> Callable[[Answer | Stream], Answer | None]:
    """Gives the reason of a failure as a list of texts, in place of an object or a text."""

    def changed(body: Any) -> Any:
        for owner, key, value in [*_all(body)]:
            inside = isinstance(value, dict) and message in value.values()
            if value == message or inside:
                owner[key] = [message]
                return body
        return None

    return _on_json(changed)


def _on_events(change: Callable[[list[bytes]], list[bytes] | None]) -> Callable[[Answer | Stream], Stream | None]:
    """Makes a form of a function that changes server-sent events."""

    def changed(answer: Answer | Stream) -> Stream | None:
        if not isinstance(answer, Stream) or answer.content_type != "text/event-stream":
            return None
        pieces = change(answer.pieces)
        return None if pieces is None else Stream(*pieces, status=answer.status)

    return changed


def _between(line: bytes) -> Callable[[Answer | Stream], Stream | None]:
    return _on_events(lambda pieces: [line, *(part for piece in pieces for part in (piece, line))])


def _typed_by_line(pieces: list[bytes]) -> list[bytes] | None:
    """Leaves an event's type only in its line `event:`."""
    changed = []
    for piece in pieces:
        head, found, data = piece.partition(b"data: ")
        event = json.loads(data) if found and head.startswith(b"event: ") else None
        if not isinstance(event, dict) or "type" not in event:
            return None
        del event["type"]
        changed.append(head + found + json.dumps(event).encode() + b"\n\n")
    return changed


ODD_EVENTS = {
    "a time to reconnect": _between(b"retry: 3000\n\n"),
    "an empty event": _between(b"data:\n\n"),
    "a heartbeat": _between(b"event: heartbeat\n\n"),
    "a comment": _between(b"id: 1\n: keep-alive\n\n"),
    "carriage returns": _on_events(lambda pieces: [piece.replace(b"\n", b"\r\n") for piece in pieces]),
    "types in their lines only": _on_events(_typed_by_line),
    "no blank line at the end": _on_events(lambda pieces: [*pieces[:-1], pieces[-1].rstrip(b"\n")]),
}
"""Server-sent events that say the same."""


def whole_answer(answer: Answer, content_type: str) -> Callable[[Answer | Stream], Answer | None]:
    """Gives the whole answer at once, where a stream was asked for."""
    return lambda _: Answer(answer.status, answer.content(), answer.headers, content_type)


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Yields every named value, at any depth."""
    for _, key, item in _all(value):
        if isinstance(key, str):
            yield key, item


def _leaves(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Returns every value that is no object and no list, with what holds it and its key there."""
    return ((owner, key, item) for owner, key, item in _all(value) if not isinstance(item, dict | list))


def _all(value: Any) -> Iterator[tuple[Any, Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in [*pairs]:
        yield value, key, item
        yield from _all(item)
