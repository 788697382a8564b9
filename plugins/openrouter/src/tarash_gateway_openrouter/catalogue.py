"""Rows from the lists that the vendor publishes of its models.

A field that is missing, null or unreadable is not known: it passes everything. An entry without a name is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from tarash.tarash_gateway.capabilities import ImageModel, Lifecycle, VideoModel
from tarash.tarash_gateway.capabilities.rules import NumberRule, parse_ratio, parse_size
from tarash.tarash_gateway.errors import ValidationError
from tarash_gateway_openrouter.lifecycles import LIFECYCLES
from tarash_gateway_openrouter.passthrough import takes_negative_prompt
from tarash_gateway_openrouter.prices import price_of

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT", ImageModel, VideoModel)

VIDEO_SOURCE = "https://openrouter.ai/api/v1/videos/models"
IMAGE_SOURCE = "https://openrouter.ai/api/v1/images/models"

VIDEO_PARAMS = ("provider", "callback_url", "session_id", "user", "trace", "upscale_factor", "creativity")
IMAGE_PARAMS = ("output_compression", "response_format", "provider", "session_id", "user", "trace")
"""Fields of the protocol that no request of ours has. What is not among them the vendor drops without a word."""

NO_SUCH_IMAGE_FIELD = ("style", "negative_prompt")

MOST_IMAGES = 10
"""Images of one request, at the most; the protocol's own limit."""

MOST_VALUES = 200
"""Values of one field that are taken in."""

_NAME = re.compile(r"[\w.:~+-]{1,100}(/[\w.:~+-]{1,100}){1,3}", re.ASCII)
_WORD = re.compile(r"[\w.:+-]{1,40}", re.ASCII)

_DROPS_IN_SILENCE = {"seed": "seed", "quality": "quality", "background": "background", "output_format": "output_format"}
"""Parameter of the list to the request field that means it: what a model does not list, its vendor ignores."""


def video_rows(items: Iterable[Any], checked_on: date, *, basis: str = "the vendor's list") -> list[VideoModel]:
    """Returns the rows of `GET /videos/models`, the first of each name.

    Args:
        items: the entries, whatever they are.
        checked_on: when they were fetched.
        basis: how sure their prices are.
    """
    return _first_of_each(_whole(items, lambda item, name: _video_row(item, name, checked_on, basis)))


def image_rows(items: Iterable[Any], checked_on: date) -> list[ImageModel]:
    """Returns the rows of `GET /images/models`, the first of each name."""
    return _first_of_each(_whole(items, lambda item, name: _image_row(item, name, checked_on)))


def _whole(items: Iterable[Any], build: Callable[[Mapping[str, Any], str], RowT]) -> Iterator[RowT]:
    for item in items:
        name = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue
        try:
            yield build(item, name)
        except ValidationError:  # a column that no version of this protocol has filled so far
            continue


def _first_of_each(rows: Iterable[RowT]) -> list[RowT]:
    found: dict[str, RowT] = {}
    for row in rows:
        found.setdefault(row.model, row)
    return list(found.values())


def _video_row(item: Mapping[str, Any], name: str, checked_on: date, basis: str) -> VideoModel:
    resolutions = _words(item.get("supported_resolutions"))
    sizes = _listed(item.get("supported_sizes"), lambda value: isinstance(value, str) and parse_size(value) is not None)
    frames = item.get("supported_frame_images")
    audio, passed = item.get("generate_audio"), item.get("allowed_passthrough_parameters")
    roles = _listed(frames, lambda value: value in ("first_frame", "last_frame"))
    negative = takes_negative_prompt(name, passed if isinstance(passed, list) else ())
    lacks = ("seed",) * (item.get("seed") is False) + ("negative_prompt",) * (not negative)
    return VideoModel(
        model=name,
        source=VIDEO_SOURCE,
        checked_on=checked_on,
        lifecycle=LIFECYCLES.get(name, Lifecycle()),
        price=price_of(
            item.get("pricing_skus"),
            resolutions=resolutions or (),
            sizes=sizes or (),
            source=VIDEO_SOURCE,
            checked_on=checked_on,
            basis=basis,
        ),
        durations=_seconds(item.get("supported_durations")),
        sizes=sizes,
        aspect_ratios=_ratios(item.get("supported_aspect_ratios")),
        resolutions=resolutions,
        # The list tells of frames only: whether a model takes references is known when it is asked.
        input_roles=None if frames is None or (frames and not roles) else (*(roles or ()), "reference"),
        max_by_role={"first_frame": 1, "last_frame": 1},
        frames_with_references=False,  # the vendor would take the frames and drop the references without a word
        audio=None if not isinstance(audio, bool) else "optional" if audio else "never",
        operations=("generate", "edit", "extend"),
        extra_params=VIDEO_PARAMS,
        unsupported=lacks,
    )


