"""The interactions: videos that are made in the background, looked at, cancelled, and made further of."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.google import checks
from tarash_gateway_sandbox.google.errors import GoogleError, invalid, unsupported
from tarash_gateway_sandbox.google.files import stored_file
from tarash_gateway_sandbox.google.models import OMNI, RATIOS, RESOLUTIONS, VERTEX_OMNI, video_size
from tarash_gateway_sandbox.google.refusals import refuse
from tarash_gateway_sandbox.google.state import OWN_ADDRESS, STORE, Job, new_id, now, video_order
from tarash_gateway_sandbox.inputs import encode_base64, image_size
from tarash_gateway_sandbox.memory import Paid
from tarash_gateway_sandbox.replies import Answer, RawBytes, Reply, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

KEYS = (
    "model",
    "input",
    "background",
    "store",
    "stream",
    "labels",
    "tools",
    "previous_interaction_id",
    "response_format",
    "response_modalities",
    "generation_config",
    "safety_settings",
    "service_tier",
    "system_instruction",
    "webhook_config",
)
FORMAT_KEYS = ("type", "delivery", "aspect_ratio", "resolution", "duration", "gcs_uri")
TASKS = ("text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale")
FAULTS = (
    "refusal",
    "no_video",
    "failed",
    "out_of_budget",
    "odd_status",
    "passing_400",
    "inline_video",
    "big_echo",
    "elsewhere",
    "foreign_uri",
    "lost_answer",
)
"""Faults of a job."""

ECHO = "A" * 4_000_000
WROTE = "I cannot make a video of that: "


async def create(call: Call, vendor: Vendor) -> Reply:
    """Answers POST /interactions."""
    state = vendor.google
    body = checks.fields(call.request.json, "interaction", KEYS)
    model, named = checks.model_and_faults(body.get("model"))
    refused = refuse(call, vendor, named)
    if refused is not None:
        return refused
    checks.known_model(model, VERTEX_OMNI if call.project else OMNI, call.version, "interactions")
    background, store = checks.flag(body, "background"), checks.flag(body, "store")
    if store is False and (background or body.get("previous_interaction_id") is not None):
        msg = "'store' must be true for background interactions and for those that go on from another."
        raise invalid(msg)
    job = await _job(call, vendor, body, model, state.wanted(named, FAULTS))
    state.jobs.keep(job.id, job, len(call.request.body))
    vendor.paid.add(Paid("video", body["model"], job.prompt, job.id))
    if "lost_answer" in job.faults:
        return RawBytes()
    if not background:
        await asyncio.sleep(job.duration)
        return json_answer(await _shown(job, vendor))
    return json_answer(_head(job))


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /interactions/{id}."""
    job = _known(call, vendor)
    job.looks += 1
    if "passing_400" in job.faults and job.looks <= 2:
        msg = "Multiple authentication credentials received. Please pass only one."
        raise GoogleError(400, msg)
    return json_answer(await _shown(job, vendor))


