"""Checks each field of an outgoing request against its column of a capability row. Pure.

Some words have an order, and some mean the same: qualities, tiers of resolution, output formats. The functions at the
end find the word of a column that means the same as the requested one, or the nearest that costs no more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tarash.tarash_gateway.capabilities.rows import VALUE_COLUMNS, ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import DurationRule, FieldRule, NumberRule, SizeRule, nearest_size
from tarash.tarash_gateway.errors import Problem
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.records import field_of, shortened


def column_problems(request: GenerationRequest, row: ModelRow, model: str, *, stream: bool) -> Iterator[Problem]:
    """Yields a problem for each value of `request` that its column does not take.

    Args:
        request: the request as it would go out.
        row: the capability row.
        model: the model's name, for the texts.
        stream: whether partial images are requested.
    """
    yield from _prompt(request, row, model)
    yield from _size(request, row, model)
    yield from _values(request, row, model, stream=stream)
    yield from _duration(request, row, model)
    yield from _roles(request, row, model)
    yield from _extra_params(request, row, model)
    if stream and isinstance(row, ImageModel) and row.streaming is False:
        yield Problem("stream", f"{model} streams no partial images; use generate_image")
    for rule in row.rules:
        yield from _rule(request, rule, stream=stream)


def _prompt(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    limit, length = row.prompt_max_chars, len(request.prompt)
    if limit is not None and length > limit:
        yield Problem("prompt", f"has {length:,} characters, {model} takes {limit:,}")


def _size(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    requested, rule = request.size, row.sizes
    if requested is None or not rule:
        return
    if isinstance(rule, SizeRule):
        reasons = rule.reasons_against(requested)
        if reasons:
            why = f"{requested}: {'; '.join(reasons)}"
            yield Problem("size", why, value=requested, allowed=str(rule), nearest=rule.nearest(requested))
    elif requested not in rule:
        yield Problem(
            "size",
            f"{requested!r} is not taken by {model}",
            value=requested,
            allowed=rule + tuple(row.substitutes.get("size", ())),
            nearest=nearest_size(requested, rule),
        )


def _values(request: GenerationRequest, row: ModelRow, model: str, *, stream: bool) -> Iterator[Problem]:
    for name, column in VALUE_COLUMNS.items():
        requested, allowed = request.__dict__.get(name), row.__dict__.get(column)
        if requested is None or not allowed or requested in allowed:
            continue
        nearest = _nearest_word(request, row, name, stream=stream)
        yield Problem(name, f"{requested!r} is not taken by {model}", value=requested, allowed=allowed, nearest=nearest)


def _nearest_word(request: GenerationRequest, row: ModelRow, name: str, *, stream: bool) -> str | None:
    """Returns the value of a column that is nearest to the requested one; None where the words have no order."""
    requested, allowed = field_of(request, name), field_of(row, VALUE_COLUMNS[name])
    if name == "quality" and isinstance(row, ImageModel):
        return _lowest_quality(requested, allowed, row.quality_steps)
    if name == "resolution":
        video = isinstance(row, VideoModel)
        return nearest_tier(_tier_pixels(requested, video=video), allowed, video=video)
    if name == "output_format":
        near = _near_formats(requested, allowed)
        keep = (word for word in near if not _breaks_a_rule(request.model_copy(update={name: word}), row, stream))
        return next(keep, next(iter(near), None))
    return None


def _breaks_a_rule(request: GenerationRequest, row: ModelRow, stream: bool) -> bool:  # noqa: FBT001 # private
    return any(problem for rule in row.rules for problem in _rule(request, rule, stream=stream))


def _duration(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    requested = field_of(request, "duration_seconds")
    if requested is None or not isinstance(row, VideoModel):
        return
    rule = row.durations_by_mode.get(_mode(request), row.durations)
    if rule is None or (rule.takes(requested) if isinstance(rule, DurationRule) else requested in rule):
        return
    if isinstance(rule, DurationRule):
        allowed: tuple[str, ...] | str = str(rule)
        nearest: float | None = rule.nearest(requested)
    else:
        allowed = tuple(f"{item:g}" for item in rule)
        nearest = max((item for item in rule if item <= requested), default=min(rule, default=None))
    yield Problem(
        "duration_seconds",
        f"{requested:g} seconds are not taken by {model}",
        value=requested,
        allowed=allowed or None,
        nearest=int(nearest) if nearest is not None and nearest == int(nearest) else nearest,
    )


_FRAMES = ("first_frame", "last_frame")


def _roles(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    """Yields a problem for each role of input images that the model does not know, or has too many images of."""
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
    """Returns what the request starts from, in the words of `durations_by_mode`."""
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
    for name, value in request.extra_params.items():
        allowed = row.param_values.get(name)
        if allowed is not None and not _fits(value, allowed):
            rule = allowed if isinstance(allowed, NumberRule) else None
            yield Problem(
                f"extra_params.{shortened(name)}",
                f"{shortened(repr(value))} is not taken by {model}",
                value=shown(value),
                allowed=str(rule) if rule is not None else tuple(allowed),
                nearest=rule.nearest(value) if rule is not None else None,
            )


def shown(value: Any) -> Any:
    """Returns a refused value as a problem may show it."""
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
    requested = _held(request, rule.field, stream=stream)
    if requested not in rule.allowed:
        allowed = tuple("(not given)" if value is None else value for value in rule.allowed)
        value = shown(requested)
        said = "is not given" if requested is None else "is given" if value is None else f"{value!r}"
        yield Problem(rule.field, f"{said}: {rule.because}", value=value, allowed=allowed)


def _held(request: GenerationRequest, name: str, *, stream: bool) -> Any:
    """Returns the value of a rule's field; None where it is not given."""
    if name == "stream":
        return stream
    if name.startswith("extra_params."):
        return request.extra_params.get(name.removeprefix("extra_params."))
    value = field_of(request, name)
    return None if value in ([], {}) else value


