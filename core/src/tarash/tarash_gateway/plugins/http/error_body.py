"""What an error says, in whatever shape a server puts it: object, list, text, page. Pure.

Codes and sentences are read from the raw answer; what is shown of them is masked by whoever shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tarash.tarash_gateway.plugins.http.answer import read_json

MOST_CATEGORIES = 50

LOOKED_AT = 4000
"""Characters of a message by which it is decided what an error is."""

_MESSAGES = ("message", "msg", "detail", "error_message", "error_msg", "errmsg", "error_description", "description")
_LAST_MESSAGES = ("reason", "title", "text", "raw_message")
_CODES = ("code", "error_code", "errcode", "status", "type", "error_type")
_WRAPPERS = ("error", "errors", "detail", "failure", "task_error")
_CODE = re.compile(r"[A-Za-z][\w. :/-]{0,99}")

_POLICY_CODES = re.compile(
    r"contentpolicy|contentfilter|policyviolation|moderation(blocked|failed|rejected|error)|responsibleai|sentinelblock"
    r"|sensitivecontent|datainspection|safetyviolation|(prompt|image|video|content|output|input)safety|blockedbysafety"
    r"|(text|image|video|content|input|output)risk|unsafecontent|prohibitedcontent|^(nsfw|safety|moderated|moderation)$",
)
"""Codes with which moderation refuses, in lower case and letters only."""

_POLICY = re.compile(
    r"content[ _-]?polic|polic(y|ies) violation"
    r"|(violat|against|breach)\w{0,10} .{0,60}(polic|guideline|community standard)"
    r"|safety[ _](system|filter|checker?|guidelines?|violations?)|(was|were|been) (flagged|moderated)"
    r"|(reject|block|refus|filter|deni)\w{0,10} (by|due to|because of|for) .{0,40}(safety|moderation|content filter)"
    r"|(sensitive|inappropriate|prohibited|unsafe|harmful|explicit) (content|information|words?|material)"
    r"|moderation (blocked|refused|rejected|failed|check failed)|content (was )?moderated|\bnsfw\b|responsible ai",
    re.IGNORECASE,
)
"""Sentences with which moderation refuses. The bare word is not enough: a request has a parameter `moderation`."""

_ABOUT_A_JOB = re.compile(r"moderation|moderated|\bsafety\b", re.IGNORECASE)
"""What is enough in the one sentence of a failed job, which has no parameters to complain of."""

_VIOLATIONS = re.compile(r"(?:safety_)?violations?\s*[=:]\s*\[([^\]]{1,500})\]", re.IGNORECASE)
_AFTER_GENERATING = re.compile(r"(generated|resulting|output) (image|video|content|media)|^output", re.IGNORECASE)

_NO_MONEY = re.compile(
    r"insufficient_?(quota|balance|credits?|funds)|billing_?(hard_?limit|not_?active)|arrear|overdue|out_?of_?credits"
    r"|quota_?exhausted|no_?credits",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error as a server words it, nothing masked yet."""

    message: str | None = field(default=None, repr=False)
    code: str | None = None
    """The server's own word for it, else its number."""

    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The object that holds the message, where there is one."""

    body: Any = field(default=None, repr=False)
    """The whole answer, as parsed JSON or as the beginning of its text."""

    @property
    def words(self) -> str:
        """The message, or that there is none."""
        return self.message or "no reason given"

    @property
    def is_refusal(self) -> bool:
        """Whether moderation refused, by code or by sentence."""
        if any(_POLICY_CODES.search(re.sub(r"[^a-z]", "", word.lower())) for word in self._codes()):
            return True
        return _POLICY.search(self._sentence) is not None or bool(self.categories)

    @property
    def is_refusal_of_job(self) -> bool:
        """Whether a job that failed with this error was ended by moderation."""
        return self.is_refusal or _ABOUT_A_JOB.search(self._sentence) is not None

    @property
    def is_out_of_money(self) -> bool:
        """Whether the account's money or quota is used up, so that waiting does not help."""
        return any(_NO_MONEY.search(word) for word in self._codes())

    @property
    def stage(self) -> Literal["input", "output"]:
        """Whether moderation refused what was asked for, or withheld what was made of it."""
        found = self.details.get("moderation_details")
        if isinstance(found, Mapping) and found.get("moderation_stage") in ("input", "output"):
            return "output" if found["moderation_stage"] == "output" else "input"
        texts = (self._sentence, self.code or "")
        return "output" if any(_AFTER_GENERATING.search(text) for text in texts) else "input"

    @property
    def categories(self) -> tuple[str, ...]:
        """What moderation objected to, as far as the server says."""
        found = [*_filtered(self.details)]
        for match in _VIOLATIONS.finditer(self._sentence):
            found += [word.strip(" '\"") for word in match[1].split(",")]
        return tuple(dict.fromkeys(word for word in found if word))[:MOST_CATEGORIES]

    @property
    def _sentence(self) -> str:
        return (self.message or "")[:LOOKED_AT]

    def _codes(self) -> Iterator[str]:
        inner = self.details.get("inner_error") or self.details.get("innererror")
        for table in (self.details, inner):
            if isinstance(table, Mapping):
                yield from (word[:LOOKED_AT] for name in _CODES if isinstance(word := table.get(name), str))
        if self.code:
            yield self.code


