"""Takes keys and prompts out of texts: a vendor's own error message may quote the key it was sent, or the prompt.

Nothing is masked before it is understood: status words, codes and ids are read from the raw answer, and only what is
shown goes through here.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote

from pydantic_core import to_json

from tarash.tarash_gateway.errors import (
    ConfigurationError,
    PluginError,
    TarashError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.records import SHOWN_LIMIT, clip

_OURS = (ConfigurationError, PluginError, UnsupportedOperationError, ValidationError)
"""Errors whose texts are the gateway's own, of several lines where that helps."""

MASK = "[key]"
PROMPT_MASK = "[prompt]"
PIECE = 8
"""Characters of a key that make a piece worth masking."""

RAW_LIMIT = 64 * 1024
"""Characters of a vendor's answer that a response keeps."""

MESSAGE_LIMIT = SHOWN_LIMIT - 100
"""Characters of an error's message: with the class's name around it, it is shown too."""

TEXT_LIMIT = 2000
"""Characters of a vendor's words that a message shows."""

PROMPT_RUN = 24
"""Characters in a row that a text shares with a long prompt, and that are masked: a vendor may quote a part of it."""

_SHORTEST_PROMPT = 4
"""Characters of a prompt; a shorter one is found in every other sentence."""

_SHORTEST = 4
"""Characters; what is shorter is no key, and would be found in every other word."""

_SHORT = 1000
"""Characters of a text that is looked through piece by piece."""

_TOKEN = re.compile(r"[^\s\"'<>,;]+")
_LEFT_OUT = re.compile(r"\*{2,}|\u2022{2,}|\.{2,}|\u2026")
"""What a vendor puts in the place of a key's middle: stars, bullets, dots or an ellipsis."""

_MARKS = ("**", "\u2022\u2022", "..", "\u2026")
"""One of these is in every text in which `_LEFT_OUT` finds something."""

BLOCK = PIECE // 2
"""Characters: wherever a piece of a key stands in a text, it covers one whole block of this length."""

_BLOCKS = re.compile(f".{{{BLOCK}}}", re.DOTALL)

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
"""Lower case that keeps every character at its place."""


def mask(text: str, secrets: Iterable[str]) -> str:
    """Removes the secrets from `text`, pieces of them, and a vendor's half-starred spelling of them."""
    return _keys(tuple(secrets)).hidden_in(text)


def mask_all(value: Any, secrets: Iterable[str], limit: int = RAW_LIMIT) -> Any:
    """Masks the secrets in parsed JSON or a text, within `limit` characters; returns a clean value itself."""
    keys = _keys(tuple(secrets))
    try:
        text = to_json(value).decode()
    except ValueError:  # no JSON after all, or half a character
        return _Mask(keys, limit).all(value)
    return value if len(text) <= limit and not keys.may_be_in(text) else _Mask(keys, limit).all(value)


def one_line(text: str) -> str:
    """Removes control characters and line breaks: a vendor's words cannot forge a line of a log."""
    if text.isprintable():
        return text
    return "".join(character if _is_shown(character) else " " for character in text)


def _is_shown(character: str) -> bool:
    # Cc: control, Cf: invisible and direction marks, Cs: half a surrogate pair, Zl and Zp: line separators.
    return character.isprintable() or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


