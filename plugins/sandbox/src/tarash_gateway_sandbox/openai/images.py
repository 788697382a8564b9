"""The image routes: generations, edits, and the URLs of dall-e's images."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.artwork.orders import ImageOrder, image_orders
from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.inputs import encode_base64
from tarash_gateway_sandbox.memory import Paid
from tarash_gateway_sandbox.openai import checks, rows
from tarash_gateway_sandbox.openai.answers import stream_events, usage
from tarash_gateway_sandbox.openai.encoding import encoding_of
from tarash_gateway_sandbox.openai.inputs import edit_inputs, referenced_files
from tarash_gateway_sandbox.openai.models import IMAGE_MODELS
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.replies import Answer, EventStream, Reply, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.openai.models import ImageModel
    from tarash_gateway_sandbox.vendor import Call, Vendor

COMMON_KEYS = ("model", "prompt", "n", "size", "quality", "user", "safety_identifier")
VARIATION_KEYS = ("model", "n", "size", "user", "response_format")
COLUMN_KEYS = {
    "styles": ("style",),
    "response_formats": ("response_format",),
    "backgrounds": ("background",),
    "output_formats": ("output_format",),
    "complexities": ("complexity",),
    "compression": ("output_compression",),
    "stream": ("stream", "partial_images"),
    "animation": ("frame_count", "frame_duration_ms"),
    "vectors": ("svg",),
}
"""Columns of the image table, and the parameters that exist where the column is filled."""


@dataclass(frozen=True)
class Work:
    """What a route found out before the common part."""

    model: ImageModel
    kind: str
    """The first half of its events' names."""
    keys: tuple[str, ...] = ()
    """Keys that only this route has."""
    inputs: tuple[bytes, ...] = ()
    masked: bool = False
    prompt: str | None = None
    """What is drawn where the route has no prompt."""


async def generate(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /images/generations."""
    model = rows.image_row(call, vendor, rows.body_of(call), default="dall-e-2")
    keys = ("moderation",) if model.moderations else ()
    return await _answer(call, vendor, Work(model, "image_generation", keys))


async def edit(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /images/edits, as a form or as JSON."""
    body = rows.body_of(call)
    model = rows.image_row(call, vendor, body, default="gpt-image-1.5")
    if not model.inputs:
        rows_with = [name for name, row in IMAGE_MODELS.items() if row.inputs]
        msg = f"Invalid value: '{model.name}'. This endpoint supports: {', '.join(rows_with)}."
        raise VendorError(msg, param="model", code="invalid_value")
    keys = ("input_fidelity",) if model.fidelities else ()
    files = call.request.files
    if model.extras:
        files = tuple(file for file in files if file.field in ("image", "image[]", "mask"))
    if not call.request.is_form:
        if not model.json_edits:
            msg = f"The model '{model.name}' does not take edits as JSON. Send multipart/form-data."
            raise VendorError(msg, param="model", code="invalid_value")
        files = await vendor.studio.run(referenced_files, body, model.inputs)
        # The vendor's forms have no moderation, its JSON does.
        keys = (*keys, "images", "mask", *(("moderation",) if model.moderations else ()))
    inputs = await vendor.studio.run(edit_inputs, files, model)
    masked = any(file.field == "mask" for file in files)
    return await _answer(call, vendor, Work(model, "image_edit", keys, inputs, masked))


async def vary(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /images/variations: an image, and no prompt."""
    body = rows.body_of(call)
    model = rows.image_row(call, vendor, body, default="dall-e-2")
    if not model.variations:
        rows_with = [name for name, row in IMAGE_MODELS.items() if row.variations]
        msg = f"Invalid value: '{model.name}'. This endpoint supports: {', '.join(rows_with)}."
        raise VendorError(msg, param="model", code="invalid_value")
    if not model.extras:
        checks.known_keys(body, VARIATION_KEYS)
        checks.known_keys({file.field: 0 for file in call.request.files}, ("image",))
    inputs = await vendor.studio.run(edit_inputs, call.request.files, model)
    return await _answer(call, vendor, Work(model, "image_variation", (), inputs[:1], prompt="A variation"))


async def image_file(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /files/…: the image behind one of dall-e's URLs, for anyone."""
    order = vendor.published(call.name)
    if order is None:
        msg = "The specified resource does not exist: the URL has expired."
        raise VendorError(msg, status=404)
    kind = "svg+xml" if order.format == "svg" else order.format
    return Answer(body=(await vendor.studio.images([order]))[0], content_type=f"image/{kind}")


async def car(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /car.jpg: an image for examples that need one, 1280x720."""
    return Answer(body=await vendor.studio.run(_draw_car), content_type="image/jpeg")


async def _answer(call: Call, vendor: Vendor, work: Work) -> Reply:
    body, model = rows.body_of(call), work.model
    form = call.request.is_form
    if not model.extras:
        columns = [key for column, keys in COLUMN_KEYS.items() if getattr(model, column) for key in keys]
        checks.known_keys(body, (*COMMON_KEYS, *columns, *work.keys))
    prompt = checks.prompt(body, model.prompt_length) if work.prompt is None else work.prompt
    count = _count(body, model, form=form)
    size = checks.image_size(body, model)
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
    wanted = encoding_of(call, body, model, count=count, masked=work.masked)
    first = ImageOrder(
        prompt=prompt,
        width=size[0],
        height=size[1],
        model=split_model(call.deployment or "")[0] or rows.model_name(body) or model.name,
        format=wanted.format,
        quality=wanted.compression,
        transparent=wanted.background == "transparent",
        inputs=work.inputs,
        frames=wanted.frames,
        frame_ms=wanted.frame_ms,
    )
    orders = image_orders(count, first)
    images = await vendor.studio.images(orders)
    requested_model = call.deployment or checks.text(body, "model") or model.name
    vendor.paid.add(Paid("image", requested_model, prompt, count=len(images)))
    facts = {
        "size": f"{size[0]}x{size[1]}",
        "quality": "high" if quality in (None, "auto") else quality,
        "output_format": wanted.format,
        "background": wanted.background,
    }
    if wanted.stream:
        shown = [
            (await vendor.studio.partial_images(order, wanted.partials), image)
            for order, image in zip(orders, images, strict=True)
        ]
        used = usage(prompt, quality, size, 1, inputs=len(work.inputs), partials=wanted.partials)
        return EventStream(stream_events(work.kind, shown, facts, used), pause=vendor.stream_pause)
    data: list[dict[str, str]] = []
    for order, content in zip(orders, images, strict=True):
        item = {"b64_json": encode_base64(content)}
        if delivery == "url" or (model.links and delivery is None):
            item = {"url": vendor.publish(order)}
        if model.revises:
            item["revised_prompt"] = f"{prompt.rstrip('. ')}, in a wide landscape of drifting ridges under a large sun."
        data.append(item)
    answer: dict[str, Any] = {"created": int(time.time()), "data": data}
    if model.output_formats:
        answer |= facts | {"usage": usage(prompt, quality, size, count, inputs=len(work.inputs))}
    return json_answer(answer)


def _count(body: Mapping[str, Any], model: ImageModel, *, form: bool) -> int:
    count = checks.whole(body, "n", 1, 10, form=form) or 1
    if count > model.images:
        msg = f"You must provide n={model.images} for this model."
        raise VendorError(msg, param="n", code="invalid_value")
    return count


def _draw_car() -> bytes:
    from tarash_gateway_sandbox.artwork.image import draw_car  # noqa: PLC0415 - brings Pillow

    return draw_car()
