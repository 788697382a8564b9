"""Takes keys out of texts: a vendor's own error message may quote the key it was sent, or a piece of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MASK = "[key]"
PIECE = 8
"""Characters of a key that make a piece worth masking."""

_TOKEN = re.compile(r"[^\s\"'<>,;]+")

RAW_LIMIT = 64 * 1024
"""Characters of a vendor's answer that an error keeps."""


def mask(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, without pieces of them, and without a vendor's half-starred spelling of them."""
    for secret in secrets:
        if len(secret) < 4:
            continue
        text = text.replace(secret, MASK)
        text = _TOKEN.sub(lambda found: MASK if _same(found[0], secret) else found[0], text)  # noqa: B023 # used at once
        if len(secret) > PIECE:
            text = _without_pieces(text, secret)
    return text


def mask_all(value: Any, secrets: Iterable[str]) -> Any:
    """A copy of parsed JSON (or of a text) with the secrets masked."""
    known = tuple(secrets)
    if isinstance(value, dict):
        return {mask(str(key), known): mask_all(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [mask_all(item, known) for item in value]
    return mask(value, known)[:RAW_LIMIT] if isinstance(value, str) else value


def _same(starred: str, secret: str) -> bool:
    """Whether `sk-pr**********wxyz` is a spelling of the secret."""
    if "**" not in starred:
        return False
    head, tail = starred.split("*", 1)[0], starred.rsplit("*", 1)[1].rstrip(".")
    return bool(head and secret.startswith(head)) or bool(len(tail) > 1 and secret.endswith(tail))


def _without_pieces(text: str, secret: str) -> str:
    pieces = {secret[at : at + PIECE] for at in range(len(secret) - PIECE + 1)}
    hidden = [False] * len(text)
    for at in range(len(text) - PIECE + 1):
        if text[at : at + PIECE] in pieces:
            hidden[at : at + PIECE] = [True] * PIECE
    if True not in hidden:
        return text
    out: list[str] = []
    for at, char in enumerate(text):
        if not hidden[at]:
            out.append(char)
        elif at == 0 or not hidden[at - 1]:
            out.append(MASK)
    return "".join(out)