class Redaction:
    """Takes keys and prompts out of what a vendor says, before it is shown.

    Args:
        secrets: the keys that may stand in it.
        prompts: what was asked for, as far as it is known. A prompt is masked as a whole word or sentence, and a long
            one also where a part of it is quoted.
    """

    def __init__(self, secrets: Iterable[str] = (), prompts: Iterable[object] = ()) -> None:
        self._secrets = tuple(secrets)
        texts = {text.strip() for text in prompts if isinstance(text, str)}
        self._prompts = sorted((text for text in texts if len(text) >= _SHORTEST_PROMPT), key=len, reverse=True)

    @cached_property
    def _quotes(self) -> list[str]:
        """The prompts as they stand in a text, in JSON and in a page."""
        return [
            spelling
            for prompt in self._prompts
            for spelling in dict.fromkeys((prompt, json.dumps(prompt)[1:-1], html.escape(prompt)))
        ]

    def hiding(self, texts: Iterable[object]) -> Redaction:
        """Returns a redaction that also hides `texts`, like prompts."""
        return Redaction(self._secrets, [*self._prompts, *texts])

    def text(self, words: object, limit: int = TEXT_LIMIT) -> str:
        """Words for a message: one line of at most `limit` characters without a key and without a prompt."""
        return clip(one_line(self._masked(_start_of(words, 2 * limit)).strip()), limit)

    def value(self, answer: Any, limit: int = RAW_LIMIT) -> Any:
        """Returns an answer as a response may keep it: without media and keys, of at most `limit` characters.

        What the caller wrote stays in it: the response is the caller's own.
        """
        from tarash.tarash_gateway.media.base64 import without_media  # noqa: PLC0415 # media import this module

        return mask_all(without_media(answer), self._secrets, limit)

    def shown(self, answer: Any) -> Any:
        """Returns an answer for `error.raw`: as `value`, without prompts, `SHOWN_LIMIT` characters at most."""
        limit = SHOWN_LIMIT
        if self._prompts:
            from tarash.tarash_gateway.media.base64 import without_media  # noqa: PLC0415 # as above

            answer = self._without_prompts(without_media(answer))
        while len(repr(kept := self.value(answer, limit))) > SHOWN_LIMIT and limit:
            limit //= 2
        return kept

    def error(self, error: TarashError) -> None:
        """Masks the message and `raw` of `error` in place, and makes them short."""
        message = self._masked(error.message)
        if not isinstance(error, _OURS):
            message = one_line(message)
        message = clip(message, MESSAGE_LIMIT)
        if message != error.message:
            error.message = message
            error.args = (message, *error.args[1:])
        if error.raw is not None:
            error.raw = self.shown(error.raw)

    def _masked(self, text: str) -> str:
        return mask(self._without(text), self._secrets) if self._secrets else self._without(text)

    def _without_prompts(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._without_prompts(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without_prompts(item) for item in value]
        return self._without(value) if isinstance(value, str) else value

    def _without(self, text: str) -> str:
        for spelling in self._quotes:
            if spelling in text:
                # A prompt inside of a longer word is the vendor's own word: `complete` in `completed`.
                text = re.sub(rf"(?<!\w){re.escape(spelling)}(?!\w)", PROMPT_MASK, text)
        for prompt in self._prompts:
            if len(prompt) > PROMPT_RUN and len(text) >= PROMPT_RUN:
                text = _without_runs(text, prompt)
        return text


def _start_of(words: object, limit: int) -> str:
    text = words if isinstance(words, str) else str(words)
    # What is cut off could begin inside a key: the caller cuts again after masking.
    return text[:limit]


def _without_runs(text: str, prompt: str) -> str:
    """Removes the runs of `PROMPT_RUN` characters and more that also stand in `prompt`."""
    runs = {prompt[at : at + PROMPT_RUN] for at in range(len(prompt) - PROMPT_RUN + 1)}
    out: list[str] = []
    at = shown = 0
    while at <= len(text) - PROMPT_RUN:
        if text[at : at + PROMPT_RUN] not in runs:
            at += 1
            continue
        out += (text[shown:at], PROMPT_MASK)
        while at <= len(text) - PROMPT_RUN and text[at : at + PROMPT_RUN] in runs:
            at += 1
        at = shown = at + PROMPT_RUN - 1
    return "".join((*out, text[shown:]))


class _Keys:
    """What to look for; worked out once for the same secrets."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = tuple(secret for secret in secrets if len(secret) >= _SHORTEST)
        spellings = {spelling for secret in self._secrets for spelling in _spellings(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)
        self.longest = len(self._spellings[0]) if spellings else 0
        self._short = tuple(spelling for spelling in spellings if len(spelling) <= PIECE)
        self._joined = _lower("\0".join(spelling for spelling in spellings if len(spelling) > PIECE))

    @cached_property
    def _pieces(self) -> set[str]:
        return {self._joined[at : at + PIECE] for at in range(len(self._joined) - PIECE + 1)}

    @cached_property
    def _blocks(self) -> set[str]:
        return {self._joined[at : at + BLOCK] for at in range(len(self._joined) - BLOCK + 1)}

    def may_be_in(self, text: str) -> bool:
        """Whether it is worth to look closely: most answers have nothing in them that is like a key."""
        return bool(self._secrets) and (
            any(mark in text for mark in (*_MARKS, *self._short))
            or not self._blocks.isdisjoint(_BLOCKS.findall(_lower(text)))
        )

    def hidden_in(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        if _LEFT_OUT.search(text):
            text = _TOKEN.sub(lambda found: MASK if self._same(found[0]) else found[0], text)
        return self._without_pieces(text) if self._joined and len(text) >= PIECE else text

    def _same(self, token: str) -> bool:
        """Whether `sk-pr**********wxyz` is a spelling of a secret."""
        parts = _LEFT_OUT.split(token)
        if len(parts) < 2:
            return False
        head, tail = parts[0], parts[-1].rstrip(".")
        return any(
            bool(head and secret.startswith(head)) or bool(len(tail) > 1 and secret.endswith(tail))
            for secret in self._secrets
        )

    def _without_pieces(self, text: str) -> str:
        plain = _lower(text)
        # To look into one text costs little at first; a set of all pieces costs more, and then nothing.
        pieces = self._joined if len(text) < _SHORT else self._pieces
        out: list[str] = []
        shown = hidden = 0  # what stands before `shown` is in `out`, what stands before `hidden` is part of a key
        for at in range(len(plain) - PIECE + 1):
            if plain[at : at + PIECE] in pieces:
                if at > hidden or not out:
                    out += (text[shown:at], MASK)
                shown = hidden = at + PIECE
        return "".join((*out, text[shown:]))


class _Mask:
    """One answer on its way: how much of it may still be kept."""

    def __init__(self, keys: _Keys, limit: int) -> None:
        self._keys = keys
        self._left = limit

    def all(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._cut(value)
        self._left -= 1
        if isinstance(value, dict):
            return {self._cut(str(key)): self.all(item) for key, item in value.items() if self._left > 0}
        if isinstance(value, list):
            return [self.all(item) for item in value if self._left > 0]
        return value

    def _cut(self, text: str) -> str:
        """Masks the text, then cuts it: a key may lie across the cut."""
        kept = self._keys.hidden_in(text[: self._left + self._keys.longest])[: max(self._left, 0)]
        self._left -= len(kept) + 1
        return kept


@lru_cache(maxsize=32)
def _keys(secrets: tuple[str, ...]) -> _Keys:
    return _Keys(secrets)


def _lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _spellings(secret: str) -> Iterator[str]:
    """Yields a secret as it is, in an address, in JSON, in a page, and in base64 with and without others."""
    in_json = json.dumps(secret)[1:-1]
    yield from (secret, in_json, in_json.replace("/", "\\/"), html.escape(secret))
    yield from (quote(secret, safe=safe, errors="replace") for safe in ("", "/"))
    plain = secret.encode(errors="replace")
    for before in range(3):
        encoded = b64encode(b"\0" * before + plain).decode()
        # The first and the last characters depend on what stands beside the secret.
        whole = encoded[(0, 2, 3)[before] : (before + len(plain)) * 4 // 3]
        if len(whole) >= PIECE:
            yield from (whole, whole.replace("+", "-").replace("/", "_"))
