"""The video routes: three that begin a job, one that asks about it, and the store where videos lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.catalogue.fault import Course
from tarash_gateway_sandbox.faults import Answer, json_answer
from tarash_gateway_sandbox.jobs import JobManner, VideoJob
from tarash_gateway_sandbox.operations import split_model
from tarash_gateway_sandbox.paid import Paid
from tarash_gateway_sandbox.videos import part_of, video_order
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
WORDS = JobManner(waiting="pending", working="pending", done="done")
MOST_REFERENCES = 7


@dataclass(frozen=True)
class XaiJob(VideoJob):
    """A job, as this vendor shows it."""

    face: str = "xai"
    ticks: int = 0
    origin: str = ""

    def resource(self) -> dict[str, Any]:
        """The job as the vendor shows it at this moment."""
        step = self._status(self.share)
        if step == "completed":
            video = {
                "url": f"http://localhost:{self.origin.rpartition(':')[2]}{STORE}{self.id}.mp4",
                "duration": int(self.seconds),
                "respect_moderation": True,
            }
            usage = {"cost_in_usd_ticks": self.ticks}
            return {"status": "done", "video": video, "model": self.model, "progress": 100, "usage": usage}
        going = self.course or self.ending
        if step == "failed":
            error = going.error if going is not None and going.error else {"message": "The video could not be made."}
            return {"status": "failed", "error": error}
        if step in ("queued", "in_progress"):
            return {"status": "pending", "progress": int(self.share * 100)}
        return {"status": WORDS.word(step)}


async def generate(call: Call, vendor: Vendor) -> Answer:
    """POST /videos/generations."""
    body = checks.body_of(call, GENERATION)
    asked, model = _model(body)
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
        msg = f"`last_frame` is not supported by {asked}"
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
    return _created(call, vendor, body, seconds=seconds, size=_size(ratio, resolution), reference=first, model=model)


async def edit(call: Call, vendor: Vendor) -> Answer:
    """POST /videos/edits."""
    body = checks.body_of(call, EDIT)
    return _changed(call, vendor, body, seconds=8)


async def extend(call: Call, vendor: Vendor) -> Answer:
    """POST /videos/extensions."""
    body = checks.body_of(call, EXTENSION)
    return _changed(call, vendor, body, seconds=checks.whole(body, "duration", 2, 10) or 6)


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """GET /videos/{request_id}: 202 while it is being made."""
    job = vendor.jobs.get(call.name)
    if not isinstance(job, XaiJob):
        msg = f"Request {call.name} not found"
        raise checks.XaiError(404, "not-found", msg)
    shown = job.resource()
    return json_answer(shown, status=202 if shown["status"] == "pending" else 200)


async def stored(call: Call, vendor: Vendor) -> Answer:
    """GET of a video."""
    job = vendor.jobs.get(call.request.path.removeprefix(STORE).removesuffix(".mp4"))
    if not isinstance(job, XaiJob) or not job.completed:
        msg = "not found"
        raise checks.XaiError(404, "not-found", msg)
    return part_of(call.request.headers, await vendor.studio.video(video_order(job)), "video/mp4")


def _changed(call: Call, vendor: Vendor, body: Any, *, seconds: int) -> Answer:
    asked, model = _model(body)
    if not model.edits:
        msg = f"{asked} does not edit or extend videos"
        raise checks.invalid(msg)
    video = body.get("video")
    url = video.get("url") if isinstance(video, dict) else None
    if not isinstance(url, str) or not (url.startswith(("https://", "http://")) or b"ftyp" in checks.data_of(url)[:16]):
        msg = "`video` must be an object with the `url` of an MP4"
        raise checks.invalid(msg)
    return _created(call, vendor, body, seconds=seconds, size="854x480", reference=None, model=model)


def _created(
    call: Call, vendor: Vendor, body: Any, *, seconds: int, size: str, reference: bytes | None, model: VideoModel
) -> Answer:
    prompt = body.get("prompt") or ""
    job = XaiJob(
        body["model"],
        prompt,
        size,
        str(seconds),
        vendor.job_seconds,
        reference,
        scene=prompt,
        manner=WORDS,
        ending=vendor.ending,
        course=next((one.fault.effect for one in call.job_faults if isinstance(one.fault.effect, Course)), None),
        faults=call.job_faults,
        ticks=round(model.per_second * seconds * TICKS),
        origin=vendor.origin,
    )
    vendor.jobs.add(job)
    vendor.paid.add(Paid("video", job.model, job.prompt, job.id))
    return json_answer({"request_id": job.id})


def _model(body: Any) -> tuple[str, VideoModel]:
    asked = checks.text(body, "model") or ""
    model = VIDEO_MODELS.get(split_model(asked)[0])
    if model is None:
        raise checks.XaiError(404, "not-found", f"The model {asked} does not exist or your team has no access to it.")
    return asked, model


def _size(ratio: str, resolution: str) -> str:
    short = SHORT_SIDES[resolution]
    wide, high = (int(part) for part in ratio.split(":"))
    long = round(short * max(wide, high) / min(wide, high) / 2) * 2
    return f"{long}x{short}" if wide >= high else f"{short}x{long}"
