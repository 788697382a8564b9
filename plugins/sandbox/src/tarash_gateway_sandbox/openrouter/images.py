"""POST /images: images, at once or as a stream of events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.artwork.orders import ImageOrder, image_orders
from tarash_gateway_sandbox.inputs import encode_base64
from tarash_gateway_sandbox.memory import Paid
from tarash_gateway_sandbox.openrouter import checks
from tarash_gateway_sandbox.openrouter.errors import RouterError
from tarash_gateway_sandbox.openrouter.models import IMAGE_ENTRIES, IMAGE_RATIOS, IMAGE_SIDES, ImageEntry
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.replies import EventStream, Reply, event_bytes, json_answer
from tarash_gateway_sandbox.sizes import size_of_area

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

ENUMS = {
    "aspect_ratio": IMAGE_RATIOS,
    "resolution": tuple(IMAGE_SIDES),
    "quality": ("auto", "low", "medium", "high", "xhigh", "max"),
    "background": ("auto", "transparent", "opaque"),
    "output_format": ("png", "jpeg", "webp", "svg"),
}
"""What the protocol takes, whatever the model; of these a model takes a part, and ignores what it has no knob for."""

KNOWN = ("model", "prompt", "n", "size", *ENUMS, "output_compression", "input_references", "seed", "stream")
ALSO = ("provider", "session_id", "user", "trace")
PARTIALS = 2
MOST_PIXELS = 4096 * 4096


async def generate(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /images."""
    body, face = checks.body_of(call), vendor.openrouter
    entry = _entry(body)
    prompt = checks.prompt(body)
    face.dropped += [name for name in body if name not in (*KNOWN, *ALSO)]
    count = checks.whole(body, "n", 1, 10) or 1
    if count > entry.most("n", 1):
        raise checks.invalid(name="n", why=f"{entry.id} generates at most {entry.most('n', 1)} in one request")
    chosen = {name: _chosen(body, name, entry, face.dropped) for name in ENUMS}
    checks.whole(body, "seed", -(2**63), 2**63)
    compression = checks.whole(body, "output_compression", 0, 100)
    streamed = checks.flag(body, "stream") or False
    inputs = await vendor.studio.run(_inputs, body, entry)
    width, height = _shape(body, chosen)
    form = chosen["output_format"] or "png"
    first = ImageOrder(
        prompt=prompt,
        width=width,
        height=height,
        model=entry.id,
        format=form,
        quality=90 if compression is None else 100 - compression,
        inputs=tuple(inputs),
    )
    orders = image_orders(count, first)
    drawn = await vendor.studio.images(orders)
    vendor.paid.add(Paid("image", checks.text(body, "model") or "", prompt, count=count))
    usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": 1290 * count, "cost": entry.cost * count}
    usage |= {"total_tokens": usage["prompt_tokens"] + usage["completion_tokens"], "is_byok": False}
    kind = f"image/{'svg+xml' if form == 'svg' else form}"
    now = int(time.time())
    if not streamed or not entry.streaming:
        data = [{"b64_json": encode_base64(content), "media_type": kind} for content in drawn]
        return json_answer({"created": now, "data": data, "usage": usage})
    events: list[dict[str, Any]] = []
    for order, content in zip(orders, drawn, strict=True):
        for at, partial in enumerate(await vendor.studio.partial_images(order, PARTIALS)):
            event = {"type": "image_generation.partial_image", "b64_json": encode_base64(partial)}
            events.append({**event, "partial_image_index": at})
        final = {"type": "image_generation.completed", "b64_json": encode_base64(content), "created": now}
        events.append({**final, "media_type": kind, "usage": usage})
    begun, done = b": OPENROUTER PROCESSING\n\n", b"data: [DONE]\n\n"
    wire = [begun + event_bytes(events[0]), *map(event_bytes, events[1:-1]), event_bytes(events[-1]) + done]
    return EventStream(wire, pause=vendor.stream_pause)


def _entry(body: Mapping[str, Any]) -> ImageEntry:
    name = split_model(checks.text(body, "model") or "")[0]
    if not name:
        raise checks.invalid(name="model", why="is required")
    if name not in IMAGE_ENTRIES:
        raise RouterError(404, f"No endpoints found for {name}.")
    return IMAGE_ENTRIES[name]


def _chosen(body: Mapping[str, Any], name: str, entry: ImageEntry, dropped: list[str]) -> str | None:
    """Returns a value of a parameter that the model has; one that it has no knob for is ignored."""
    value = checks.text(body, name, ENUMS[name])
    if value is None:
        return None
    taken = entry.values(name)
    if name in ("aspect_ratio", "resolution"):
        return value if not taken or value in taken else taken[0]  # the vendor moves it to what it has
    if name not in entry.parameters:
        dropped.append(name)
        return None
    if value not in taken:
        raise checks.invalid(name, f"'{value}' is not supported by {entry.id}. Supported: {', '.join(taken)}")
    return value


def _shape(body: Mapping[str, Any], chosen: Mapping[str, str | None]) -> tuple[int, int]:
    size = checks.text(body, "size")
    if size is not None and size not in IMAGE_SIDES:
        width, height = checks.dimensions(size)
        if width * height > MOST_PIXELS:
            raise checks.invalid(name="size", why=f"'{size}' has more than {MOST_PIXELS} pixels")
        return width, height
    side = IMAGE_SIDES[size or chosen["resolution"] or "1K"]
    return size_of_area(chosen["aspect_ratio"] or "1:1", side)


def _inputs(body: Mapping[str, Any], entry: ImageEntry) -> list[bytes]:
    parts = checks.images(body, "input_references")
    most = entry.most("input_references", 0)
    if len(parts) > most:
        raise checks.invalid(name="input_references", why=f"{entry.id} takes at most {most}")
    contents = [checks.content_of(part, f"input_references.{at}") for at, part in enumerate(parts)]
    return [content for content in contents if content is not None]
