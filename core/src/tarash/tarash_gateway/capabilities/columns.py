"""Holds each field of an outgoing request against its column of a capability row. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import DurationRule, FieldRule, NumberRule, SizeRule, nearest_size
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.problems import Problem
from tarash.tarash_gateway.records import held, shortened

_VALUE_COLUMNS = {
    "quality": "qualities",
    "style": "styles",
    "background": "backgrounds",
    "output_format": "output_formats",
    "resolution": "resolutions",
}
"""Request field to the column that lists its values."""

_TOLD = 20
"""Unknown parameters that are told one by one."""


def column_problems(request: GenerationRequest, row: ModelRow, model: str, *, stream: bool) -> Iterator[Problem]:
    """Every value of `request` that its column does not take.

    Args:
        request: the request as it would go out.
        row: the capability row.
        model: the model's name, for the texts.
        stream: whether partial pictures are asked for.
    """
    yield from _prompt(request, row, model)
    yield from _size(request, row, model)
    yield from _values(request, row, model)
    yield from _duration(request, row, model)
    yield from _roles(request, row, model)
    yield from _extra_params(request, row, model)
    if stream and isinstance(row, ImageModel) and row.streaming is False:
        yield Problem("stream", f"{model} streams no partial pictures; use generate_image")
    for rule in row.rules:
        yield from _rule(request, rule, stream=stream)


def _prompt(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    limit, length = row.prompt_max_chars, len(request.prompt)
    if limit is not None and length > limit:
        yield Problem("prompt", f"has {length:,} characters, {model} takes {limit:,}")


def _size(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    asked, rule = request.size, row.sizes
    if asked is None or rule is None:
        return
    if isinstance(rule, SizeRule):
        reasons = rule.reasons_against(asked)
        if reasons:
            why = f"{asked}: {'; '.join(reasons)}"
            yield Problem("size", why, value=asked, allowed=str(rule), nearest=rule.nearest(asked))
    elif asked not in rule:
        yield Problem(
            "size",
            f"{asked!r} is not taken by {model}",
            value=asked,
            allowed=rule + tuple(row.substitutes.get("size", ())),
            nearest=nearest_size(asked, rule),
        )


def _values(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    for name, column in _VALUE_COLUMNS.items():
        asked, allowed = held(request, name), held(row, column)
        if asked is None or allowed is None or asked in allowed:
            continue
        why = f"{asked!r} is not taken by {model}" if allowed else f"{model} has no {name}; leave it out"
        yield Problem(name, why, value=asked, allowed=allowed or None)


def _duration(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    asked = held(request, "duration_seconds")
    if asked is None or not isinstance(row, VideoModel):
        return
    rule = row.durations_by_mode.get(_mode(request), row.durations)
    if rule is None or (rule.takes(asked) if isinstance(rule, DurationRule) else asked in rule):
        return
    if isinstance(rule, DurationRule):
        allowed: tuple[str, ...] | str = str(rule)
        nearest: float | None = rule.nearest(asked)
    else:
        allowed = tuple(f"{item:g}" for item in rule)
        nearest = min(rule, key=lambda item: abs(item - asked), default=None)
    yield Problem(
        "duration_seconds",
        f"{asked:g} seconds are not taken by {model}",
        value=asked,
        allowed=allowed or None,
        nearest=None if nearest is None else f"{nearest:g}",
    )


_FRAMES = ("first_frame", "last_frame")


def _roles(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    """Input images whose part in the video the model does not know, or has no more room for."""
    if not isinstance(row, VideoModel):
        return
    count: Counter[str] = Counter(image.type for image in request.image_list)
    for at, image in enumerate(request.image_list):
        if row.input_roles is not None and image.type not in row.input_roles:
            field = f"image_list.{at}.type"
            yield Problem(field, f"{model} takes no {image.type}", value=image.type, allowed=row.input_roles or None)
    for role, most in row.max_by_role.items():
        if count[role] > most:
            yield Problem("image_list", f"{count[role]} images as {role}, {model} takes {most}", value=count[role])
    frames = sum(count[role] for role in _FRAMES)
    if row.frames_with_references is False and 0 < frames < len(request.image_list):
        yield Problem("image_list", f"{model} takes either frames or references, not both at once; leave one kind out")


def _mode(request: GenerationRequest) -> str:
    """What the request starts from, in the words of `durations_by_mode`."""
    operation: str = getattr(request, "operation", "generate")
    if operation != "generate":
        return operation
    roles = {image.type for image in request.image_list}
    if "last_frame" in roles:
        return "frames"
    if "first_frame" in roles:
        return "first_frame"
    return "reference" if roles else "text"


def _extra_params(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    operation_params = row.operation_params if isinstance(row, VideoModel) else {}
    unknown = 0
    for name, value in request.extra_params.items():
        field = f"extra_params.{shortened(name)}"
        if row.extra_params is not None and name not in row.extra_params and name not in operation_params:
            unknown += 1
            if unknown <= _TOLD:
                yield Problem(field, f"is not a parameter of {model}", allowed=row.extra_params or None)
        allowed = row.param_values.get(name)
        if allowed is not None and not _fits(value, allowed):
            listed = str(allowed) if isinstance(allowed, NumberRule) else allowed
            told = f"{shortened(repr(value))} is not taken by {model}"
            yield Problem(field, told, value=_shown(value), allowed=listed)
    if unknown > _TOLD:
        yield Problem("extra_params", f"and {unknown - _TOLD:,} more that are no parameters of {model}")


def _shown(value: Any) -> Any:
    """A refused value as a problem may hold it."""
    if isinstance(value, str):
        return shortened(value)
    return value if isinstance(value, (int, float)) else None


def _fits(value: Any, allowed: tuple[Any, ...] | NumberRule) -> bool:
    if isinstance(allowed, NumberRule):
        return allowed.takes(value)
    # 1 and True are equal to Python and different to a vendor.
    return any(type(value) is type(item) and value == item for item in allowed)


def _rule(request: GenerationRequest, rule: FieldRule, *, stream: bool) -> Iterator[Problem]:
    for name, values in rule.when.items():
        held = _held(request, name, stream=stream)
        if held is None if values is None else held not in values:
            return
    asked = _held(request, rule.field, stream=stream)
    if asked not in rule.allowed:
        allowed = tuple("(not given)" if value is None else value for value in rule.allowed)
        value = _shown(asked)
        said = "is not given" if asked is None else "is given" if value is None else f"{value!r}"
        yield Problem(rule.field, f"{said}: {rule.because}", value=value, allowed=allowed)


def _held(request: GenerationRequest, name: str, *, stream: bool) -> Any:
    """What a rule's field holds; None where it is not given."""
    if name == "stream":
        return stream
    if name.startswith("extra_params."):
        return request.extra_params.get(name.removeprefix("extra_params."))
    value = held(request, name)
    return None if value in ([], {}) else value
