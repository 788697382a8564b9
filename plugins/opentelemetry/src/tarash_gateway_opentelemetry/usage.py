"""A vendor's own count of tokens, read into the words of the conventions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DIRECTIONS = {"input": ("input_tokens", "prompt_tokens"), "output": ("output_tokens", "completion_tokens")}
"""What vendors call the tokens of each direction."""

MODALITIES = {"text": "text_tokens", "image": "image_tokens", "audio": "audio_tokens", "video": "video_tokens"}
"""What vendors call the tokens of each kind, in the details of a direction."""


def usage_attributes(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """Returns the attributes `gen_ai.usage.*` of a vendor's usage."""
    found: dict[str, int] = {}
    for direction, names in DIRECTIONS.items():
        total, details = _read(usage or {}, names)
        if total is None:
            continue
        found[f"gen_ai.usage.{direction}_tokens"] = total
        for modality, name in MODALITIES.items():
            if _is_count(details.get(name)):
                found[f"gen_ai.usage.{modality}.{direction}_tokens"] = details[name]
        if _is_count(details.get("cached_tokens")):
            found[f"gen_ai.usage.cache_read.{direction}_tokens"] = details["cached_tokens"]
    return found


def tokens_by_modality(usage: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Counts the tokens of each kind by direction; what the vendor does not break down is `unknown`."""
    counted: dict[str, dict[str, int]] = {}
    for direction, names in DIRECTIONS.items():
        total, details = _read(usage, names)
        if total is None:
            continue
        kinds = {kind: details[name] for kind, name in MODALITIES.items() if _is_count(details.get(name))}
        kinds = {kind: number for kind, number in kinds.items() if number}
        rest = total - sum(kinds.values())
        counted[direction] = {"unknown": total} if rest < 0 else {**kinds, **({"unknown": rest} if rest else {})}
    return counted


def _read(usage: Mapping[str, Any], names: tuple[str, ...]) -> tuple[int | None, Mapping[str, Any]]:
    name = next((name for name in names if _is_count(usage.get(name))), None)
    if name is None:
        return None, {}
    details = usage.get(f"{name}_details")
    return usage[name], details if isinstance(details, Mapping) else {}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