def read_error_body(value: Any) -> ErrorBody:
    """Reads an error in any shape.

    Args:
        value: the body as bytes, or parsed JSON: `{"error": …}`, `{"detail": …}` as FastAPI gives it, `{"message": …}`,
            a list of such, or a sentence.
    """
    if isinstance(value, (bytes, bytearray)):
        try:
            value = read_json(value)
        except ValueError:
            return _page(bytes(value[:1000]).decode(errors="replace").strip())
    message, details = _read(value)
    return ErrorBody(message, _code_of(details), details, value)


def categories_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns what a content filter objected to in one item of an answer; empty where it let it pass."""
    return tuple(dict.fromkeys(_filtered(item)))[:MOST_CATEGORIES]


def _page(text: str) -> ErrorBody:
    """Reads a page in place of an answer: it is a proxy's, and its text says little."""
    if text.startswith("<"):
        return ErrorBody("a web page came in place of an answer, probably from a proxy", body=text)
    return ErrorBody(text or None, body=text)


def _read(value: Any, depth: int = 0) -> tuple[str | None, Mapping[str, Any]]:
    """Returns the message of a value, and the object that it stands in."""
    if isinstance(value, str):
        return value.strip() or None, {}
    if isinstance(value, list):
        return _read_list(value, depth)
    if not isinstance(value, Mapping) or depth > 4:
        return None, {}
    for name in _WRAPPERS:
        if (found := _unwrapped(value, name, depth)) is not None:
            return found
    return _message_of(value), value


def _unwrapped(value: Mapping[str, Any], name: str, depth: int) -> tuple[str | None, Mapping[str, Any]] | None:
    """Returns the error in a field of `value`; None where there is none."""
    inner = value.get(name)
    if isinstance(inner, str) and inner.strip():
        text, rest = inner.strip(), {key: item for key, item in value.items() if key != name}
        beside = _message_of(rest)
        if beside and " " not in text:
            # `{"error": "bad_request", "message": "the size is not …"}`: the sentence says more than the word.
            return beside, {"code": text, **{key: item for key, item in rest.items() if item is not None}}
        return text, rest
    message, details = _read(inner, depth + 1) if isinstance(inner, (Mapping, list)) else (None, {})
    if not message and not details:
        return None
    # What stands beside the inner object belongs to it, where the object itself does not say it.
    return message or _message_of(value), {**_beside(value), **details}


def _read_list(items: list[Any], depth: int) -> tuple[str | None, Mapping[str, Any]]:
    found = [_read_item(item, depth) for item in items[:20]]
    messages = list(dict.fromkeys(message for message, _ in found if message))
    details = next((details for _, details in found if details), {})
    return "; ".join(messages) or None, details


def _read_item(item: Any, depth: int) -> tuple[str | None, Mapping[str, Any]]:
    message, details = _read(item, depth + 1)
    place = details.get("loc")  # FastAPI names the field that it complains of
    if message and isinstance(place, list):
        path = ".".join(str(part) for part in place if part != "body")
        message = f"{path}: {message}" if path else message
    return message, details


def _message_of(value: Mapping[str, Any]) -> str | None:
    for name in (*_MESSAGES, *_LAST_MESSAGES):
        text = value.get(name)
        if isinstance(text, str) and text.strip():
            return text.strip()
        if isinstance(text, (Mapping, list)) and text and name in _MESSAGES:
            message, _ = _read(text, 3)
            if message:
                return message
    return None


def _beside(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: item for name, item in value.items() if name in _CODES and isinstance(item, (str, int))}


def _code_of(details: Mapping[str, Any]) -> str | None:
    """Returns the kind of the first entry as the code of the whole, which the kit reads."""
    values = [details.get(name) for name in _CODES]
    words = [value for value in values if isinstance(value, str) and _CODE.fullmatch(value) and value != "error"]
    numbers = [str(value) for value in values if isinstance(value, int) and not isinstance(value, bool)]
    numbers += [value for value in values if isinstance(value, str) and value.isdigit()]
    return next(iter((*words, *numbers)), None)


def _filtered(table: Any) -> Iterator[str]:
    """Yields the categories of all spellings in which a content filter tells them."""
    if not isinstance(table, Mapping):
        return
    for name in ("inner_error", "innererror"):
        yield from _filtered(table.get(name))
    for name in ("content_filter_results", "content_filter_result"):
        results = table.get(name)
        if isinstance(results, Mapping):
            yield from (
                str(category)
                for category, result in results.items()
                if isinstance(result, Mapping) and (result.get("filtered") or result.get("detected"))
            )
    for holder, name in (("moderation_details", "categories"), ("metadata", "reasons")):
        inner = table.get(holder)
        listed = inner.get(name) if isinstance(inner, Mapping) else None
        if isinstance(listed, list):
            yield from (str(category) for category in listed if isinstance(category, (str, int)))
