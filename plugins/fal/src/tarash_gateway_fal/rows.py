"""Capability rows from fal's schemas: each model has fields of its own, and names of its own for the usual ones.

A row keeps all field names of its model in `extra_params`, and the words they take in `param_values`: what a request
field is called at a model is read from there (`field_names.py`), for shipped rows and for fetched ones alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, Literal

from tarash.tarash_gateway.capabilities import DurationRule, ImageModel, Lifecycle, Price, SizeRule, VideoModel
from tarash_gateway_fal.field_names import IMAGES, FieldNames
from tarash_gateway_fal.static_models import CHECKED_ON, MODELS, SOURCE

PRESETS = {
    "1:1": "square_hd",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
}
"""Aspect ratio to the word of `image_size` that means it."""

PRESET_SIZES = {
    "square_hd": "1024x1024",
    "square": "512x512",
    "landscape_4_3": "1024x768",
    "portrait_4_3": "768x1024",
    "landscape_16_9": "1024x576",
    "portrait_16_9": "576x1024",
}
"""Word of `image_size` to the pixels that the FLUX models make of it (litellm and others, October 2026)."""

_MEGAPIXELS: dict[str, dict[Literal["first", "each"], float]] = {
    "fal-ai/flux/dev": {"each": 0.025},
    "fal-ai/flux/schnell": {"each": 0.003},
    "fal-ai/flux-2-pro": {"first": 0.03, "each": 0.015},
}
"""Dollars for a megapixel. fal's pages on the models, as several readers quote them from July to October 2026."""

MOST_IMAGES = 4
"""Images of one request, where a schema names no maximum: what fal's pages say of most models."""

MOST_INPUTS = 10
"""Input images, where a schema names no maximum."""

DOCS = "https://docs.fal.ai/model-apis"
_CHECKED = date(2026, 11, 30)

DEFAULT_IMAGE_MODEL = ImageModel(model="*", source=DOCS, checked_on=_CHECKED, max_images=1000)
"""Passes everything, for models without a row: their input is given as `extra_params`."""

DEFAULT_VIDEO_MODEL = VideoModel(
    model="*", source=DOCS, checked_on=_CHECKED, max_videos=1, operations=("generate", "edit", "extend")
)
"""Passes everything, for models without a row: their input is given as `extra_params`."""

Fields = Mapping[str, Mapping[str, Any]]
"""Field name to `type`, `enum`, `minimum`, `maximum`, `maxItems` of JSON Schema; a free size has the type `size`."""


@cache
def static_rows() -> tuple[tuple[ImageModel, ...], tuple[VideoModel, ...]]:
    """Makes the rows that are known without asking the vendor."""
    columns = {"source": SOURCE, "checked_on": CHECKED_ON}
    rows = [
        row_of(model, entry["kind"], entry["fields"], price=_static_price(model), **columns)
        for model, entry in MODELS.items()
    ]
    images = tuple(row for row in rows if isinstance(row, ImageModel))
    return images, tuple(row for row in rows if isinstance(row, VideoModel))


def _static_price(model: str) -> Price | None:
    megapixels = _MEGAPIXELS.get(model)
    if megapixels is None:
        return None
    basis, source = "quoted from fal's page on the model", f"https://fal.ai/models/{model}"
    return Price(per_megapixel=megapixels, basis=basis, source=source, checked_on=CHECKED_ON)


def row_of(model: str, kind: str, fields: Fields, **columns: Any) -> ImageModel | VideoModel:
    """Makes the row of one model.

    Args:
        model: the endpoint's id.
        kind: `image` or `video`.
        fields: the fields of its input.
        columns: further columns: `source`, `checked_on`, `price`, `lifecycle`.
    """
    names = FieldNames(fields)
    shared: dict[str, Any] = {
        **columns,
        "model": model,
        "aspect_ratios": _ratios(fields, names),
        "word_sizes": PRESET_SIZES if model in _MEGAPIXELS else {},
        "resolutions": _words(fields, names.resolution),
        "min_input_images": _fewest_inputs(fields, names),
        "max_input_images": _most_inputs(fields, names, kind),
        "extra_params": tuple(fields),
        "param_values": {name: tuple(field["enum"]) for name, field in fields.items() if field.get("enum")},
    }
    return _image_row(fields, names, shared) if kind == "image" else _video_row(fields, names, shared)


