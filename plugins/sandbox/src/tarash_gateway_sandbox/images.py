"""The image routes: generations, edits, and the URLs of dall-e's pictures."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox import checks, rows
from tarash_gateway_sandbox.faults import Answer, json_answer
from tarash_gateway_sandbox.models import IMAGE_MODELS, OUTPUT_TOKENS
from tarash_gateway_sandbox.uploads import edit_inputs
from tarash_gateway_sandbox.vendor_errors import VendorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tarash_gateway_sandbox.drawing import PictureOrder
    from tarash_gateway_sandbox.models import ImageModel
    from tarash_gateway_sandbox.vendor import Call, Vendor

COMMON_KEYS = ("model", "prompt", "n", "size", "quality", "user", "safety_identifier")
COLUMN_KEYS = {
    "styles": "style",
    "response_formats": "response_format",
    "backgrounds": "background",
    "output_formats": "output_format",
    "complexities": "complexity",
    "compression": "output_compression",
    "stream": "stream",
}
"""Columns of the image table, and the parameter that exists where the column is filled."""
TOKENS_OF_AN_INPUT = 323


async def generate(call: Call, vendor: Vendor) -> Answer:
    """POST /images/generations."""
    body = rows.body_of(call)
    model = rows.image_row(call, vendor, body, default="dall-e-2")
    extra = ("moderation",) if model.moderations else ()
    return await _answer(call, vendor, model, extra=extra)


async def edit(call: Call, vendor: Vendor) -> Answer:
    """POST /images/edits, as a form."""
    if not call.request.is_form:
        msg = "The sandbox takes edits as multipart/form-data only: send file parts named 'image[]'."
        raise VendorError(msg, param="images", code="unsupported_content_type")
    body = rows.body_of(call)
    model = rows.image_row(call, vendor, body, default="gpt-image-1.5")
    if not model.inputs:
        rows_with = [name for name, row in IMAGE_MODELS.items() if row.inputs]
        msg = f"Invalid value: '{model.name}'. This endpoint supports: {', '.join(rows_with)}."
        raise VendorError(
            msg,
            param="model",
            code="invalid_value",
        )
    inputs = await vendor.in_studio(edit_inputs, call.request.files, model)
    extra = ("input_fidelity",) if model.fidelities else ()
    return await _answer(call, vendor, model, extra=extra, inputs=inputs)


async def picture_file(call: Call, vendor: Vendor) -> Answer:
    """GET /files/…: the picture behind one of dall-e's URLs, for anyone."""
    order = vendor.published(call.name)
    if order is None:
        msg = "The specified resource does not exist: the URL has expired."
        raise VendorError(msg, status=404)
    return Answer(body=(await vendor.in_studio(_draw, [order]))[0], content_type="image/png")


