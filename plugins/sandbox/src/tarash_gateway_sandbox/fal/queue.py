"""The queue: submit, status, result, cancel; the same for images and videos. Nothing in it has a status of failed."""

from __future__ import annotations

import dataclasses
import math
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from tarash_gateway_sandbox.artwork.orders import ImageOrder
from tarash_gateway_sandbox.fal import PREFIX
from tarash_gateway_sandbox.fal.errors import FalError, ModelError
from tarash_gateway_sandbox.fal.models import MODELS, PRESETS, SHORT_SIDES, Model
from tarash_gateway_sandbox.faults.fault import Course
from tarash_gateway_sandbox.jobs import Job
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.replies import Answer, file_answer, json_answer
from tarash_gateway_sandbox.sizes import size_of_short_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.vendor import Call, Vendor

STORE = "/fal-media/"
"""Where files lie, for anyone; under another name of this machine, since the vendor has them at another host."""

NAMESPACES = ("workflows", "comfy")
FORBIDDEN = "a forbidden scene"
"""Words of a prompt that the vendor's checker refuses."""


@dataclass(frozen=True, kw_only=True)
class FalJob(Job):
    """A job of the queue."""

    body: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def application(self) -> str:
        """The first segments of the model's id, below which the job is."""
        segments = self.model.split("/")
        return "/".join(segments[: 3 if segments[0] in NAMESPACES else 2])

    def address(self, rest: str = "") -> str:
        """Returns the address of the job."""
        return f"{self.origin}{PREFIX}/{self.application}/requests/{self.id}{rest}"

    @property
    def state(self) -> str:
        """The vendor's word for how far it is."""
        return {"queued": "IN_QUEUE", "in_progress": "IN_PROGRESS"}.get(self.status, "COMPLETED")