def _image_row(fields: Fields, names: FieldNames, shared: dict[str, Any]) -> ImageModel:
    optional = {
        "size": names.size,
        "aspect_ratio": names.aspect_ratio or names.size,
        "resolution": names.resolution,
        "seed": names.seed,
        "negative_prompt": names.negative_prompt,
        "output_format": names.output_format,
        **{name: name if name in fields else None for name in ("quality", "background")},
        "style": None,  # each model has words of its own, which mean nothing elsewhere: they go as extra_params
    }
    most = 1
    if names.count is not None:
        most = int(fields[names.count].get("maximum") or MOST_IMAGES)
    return ImageModel(
        **shared,
        sizes=None if names.size is None else SizeRule(words=tuple(fields[names.size].get("enum", ()))),
        max_images=most,
        mask=names.mask is not None,
        qualities=_words(fields, "quality"),
        backgrounds=_words(fields, "background"),
        output_formats=_words(fields, names.output_format),
        streaming=False,
        unsupported=tuple(name for name, wire in optional.items() if wire is None),
    )


def _video_row(fields: Fields, names: FieldNames, shared: dict[str, Any]) -> VideoModel:
    optional = {
        "size": names.size,
        "aspect_ratio": names.aspect_ratio,
        "resolution": names.resolution,
        "duration_seconds": names.duration,
        "seed": names.seed,
        "negative_prompt": names.negative_prompt,
        "generate_audio": names.audio,
    }
    roles = [
        role
        for role, wire in (
            ("first_frame", names.first_frame),
            ("last_frame", names.last_frame),
            ("reference", names.references or names.first_frame),  # the one image of an image-to-video model
        )
        if wire is not None
    ]
    operation = "generate"
    if names.video is not None:
        operation = "extend" if "extend" in str(shared["model"]) else "edit"
    return VideoModel(
        **shared,
        durations=_durations(fields, names),
        audio=None if names.audio is None else "optional",
        input_roles=tuple(roles) if roles else None,
        max_by_role={role: 1 for role in roles if role != "reference" or names.references is None},
        operations=(operation,),
        unsupported=tuple(name for name, wire in optional.items() if wire is None),
    )


def _words(fields: Fields, name: str | None) -> tuple[str, ...] | None:
    """Returns the words that a field takes; None where it takes any, or is not there."""
    words = fields.get(name or "", {}).get("enum")
    return tuple(map(str, words)) if words else None


def _ratios(fields: Fields, names: FieldNames) -> dict[str, str] | tuple[str, ...] | None:
    if names.aspect_ratio is not None:
        return _words(fields, names.aspect_ratio)
    words = () if names.size is None else fields[names.size].get("enum", ())
    return {ratio: word for ratio, word in PRESETS.items() if word in words} or None


def _fewest_inputs(fields: Fields, names: FieldNames) -> int:
    """Counts the fields for images that the model cannot do without."""
    wires = {names.images, names.references, names.first_frame, names.last_frame}
    return sum(bool(fields[wire].get("required")) for wire in wires if wire is not None)


def _most_inputs(fields: Fields, names: FieldNames, kind: str) -> int:
    if kind == "image":
        if names.images is None:
            return 0
        if names.images not in IMAGES:
            return 1
        return int(fields[names.images].get("maxItems") or MOST_INPUTS)
    frames = [wire for wire in (names.first_frame, names.last_frame) if wire is not None]
    references = 0 if names.references is None else int(fields[names.references].get("maxItems") or MOST_INPUTS)
    return len(frames) + references


