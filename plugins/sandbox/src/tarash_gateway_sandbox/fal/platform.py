"""The platform: which models there are, with their schemas, and what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.fal.models import MODELS, PRESETS, Model
from tarash_gateway_sandbox.replies import Answer, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array"}


async def models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /models."""
    listed = [_entry(name, model) for name, model in MODELS.items()]
    return json_answer({"models": listed, "has_more": False, "next_cursor": None})


async def pricing(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /models/pricing."""
    prices = [
        {"endpoint_id": name, "unit_price": model.price, "unit": model.unit, "currency": "USD"}
        for name, model in MODELS.items()
    ]
    return json_answer({"prices": prices})


def _entry(name: str, model: Model) -> dict[str, Any]:
    category = "text-to-video" if model.unit == "seconds" else "text-to-image"
    properties = {field: _property(field, allowed) for field, allowed in model.fields.items()}
    schema = {"type": "object", "properties": properties, "required": list(model.required)}
    reference = {"$ref": "#/components/schemas/Input"}
    post = {"requestBody": {"content": {"application/json": {"schema": reference}}}}
    document = {"openapi": "3.0.4", "paths": {f"/{name}": {"post": post}}, "components": {"schemas": {"Input": schema}}}
    metadata = {"display_name": name, "category": category, "status": "active"}
    return {"endpoint_id": name, "metadata": metadata, "openapi": document}


def _property(field: str, allowed: object) -> dict[str, Any]:
    if field == "image_size":
        free = {"type": "object", "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}}}
        return {"anyOf": [free, {"type": "string", "enum": list(PRESETS)}]}
    if field == "num_images":
        return {"type": "integer", "minimum": 1, "maximum": 4}
    if isinstance(allowed, tuple):
        return {"type": "string", "enum": list(allowed)}
    return {"type": TYPES.get(allowed, "string")}  # type: ignore[call-overload] # a kind of value