async def car(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /car.jpg: a picture for examples that need one, 1280x720."""
    return Answer(body=await vendor.in_studio(_draw_car), content_type="image/jpeg")


async def _answer(
    call: Call,
    vendor: Vendor,
    model: ImageModel,
    *,
    extra: Sequence[str] = (),
    inputs: tuple[bytes, ...] = (),
) -> Answer:
    body = rows.body_of(call)
    form = call.request.is_form
    columns = [key for column, key in COLUMN_KEYS.items() if getattr(model, column)]
    checks.known_keys(body, (*COMMON_KEYS, *columns, *(("partial_images",) if model.stream else ()), *extra))
    prompt = checks.prompt(body, model.prompt_length)
    count = _count(body, model, form=form)
    width, height = checks.image_size(body, model)
    quality = checks.text(body, "quality", model.qualities)
    for key, values in (
        ("style", model.styles),
        ("moderation", model.moderations),
        ("input_fidelity", model.fidelities),
        ("complexity", model.complexities),
        ("user", ()),
        ("safety_identifier", ()),
    ):
        checks.text(body, key, values)
    delivery = checks.text(body, "response_format", model.response_formats)
    if checks.flag(body, "stream", form=form):
        msg = "The sandbox does not stream: leave 'stream' out."
        raise VendorError(msg, param="stream", code="unsupported_value")
    checks.whole(body, "partial_images", 0, 3, form=form)
    output, background, compression = _encoding(call, body, model)
    shown = call.deployment or rows.model_name(body) or model.name
    orders = _orders(
        count,
        prompt=prompt,
        width=width,
        height=height,
        model=shown,
        format=output,
        quality=compression,
        transparent=background == "transparent",
        inputs=inputs,
    )
    pictures = await vendor.in_studio(_draw, orders)
    # Only GPT models have an output format, and they always answer in base64.
    links = delivery == "url" or (not model.output_formats and delivery != "b64_json")
    data: list[dict[str, str]] = []
    for order, content in zip(orders, pictures, strict=True):
        item = {"b64_json": base64.b64encode(content).decode()}
        if links:
            token = hashlib.sha256(repr(order).encode()).hexdigest()[:40] + ".png"
            vendor.publish(token, order)
            item = {"url": f"{vendor.origin}/files/{token}"}
        if model.revises:
            item["revised_prompt"] = f"{prompt.rstrip('. ')}, in a wide landscape of drifting ridges under a large sun."
        data.append(item)
    answer: dict[str, Any] = {"created": int(time.time()), "data": data}
    if model.output_formats:
        made = quality if quality in OUTPUT_TOKENS else "high"
        answer |= {
            "size": f"{width}x{height}",
            "quality": quality if quality not in (None, "auto") else made,
            "output_format": output,
            "background": background,
            "usage": _usage(prompt, made or "high", (width, height), count, len(inputs)),
        }
    return json_answer(answer)


def _count(body: Mapping[str, Any], model: ImageModel, *, form: bool) -> int:
    count = checks.whole(body, "n", 1, 10, form=form) or 1
    if count > model.images:
        msg = f"You must provide n={model.images} for this model."
        raise VendorError(msg, param="n", code="invalid_value")
    return count


def _encoding(call: Call, body: Mapping[str, Any], model: ImageModel) -> tuple[str, str, int]:
    """Output format, background and compression, checked against one another."""
    # Azure makes no WebP.
    formats = tuple(name for name in model.output_formats if not (call.azure and name == "webp"))
    output = checks.text(body, "output_format", formats) or "png"
    background = checks.text(body, "background", model.backgrounds) or "opaque"
    compression = checks.whole(body, "output_compression", 0, 100, form=call.request.is_form)
    if background == "transparent" and output == "jpeg":
        msg = "Transparent background is not supported for JPEG output format."
        raise VendorError(msg, param="background", code="invalid_value")
    if compression not in (None, 100) and output == "png":
        msg = "Compression less than 100 is not supported for PNG output format."
        raise VendorError(msg, param="output_compression", code="invalid_value")
    return (
        output,
        "opaque" if background == "auto" else background,
        92 if compression is None else compression,
    )


def _orders(count: int, **common: Any) -> list[PictureOrder]:
    from tarash_gateway_sandbox.drawing import PictureOrder  # noqa: PLC0415 - brings Pillow

    return [PictureOrder(number=number, **common) for number in range(count)]


def _draw(orders: list[PictureOrder]) -> list[bytes]:
    from tarash_gateway_sandbox.drawing import draw  # noqa: PLC0415 - brings Pillow

    return [draw(order) for order in orders]


def _draw_car() -> bytes:
    from tarash_gateway_sandbox.drawing import draw_car  # noqa: PLC0415 - brings Pillow

    return draw_car()


def _usage(prompt: str, quality: str, size: tuple[int, int], count: int, inputs: int) -> dict[str, Any]:
    width, height = size
    square, portrait, landscape = OUTPUT_TOKENS[quality]
    each = square if width == height else portrait if height > width else landscape
    words, shown = len(prompt) // 4 + 7, inputs * TOKENS_OF_AN_INPUT
    return {
        "input_tokens": words + shown,
        "input_tokens_details": {"text_tokens": words, "image_tokens": shown},
        "output_tokens": each * count,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": each * count},
        "total_tokens": words + shown + each * count,
    }
