"""The video routes: jobs, their videos, and the store of another origin that videos can be fetched from."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.jobs import EXPIRES_AFTER, Job, JobWords
from tarash_gateway_sandbox.openrouter import checks
from tarash_gateway_sandbox.openrouter.errors import RouterError
from tarash_gateway_sandbox.openrouter.models import GONE, RATIOS, RESOLUTIONS, SHORT_SIDES, VIDEO_ENTRIES, VideoEntry
from tarash_gateway_sandbox.openrouter.state import SIGNATURE, signature, store_address
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.replies import Answer, file_answer, json_answer
from tarash_gateway_sandbox.sizes import size_of_short_side

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

KNOWN = (
    *("model", "prompt", "duration", "resolution", "aspect_ratio", "size", "generate_audio", "seed", "frame_images"),
    *("input_references", "previous_job_id", "callback_url", "provider", "session_id", "user", "trace"),
    *("upscale_factor", "creativity"),
)
FRAMES = ("first_frame", "last_frame")
WORDS = JobWords("pending")


@dataclass(frozen=True, kw_only=True)
class RouterJob(Job):
    """A job, as this vendor has it."""

    outputs: int = 1
    cost: float = 0.0
    """US dollars."""

    def resource(self) -> dict[str, Any]:
        """Returns the job as the vendor shows it at this moment."""
        step = self.status
        shown: dict[str, Any] = {
            "id": self.id,
            "polling_url": f"/api/v1/videos/{self.id}",
            "status": WORDS.of(step),
        }
        if step == "completed":
            urls = [f"{self.origin}/api/v1/videos/{self.id}/content?index={at}" for at in range(self.outputs)]
            shown |= {
                "generation_id": self.id.replace("gen-vid-", "gen-"),
                "unsigned_urls": urls,
                "urls": [store_address(self.foreign_origin, self.id, at) for at in range(self.outputs)],
                "expires_at": self.created_at + EXPIRES_AFTER,
                "usage": {"cost": self.cost, "is_byok": False},
            }
        elif self.share >= 1.0 and step in ("failed", "cancelled", "expired"):
            shown["error"] = self.error if isinstance(self.error, str) else "Provider returned an error"
        return shown


async def create(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos."""
    body, face = checks.body_of(call), vendor.openrouter
    entry = _entry(body)
    prompt = checks.prompt(body)
    face.dropped += [name for name in body if name not in KNOWN]
    durations = entry.durations
    duration = checks.whole(body, "duration", 1, 86_400)
    if duration is not None and durations is not None and duration not in durations:
        listed = ", ".join(map(str, sorted(durations)))
        raise checks.invalid(
            name="duration", why=f"{duration} is not supported by {entry.id}. Supported values: {listed}"
        )
    width, height = _shape(body, entry)
    checks.whole(body, "seed", -(2**63), 2**63)
    audio = checks.flag(body, "generate_audio")
    reference = await vendor.studio.run(_images, body, entry, face.dropped)
    _passed(body, entry, face.dropped)
    source = _continued(body, entry, vendor)
    seconds = duration or min(durations or (4,))
    job = vendor.start_job(
        RouterJob,
        call,
        count=face.outputs,
        model=checks.text(body, "model") or "",
        prompt=prompt,
        size=f"{width}x{height}",
        seconds=seconds,
        reference=reference,
        remixed_from=source.id if source else None,
        remixes=source.remixes + 1 if source else 0,
        scene=(source.scene or source.prompt) if source else "",
        id=f"gen-vid-{int(time.time())}-{uuid.uuid4().hex[:20]}",
        outputs=face.outputs,
        cost=round(entry.per_second * (1.0 if audio is not False else 0.5) * seconds * face.outputs, 6),
    )
    return json_answer({"id": job.id, "polling_url": f"/api/v1/videos/{job.id}", "status": "pending"}, status=202)


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /videos/{id}."""
    return json_answer(_job(call.name, vendor).resource())


async def content(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /videos/{id}/content: one of the videos, whole or a part of it."""
    job = _job(call.name, vendor)
    index = call.request.query.get("index", "0")
    if not index.isdigit():
        raise checks.invalid(name="index", why="expected an integer of 0 or more")
    if not job.completed:
        raise RouterError(409, f"Video generation is not complete. Current status: {job.resource()['status']}")
    if int(index) >= job.outputs:
        raise RouterError(404, f"Video output {index} not found")
    return await _video(call, vendor, job, int(index))


