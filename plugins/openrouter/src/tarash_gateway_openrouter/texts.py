"""The vendor's words without what must not be shown: a key, or the prompt that it quotes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tarash.tarash_gateway.media.decoding import without_media
from tarash.tarash_gateway.redaction import mask, mask_all

TOLD = 2000
"""Characters of a vendor's words that a message shows."""

PROMPT = "[prompt]"

_SHORTEST = 4
"""Characters of a text that is looked for; a shorter one would be found in every other word."""

_CUT = "..."
"""What the vendor puts in place of the middle of a long text that it quotes."""


class Texts:
    """Takes keys and prompts out of what a vendor says.

    Args:
        secrets: the keys.
        prompts: what was asked for, as far as it is known.
        quoting: an answer that quotes what moderation objected to, in a field of its own.
    """

    def __init__(self, secrets: Iterable[str] = (), prompts: Iterable[str | None] = (), quoting: Any = None) -> None:
        self._secrets = tuple(secrets)
        texts = [text for text in prompts if text]
        texts += [part.strip() for quoted in _quoted(quoting) for part in (quoted, *quoted.split(_CUT))]
        self._prompts = sorted({text for text in texts if len(text) >= _SHORTEST}, key=len, reverse=True)

    def told(self, words: object) -> str:
        """Words for a message: no key, no prompt, and no longer than a message should be."""
        text = str(words)
        kept = mask(self._plain(text[: 2 * TOLD]), self._secrets)
        return kept if len(kept) <= TOLD and len(text) <= 2 * TOLD else f"{kept[:TOLD]}…"

    def kept(self, answer: Any) -> Any:
        """An answer for `raw`: no key, no prompt, no media, and no address that is as good as the clip."""
        return mask_all(self._without(without_media(answer)), self._secrets)

    def _without(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: _LEFT_OUT[key](item) if key in _LEFT_OUT else self._without(item) for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._without(item) for item in value]
        return self._plain(value) if isinstance(value, str) else value

    def _plain(self, text: str) -> str:
        for prompt in self._prompts:
            text = text.replace(prompt, PROMPT)
        return text


def _quoted(answer: Any) -> list[str]:
    """What moderation objected to, wherever in the answer it stands."""
    if isinstance(answer, Mapping):
        own = [item for key, item in answer.items() if key == _FLAGGED and isinstance(item, str)]
        return own + [text for item in answer.values() for text in _quoted(item)]
    return [text for item in answer for text in _quoted(item)] if isinstance(answer, list) else []


_FLAGGED = "flagged_input"

_LEFT_OUT: dict[str, Callable[[Any], Any]] = {
    _FLAGGED: lambda text: f"[prompt, {len(text)} characters]" if isinstance(text, str) else None,
    "urls": lambda urls: [f"[{len(urls)} signed addresses]"] if isinstance(urls, list) else None,
}
"""Fields of an answer that are not kept, and what stands in their place."""
