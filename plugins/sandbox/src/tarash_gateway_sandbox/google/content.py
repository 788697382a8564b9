"""`generateContent` and its stream: one image, and how it looks while the model thinks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.artwork.orders import ImageOrder
from tarash_gateway_sandbox.google import checks
from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.files import stored_file
from tarash_gateway_sandbox.google.models import IMAGE_MODELS, MOST_INPUTS, image_size_of_tier
from tarash_gateway_sandbox.google.refusals import refuse
from tarash_gateway_sandbox.google.state import new_id
from tarash_gateway_sandbox.inputs import encode_base64, image_size
from tarash_gateway_sandbox.memory import Paid
from tarash_gateway_sandbox.replies import EventStream, RawBytes, Reply, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.google.models import ImageModel
    from tarash_gateway_sandbox.vendor import Call, Vendor

KEYS = ("contents", "generationConfig", "safetySettings", "systemInstruction", "labels", "tools", "toolConfig")
PART_KEYS = ("text", "inlineData", "fileData", "thought", "thoughtSignature", "mediaResolution")
CONFIG_KEYS = (
    "candidateCount",
    "frequencyPenalty",
    "imageConfig",
    "maxOutputTokens",
    "mediaResolution",
    "presencePenalty",
    "responseModalities",
    "safetySettings",
    "seed",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
)
IMAGE_KEYS = ("aspectRatio", "imageSize")
VERTEX_IMAGE_KEYS = (*IMAGE_KEYS, "imageOutputOptions", "personGeneration", "prominentPeople")
FAULTS = ("refusal", "prompt_blocked", "text_only", "legacy_model", "lost_answer")
IMAGE_NUMBER = 2
"""What `IMAGE` is among the modalities of the protocol."""
THOUGHTS = 2
"""Images that are drawn while a model thinks."""


async def generate(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /models/{model}:generateContent."""
    return await _answer(call, vendor, stream=False)


