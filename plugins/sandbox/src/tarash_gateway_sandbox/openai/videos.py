"""The video routes: jobs and their videos."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.errors import (
    VendorError,
    invalid_type,
    invalid_value,
    listed,
)
from tarash_gateway_sandbox.faults.fault import Unlisted
from tarash_gateway_sandbox.jobs import EXPIRES_AFTER, Job
from tarash_gateway_sandbox.openai import checks, inputs, rows
from tarash_gateway_sandbox.profiles import PROFILES, Profile
from tarash_gateway_sandbox.replies import Answer, file_answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.openai.models import VideoModel
    from tarash_gateway_sandbox.vendor import Call, Vendor

KEYS = ("model", "prompt", "input_reference", "seconds", "size")
VARIANTS = {"video": "video/mp4", "thumbnail": "image/webp"}


@dataclass(frozen=True, kw_only=True)
class OpenAIJob(Job):
    """A job, as this vendor shows it."""

    listed = True
    profile: Profile = PROFILES["openai"]

    def resource(self) -> dict[str, Any]:
        """Returns the job as the vendor shows it at this moment."""
        share = self.share
        step = self.course.status(share)
        status, completed = self.profile.job_words.of(step), step == "completed"
        error = self.course.error if share >= 1.0 else None
        completed_at = self.created_at + round(self.duration) if completed else None
        if self.profile.bare_jobs:
            shown = {"id": self.id, "status": status, "created_at": self.created_at}
            shown |= {"completed_at": completed_at} if completed_at else {}
            return shown | ({"error": error} if error else {})
        return {
            "id": self.id,
            "object": "video",
            "model": self.model,
            "status": status,
            # A job that did not end well never got to the end.
            "progress": 0 if step == "queued" else min(int(share * 100), 100 if completed else 99),
            "created_at": self.created_at,
            "completed_at": completed_at,
            "expires_at": completed_at + EXPIRES_AFTER if completed_at is not None else None,
            "prompt": self.prompt,
            "size": self.size,
            "seconds": str(self.seconds),
            "remixed_from_video_id": self.remixed_from,
            "error": error,
        }


async def create(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos, as JSON or as a form."""
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
    reference = await vendor.studio.run(inputs.reference_of, body, files, (width, height))
    if reference is not None:
        shown_size = await vendor.studio.run(inputs.pixels, reference, "input_reference")
        if shown_size != (width, height) and vendor.reference_must_match and not model.extras:
            msg = "Inpaint image must match the requested width and height"
            raise VendorError(msg, param="input_reference")
    job = vendor.start_job(
        OpenAIJob,
        call,
        model=checks.text(body, "model") or model.name,
        prompt=prompt,
        size=size,
        seconds=int(seconds),
        reference=reference,
        profile=vendor.profile,
    )
    return json_answer(job.resource())


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /videos/{id}."""
    job = known_job(call.name, vendor)
    wait = max(20, min(2000, round(job.duration * 250)))
    headers = {"openai-poll-after-ms": str(wait)} if vendor.profile.poll_hint else {}
    return json_answer(job.resource(), headers=headers)


async def delete(call: Call, vendor: Vendor) -> Answer:
    """Answers DELETE /videos/{id}."""
    job = known_job(call.name, vendor)
    vendor.jobs.remove(job.id)
    return json_answer({"id": job.id, "object": "video.deleted", "deleted": True})


async def list_jobs(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /videos."""
    query = call.request.query
    limit = checks.whole(query, "limit", 0, 100, form=True)
    order = checks.text(query, "order", ("asc", "desc")) or "desc"
    jobs = [job for job in vendor.jobs.listed() if isinstance(job, OpenAIJob) and not _is_late(job, vendor)]
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
    """Answers GET /videos/{id}/content: the video or its thumbnail, whole or a part of it."""
    job = known_job(call.name, vendor)
    variant = checks.text(call.request.query, "variant", tuple(VARIANTS)) or "video"
    if not job.completed:
        msg = "Video is not ready yet, use GET /v1/videos/{video_id} to check status."
        raise VendorError(msg, status=404)
    studio, order = vendor.studio, job.order()
    data = await (studio.video(order) if variant == "video" else studio.poster(order))
    return file_answer(call.request, data, VARIANTS[variant])


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


def known_job(name: str, vendor: Vendor) -> OpenAIJob:
    """Returns the job of an id.

    Raises:
        VendorError: There is none.
    """
    job = vendor.jobs.get(name, OpenAIJob)
    if job is None:
        raise _not_found(name)
    return job


def _not_found(name: str) -> VendorError:
    return VendorError(f"Video with id '{name}' not found.", param="video_id", status=404)


def _is_late(job: OpenAIJob, vendor: Vendor) -> bool:
    """Tells whether the list leaves a job out this time."""
    lags = (counted for counted in job.faults if isinstance(counted.fault.effect, Unlisted))
    return any(vendor.tally.due(counted, (job.id,)) for counted in lags)