async def cancel(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /interactions/{id}/cancel."""
    job = _known(call, vendor)
    if not job.done:
        job.cancelled = True
    return json_answer(await _shown(job, vendor))


async def delete(call: Call, vendor: Vendor) -> Answer:
    """Answers DELETE /interactions/{id}."""
    del vendor.google.jobs[_known(call, vendor).id]
    return json_answer({})


def _known(call: Call, vendor: Vendor) -> Job:
    job = vendor.google.jobs.get(call.name)
    if job is None or job.project != call.project:
        msg = f"Invalid interaction name: {call.name}"
        raise invalid(msg)
    return job


async def _job(call: Call, vendor: Vendor, body: Mapping[str, Any], model: str, faults: frozenset[str]) -> Job:
    row = (VERTEX_OMNI if call.project else OMNI)[model]
    form = _form(body.get("response_format"))
    _format_fits(form, call)
    task = _task(body.get("generation_config"))
    before = _before(body.get("previous_interaction_id"), call, vendor)
    prompt, images, videos = await _input(body.get("input"), vendor)
    if task in ("edit", "extend") and before is None and not videos:
        msg = f"The task '{task}' needs a video: give 'previous_interaction_id' or a video in 'input'."
        raise invalid(msg)
    if task in ("image_to_video", "reference_to_video") and not images:
        msg = f"The task '{task}' needs an image in 'input'."
        raise invalid(msg)
    most = row.extends_by if task == "extend" else row.longest
    seconds = checks.seconds(form.get("duration"), 3, most) or 8
    ratio = checks.word(form, "aspect_ratio", "response_format", RATIOS) or "16:9"
    tier = checks.word(form, "resolution", "response_format", tuple(RESOLUTIONS)) or "720p"
    delivery = checks.word(form, "delivery", "response_format", ("inline", "uri")) or "inline"
    whole = seconds + before.seconds if task == "extend" and before is not None else seconds
    reference = images[0] if images else None
    order = video_order(prompt, video_size(ratio, tier), whole, model, reference=reference, number=0)
    if before is not None:
        order = dataclasses.replace(order, scene=before.orders[0].scene, remixes=before.orders[0].remixes + 1)
    if "inline_video" in faults:
        delivery = "inline"
    return Job(
        new_id("v1_"),
        model,
        prompt,
        whole,
        vendor.job_seconds,
        [order],
        {"input": body.get("input"), "response_format": form},
        faults,
        delivery,
        call.project,
        call.version,
        tokens_per_second=row.tokens_per_second,
    )


def _form(value: object) -> Mapping[str, Any]:
    form = value[0] if isinstance(value, list) and len(value) == 1 else value
    return checks.fields({} if form is None else form, "response_format", FORMAT_KEYS)


def _format_fits(form: Mapping[str, Any], call: Call) -> None:
    if form.get("type", "video") != "video":
        msg = "The sandbox makes videos only here: 'response_format.type' must be 'video'."
        raise invalid(msg)
    if call.project and form.get("delivery") == "uri" and not form.get("gcs_uri"):
        msg = "'response_format.gcs_uri' is required where 'delivery' is 'uri'."
        raise invalid(msg)


def _task(config: object) -> str | None:
    allowed = ("seed", "temperature", "top_p", "thinking_level", "video_config")
    plain = checks.fields({} if config is None else config, "generation_config", allowed)
    video = checks.fields(plain.get("video_config") or {}, "generation_config.video_config", ("task",))
    return checks.word(video, "task", "generation_config.video_config", TASKS)


def _before(name: object, call: Call, vendor: Vendor) -> Job | None:
    if name is None:
        return None
    job = vendor.google.jobs.get(str(name))
    if job is None or job.project != call.project:
        msg = f"Invalid interaction name: {name}"
        raise invalid(msg)
    if not job.done or job.cancelled:
        msg = f"The interaction {name} is not completed."
        raise invalid(msg)
    return job


def _content(value: object) -> list[Any]:
    """Returns what an input holds: a text, a content, a list of them, or a list of steps that hold them."""
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    listed = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
    found: list[Any] = []
    for item in listed:
        step = isinstance(item, Mapping) and item.get("type") == "user_input"
        found += _content(checks.fields(item, "input", ("type", "content")).get("content")) if step else [item]
    return found


async def _input(value: object, vendor: Vendor) -> tuple[str, list[bytes], list[bytes]]:
    """Returns the prompt, the images and the videos of a request."""
    parts = _content(value)
    texts: list[str] = []
    found: dict[str, list[bytes]] = {"image": [], "video": []}
    for at, part in enumerate(parts):
        place = f"input[{at}]"
        allowed = ("type", "text") if isinstance(part, Mapping) and part.get("type") == "text" else None
        plain = checks.fields(part, place, allowed or ("type", "data", "uri", "mime_type", "name", "resolution"))
        kind = plain.get("type")
        if kind == "text" and isinstance(plain.get("text"), str):
            texts.append(plain["text"])
            continue
        if kind not in found:
            raise unsupported(field=f"{place}.type", value=kind, values=("text", "image", "video"))
        content = _media(plain, place, vendor)
        if kind == "image" and await vendor.studio.run(image_size, content) is None:
            msg = f"Unable to process input image: {place}."
            raise invalid(msg)
        found[kind].append(content)
    if not any(texts):
        msg = "'input' must hold a text."
        raise invalid(msg)
    return "\n".join(texts), found["image"], found["video"]


def _media(part: Mapping[str, Any], place: str, vendor: Vendor) -> bytes:
    if not isinstance(part.get("mime_type"), str) or not part["mime_type"].startswith(f"{part['type']}/"):
        msg = f"'{place}.mime_type' must be the kind of the {part['type']}."
        raise invalid(msg)
    if part.get("uri") is None:
        return checks.data_of(part.get("data"), f"{place}.data")
    return stored_file(str(part["uri"]), vendor).content


def _head(job: Job) -> dict[str, Any]:
    stamp = now()
    return {
        "id": job.id,
        "status": "in_progress",
        "created": stamp,
        "updated": stamp,
        "service_tier": "standard",
        "object": "interaction",
        "model": job.model,
    }


async def _shown(job: Job, vendor: Vendor) -> dict[str, Any]:
    """Returns the interaction as the vendor shows it at this moment; the input is given back every time."""
    contents = _content(job.shown["input"])
    if "big_echo" in job.faults:
        contents = [{"type": "image", "mime_type": "image/png", "data": ECHO}, *contents]
    steps: list[dict[str, Any]] = [{"type": "user_input", "content": contents}]
    shown = {**_head(job), "response_format": job.shown["response_format"], "steps": steps}
    if job.cancelled:
        return shown | {"status": "cancelled"}
    if not job.done:
        return shown | ({"status": "warming_up"} if "odd_status" in job.faults else {})
    if "failed" in job.faults:
        return shown | {"status": "failed", "errors": [{"code": "generation_failed", "message": "It went wrong."}]}
    if "out_of_budget" in job.faults:
        return shown | {"status": "budget_exceeded"}
    steps.append({"type": "thought", "signature": "c2lnbmF0dXJl"})
    tokens = job.tokens_per_second * job.seconds
    if "refusal" in job.faults:
        steps.append({"type": "model_output", "content": [{"type": "text", "text": f"{WROTE}{job.prompt}"}]})
        tokens = 0
    elif "no_video" in job.faults:
        steps.append({"type": "model_output", "content": [{"type": "video", "mime_type": "video/mp4"}]})
    else:
        steps.append({"type": "model_output", "content": [await _video(job, vendor)]})
    counted = [{"modality": "video", "tokens": tokens}] if tokens else []
    usage = {"total_input_tokens": 12, "total_output_tokens": tokens, "output_tokens_by_modality": counted}
    return shown | {"status": "completed", "usage": usage}


async def _video(job: Job, vendor: Vendor) -> dict[str, Any]:
    part = {"type": "video", "mime_type": "video/mp4"}
    if job.delivery == "inline":
        content = await vendor.studio.video(job.orders[0])
        return {**part, "data": encode_base64(content)}
    if "foreign_uri" in job.faults:
        return {**part, "uri": f"{vendor.foreign_origin}{STORE}{job.id}"}
    name = job.id.removeprefix("v1_")[:12]
    vendor.google.videos.keep(name, (job.id, 0))
    return {**part, "uri": f"{OWN_ADDRESS}/{job.version}/files/{name}:download?alt=media"}
