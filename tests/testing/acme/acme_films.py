"""A provider plugin as a stranger may write one: async only, on the HTTP kit, for a vendor that is not like OpenAI.

Its vendor makes images and films. A film is looked at by a POST with its number, and comes from an address in the
answer.
"""

from __future__ import annotations

import base64
from contextlib import aclosing
from datetime import UTC, date, datetime

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.capabilities.rules import DurationRule
from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import (
    HTTP_SETTINGS,
    ImageAnswer,
    ImagePart,
    ProviderSpec,
    VideoStatus,
    hookimpl,
)
from tarash.tarash_gateway.plugins.http import (
    HttpProvider,
    HttpRequest,
    creation_errors,
    download_errors,
    error_of,
    image_limit,
    job_errors,
    read_error,
    read_error_body,
    read_id,
    read_image,
)

KEY_VARIABLE = "ACME_FILMS_KEY"
HOME = "https://api.acme-films.example/v2"

PAINT = ImageModel(
    model="acme-paint-1",
    aliases=("acme-paint",),
    source="https://acme-films.example/docs/paint",
    checked_on=date(2026, 11, 1),
    max_images=2,
    sizes=("512x512", "768x512"),
    qualities=("draft", "fine"),
    styles=("oil", "ink"),
    backgrounds=(),
    output_formats=("png",),
    max_input_images=1,
    streaming=True,
    extra_params=("grain",),
    param_values={"grain": ("rough", "smooth")},
    unsupported=("resolution",),
)
FILM = VideoModel(
    model="acme-film-1",
    source="https://acme-films.example/docs/film",
    checked_on=date(2026, 11, 1),
    max_videos=2,
    aspect_ratios=("16:9", "9:16"),
    resolutions=("720p", "1080p"),
    durations=DurationRule(min=3, max=10),
    audio="optional",
    max_input_images=1,
    extra_params=(),
    unsupported=("seed", "negative_prompt", "size"),
)
SPEC = ProviderSpec(
    name="acme_films",
    api_version=1,
    title="Acme Films",
    image_models=(PAINT,),
    video_models=(FILM,),
    key_variables=(KEY_VARIABLE,),
    live_models=True,
    factory="acme_films:AcmeProvider",
    settings=HTTP_SETTINGS,
)

STATES = {
    "WAITING": "queued",
    "SHOOTING": "in_progress",
    "READY": "completed",
    "BROKEN": "failed",
    "STOPPED": "cancelled",
    "DELETED": "expired",
}


@hookimpl
def tarash_provider_specs():
    yield SPEC


