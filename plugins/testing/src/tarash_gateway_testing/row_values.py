"""The values that a capability row declares, and values beside them that it must not take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import DurationRule, NumberRule, SizeRule
from tarash_gateway_testing.media import sample_image

__all__ = ["Value", "declared_values", "undeclared_values"]

_WORDS = {
    "quality": "qualities",
    "style": "styles",
    "background": "backgrounds",
    "output_format": "output_formats",
    "resolution": "resolutions",
}
"""Request field to the column that lists its words."""

_SIZE = re.compile(r"[1-9]\d*x[1-9]\d*")
"""What a request takes for a size; a part of one may be none."""

_NOT_A_WORD = "tarash-undeclared"

_OF_UNSUPPORTED: dict[str, Any] = {
    "seed": 7,
    "negative_prompt": "fog",
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "size": "1024x1024",
    "quality": "high",
    "style": "plain",
    "background": "opaque",
    "output_format": "png",
    "duration_seconds": 4.0,
    "generate_audio": True,
}
"""A value for each field that a row may name as unsupported."""

_FREE = ("seed", "negative_prompt")
"""Fields without a column: a row that does not name them as unsupported takes any value."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of one request field."""

    field: str
    value: Any
    why: str = ""
    """What the row says of the field, for a message."""

    def fields(self) -> dict[str, Any]:
        """Returns the request's fields with it."""
        name, _, param = self.field.partition(".")
        return {name: {param: self.value} if param else self.value}

    def __str__(self) -> str:
        return f"{self.field}={self.value!r}" if not isinstance(self.value, (bytes, list)) else self.field


def declared_values(row: ModelRow, most: int | None = None) -> Iterator[Value]:
    """Yields every value that `row` takes; of a rule its ends.

    Args:
        row: the row.
        most: values of one field at the most.
    """
    for field, values in _declared(row):
        taken = [value for value in values if value is not None]
        for value in taken if most is None else taken[:most]:
            yield Value(field, value)


def _declared(row: ModelRow) -> Iterator[tuple[str, Iterable[Any]]]:
    if isinstance(row.sizes, SizeRule):
        yield "size", [*row.sizes.words, row.sizes.nearest("1024x1024"), row.sizes.nearest("99999x1")]
    else:
        yield "size", row.sizes or ()
    yield "aspect_ratio", row.aspect_ratios or ()
    for field, column in _WORDS.items():
        yield field, getattr(row, column, None) or ()
    for field, table in row.substitutes.items():
        yield field, table
    if isinstance(row, VideoModel):
        yield "duration_seconds", _seconds(row.durations)
        yield "generate_audio", (True, False) if row.audio == "optional" else ()
    most = row.max_images if isinstance(row, ImageModel) else getattr(row, "max_videos", 1)
    yield "n", (most,) if most > 1 else ()
    for field, value in _OF_UNSUPPORTED.items():
        if field in _FREE and field not in row.unsupported:
            yield field, (value,)
    for name, values in row.param_values.items():
        yield f"extra_params.{name}", _ends(values) if isinstance(values, NumberRule) else values


def _ends(rule: NumberRule) -> tuple[float, float]:
    return (int(rule.min), int(rule.max)) if rule.whole else (rule.min, rule.max)


def _seconds(durations: Any) -> Iterable[float]:
    return (durations.min, durations.nearest(durations.max)) if isinstance(durations, DurationRule) else durations or ()


def undeclared_values(row: ModelRow) -> Iterator[Value]:
    """Yields values that `row` does not take, as near to its own as may be."""
    yield from _sizes(row)
    if row.aspect_ratios is not None:
        yield Value("aspect_ratio", "997:1", f"aspect_ratios={_shown(row.aspect_ratios)}")
    for field, column in _WORDS.items():
        words = getattr(row, column, None)
        if words is not None and field not in row.unsupported:
            allowed = {*words, *row.substitutes.get(field, ())}
            for word in (_NOT_A_WORD, *_cut(words)):
                if word not in allowed:
                    yield Value(field, word, f"{column}={_shown(words)}")
    if isinstance(row, VideoModel):
        yield from _durations(row)
    yield from _counts(row)
    yield from _params(row)
    for field in row.unsupported:
        if field in _OF_UNSUPPORTED:
            yield Value(field, _OF_UNSUPPORTED[field], "unsupported names it")


def _cut(words: Iterable[str]) -> list[str]:
    """Returns each word without its end; a text in place of a tuple is one word, whose parts are taken to be in it."""
    return [word[:-1] for word in ([words] if isinstance(words, str) else words) if len(word) > 2]


def _sizes(row: ModelRow) -> Iterator[Value]:
    rule = row.sizes
    if isinstance(rule, SizeRule):
        for size in ("7x7", "99999x1", "99999x99999"):
            if rule.reasons_against(size):
                yield Value("size", size, f"sizes={rule}")
    elif rule is not None:
        allowed = {*rule, *row.substitutes.get("size", ())}
        for size in ("16x17", *_cut(rule)):
            if size not in allowed and _SIZE.fullmatch(size):
                yield Value("size", size, f"sizes={_shown(rule)}")


def _durations(row: VideoModel) -> Iterator[Value]:
    rule = row.durations
    if isinstance(rule, DurationRule):
        yield Value("duration_seconds", rule.max + rule.step, f"durations={rule}")
        yield Value("duration_seconds", rule.min + rule.step * 0.37, f"durations={rule}")
    elif rule is not None:
        yield Value("duration_seconds", max(rule, default=4.0) + 0.37, f"durations={_shown(rule)}")


def _counts(row: ModelRow) -> Iterator[Value]:
    column = "max_images" if isinstance(row, ImageModel) else "max_videos"
    most = getattr(row, column, 1)
    yield Value("n", most + 1, f"{column}={most}")
    if row.max_input_images == 0 and "image_list" not in row.unsupported:
        yield Value("image_list", [sample_image()], "max_input_images=0")


def _params(row: ModelRow) -> Iterator[Value]:
    if row.extra_params is not None:
        yield Value(f"extra_params.{_NOT_A_WORD}", 1, f"extra_params={_shown(row.extra_params)}")
    for name, values in row.param_values.items():
        beyond = _ends(values)[1] + 1 if isinstance(values, NumberRule) else _NOT_A_WORD
        yield Value(f"extra_params.{name}", beyond, f"param_values[{name!r}]={values}")


def _shown(values: Iterable[Any]) -> str:
    return repr(values) if isinstance(values, str) else f"({', '.join(map(str, values))})"