async def stream(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /models/{model}:streamGenerateContent?alt=sse."""
    if call.request.query.get("alt") != "sse":
        msg = "The sandbox streams with alt=sse only."
        raise GoogleError(400, msg)
    return await _answer(call, vendor, stream=True)


async def _answer(call: Call, vendor: Vendor, *, stream: bool) -> Reply:
    model, named = checks.model_and_faults(call.name)
    refused = refuse(call, vendor, named)
    if refused is not None:
        return refused
    checks.known_model(model, IMAGE_MODELS, call.version, "generateContent")
    body = checks.proto_fields(call.request.json, "request", KEYS)
    prompt, inputs = await _contents(body.get("contents"), vendor)
    config = checks.proto_fields(body.get("generationConfig") or {}, "generation_config", CONFIG_KEYS)
    size, form = _image_config(config, IMAGE_MODELS[model], call)
    faults = vendor.google.wanted(named, FAULTS)
    if "prompt_blocked" in faults:
        return _sent([{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}], model, faults, stream, vendor)
    vendor.paid.add(Paid("image", call.name, prompt))
    if "lost_answer" in faults:
        return RawBytes()
    if "refusal" in faults:
        withheld = {"finishReason": "IMAGE_SAFETY", "finishMessage": f"Unable to show {prompt}", "index": 0}
        return _sent([{"candidates": [withheld]}], model, faults, stream, vendor)
    if "text_only" in faults:
        wrote = {"content": {"role": "model", "parts": [{"text": f"Here it is: {prompt}"}]}, "finishReason": "STOP"}
        return _sent([{"candidates": [wrote]}], model, faults, stream, vendor)
    order = ImageOrder(prompt, *size, model, inputs=inputs, format=form)
    thoughts = THOUGHTS if stream and IMAGE_MODELS[model].thinks else 0
    [whole] = await vendor.studio.images([order])
    unfinished = await vendor.studio.partial_images(order, thoughts)
    kind = f"image/{form}"
    events = [_candidate(_inline(image, kind) | {"thought": True}) for image in unfinished]
    events.append(_candidate(_inline(whole, kind), finished=True))
    return _sent(events, model, faults, stream, vendor)


def _candidate(part: dict[str, Any], *, finished: bool = False) -> dict[str, Any]:
    content = {"content": {"role": "model", "parts": [part]}, "index": 0}
    return {"candidates": [content | ({"finishReason": "STOP"} if finished else {})]}


def _inline(content: bytes, kind: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": encode_base64(content)}}


def _sent(
    events: list[dict[str, Any]],
    model: str,
    faults: frozenset[str],
    stream: bool,  # noqa: FBT001 - handed over by position
    vendor: Vendor,
) -> Reply:
    common: dict[str, Any] = {"modelVersion": model, "responseId": new_id("")[:24]}
    if "legacy_model" in faults:
        common["modelStatus"] = {"modelStage": "LEGACY", "retirementTime": "2027-01-31T00:00:00Z"}
    used = {"promptTokenCount": 9, "candidatesTokenCount": 1120, "totalTokenCount": 1129}
    events = [event | common for event in events]
    events[-1] |= {"usageMetadata": used}
    if not stream:
        return json_answer(events[-1])
    return EventStream([f"data: {json.dumps(event)}\r\n\r\n".encode() for event in events], pause=vendor.stream_pause)


async def _contents(value: object, vendor: Vendor) -> tuple[str, tuple[bytes, ...]]:
    if not isinstance(value, list) or not value:
        msg = "* GenerateContentRequest.contents: contents is not specified"
        raise GoogleError(400, msg)
    texts: list[str] = []
    images: list[bytes] = []
    for at, content in enumerate(value):
        plain = checks.proto_fields(content, f"contents[{at}]", ("parts", "role"))
        for part in plain.get("parts") or []:
            place = f"contents[{at}].parts"
            found = checks.proto_fields(part, place, PART_KEYS)
            if isinstance(found.get("text"), str):
                texts.append(found["text"])
                continue
            content_bytes = _media(found, place, vendor)
            if content_bytes is None:
                continue
            if await vendor.studio.run(image_size, content_bytes) is None:
                msg = "Unable to process input image. Please retry or report."
                raise GoogleError(400, msg)
            images.append(content_bytes)
    if not texts or len(images) > MOST_INPUTS:
        msg = f"A text is needed, and at most {MOST_INPUTS} images."
        raise GoogleError(400, msg)
    return "\n".join(texts), tuple(images)


def _media(part: Mapping[str, Any], place: str, vendor: Vendor) -> bytes | None:
    """Returns the image that a part brings, or names as a file that was uploaded."""
    if part.get("inlineData") is not None:
        inline = checks.proto_fields(part["inlineData"], f"{place}.inline_data", ("data", "mimeType", "displayName"))
        return checks.data_of(inline.get("data"), f"{place}.inline_data.data")
    if part.get("fileData") is not None:
        allowed = ("fileUri", "mimeType", "displayName")
        uri = checks.proto_fields(part["fileData"], f"{place}.file_data", allowed).get("fileUri")
        return stored_file(str(uri), vendor).content
    return None


def _image_config(config: Mapping[str, Any], row: ImageModel, call: Call) -> tuple[tuple[int, int], str]:
    modalities = config.get("responseModalities")
    # Where none is named, an image model makes images.
    if modalities is not None and not (isinstance(modalities, list) and any(map(_is_image, modalities))):
        msg = "The sandbox makes images only here: responseModalities must have IMAGE."
        raise GoogleError(400, msg)
    if config.get("candidateCount", 1) != 1:
        msg = "Multiple candidates is not enabled for this model"
        raise GoogleError(400, msg)
    allowed = VERTEX_IMAGE_KEYS if call.project else IMAGE_KEYS
    image = checks.proto_fields(config.get("imageConfig") or {}, "generation_config.image_config", allowed)
    ratio, tier = image.get("aspectRatio", "1:1"), image.get("imageSize", "1K")
    if ratio not in row.ratios or tier not in row.tiers:
        msg = f"Invalid value: aspectRatio '{ratio}', imageSize '{tier}'."
        raise GoogleError(400, msg)
    options = image.get("imageOutputOptions")
    jpeg = isinstance(options, Mapping) and options.get("mimeType") == "image/jpeg"
    return image_size_of_tier(ratio, tier), "jpeg" if jpeg else "png"


def _is_image(modality: object) -> bool:
    """Tells whether a modality is IMAGE, by its name or by its number in the protocol."""
    return modality == IMAGE_NUMBER or (isinstance(modality, str) and modality.upper() == "IMAGE")