AUTO = "auto"
"""Leaves the choice to the vendor; where a model does not know the word, leaving the field out says the same."""

QUALITY_SCALE: tuple[tuple[str, ...], ...] = (
    ("low",),
    ("medium", "standard"),
    ("high", "hd"),
    ("xhigh",),
    ("max",),
)
"""The steps of `quality` from the lowest to the highest; the words of one step mean the same. A row's `quality_steps`
puts a vendor's own words on it."""

_STEPS = {word: step for step, words in enumerate(QUALITY_SCALE) for word in words}

_SAME_FORMAT = {"jpg": "jpeg", "jpeg": "jpg"}

_NEAR_FORMATS: dict[str, tuple[str, ...]] = {
    "png": ("webp", "jpeg", "jpg"),
    "webp": ("png", "jpeg", "jpg"),
    "avif": ("webp", "jpeg", "jpg", "png"),
    "jpeg": ("webp", "png"),
    "jpg": ("webp", "png"),
    "gif": ("webp", "png", "jpeg", "jpg"),
    "svg": ("png", "webp", "jpeg", "jpg"),
}
"""Output format to the ones that serve in its place, the nearest first: what keeps the alpha channel goes before what
does not."""

_TIER = re.compile(r"(?P<lines>[1-9][0-9]{1,3})[pP]|(?P<edge>[1-9][0-9]?|0\.5)[kK]|(?P<square>512)")


def own_word(name: str, requested: str, row: ModelRow, allowed: tuple[str, ...]) -> str | None:
    """Returns the model's own word that means the same as `requested` and costs no more; None where there is none."""
    if name == "quality" and isinstance(row, ImageModel):
        return _same_quality(requested, allowed, row.quality_steps)
    if name == "resolution":
        return _same_tier(requested, allowed, video=isinstance(row, VideoModel))
    return _same_format(requested, allowed) if name == "output_format" else None


def _same_quality(requested: str, allowed: Sequence[str], steps: Mapping[str, str]) -> str | None:
    """Picks the model's own word for the step of `requested`, or for the nearest step below; None without one.

    Args:
        requested: a word of the scale, or one of the model's own.
        allowed: the words that the model takes.
        steps: the model's own words, each with the word of the scale that it means.
    """
    wanted = _step(requested, steps)
    if wanted is None:
        return None
    below = [(step, word) for word in allowed if (step := _step(word, steps)) is not None and step <= wanted]
    return max(below, key=lambda item: item[0])[1] if below else None


def _lowest_quality(requested: str, allowed: Sequence[str], steps: Mapping[str, str]) -> str | None:
    """Picks the model's lowest quality, for a word of the scale below all that the model has."""
    if _step(requested, steps) is None:
        return None
    candidates = [(step, word) for word in allowed if (step := _step(word, steps)) is not None]
    return min(candidates, key=lambda item: item[0])[1] if candidates else None


def _step(word: str, steps: Mapping[str, str]) -> int | None:
    return _STEPS.get(steps.get(word, word).lower())


def _tier_pixels(tier: str, *, video: bool) -> float | None:
    """Returns the pixels of one frame or image of a tier such as `720p` or `2K`; None for another word.

    A `4K` video has the 3840x2160 of a screen, a `4K` image the 4096x4096 of a square.
    """
    found = _TIER.fullmatch(tier)
    if found is None:
        return None
    if found["square"]:
        return 512.0 * 512
    if found["lines"]:
        return float(found["lines"]) ** 2 * 16 / 9
    edge = float(found["edge"])
    return (edge * 540) ** 2 * 16 / 9 if video else (edge * 1024) ** 2


def _same_tier(requested: str, allowed: Sequence[str], *, video: bool) -> str | None:
    """Picks the model's own word for a tier: `4k` for `4K`, and for `2160p` of a video."""
    wanted = _tier_pixels(requested, video=video)
    spelled = next((tier for tier in allowed if tier.lower() == requested.lower()), None)
    if spelled is not None or wanted is None:
        return spelled
    return next((tier for tier in allowed if _tier_pixels(tier, video=video) == wanted), None)


def nearest_tier(pixels: float | None, allowed: Sequence[str], *, video: bool) -> str | None:
    """Picks the largest tier that has no more than `pixels`, else the smallest; None where nothing can be compared."""
    candidates = [(size, tier) for tier in allowed if (size := _tier_pixels(tier, video=video)) is not None]
    if pixels is None or not candidates:
        return None
    within = [item for item in candidates if item[0] <= pixels]
    return (max(within) if within else min(candidates))[1]


def _same_format(requested: str, allowed: Sequence[str]) -> str | None:
    """Picks the model's own spelling of an output format: `jpeg` for `jpg` and for `JPEG`."""
    lower = requested.lower()
    return next((word for word in allowed if word.lower() in (lower, _SAME_FORMAT.get(lower))), None)


def _near_formats(requested: str, allowed: Sequence[str]) -> list[str]:
    """Lists the model's formats that may serve in the place of `requested`, the nearest first."""
    return [word for word in _NEAR_FORMATS.get(requested.lower(), ()) if word in allowed]