def _image_row(item: Mapping[str, Any], name: str, checked_on: date) -> ImageModel:
    listed = item.get("supported_parameters")
    descriptors: Mapping[str, Any] = listed if isinstance(listed, Mapping) else {}
    streams, compression = item.get("supports_streaming"), _range(descriptors.get("output_compression"))
    count = _range(descriptors.get("n"))
    lacks = [field for param, field in _DROPS_IN_SILENCE.items() if descriptors and param not in descriptors]
    return ImageModel(
        model=name,
        source=IMAGE_SOURCE,
        checked_on=checked_on,
        lifecycle=LIFECYCLES.get(name, Lifecycle()),
        aspect_ratios=_ratios(_enum(descriptors.get("aspect_ratio"))),
        resolutions=_words(_enum(descriptors.get("resolution"))),
        qualities=_words(_enum(descriptors.get("quality"))),
        backgrounds=_words(_enum(descriptors.get("background"))),
        output_formats=_words(_enum(descriptors.get("output_format"))),
        max_images=MOST_IMAGES if count is None else min(max(int(count[1]), 1), MOST_IMAGES),
        max_input_images=_input_images(item, descriptors),
        mask=False,
        streaming=streams if isinstance(streams, bool) else None,
        extra_params=IMAGE_PARAMS,
        param_values={}
        if compression is None
        else {"output_compression": NumberRule(min=compression[0], max=compression[1])},
        unsupported=(*NO_SUCH_IMAGE_FIELD, *lacks),
    )


def _input_images(item: Mapping[str, Any], descriptors: Mapping[str, Any]) -> int | None:
    bounds = _range(descriptors.get("input_references"))
    if bounds is not None:
        return max(int(bounds[1]), 0)
    made_of = item.get("architecture")
    takes = made_of.get("input_modalities") if isinstance(made_of, Mapping) else None
    return 0 if isinstance(takes, list) and takes and "image" not in takes else None


def _enum(descriptor: Any) -> Any:
    """Returns the values of a descriptor that lists them."""
    return descriptor.get("values") if isinstance(descriptor, Mapping) and descriptor.get("type") == "enum" else None


def _range(descriptor: Any) -> tuple[float, float] | None:
    """Returns the ends of a descriptor that is a range."""
    if not isinstance(descriptor, Mapping) or descriptor.get("type") != "range":
        return None
    low, high = _number(descriptor.get("min")), _number(descriptor.get("max"))
    return (low or 0.0, high) if high is not None and (low or 0.0) <= high else None


def _listed(values: Any, takes: Callable[[Any], bool]) -> tuple[Any, ...] | None:
    """Returns what of a list can be read, each value once; None where that is nothing."""
    if not isinstance(values, list):
        return None
    return tuple(dict.fromkeys(value for value in values[:MOST_VALUES] if takes(value))) or None


def _words(values: Any) -> tuple[str, ...] | None:
    return _listed(values, lambda value: isinstance(value, str) and _WORD.fullmatch(value) is not None)


def _ratios(values: Any) -> tuple[str, ...] | None:
    return _listed(values, lambda value: isinstance(value, str) and len(value) < 20 and parse_ratio(value) is not None)


def _seconds(values: Any) -> tuple[float, ...] | None:
    if not isinstance(values, list):
        return None
    numbers = [_number(value) for value in values[:MOST_VALUES]]
    return tuple(sorted({number for number in numbers if number is not None and 0 < number <= 86_400})) or None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
