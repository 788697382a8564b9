"""The video routes: jobs and their clips."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox import checks, rows, uploads
from tarash_gateway_sandbox.catalogue.fault import Course, Unlisted
from tarash_gateway_sandbox.faults import Answer, json_answer
from tarash_gateway_sandbox.jobs import OPENAI, VideoJob
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.orders import VideoOrder
from tarash_gateway_sandbox.paid import Paid
from tarash_gateway_sandbox.vendor_errors import (
    VendorError,
    invalid_type,
    invalid_value,
    listed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.models import VideoModel
    from tarash_gateway_sandbox.vendor import Call, Vendor

KEYS = ("model", "prompt", "input_reference", "seconds", "size")
VARIANTS = {"video": "video/mp4", "thumbnail": "image/webp"}
RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


async def create(call: Call, vendor: Vendor) -> Answer:
    """POST /videos, as JSON or as a form."""
    body = dict(rows.body_of(call))
    # A form has no objects: the SDK spells their members with brackets.
    nested = {name[16:-1]: body.pop(name) for name in list(body) if re.fullmatch(r"input_reference\[\w+\]", name)}
    if nested:
        body["input_reference"] = nested
    model = rows.video_row(call, vendor, body)
    if not model.extras:
        checks.known_keys(body, KEYS)
    prompt = checks.prompt(body, model.prompt_length)
    seconds = _seconds(body, model)
    size = checks.text(body, "size", model.sizes) or "720x1280"
    width, height = checks.dimensions(size)
    if (width % 2 or height % 2) and not model.extras:  # only a deployment of unknown model gets here with one
        msg = f"Invalid size '{size}'. Width and height must be even."
        raise VendorError(msg, param="size", code="invalid_value")
    if call.request.is_form and isinstance(body.get("input_reference"), str):
        msg = "Invalid type for 'input_reference': expected a file, but got a string instead."
        raise VendorError(msg, param="input_reference", code="invalid_type")
    files = [file for file in call.request.files if not model.extras or file.field == "input_reference"]
    reference = await vendor.studio.run(uploads.reference_of, body, files, (width, height))
    if reference is not None:
        shown = await vendor.studio.run(uploads.pixels, reference, "input_reference")
        if shown != (width, height) and vendor.reference_must_match and not model.extras:
            msg = "Inpaint image must match the requested width and height"
            raise VendorError(msg, param="input_reference")
    job = VideoJob(
        checks.text(body, "model") or model.name,
        prompt,
        size,
        seconds,
        vendor.job_seconds,
        reference,
        scene=prompt,
        **job_course(call, vendor),
    )
    return created(job, vendor)


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """GET /videos/{id}."""
    job = known_job(call.name, vendor)
    wait = max(20, min(2000, round(job.duration * 250)))
    headers = {"openai-poll-after-ms": str(wait)} if vendor.profile.poll_hint else {}
    return json_answer(job.resource(), headers=headers)


async def delete(call: Call, vendor: Vendor) -> Answer:
    """DELETE /videos/{id}."""
    job = known_job(call.name, vendor)
    vendor.jobs.remove(job.id)
    return json_answer({"id": job.id, "object": "video.deleted", "deleted": True})


async def list_jobs(call: Call, vendor: Vendor) -> Answer:
    """GET /videos."""
    query = call.request.query
    limit = checks.whole(query, "limit", 0, 100, form=True)
    order = checks.text(query, "order", ("asc", "desc")) or "desc"
    jobs = [job for job in vendor.jobs.all(OPENAI) if not _late(job, vendor)]
    if order == "desc":
        jobs.reverse()
    after = query.get("after")
    if after:
        places = [place for place, job in enumerate(jobs) if job.id == after]
        if not places:
            raise _not_found(after)
        jobs = jobs[places[0] + 1 :]
    page = jobs[: 20 if limit is None else limit]
    return json_answer(
        {
            "object": "list",
            "data": [job.resource() for job in page],
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
            "has_more": len(page) < len(jobs),
        }
    )


async def content(call: Call, vendor: Vendor) -> Answer:
    """GET /videos/{id}/content: the clip or its thumbnail, whole or a part of it."""
    job = known_job(call.name, vendor)
    variant = checks.text(call.request.query, "variant", tuple(VARIANTS)) or "video"
    if not job.completed:
        msg = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
        raise VendorError(msg, status=404)
    order = video_order(job)
    data = await (vendor.studio.video(order) if variant == "video" else vendor.studio.poster(order))
    return part_of(call.request.headers, data, VARIANTS[variant])


def _seconds(body: Mapping[str, Any], model: VideoModel) -> str:
    value, supported = body.get("seconds"), model.seconds
    if value is None:
        return "4"
    if model.extras and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        expected = f"one of {listed(supported, 'or')}" if supported else "a string"
        raise invalid_type(name="seconds", expected=expected, value=value)
    if supported and value not in supported:
        raise invalid_value(name="seconds", value=value, supported=supported)
    if not re.fullmatch(r"[1-9][0-9]?", value):
        msg = f"Invalid value: '{value}'."
        raise VendorError(msg, param="seconds", code="invalid_value")
    return value


def known_job(name: str, vendor: Vendor) -> VideoJob:
    """Return the job of an id.

    Raises:
        VendorError: There is none.
    """
    job = vendor.jobs.get(name, OPENAI)
    if job is None:
        raise _not_found(name)
    return job


def _not_found(name: str) -> VendorError:
    return VendorError(f"Video with id '{name}' not found.", param="video_id", status=404)


def job_course(call: Call, vendor: Vendor) -> dict[str, Any]:
    """How a job goes that is created now, and what it meets."""
    courses = [one.fault.effect for one in call.job_faults if isinstance(one.fault.effect, Course)]
    course = courses[0] if courses else None
    return {
        "manner": vendor.profile.jobs,
        "ending": vendor.ending,
        "course": course,
        "faults": call.job_faults,
    }


def created(job: VideoJob, vendor: Vendor) -> Answer:
    """Keep a job, count it as paid, and show it."""
    vendor.jobs.add(job)
    vendor.paid.add(Paid("video", job.model, job.prompt, job.id))
    return json_answer(job.resource())


def _late(job: VideoJob, vendor: Vendor) -> bool:
    """Whether the list leaves a job out this time."""
    lags = (one for one in job.faults if isinstance(one.fault.effect, Unlisted))
    return any(vendor.tally.due(one, (job.id,)) for one in lags)


def video_order(job: VideoJob) -> VideoOrder:
    """Return what the video of a job depends on."""
    width, height = (edge - edge % 2 for edge in checks.dimensions(job.size))  # H.264 has even edges
    model = split_model(job.model)[0]
    return VideoOrder(job.prompt, width, height, int(job.seconds), model, job.reference, job.scene, job.remixes)


def part_of(headers: Mapping[str, str], data: bytes, content_type: str) -> Answer:
    """A file, or the range of it that was asked for."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    sent = {"accept-ranges": "bytes", "etag": etag}
    found = RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    # More ranges than one, and a range of another version, get the whole: the standard allows it.
    if found is None or not (found[1] or found[2]) or headers.get("if-range", etag) != etag:
        return Answer(200, sent, data, content_type)
    if found[1]:
        first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
    else:
        first, last = max(0, len(data) - int(found[2])), len(data) - 1
    if first > last:
        return Answer(416, {**sent, "content-range": f"bytes */{len(data)}"}, b"", content_type)
    return Answer(
        206,
        {**sent, "content-range": f"bytes {first}-{last}/{len(data)}"},
        data[first : last + 1],
        content_type,
    )
