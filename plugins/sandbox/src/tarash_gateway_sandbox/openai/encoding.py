"""How an image is to be delivered: format, background, compression, frames and stream, checked together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.errors import VendorError, invalid_type, missing_parameter
from tarash_gateway_sandbox.openai import checks
from tarash_gateway_sandbox.openai.models import OUTPUT_FORMATS

if TYPE_CHECKING:
    from tarash_gateway_sandbox.openai.models import ImageModel, OutputFormat
    from tarash_gateway_sandbox.vendor import Call

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
FRAMES = 9
"""Frames of an animation when the request does not say."""
FRAME_MILLISECONDS = 200


@dataclass(frozen=True)
class Encoding:
    """How an image is to be delivered."""

    format: str
    background: str
    """`transparent` or `opaque`."""
    compression: int
    """0 to 100."""
    frames: int
    """0 is a still image."""
    frame_ms: int
    stream: bool
    partials: int
    """How many unfinished images come before the finished one, in a stream."""


def encoding_of(call: Call, body: Mapping[str, Any], model: ImageModel, *, count: int, masked: bool) -> Encoding:
    """Returns the delivery a request asks for.

    Args:
        call: The call.
        body: Its fields.
        model: The model's row.
        count: Images in the request.
        masked: Whether it has a mask.

    Returns:
        The delivery.

    Raises:
        VendorError: Its parts are wrong, or do not go together.
    """
    form = call.request.is_form
    # Azure makes no WebP.
    formats = tuple(name for name in model.output_formats if not (call.azure and name == "webp"))
    row = OUTPUT_FORMATS[checks.text(body, "output_format", formats) or "png"]
    background = checks.text(body, "background", model.backgrounds)
    compression = checks.whole(body, "output_compression", 0, 100, form=form)
    stream = checks.flag(body, "stream", form=form)
    partials = checks.whole(body, "partial_images", 0, 3, form=form) or 0
    frames = checks.whole(body, "frame_count", 2, 16, form=form)
    frame_ms = checks.whole(body, "frame_duration_ms", 1, 2**31 - 1, form=form)
    _together(row, background=background, compression=compression, stream=stream, partials=partials)
    if masked and not row.masks:
        raise _clash(row, "Masks are", "mask")
    if count > row.images:
        msg = f"You must provide n={row.images} for {row.name.upper()} output format."
        raise VendorError(msg, param="n", code="invalid_value")
    for key, value in (("frame_count", frames), ("frame_duration_ms", frame_ms)):
        if value is not None and row.name != "gif":
            raise _only(key, "gif")
    if body.get("svg") is not None and not model.extras:
        _author(body["svg"])
        if row.name != "svg":
            raise _only(key="svg", form="svg")
    return Encoding(
        row.name,
        "transparent" if background == "transparent" else "opaque",
        92 if compression is None else compression,
        (frames or FRAMES) if row.name == "gif" else 0,
        frame_ms or FRAME_MILLISECONDS,
        stream,
        partials,
    )


def _together(
    row: OutputFormat, *, background: str | None, compression: int | None, stream: bool, partials: int
) -> None:
    if background == "transparent" and not row.transparency:
        raise _clash(row, "Transparent background is", "background")
    if compression not in (None, 100) and not row.compression:
        raise _clash(row, "Compression less than 100 is", "output_compression")
    if stream and not row.streams:
        raise _clash(row, "Streaming is", "stream")
    if partials and not row.streams:
        raise _clash(row, "Partial images are", "partial_images")


def _clash(row: OutputFormat, what: str, param: str) -> VendorError:
    msg = f"{what} not supported for {row.name.upper()} output format."
    return VendorError(msg, param=param, code="invalid_value")


def _only(key: str, form: str) -> VendorError:
    return VendorError(f"'{key}' is only supported with output_format '{form}'.", param=key, code="invalid_value")


def _author(value: Any) -> None:
    """Checks who writes a vector image: a model, and how hard it thinks."""
    if not isinstance(value, Mapping):
        raise invalid_type(name="svg", expected="an object", value=value)
    checks.known_keys({f"svg.{key}": 0 for key in value}, ("svg.model", "svg.reasoning"))
    if checks.text({"svg.model": value.get("model")}, "svg.model") is None:
        raise missing_parameter(name="svg.model")
    reasoning = value.get("reasoning")
    if reasoning is None:
        return
    if not isinstance(reasoning, Mapping):
        raise invalid_type(name="svg.reasoning", expected="an object", value=reasoning)
    checks.known_keys({f"svg.reasoning.{key}": 0 for key in reasoning}, ("svg.reasoning.effort",))
    checks.text({"svg.reasoning.effort": reasoning.get("effort")}, "svg.reasoning.effort", EFFORTS)
