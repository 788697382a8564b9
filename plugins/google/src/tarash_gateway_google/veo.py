"""Veo on Vertex AI: long-running operations. Builds requests, reads answers, and sends them in steps."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import Any

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError, Problem, ValidationError
from tarash.tarash_gateway.models import VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import InputFile, PreparedRequest, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    HttpRequest,
    Steps,
    job_refusal,
    read_count,
    read_error_body,
    read_id,
    read_text,
    without_none,
)
from tarash_gateway_google.interactions import Video
from tarash_gateway_google.omni import POLL_BYTES, check_home, input_video_of, poll_request, with_extra
from tarash_gateway_google.uploads import free_of_charge
from tarash_gateway_google.urls import Urls

FAMILY = "veo-"
"""What the names of these models begin with: they have an API of their own."""

_GRPC = {
    1: "CANCELLED",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}
"""The numbers of an operation's error that occur, in words."""


def submit(urls: Urls, prepared: PreparedRequest[VideoGenerationRequest]) -> Steps[Answer]:
    """Starts the operation."""
    video_input: dict[str, str] | None = None
    if prepared.request.operation != "generate":
        video = prepared.request.video
        if isinstance(video, VideoJob):
            check_home(video, urls)
            with free_of_charge():
                video_input = yield from _of_job(urls, video)
        elif isinstance(video, str) and video.startswith("gs://"):
            video_input = {"gcsUri": video, "mimeType": "video/mp4"}
        else:
            content, kind = input_video_of(prepared.request)
            video_input = {"bytesBase64Encoded": b64encode(content).decode(), "mimeType": kind}
    body = _body(prepared, video_input)
    path = urls.model(prepared.model, "predictLongRunning")
    return (yield HttpRequest("POST", path, body, limit=POLL_BYTES, prompts=(prepared.request.prompt,)))


def poll(urls: Urls, job: VideoJob) -> Steps[Answer]:
    """Polls an operation, with a POST."""
    path = urls.of_job(job).model(job.model, "fetchPredictOperation")
    return (yield poll_request("POST", path, job, {"operationName": job.id}))


def read_operation(answer: Answer, before: VideoJob) -> tuple[VideoStatus, list[Video]]:
    """Returns what an answer says of an operation, and the videos that are in it.

    Raises:
        InvalidResponseError: it is no operation, or a finished one without videos and without a reason.
        ContentPolicyError: every video was withheld.
    """
    parsed = answer.object()
    name = before.id or read_id(parsed.get("name"))
    raw = answer.shown(parsed)
    if not name:
        msg = "the vendor's answer holds no name of an operation"
        raise InvalidResponseError(msg, status_code=answer.status, raw=answer.redaction.shown(parsed))
    failure = parsed.get("error")
    if failure:
        body = read_error_body(failure)
        number = read_count(body.details.get("code"))
        error = {"message": body.words, "code": _GRPC.get(number or 0) or body.code}
        failed = VideoStatus.of(before, id=name, status="failed", error=error, redaction=answer.redaction, raw=raw)
        if body.is_refusal:
            raise job_refusal(answer, body, failed.job)
        return failed, []
    status = VideoStatus.of(before, id=name, status="in_progress", raw=raw)
    return (status, []) if parsed.get("done") is not True else _finished(parsed, status.job, raw, answer)


def _finished(
    parsed: dict[str, Any], job: VideoJob, raw: dict[str, Any], answer: Answer
) -> tuple[VideoStatus, list[Video]]:
    response = parsed.get("response")
    response = response if isinstance(response, dict) else {}
    items = response.get("videos")
    videos = [_video(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    videos = [video for video in videos if video.uri or video.base64]
    reasons = response.get("raiMediaFilteredReasons")
    filtered = read_count(response.get("raiMediaFilteredCount")) or (len(reasons) if isinstance(reasons, list) else 0)
    done = VideoStatus.of(job, status="completed", outputs=len(videos) or None, raw=raw)
    job = done.job
    if not videos and filtered:
        msg = f"the vendor withheld every video of the job ({filtered}); its reasons are in error.raw"
        shown = answer.redaction.shown(parsed)
        raise ContentPolicyError(msg, stage="output", job=job, raw=shown, billable="unknown")
    if not videos:
        msg = f"job {job.id} is done, and its answer holds no video"
        raise InvalidResponseError(msg, job=job, raw=answer.redaction.shown(parsed), billable="yes")
    wanted = job.request.get("n", 1)
    missing = wanted - len(videos) if isinstance(wanted, int) else 0
    warnings = []
    if filtered:
        many = "one video of the job was" if filtered == 1 else f"{filtered} videos of the job were"
        warnings.append(f"{many} withheld by the vendor's filter")
    elif missing > 0:
        warnings.append(f"{wanted} videos were asked for, the vendor made {len(videos)}")
    return replace(done, warnings=warnings), videos


def _video(item: dict[str, Any]) -> Video:
    return Video(read_text(item.get("gcsUri")) or read_text(item.get("uri")), read_text(item.get("bytesBase64Encoded")))


def _body(prepared: PreparedRequest[VideoGenerationRequest], video_input: dict[str, str] | None) -> dict[str, Any]:
    request = prepared.request
    first = [file for file in prepared.images if file.role == "first_frame"]
    last = [file for file in prepared.images if file.role == "last_frame"]
    assets = [file for file in prepared.images if file.role not in ("first_frame", "last_frame")]
    if last and not first:
        subject = "the input images"
        raise ValidationError.of(subject, [Problem("image_list", "a last_frame needs a first_frame")])
    seconds = request.duration_seconds
    instance = {
        "prompt": request.prompt,
        "image": _image(first[0]) if first else None,
        "lastFrame": _image(last[0]) if last else None,
        "referenceImages": [{"image": _image(file), "referenceType": "ASSET"} for file in assets] or None,
        "video": video_input,
    }
    parameters = {
        "sampleCount": request.n,
        "durationSeconds": None if seconds is None else int(seconds) if seconds == int(seconds) else seconds,
        "aspectRatio": request.aspect_ratio,
        "resolution": request.resolution,
        "generateAudio": request.generate_audio,
        "negativePrompt": request.negative_prompt,
        "seed": request.seed,
    }
    return {
        "instances": [without_none(instance)],
        "parameters": with_extra(without_none(parameters), request.extra_params),
    }


def _of_job(urls: Urls, job: VideoJob) -> Steps[dict[str, str]]:
    """Yields the video of an earlier job, which has to be given with the request."""
    answer = yield from poll(urls, job)
    _, videos = read_operation(answer, job)
    if not videos:
        subject = "the video to start from"
        raise ValidationError.of(subject, [Problem("video", f"job {job.id} is not finished")])
    first = videos[0]
    if first.base64 is not None:
        return {"bytesBase64Encoded": first.base64, "mimeType": "video/mp4"}
    return {"gcsUri": first.uri or "", "mimeType": "video/mp4"}


def _image(file: InputFile) -> dict[str, str]:
    return {"bytesBase64Encoded": b64encode(file.content).decode(), "mimeType": file.content_type}
