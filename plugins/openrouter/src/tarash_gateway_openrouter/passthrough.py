"""What the protocol has no field for, and a vendor behind it takes as a parameter of its own.

The vendor behind must be named, and what it does not know is dropped without a word: so only what is known is here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NEGATIVE_PROMPT = {"google": ("google-vertex", "negativePrompt")}
"""Author of a model, to the slug of the vendor that runs it and its name for a negative prompt.

OpenRouter's guide to video, read 2026-11-22: `provider.options.google-vertex.parameters.negativePrompt`.
"""


def takes_negative_prompt(model: str, allowed: Iterable[str]) -> bool:
    """Whether a model takes one: its own list says so, and the way there is known."""
    entry = NEGATIVE_PROMPT.get(_author(model))
    return entry is not None and entry[1] in tuple(allowed)


def negative_prompt_of(model: str, text: str, own_provider: Any) -> dict[str, Any] | Any:
    """Returns the `provider` object of a request with a negative prompt in it.

    Args:
        model: the model's name.
        text: the negative prompt.
        own_provider: what the caller's own `provider` parameter says; it stays and comes first.
    """
    entry = NEGATIVE_PROMPT.get(_author(model))
    if entry is None or not isinstance(own_provider, dict | None):
        return own_provider
    slug, name = entry
    provider = dict(own_provider or {})
    options = dict(provider.get("options") or {})
    own = dict(options.get(slug) or {})
    own["parameters"] = {name: text, **(own.get("parameters") or {})}
    return {**provider, "options": {**options, slug: own}}


def _author(model: str) -> str:
    return model.partition("/")[0]
