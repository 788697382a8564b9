"""Holds each field of an outgoing request against its column of a capability row. Pure."""

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
    """Every value of `request` that its column does not take.

    Args:
        request: the request as it would go out.
        row: the capability row.
        model: the model's name, for the texts.
        stream: whether partial pictures are asked for.
    """
    yield from _prompt(request, row, model)
    yield from _size(request, row, model)
    yield from _values(request, row, model, stream=stream)
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
    if asked is None or not rule:
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


def _values(request: GenerationRequest, row: ModelRow, model: str, *, stream: bool) -> Iterator[Problem]:
    for name, column in VALUE_COLUMNS.items():
        asked, allowed = field_of(request, name), field_of(row, column)
        if asked is None or not allowed or asked in allowed:
            continue
        nearest = _nearest_word(request, row, name, stream=stream)
        yield Problem(name, f"{asked!r} is not taken by {model}", value=asked, allowed=allowed, nearest=nearest)


def _nearest_word(request: GenerationRequest, row: ModelRow, name: str, *, stream: bool) -> str | None:
    """The value of a column that serves in the place of the asked one; None where the words have no order."""
    asked, allowed = field_of(request, name), field_of(row, VALUE_COLUMNS[name])
    if name == "quality" and isinstance(row, ImageModel):
        return lowest_quality(asked, allowed, row.quality_steps)
    if name == "resolution":
        video = isinstance(row, VideoModel)
        return nearest_tier(tier_pixels(asked, video=video), allowed, video=video)
    if name == "output_format":
        near = near_formats(asked, allowed)
        keep = (word for word in near if not _breaks_a_rule(request.model_copy(update={name: word}), row, stream))
        return next(keep, next(iter(near), None))
    return None


def _breaks_a_rule(request: GenerationRequest, row: ModelRow, stream: bool) -> bool:  # noqa: FBT001 # private
    return any(problem for rule in row.rules for problem in _rule(request, rule, stream=stream))


def _duration(request: GenerationRequest, row: ModelRow, model: str) -> Iterator[Problem]:
    asked = field_of(request, "duration_seconds")
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
        nearest = max((item for item in rule if item <= asked), default=min(rule, default=None))
    yield Problem(
        "duration_seconds",
        f"{asked:g} seconds are not taken by {model}",
        value=asked,
        allowed=allowed or None,
        nearest=int(nearest) if nearest is not None and nearest == int(nearest) else nearest,
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
        value = shown(asked)
        said = "is not given" if asked is None else "is given" if value is None else f"{value!r}"
        yield Problem(rule.field, f"{said}: {rule.because}", value=value, allowed=allowed)


def _held(request: GenerationRequest, name: str, *, stream: bool) -> Any:
    """What a rule's field holds; None where it is not given."""
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


def same_quality(asked: str, allowed: Sequence[str], steps: Mapping[str, str]) -> str | None:
    """Picks the model's own word for the step of `asked`, else for the nearest step below; None where there is none.

    Args:
        asked: a word of the scale, or one of the model's own.
        allowed: the words that the model takes.
        steps: the model's own words, each with the word of the scale that it means.
    """
    wanted = _step(asked, steps)
    if wanted is None:
        return None
    below = [(step, word) for word in allowed if (step := _step(word, steps)) is not None and step <= wanted]
    return max(below, key=lambda item: item[0])[1] if below else None


def lowest_quality(asked: str, allowed: Sequence[str], steps: Mapping[str, str]) -> str | None:
    """Picks the model's lowest quality, for a word of the scale below all that the model has."""
    if _step(asked, steps) is None:
        return None
    known = [(step, word) for word in allowed if (step := _step(word, steps)) is not None]
    return min(known, key=lambda item: item[0])[1] if known else None


def _step(word: str, steps: Mapping[str, str]) -> int | None:
    return _STEPS.get(steps.get(word, word).lower())


def tier_pixels(tier: str, *, video: bool) -> float | None:
    """The pixels of one frame or image of a tier such as `720p` or `2K`, or None for another word.

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


def same_tier(asked: str, allowed: Sequence[str], *, video: bool) -> str | None:
    """Picks the model's own word for a tier: `4k` for `4K`, and for `2160p` of a video."""
    wanted = tier_pixels(asked, video=video)
    spelled = next((tier for tier in allowed if tier.lower() == asked.lower()), None)
    if spelled is not None or wanted is None:
        return spelled
    return next((tier for tier in allowed if tier_pixels(tier, video=video) == wanted), None)


def nearest_tier(pixels: float | None, allowed: Sequence[str], *, video: bool) -> str | None:
    """Picks the largest tier that has no more than `pixels`, else the smallest; None where nothing can be compared."""
    known = [(size, tier) for tier in allowed if (size := tier_pixels(tier, video=video)) is not None]
    if pixels is None or not known:
        return None
    within = [item for item in known if item[0] <= pixels]
    return (max(within) if within else min(known))[1]


def same_format(asked: str, allowed: Sequence[str]) -> str | None:
    """Picks the model's own spelling of an output format: `jpeg` for `jpg` and for `JPEG`."""
    lower = asked.lower()
    return next((word for word in allowed if word.lower() in (lower, _SAME_FORMAT.get(lower))), None)


def near_formats(asked: str, allowed: Sequence[str]) -> list[str]:
    """Lists the model's formats that may serve in the place of `asked`, the nearest first."""
    return [word for word in _NEAR_FORMATS.get(asked.lower(), ()) if word in allowed]