def _durations(fields: Fields, names: FieldNames) -> tuple[float, ...] | DurationRule | None:
    if names.duration is None:
        return None
    field = fields[names.duration]
    seconds = [float(found[1]) for word in field.get("enum", ()) if (found := re.fullmatch(r"([\d.]+)s?", str(word)))]
    if seconds:
        return tuple(seconds)
    least, most = field.get("minimum"), field.get("maximum")
    return DurationRule(min=least, max=most) if least and most else None


def read_models(listed: Mapping[str, Any], prices: Mapping[str, Price], today: date) -> list[ImageModel | VideoModel]:
    """Reads one page of the platform's list of models, with their schemas.

    What cannot be read as a row is left out: audio, training, text.
    """
    rows = []
    for entry in listed.get("models", ()):
        model, document = entry.get("endpoint_id"), entry.get("openapi")
        metadata = entry.get("metadata") or {}
        kind = next(
            (kind for kind in ("image", "video") if str(metadata.get("category", "")).endswith(f"to-{kind}")), None
        )
        fields = read_openapi(document) if isinstance(document, Mapping) else {}
        if not isinstance(model, str) or kind is None or "prompt" not in fields:
            continue
        source = f"https://fal.ai/models/{model}/api"
        lifecycle = Lifecycle()
        if metadata.get("status") == "deprecated":
            lifecycle = Lifecycle(status="deprecated", source=source)
        rows.append(
            row_of(model, kind, fields, source=source, checked_on=today, price=prices.get(model), lifecycle=lifecycle)
        )
    return rows


def read_openapi(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Reads the fields of the input of the one POST of a model's OpenAPI document; empty where there is none."""
    for path in (document.get("paths") or {}).values():
        content = ((path.get("post") or {}).get("requestBody") or {}).get("content") or {}
        schema = _resolved((content.get("application/json") or {}).get("schema") or {}, document)
        if schema.get("properties"):
            required = schema.get("required", ())
            return {
                name: {
                    **_field(_resolved(field, document), document),
                    **({"required": True} if name in required else {}),
                }
                for name, field in schema["properties"].items()
            }
    return {}


_LIMITS = ("enum", "minimum", "maximum", "maxItems")


def _field(field: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    parts = [_resolved(part, document) for part in field.get("anyOf") or field.get("oneOf") or [field]]
    merged: dict[str, Any] = {
        "type": next((part["type"] for part in parts if part.get("type") not in (None, "null")), "string")
    }
    for part in parts:
        merged |= {name: part[name] for name in _LIMITS if part.get(name) is not None}
        if {"width", "height"} <= set(part.get("properties") or ()):
            merged["type"] = "size"
    return merged


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the schema behind a `$ref` into the same document."""
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    found: Any = document
    for part in reference[2:].split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


_UNITS = {"image": ("per_image", "any any"), "megapixel": ("per_megapixel", "each"), "second": ("per_second", "any")}
"""What fal counts, to the column of a price and the key in it."""


def read_prices(answer: Mapping[str, Any], today: date) -> dict[str, Price]:
    """Reads `GET /models/pricing`: what one unit of each model costs, where it is counted in dollars."""
    prices = {}
    for entry in answer.get("prices", ()):
        model, dollars, unit = entry.get("endpoint_id"), entry.get("unit_price"), str(entry.get("unit", ""))
        column, key = _UNITS.get(unit.rstrip("s"), ("", ""))
        if not isinstance(model, str) or not isinstance(dollars, (int, float)) or entry.get("currency", "USD") != "USD":
            continue
        tables: dict[str, Any] = {column: {key: float(dollars)}} if column else {}
        prices[model] = Price(
            **tables, basis=f"{dollars:g} for one {unit}", source=f"https://fal.ai/models/{model}", checked_on=today
        )
    return prices