async def stored(call: Call, vendor: Vendor) -> Answer:
    """Answers GET at the second origin, where a key has no business."""
    name, _, index = call.name.partition("/")
    vendor.openrouter.fetched.append(call.request.path)
    if "authorization" in call.request.headers:
        vendor.openrouter.leaks.append(call.request.path)
        return Answer(400, {}, b"<Error><Code>InvalidArgument</Code></Error>", "application/xml")
    job = vendor.jobs.get(name, RouterJob)
    if job is None or call.request.query.get(SIGNATURE) != signature(name):
        return Answer(403, {}, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
    return await _video(call, vendor, job, int(index))


async def _video(call: Call, vendor: Vendor, job: RouterJob, index: int) -> Answer:
    order = dataclasses.replace(job.order(), remixes=job.remixes + index)
    return file_answer(call.request, await vendor.studio.video(order), "video/mp4")


def _entry(body: Mapping[str, Any]) -> VideoEntry:
    name = split_model(checks.text(body, "model") or "")[0]
    if not name:
        raise checks.invalid(name="model", why="is required")
    if name in GONE or name not in VIDEO_ENTRIES:
        raise RouterError(404, f"No endpoints found for {name}.")
    return VIDEO_ENTRIES[name]


def _shape(body: Mapping[str, Any], entry: VideoEntry) -> tuple[int, int]:
    """Returns width and height: exact, or of a tier and a ratio."""
    size = checks.text(body, "size", entry.sizes)
    resolution = checks.text(body, "resolution", RESOLUTIONS)
    ratio = checks.text(body, "aspect_ratio", RATIOS)
    for name, value, taken in (
        ("resolution", resolution, entry.resolutions),
        ("aspect_ratio", ratio, entry.ratios),
    ):
        if value is not None and taken is not None and value not in taken:
            raise checks.invalid(name, f"'{value}' is not supported by {entry.id}. Supported: {', '.join(taken)}")
    if size is not None:
        return checks.dimensions(size)
    short = SHORT_SIDES[resolution or (entry.resolutions or ("720p",))[0]]
    return size_of_short_side(ratio or (entry.ratios or ("16:9",))[0], short)


def _images(body: Mapping[str, Any], entry: VideoEntry, dropped: list[str]) -> bytes | None:
    """Returns the image that the video begins with. Where both kinds are there, the frames win, and nobody is told."""
    frames = checks.images(body, "frame_images")
    references = checks.images(body, "input_references", ("image_url", "audio_url", "video_url"))
    for at, part in enumerate(frames):
        kind = part.get("frame_type")
        if kind not in FRAMES:
            raise checks.invalid(name=f"frame_images.{at}.frame_type", why="expected first_frame or last_frame")
        if entry.frames is not None and kind not in entry.frames:
            raise checks.invalid(name=f"frame_images.{at}.frame_type", why=f"'{kind}' is not supported by {entry.id}")
    shown = [checks.content_of(part, f"frame_images.{at}") for at, part in enumerate(frames)]
    reference_contents = [
        checks.content_of(part, f"input_references.{at}")
        for at, part in enumerate(references)
        if part["type"] == "image_url"
    ]
    if frames and references:
        dropped.append("input_references")
        reference_contents = []
    return next((content for content in (*shown, *reference_contents) if content is not None), None)


def _passed(body: Mapping[str, Any], entry: VideoEntry, dropped: list[str]) -> None:
    """Notes what is dropped in silence: all that is not for the vendor of the model, or not known to it."""
    provider = body.get("provider", {})
    if not isinstance(provider, Mapping) or not isinstance(provider.get("options", {}), Mapping):
        raise checks.invalid(name="provider", why="expected an object with options by provider")
    for slug, options in provider.get("options", {}).items():
        parameters = options.get("parameters", {}) if isinstance(options, Mapping) else {}
        accepted = entry.passthrough if slug == entry.slug else ()
        dropped += [f"provider.options.{slug}.parameters.{name}" for name in parameters if name not in accepted]


def _continued(body: Mapping[str, Any], entry: VideoEntry, vendor: Vendor) -> RouterJob | None:
    """Returns the job that is edited or extended."""
    name = checks.text(body, "previous_job_id")
    if name is None:
        return None
    if not entry.continues:
        raise checks.invalid(name="previous_job_id", why=f"{entry.id} does not continue earlier jobs")
    source = _job(name, vendor)
    if not source.completed:
        raise checks.invalid(name="previous_job_id", why=f"job {name} is not completed")
    if split_model(source.model)[0] != entry.id:
        raise checks.invalid(name="previous_job_id", why=f"job {name} was made with another model")
    return source


def _job(name: str, vendor: Vendor) -> RouterJob:
    job = vendor.jobs.get(name, RouterJob)
    if job is None:
        raise RouterError(404, f"Video job {name} not found")
    return job
