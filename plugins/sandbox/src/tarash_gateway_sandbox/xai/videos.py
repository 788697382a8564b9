"""The video routes: three that begin a job, one that asks about it, and the store where videos lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.inputs import data_of, is_web_url
from tarash_gateway_sandbox.jobs import Job, JobWords
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.replies import Answer, file_answer, json_answer
from tarash_gateway_sandbox.sizes import size_of_short_side
from tarash_gateway_sandbox.xai import checks
from tarash_gateway_sandbox.xai.models import SHORT_SIDES, TICKS, VIDEO_MODELS, VIDEO_RATIOS, VideoModel

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

SHARED = ("model", "prompt", "user", "storage_options", "output")
GENERATION = (
    *SHARED,
    *("duration", "aspect_ratio", "resolution", "image", "last_frame", "keyframes", "reference_images"),
    *("reference_audios", "generate_audio"),
)
EDIT = (*SHARED, "video")
EXTENSION = (*SHARED, "video", "duration")
STORE = "/xai/files/"
"""Where videos lie, for anyone; under another name of this machine, since the vendor has them at another host."""
WORDS = JobWords("pending", "pending", "done")
MOST_REFERENCES = 7


@dataclass(frozen=True, kw_only=True)
class XaiJob(Job):
    """A job, as this vendor shows it."""

    ticks: int = 0
    """What it costs."""

    def resource(self) -> dict[str, Any]:
        """Returns the job as the vendor shows it at this moment."""
        step = self.status
        if step == "completed":
            video = {
                "url": f"{self.foreign_origin}{STORE}{self.id}.mp4",
                "duration": self.seconds,
                "respect_moderation": True,
            }
            usage = {"cost_in_usd_ticks": self.ticks}
            return {"status": "done", "video": video, "model": self.model, "progress": 100, "usage": usage}
        if step == "failed":
            return {"status": "failed", "error": self.error or {"message": "The video could not be made."}}
        if step in ("queued", "in_progress"):
            return {"status": "pending", "progress": int(self.share * 100)}
        return {"status": WORDS.of(step)}


async def generate(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos/generations."""
    body = checks.body_of(call, GENERATION)
    model_name, model = _model(body)
    seconds = checks.whole(body, "duration", 1, 15) or 8
    ratio = checks.text(body, "aspect_ratio", VIDEO_RATIOS) or "16:9"
    resolution = checks.text(body, "resolution", model.resolutions) or "480p"
    references = body.get("reference_images", [])
    if references and "image" in body:
        msg = "`image` and `reference_images` cannot be used together"
        raise checks.invalid(msg)
    if len(references) > MOST_REFERENCES:
        msg = f"at most {MOST_REFERENCES} reference images are supported"
        raise checks.invalid(msg)
    if references and resolution == "1080p":
        msg = "1080p is not supported with reference images"
        raise checks.invalid(msg)
    if "last_frame" in body and not model.last_frame:
        msg = f"`last_frame` is not supported by {model_name}"
        raise checks.invalid(msg)
    if not isinstance(body.get("generate_audio", True), bool):
        msg = "`generate_audio` must be a boolean"
        raise checks.invalid(msg)
    frames = [body[name] for name in ("image", "last_frame") if name in body]
    shown = [await vendor.studio.run(checks.image, item, "image") for item in (*frames, *references)]
    if not checks.text(body, "prompt") and not frames:
        msg = "`prompt` is required"
        raise checks.invalid(msg)
    first = next((content for content in shown if content is not None), None)
    width, height = size_of_short_side(ratio, SHORT_SIDES[resolution])
    return _created(call, vendor, body, seconds=seconds, size=f"{width}x{height}", reference=first, model=model)


async def edit(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos/edits."""
    body = checks.body_of(call, EDIT)
    return _changed(call, vendor, body, seconds=8)


async def extend(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /videos/extensions."""
    body = checks.body_of(call, EXTENSION)
    return _changed(call, vendor, body, seconds=checks.whole(body, "duration", 2, 10) or 6)


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /videos/{request_id}: 202 while it is being made."""
    job = vendor.jobs.get(call.name, XaiJob)
    if job is None:
        msg = f"Request {call.name} not found"
        raise checks.XaiError(404, "not-found", msg)
    shown = job.resource()
    return json_answer(shown, status=202 if shown["status"] == "pending" else 200)


async def stored(call: Call, vendor: Vendor) -> Answer:
    """Answers GET of a video."""
    job = vendor.jobs.get(call.name, XaiJob)
    if job is None or not job.completed:
        msg = "not found"
        raise checks.XaiError(404, "not-found", msg)
    return file_answer(call.request, await vendor.studio.video(job.order()), "video/mp4")


def _changed(call: Call, vendor: Vendor, body: Any, *, seconds: int) -> Answer:
    model_name, model = _model(body)
    if not model.edits:
        msg = f"{model_name} does not edit or extend videos"
        raise checks.invalid(msg)
    video = body.get("video")
    url = video.get("url") if isinstance(video, dict) else None
    if not isinstance(url, str) or not (is_web_url(url) or b"ftyp" in data_of(url)[:16]):
        msg = "`video` must be an object with the `url` of an MP4"
        raise checks.invalid(msg)
    return _created(call, vendor, body, seconds=seconds, size="854x480", reference=None, model=model)


def _created(
    call: Call, vendor: Vendor, body: Any, *, seconds: int, size: str, reference: bytes | None, model: VideoModel
) -> Answer:
    job = vendor.start_job(
        XaiJob,
        call,
        model=body["model"],
        prompt=body.get("prompt") or "",
        size=size,
        seconds=seconds,
        reference=reference,
        ticks=round(model.per_second * seconds * TICKS),
    )
    return json_answer({"request_id": job.id})


def _model(body: Any) -> tuple[str, VideoModel]:
    model_name = checks.text(body, "model") or ""
    model = VIDEO_MODELS.get(split_model(model_name)[0])
    if model is None:
        raise checks.XaiError(
            404, "not-found", f"The model {model_name} does not exist or your team has no access to it."
        )
    return model_name, model
