"""POST /images/generations and /images/edits: images, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.artwork.orders import ImageOrder, image_orders
from tarash_gateway_sandbox.inputs import encode_base64
from tarash_gateway_sandbox.memory import Paid
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.replies import Answer, json_answer
from tarash_gateway_sandbox.sizes import size_of_area
from tarash_gateway_sandbox.xai import checks
from tarash_gateway_sandbox.xai.models import IMAGE_MODELS, IMAGE_RATIOS, IMAGE_SIDES, TICKS

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

FIELDS = (
    *("model", "prompt", "n", "response_format", "aspect_ratio", "resolution", "quality", "user", "service_tier"),
    "storage_options",
)


async def generate(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /images/generations."""
    return await _answer(call, vendor, ())


async def edit(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /images/edits, with `image` or `images`."""
    return await _answer(call, vendor, ("image", "images"))


async def _answer(call: Call, vendor: Vendor, inputs: tuple[str, ...]) -> Answer:
    body = checks.body_of(call, (*FIELDS, *inputs))
    model_name = checks.text(body, "model") or ""
    model = IMAGE_MODELS.get(split_model(model_name)[0])
    if model is None:
        raise checks.XaiError(
            404, "not-found", f"The model {model_name} does not exist or your team has no access to it."
        )
    prompt = checks.text(body, "prompt")
    if not prompt:
        msg = "`prompt` is required"
        raise checks.invalid(msg)
    count = checks.whole(body, "n", 1, 10) or 1
    delivery = checks.text(body, "response_format", ("url", "b64_json")) or "url"
    ratio = checks.text(body, "aspect_ratio", IMAGE_RATIOS) or "auto"
    side = IMAGE_SIDES[checks.text(body, "resolution", IMAGE_SIDES) or "1k"]
    if body.get("quality") is not None and not model.qualities:
        msg = f"`quality` is not supported by {model_name}"
        raise checks.invalid(msg)
    checks.text(body, "quality", model.qualities)
    checks.text(body, "service_tier", ("default", "priority"))
    sent_images = [body["image"]] if "image" in body else body.get("images", [])
    if inputs and not sent_images:
        msg = "`image` or `images` is required"
        raise checks.invalid(msg)
    if len(sent_images) > model.inputs:
        msg = f"at most {model.inputs} images are supported by {model_name}"
        raise checks.invalid(msg)
    shown = [await vendor.studio.run(checks.image, item, "image") for item in sent_images]
    width, height = size_of_area("1:1" if ratio == "auto" else ratio, side)
    first = ImageOrder(
        prompt=prompt,
        width=width,
        height=height,
        model=model.served,
        format="jpeg",
        quality=90,
        inputs=tuple(content for content in shown if content is not None),
    )
    orders = image_orders(count, first)
    drawn = await vendor.studio.images(orders)
    vendor.paid.add(Paid("image", model_name, prompt, count=count))
    data: list[dict[str, Any]] = []
    for order, content in zip(orders, drawn, strict=True):
        item = {"mime_type": "image/jpeg", "respect_moderation": True, "revised_prompt": ""}
        if delivery == "url":
            item["url"] = vendor.publish(order)
        else:
            item["b64_json"] = encode_base64(content)
        data.append(item)
    ticks = round(model.dollars * count * TICKS)
    return json_answer({"data": data, "model": model.served, "usage": {"cost_in_usd_ticks": ticks}})