class AcmeProvider(HttpProvider):
    base_url = HOME
    key_variables = (KEY_VARIABLE,)
    key_header = "x-acme-key"
    key_prefix = ""

    def read_error(self, answer):
        body = read_error_body(answer.body)
        if answer.status < 400 or not isinstance(body.body, dict) or "fault" not in body.body:
            return read_error(answer)
        reported = {"code": body.body.get("kind"), "message": body.body["fault"]}
        if reported["code"] == "not_decent":
            reported["code"] = "content_policy"
        return error_of(answer, read_error_body(reported))

    async def generate_image_async(self, prepared, *, timeout):
        request = HttpRequest("POST", "/pictures", picture_body(prepared), limit=image_limit(prepared.request.n))
        answer = await self.client.send_async(request, timeout)
        shown = answer.object()
        items = [item for item in shown.get("pictures") or () if isinstance(item, dict)]
        images = [read_image({**item, "url": item.get("at")}, answer) for item in items or [shown]]
        if not any(images):
            msg = "the answer holds no image"
            raise InvalidResponseError(msg, raw=answer.shown(shown))
        return ImageAnswer([image for image in images if image is not None], raw=answer.shown(shown))

    async def stream_image_async(self, prepared, *, timeout):
        request = HttpRequest("POST", "/pictures/live", picture_body(prepared), limit=image_limit(1))
        async with aclosing(await self.client.events_async(request, timeout)) as stream:
            async for event in stream:
                for item in event.get("pictures") or [event]:
                    output = read_image({**item, "url": item.get("at")}, stream.answer)
                    if output is not None and (event.get("done") or "pictures" in event):
                        yield ImageAnswer([output])
                        return
                    if output is not None:
                        yield ImagePart(output)

    async def submit_video_async(self, prepared, *, timeout):
        request = prepared.request
        body = {
            "model": prepared.model,
            "text": request.prompt,
            "shape": request.aspect_ratio,
            "tier": request.resolution,
            "length": None if request.duration_seconds is None else f"{request.duration_seconds:g}s",
            "takes": request.n,
            "sound": request.generate_audio,
            "picture": base64.b64encode(prepared.images[0].content).decode() if prepared.images else None,
        }
        with creation_errors():
            answer = await self.client.send_async(HttpRequest("POST", "/films", body), timeout)
            job_id = read_id(answer.object().get("film"))
            if job_id is None:
                msg = "the answer names no film"
                raise InvalidResponseError(msg, raw=answer.shown(answer.object()))
            return self.status(answer, self.job(job_id, prepared.model, outputs=request.n))

    async def poll_video_async(self, job, *, timeout):
        return await self.look("/films/look", job, timeout)

    async def cancel_video_async(self, job, *, timeout):
        return await self.look("/films/stop", job, timeout)

    async def look(self, path, job, timeout):
        with job_errors(job):
            return self.status(await self.client.send_async(HttpRequest("POST", path, {"film": job.id}), timeout), job)

    async def find_video_async(self, lost, *, timeout):
        answer = await self.client.send_async(HttpRequest("GET", "/films"), timeout)
        return [
            VideoStatus.of(
                self.job(item["film"], item["model"], asked={"prompt": item["text"]}),
                status=STATES.get(item["state"], item["state"]),
                created_at=item.get("since"),
            ).job
            for item in answer.object()["films"]
        ]

    async def download_video_async(self, job, sink, *, timeout, index=0):
        with download_errors(job, sink):
            await self.client.download_async(HttpRequest("GET", job.provider_data["files"][index]), sink, timeout)

    async def fetch_models_async(self, *, timeout):
        answer = await self.client.send_async(HttpRequest("GET", "/catalogue"), timeout)
        items = answer.object().get("paints")
        if not isinstance(items, list):
            msg = "the answer is no list of models"
            raise InvalidResponseError(msg, raw=answer.shown(answer.object()))
        fixed = {"source": "https://acme-films.example/docs/paint", "checked_on": datetime.now(UTC).date()}
        return [ImageModel(model=item["name"], qualities=tuple(item["finishes"]), **fixed) for item in items]

    def job(self, job_id, model, **fixed):
        return VideoJob(provider=self.config.provider, id=job_id, model=model, endpoint=self.endpoint, **fixed)

    def status(self, answer, job):
        reported = answer.object()
        word = reported.get("state")
        status = VideoStatus.of(
            job,
            status=STATES.get(word, word),
            error=reported.get("why"),
            created_at=reported.get("since"),
            provider_data={"files": reported.get("files", [])},
            redaction=answer.redaction,
            raw=answer.shown(reported),
        )
        if reported.get("kind") == "not_decent":
            msg = f"moderation ended film {job.id}"
            raise ContentPolicyError(msg, stage="output", job=status.job, billable="unknown")
        return status


def picture_body(prepared):
    request = prepared.request
    width, _, height = (request.size or "512x512").partition("x")
    return {
        "model": prepared.model,
        "text": request.prompt,
        "width": int(width),
        "height": int(height),
        "finish": request.quality,
        "manner": request.style,
        "file": request.output_format,
        "luck": request.seed,
        "avoid": request.negative_prompt,
        "count": request.n,
        "picture": base64.b64encode(prepared.images[0].content).decode() if prepared.images else None,
        **request.extra_params,
    }