async def submit(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /{endpoint}: the model's own JSON."""
    endpoint = split_model(call.request.path.removeprefix(f"{PREFIX}/"))[0]
    body = call.request.json
    if not isinstance(body, dict):
        raise ModelError(
            place="body", message="Input should be a valid dictionary", kind="model_attributes_type", value=None
        )
    model = MODELS.get(endpoint)
    if model is not None:
        _check(model, body)
    prompt = str(body.get("prompt", ""))
    if FORBIDDEN in prompt:
        message = "The content could not be processed because it contained material flagged by a content checker."
        raise ModelError(
            place="prompt", message=message, kind="content_policy_violation", value=prompt, categories=["violence"]
        )
    makes: Literal["image", "video"] = "video" if "video" in endpoint or endpoint.startswith("fal-ai/veo") else "image"
    width, height = _size(body, makes)
    job = vendor.start_job(
        FalJob,
        call,
        makes=makes,
        count=int(body.get("num_images", 1)) if makes == "image" else 1,
        model=endpoint,
        prompt=prompt,
        size=f"{width}x{height}",
        seconds=int(re.sub(r"\D", "", str(body.get("duration", ""))) or 5),
        id=str(uuid.uuid4()),
        body=body,
    )
    shown = {
        "request_id": job.id,
        "gateway_request_id": job.id,
        "status": "IN_QUEUE",
        "queue_position": 0,
        "response_url": job.address(),
        "status_url": job.address("/status"),
        "cancel_url": job.address("/cancel"),
    }
    return json_answer(shown)


async def status(call: Call, vendor: Vendor) -> Answer:
    """Answers GET …/requests/{id}/status."""
    job = _job(call, vendor)
    shown: dict[str, Any] = {"status": job.state, "request_id": job.id, "response_url": job.address()}
    if shown["status"] == "IN_QUEUE":
        shown["queue_position"] = 1
    else:  # the vendor's own client reads them, also where it asks for none
        shown["logs"] = _logs(job) if call.request.query.get("logs") in ("1", "true") else None
    if shown["status"] == "COMPLETED":
        shown["metrics"] = {"inference_time": job.duration}
    return json_answer(shown)


def _logs(job: FalJob) -> list[dict[str, str]]:
    begun = datetime.fromtimestamp(job.created_at, UTC).isoformat()
    return [{"timestamp": begun, "level": "INFO", "source": "USER", "message": "The model is loaded."}]


async def result(call: Call, vendor: Vendor) -> Answer:
    """Answers GET …/requests/{id}: what was made, or the error that the job ended with."""
    job = _job(call, vendor)
    status = job.status
    if status in ("queued", "in_progress"):
        msg = "Request is still in progress"
        raise FalError(400, msg)
    if status == "expired":
        msg = "Request not found"
        raise FalError(404, msg)
    if status != "completed":
        error = job.course.error
        message = error.get("message", "") if isinstance(error, dict) else "The job was cancelled."
        entry = {"loc": ["body"], "msg": message, "type": "downstream_service_error", "input": dict(job.body)}
        if isinstance(error, dict) and "moderation" in str(error.get("code", "")):
            entry |= {"type": "content_policy_violation", "categories": ["sexual"]}
        return json_answer({"detail": [entry]}, status=422, headers={"x-fal-request-id": job.id})
    address = f"{job.foreign_origin}{STORE}{job.id}"
    width, height = job.width_and_height
    units: float
    if job.makes == "video":
        file = {"url": f"{address}/0.mp4", "content_type": "video/mp4", "file_name": "output.mp4", "file_size": 1}
        made: dict[str, Any] = {"video": file, "seed": 7}
        units = float(job.seconds)
    else:
        form = str(job.body.get("output_format", "jpeg"))
        count = int(job.body.get("num_images", 1))
        images = [
            {"url": f"{address}/{at}.{form}", "width": width, "height": height, "content_type": f"image/{form}"}
            for at in range(count)
        ]
        made = {"images": images, "seed": job.body.get("seed", 7), "has_nsfw_concepts": [False] * count}
        by_pixels = job.model in MODELS and MODELS[job.model].unit == "megapixels"
        units = float(count * (math.ceil(width * height / 1024**2) if by_pixels else 1))
    headers = {"x-fal-request-id": job.id, "x-fal-billable-units": f"{units:g}"}
    return json_answer({**made, "prompt": job.prompt, "timings": {"inference": job.duration}}, headers=headers)


async def cancel(call: Call, vendor: Vendor) -> Answer:
    """Answers PUT …/requests/{id}/cancel: removes a job that is queued; one that runs goes on, as at the vendor."""
    job = _job(call, vendor)
    if job.state == "COMPLETED":
        return json_answer({"status": "ALREADY_COMPLETED"}, status=400)
    if job.state == "IN_PROGRESS":
        return json_answer({"status": "CANCELLATION_REQUESTED"}, status=202)
    vendor.jobs.add(dataclasses.replace(job, course=Course(((0.0, "cancelled"),))))
    return json_answer({"status": "OK"})


async def stored(call: Call, vendor: Vendor) -> Answer:
    """Answers GET of a file."""
    name, _, file = call.name.partition("/")
    job = vendor.jobs.get(name, FalJob)
    if job is None or not job.completed:
        msg = "Not Found"
        raise FalError(404, msg)
    if job.makes == "video":
        return file_answer(call.request, await vendor.studio.video(job.order()), "video/mp4")
    number, _, form = file.partition(".")
    order = ImageOrder(job.prompt, *job.width_and_height, job.model, number=int(number), format=form)
    drawn = await vendor.studio.images([order])
    return Answer(body=drawn[0], content_type=f"image/{form}")


def _check(model: Model, body: Mapping[str, Any]) -> None:
    for name in model.required:
        if name not in body:
            raise ModelError(name, "Field required", "missing", dict(body))
    for name, value in body.items():
        allowed = model.fields.get(name)
        if allowed is None:
            raise ModelError(name, "Extra inputs are not permitted", "extra_forbidden", value)
        if isinstance(allowed, tuple):
            if value not in allowed:
                listed = ", ".join(f"'{word}'" for word in allowed)
                raise ModelError(name, f"Input should be {listed}", "literal_error", value)
        elif not isinstance(value, (int, float) if allowed is float else allowed):
            raise ModelError(name, f"Input should be a valid {allowed.__name__}", f"{allowed.__name__}_type", value)
    size = body.get("image_size")
    if isinstance(size, str) and size not in PRESETS:
        raise ModelError(
            place="image_size", message=f"Input should be one of {', '.join(PRESETS)}", kind="enum", value=size
        )
    count = body.get("num_images", 1)
    if not 1 <= count <= 4:
        raise ModelError(
            place="num_images", message="Input should be between 1 and 4", kind="less_than_equal", value=count
        )


def _size(body: Mapping[str, Any], makes: str) -> tuple[int, int]:
    size = body.get("image_size")
    if isinstance(size, dict):
        return int(size["width"]), int(size["height"])
    if isinstance(size, str) and size in PRESETS:
        return PRESETS[size]
    ratio = body.get("aspect_ratio")
    short = SHORT_SIDES.get(str(body.get("resolution", "")).lower(), 720 if makes == "video" else 768)
    return size_of_short_side(ratio if isinstance(ratio, str) and ":" in ratio else "16:9", short)


def _job(call: Call, vendor: Vendor) -> FalJob:
    job = vendor.jobs.get(call.name, FalJob)
    if job is None or not call.request.path.startswith(f"{PREFIX}/{job.application}/"):
        msg = "Request not found"
        raise FalError(404, msg)
    return job
