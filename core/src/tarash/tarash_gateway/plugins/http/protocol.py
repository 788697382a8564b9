"""Answers in the shapes of OpenAI's protocol, which many servers speak, each with its own deviations. Pure.

A plugin for such a vendor needs no reader of its own.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, closing
from typing import TYPE_CHECKING, Any, overload

from tarash.tarash_gateway.capabilities.price import TokenKind
from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models.job import ImageJob, VideoJob
from tarash.tarash_gateway.plugins.exchange import ImageAnswer, ImageOutput, ImagePart, ImageStatus, VideoStatus
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.error_body import categories_of, read_error_body
from tarash.tarash_gateway.plugins.http.errors import embedded_error, event_error, job_refusal, seconds_to_wait
from tarash.tarash_gateway.plugins.http.image_sources import image_items, read_image
from tarash.tarash_gateway.plugins.http.values import (
    job_object,
    read_count,
    read_id,
    read_job_id,
    read_number,
    read_status,
    read_text,
    status_of,
)

if TYPE_CHECKING:
    from tarash.tarash_gateway.plugins.http.client import EventStream

logger = logging.getLogger("tarash.answers")

AsyncParts = AsyncGenerator[ImagePart | ImageAnswer, None]

MOST_OUTPUTS = 10
"""Videos of one job that are believed."""


def read_images(answer: Answer, *, only_text: bool = False) -> ImageAnswer:
    """Reads the images of an answer.

    Args:
        answer: the answer.
        only_text: whether the request had no input image, so that all input tokens are those of text.

    Raises:
        InvalidResponseError: it holds no image.
        ContentPolicyError: it is a refusal that came with a good status.
        TarashError: it is another error that came with a good status.
    """
    return _images_of(answer.object(), answer, only_text=only_text)


def _images_of(parsed: Mapping[str, Any], answer: Answer, *, only_text: bool) -> ImageAnswer:
    items = [read_image(item, answer) for item in image_items(parsed)]
    outputs = [item for item in items if item is not None]
    if not any(output.error is None for output in outputs):
        _raise_withheld(parsed, answer)
        error = parsed.get("error") or parsed.get("errors") or ("detail" in parsed and parsed)
        error = error or next((item for item in image_items(parsed) if isinstance(item, Mapping) and outputs), None)
        if error:
            error = embedded_error(answer, error if isinstance(error, Mapping) else {"error": error})
            error.raw = answer.redaction.shown(parsed)
            if not outputs and isinstance(error, (InvalidResponseError, ContentPolicyError)):
                error.billable = "no"  # a server that says in place of images what went wrong has made none
            raise error
        msg = "the vendor's answer holds no image: 'data' is empty or has neither b64_json nor url"
        raise InvalidResponseError(
            msg, raw=answer.redaction.shown(without_signatures(parsed)), status_code=answer.status
        )
    return image_answer(outputs, parsed, answer, only_text=only_text)


def _raise_withheld(parsed: Mapping[str, Any], answer: Answer) -> None:
    """Images that a content filter withheld, each item saying so for itself, were made."""
    found = [name for item in image_items(parsed) if isinstance(item, Mapping) for name in categories_of(item)]
    if not found or parsed.get("error"):
        return
    categories = tuple(dict.fromkeys(answer.text(name) for name in found))
    msg = f"the content filter withheld the result: {', '.join(categories)}"
    raise ContentPolicyError(
        msg,
        stage="output",
        categories=categories,
        status_code=answer.status,
        billable="yes",
        raw=answer.redaction.shown(parsed),
    )


def image_answer(
    outputs: list[ImageOutput], parsed: Mapping[str, Any], answer: Answer, *, only_text: bool = False
) -> ImageAnswer:
    """Puts images together with what an answer says beside them: usage, cost, counts."""
    shown = answer.shown(parsed)
    usage = parsed.get("usage")
    return ImageAnswer(
        outputs=outputs,
        provider_request_id=answer.request_id,
        usage=shown.get("usage") if isinstance(shown.get("usage"), dict) else None,
        cost=read_cost(usage),
        tokens=read_tokens(usage, only_text=only_text),
        raw=shown,
    )


def read_cost(usage: Any) -> float | None:
    """Reads US dollars of `usage.cost`; None where the vendor does not say."""
    cost = read_number(usage.get("cost")) if isinstance(usage, Mapping) else None
    return cost if cost is not None and cost >= 0 else None


def read_tokens(usage: Any, *, only_text: bool = False) -> dict[TokenKind, int] | None:
    """Reads what was counted, by kind.

    Returns:
        Empty where the vendor counts no tokens; None where one of the counts cannot be read, or where kinds with
        different prices are not told apart, so that the cost is not known.
    """
    if not isinstance(usage, Mapping) or not {"input_tokens", "output_tokens"} & usage.keys():
        return {}
    into, out = usage.get("input_tokens_details"), usage.get("output_tokens_details")
    if not isinstance(into, Mapping):
        into = {"text_tokens": usage.get("input_tokens")} if only_text else {"text_tokens": None}
    if not isinstance(out, Mapping):  # all that came out is image: the image models write nothing else
        out = {"image_tokens": usage.get("output_tokens")}
    counts: dict[TokenKind, int | None] = {
        "text_in": read_count(into.get("text_tokens", 0)),
        "image_in": read_count(into.get("image_tokens", 0)),
        "text_out": read_count(out.get("text_tokens", 0)),
        "image_out": read_count(out.get("image_tokens", 0)),
    }
    tokens: dict[TokenKind, int] = {kind: count for kind, count in counts.items() if count}
    return None if None in counts.values() else tokens or None


class ImageEvents:
    """The events of a streamed image, one after the other, and the answer they come to.

    Args:
        answer: the streamed answer, without its body.
        only_text: as for `read_images`.
    """

    def __init__(self, answer: Answer, *, only_text: bool = False) -> None:
        self._answer = answer
        self._only_text = only_text
        self._outputs: list[ImageOutput] = []
        self._last: dict[str, Any] = {}
        self._whole: ImageAnswer | None = None

    def read(self, event: Mapping[str, Any]) -> ImagePart | None:
        """Reads a partial image, where the event is one; a finished image is kept for the answer.

        Raises:
            TarashError: the event is an error.
        """
        kind = str(event.get("type") or "")
        if kind == "error" or (event.get("error") and not kind.endswith((".completed", ".partial_image"))):
            raise event_error(self._answer, event)
        if kind.endswith((".completed", ".partial_image")):
            output = read_image(event, self._answer)
            if output is None or output.error is not None:
                return None
            if kind.endswith(".partial_image"):
                return ImagePart(output, read_count(event.get("partial_image_index")) or 0)
            self._outputs.append(output)
            self._last = dict(event)
        elif not kind and image_items(event):  # a server that does not stream answers at once
            self._whole = _images_of(event, self._answer, only_text=self._only_text)
        return None

    def answer(self) -> ImageAnswer | None:
        """Returns the answer, once the stream has ended; None where no image was finished."""
        if not self._outputs:
            return self._whole
        return image_answer(self._outputs, self._last, self._answer, only_text=self._only_text)


def read_stream(stream: EventStream, *, only_text: bool = False) -> Iterator[ImagePart | ImageAnswer]:
    """Reads the partial images of a stream as they come, then its answer, and closes it; see `read_images`."""
    with closing(stream):
        images = ImageEvents(stream.answer, only_text=only_text)
        for event in stream:
            if (part := images.read(event)) is not None:
                yield part
        if (answer := images.answer()) is not None:
            yield answer


async def read_stream_async(stream: EventStream, *, only_text: bool = False) -> AsyncParts:
    """The twin of `read_stream`."""
    async with aclosing(stream):
        images = ImageEvents(stream.answer, only_text=only_text)
        async for event in stream:
            if (part := images.read(event)) is not None:
                yield part
        if (answer := images.answer()) is not None:
            yield answer


@overload
def read_job(answer: Answer, job: VideoJob) -> VideoStatus: ...


@overload
def read_job(answer: Answer, job: ImageJob) -> ImageStatus: ...


def read_job(answer: Answer, job: ImageJob | VideoJob) -> ImageStatus | VideoStatus:
    """Reads what an answer says about a job; what it does not say stays as in `job`.

    Raises:
        InvalidResponseError: it is no job.
        ContentPolicyError: the job was ended by moderation.
        TarashError: it is an error that came with a good status.
    """
    parsed = answer.object()
    part = job_object(parsed)
    if read_job_id(parsed) is None and status_of(part) is None:
        body = read_error_body(parsed)
        if parsed.get("error") or (body.message and body.code) or body.is_refusal:
            raise embedded_error(answer, parsed)
    return _status(parsed, part, answer, job)


def _status(
    parsed: Mapping[str, Any], part: Mapping[str, Any], answer: Answer, before: ImageJob | VideoJob
) -> ImageStatus | VideoStatus:
    job_id = read_job_id(parsed) or before.id
    shown = answer.shown(without_signatures(parsed))
    if not job_id:
        msg = "the vendor's answer holds no job id"
        raise InvalidResponseError(
            msg, raw=answer.redaction.shown(without_signatures(parsed)), status_code=answer.status
        )
    usage = parsed.get("usage") or part.get("usage")
    fields: dict[str, Any] = {
        "id": job_id,
        "status": status_of(part),
        "progress": part.get("progress"),
        "error": _error_in(part),
        "created_at": part.get("created_at"),
        "completed_at": _first(part, "completed_at", "finished_at", "completedAt", "finishedAt"),
        "expires_at": part.get("expires_at"),
        "redaction": answer.redaction,
        "size": read_text(part.get("size")),
        "queue_position": read_count(part.get("queue_position")),
        "provider_request_id": read_text(part.get("generation_id")) or answer.request_id,
        "poll_after": _poll_after(answer),
        "usage": shown.get("usage") if isinstance(shown.get("usage"), dict) else None,
        "cost": read_cost(usage),
        "raw": shown,
    }
    status: ImageStatus | VideoStatus
    if isinstance(before, ImageJob):
        status = ImageStatus.of(before, **fields)
    else:
        seconds, urls = _first(part, "seconds", "duration"), read_video_urls(part)
        status = VideoStatus.of(before, duration_seconds=seconds, outputs=len(urls) or None, **fields)
    job, word = status.job, status.job.vendor_status
    if word and word != before.vendor_status and read_status(status_of(part)) is None:
        logger.warning("job %s has a status %r that is not known; it is taken as %s", job.id, word, job.status)
    body = read_error_body(_error_in(part))
    if job.status == "failed" and body.is_refusal_of_job:
        billable = "yes" if status.cost else "unknown"
        raise job_refusal(answer, body, job, raw=answer.redaction.shown(shown), billable=billable)
    return status


def read_job_list(answer: Answer, template: VideoJob) -> tuple[list[VideoJob], str | None]:
    """Reads the jobs of one page of a vendor's list, newest first, and the id after which the next page begins.

    Raises:
        InvalidResponseError: it is no list.
    """
    parsed = answer.json()
    items = parsed if isinstance(parsed, list) else None
    if isinstance(parsed, Mapping):
        items = next((found for name in ("data", "items", "jobs") if isinstance(found := parsed.get(name), list)), None)
    if items is None:
        msg = f"the vendor's answer is no list of jobs ({answer.kind})"
        raise InvalidResponseError(
            msg, raw=answer.redaction.shown(without_signatures(parsed)), status_code=answer.status, retryable=True
        )
    jobs = [_listed(item, answer, template) for item in items if isinstance(item, Mapping) and read_id(item.get("id"))]
    has_more = isinstance(parsed, Mapping) and parsed.get("has_more") is True and jobs
    return jobs, jobs[-1].id if has_more else None


def _listed(item: Mapping[str, Any], answer: Answer, template: VideoJob) -> VideoJob:
    prompt = item.get("prompt")
    request = {"prompt": prompt} if isinstance(prompt, str) else {}
    own = template.model_copy(update={"model": read_text(item.get("model")) or "", "request": request})
    return VideoStatus.of(
        own,
        id=read_job_id(item),
        status=status_of(item),
        progress=item.get("progress"),
        error=_error_in(item),
        created_at=item.get("created_at"),
        completed_at=item.get("completed_at"),
        expires_at=item.get("expires_at"),
        redaction=answer.redaction,
        size=read_text(item.get("size")),
        duration_seconds=item.get("seconds"),
    ).job


def read_video_urls(job: Mapping[str, Any]) -> list[str]:
    """Reads where the finished videos of a job are, whatever the field is called; they may be signed: show none."""
    found = list(_urls_in(job))
    return list(dict.fromkeys(found))[:MOST_OUTPUTS]


def _urls_in(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(("http://", "https://", "/")):
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _urls_in(item, depth + 1)
    elif isinstance(value, Mapping) and depth < 4:
        for name in ("unsigned_urls", "video_url", "videoUrl", "url", "urls", "videos", "video", "output", "outputs"):
            if name in value and (inner := list(_urls_in(value[name], depth + 1))):
                yield from inner
                return


def _first(part: Mapping[str, Any], *names: str) -> Any:
    return next((part[name] for name in names if part.get(name) is not None), None)


def without_signatures(value: Any) -> Any:
    """Removes the queries of all addresses: a signature is as good as the result."""
    if isinstance(value, dict):
        return {name: without_signatures(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_signatures(item) for item in value]
    if isinstance(value, str) and value.startswith(("http://", "https://")) and "?" in value:
        return f"{value.partition('?')[0]}?[signature]"
    return value


def _error_in(part: Mapping[str, Any]) -> Any:
    return part.get("error") or part.get("errors") or part.get("failure_reason") or part.get("fail_reason") or {}


def _poll_after(answer: Answer) -> float | None:
    """Seconds of `openai-poll-after-ms`, else of `Retry-After`."""
    milliseconds = read_number(answer.headers.get("openai-poll-after-ms"))
    return seconds_to_wait(answer.headers) if milliseconds is None else max(milliseconds / 1000, 0.0)
