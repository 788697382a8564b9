"""Images by `generateContent`: the request, the answer, and the events of its stream. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tarash.tarash_gateway.errors import Billable, ContentPolicyError, InvalidResponseError, TarashError
from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart, PreparedRequest
from tarash.tarash_gateway.plugins.http import (
    Answer,
    HttpRequest,
    event_error,
    image_limit,
    read_image,
    read_text,
    without_none,
)
from tarash_gateway_google.urls import Urls

_BLOCKED = frozenset(
    (
        "BLOCKLIST",
        "IMAGE_OTHER",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_SAFETY",
        "MODEL_ARMOR",
        "NO_IMAGE",
        "PROHIBITED_CONTENT",
        "RECITATION",
        "SAFETY",
        "SPII",
    )
)
"""Reasons to stop with which an image is withheld."""

_ENDING = ("LEGACY", "DEPRECATED", "RETIRED")
"""Stages of a model that are worth a warning."""

THOUGHTS = 4
"""Images that a model draws while it thinks, for which an answer has room."""

_MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}


def image_request(
    urls: Urls, prepared: PreparedRequest[ImageGenerationRequest], *, stream: bool = False
) -> HttpRequest:
    """Builds `generateContent`, or its stream."""
    request = prepared.request
    images = [_inline(file.content, file.content_type) for file in prepared.images]
    config = {
        "responseModalities": ["IMAGE"],
        "candidateCount": request.n if request.n > 1 else None,
        "seed": request.seed,
        "imageConfig": without_none(
            {
                "aspectRatio": request.aspect_ratio,
                "imageSize": request.resolution,
                "imageOutputOptions": _output_options(request.output_format),
            }
        )
        or None,
    }
    generation = without_none(config)
    for name, value in request.extra_params.items():
        there = generation.get(name)
        generation[name] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    body = {
        "contents": [{"role": "user", "parts": [*images, {"text": request.prompt}]}],
        "generationConfig": generation,
    }
    verb = "streamGenerateContent" if stream else "generateContent"
    path = urls.model(prepared.model, verb) + ("?alt=sse" if stream else "")
    return HttpRequest("POST", path, body, limit=image_limit(request.n + THOUGHTS), prompts=(request.prompt,))


def read_images(answer: Answer) -> ImageAnswer:
    """Returns the images of an answer.

    Raises:
        ContentPolicyError: they were withheld, or the prompt was refused.
        InvalidResponseError: the answer holds none.
    """
    collected = Collected(answer)
    collected.add(answer.object())
    return collected.answer()


@dataclass(slots=True)
class _Candidate:
    """One image that was asked for: what came of it, over all events of a stream."""

    outputs: list[ImageOutput] = field(default_factory=list)
    reason: str | None = None
    """Why it ended."""

    def items(self) -> list[ImageOutput]:
        if self.outputs or self.reason not in _BLOCKED:
            return self.outputs
        return [ImageOutput(error=f"it was withheld ({self.reason})")]


class Collected:
    """An answer, whole or in the events of a stream, and what it comes to."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._candidates: dict[int, _Candidate] = {}
        self._thoughts = 0
        self._request_id = answer.request_id
        self._usage: dict[str, Any] | None = None
        self._blocked: str | None = None
        self._warnings: list[str] = []
        self._wrote = False

    def add(self, parsed: Mapping[str, Any]) -> list[ImagePart]:
        """Takes in an answer or an event; gives the images that the model drew while it was thinking.

        Raises:
            TarashError: it is an error that came in the middle of a stream.
        """
        if parsed.get("error") or parsed.get("type") == "error":
            raise event_error(self._answer, parsed)
        self._usage = _table(parsed, "usageMetadata") or self._usage
        self._request_id = read_text(parsed.get("responseId")) or self._request_id
        self._stage(_table(parsed, "modelStatus"))
        reason = read_text(_table(parsed, "promptFeedback").get("blockReason"))
        self._blocked = self._blocked if reason is None else self._answer.text(reason)[:100]
        partial: list[ImagePart] = []
        for at, item in enumerate(_list(parsed.get("candidates"))):
            index = item.get("index")
            candidate = self._candidates.setdefault(index if isinstance(index, int) else at, _Candidate())
            if word := read_text(item.get("finishReason")) or read_text(item.get("finish_reason")):
                candidate.reason = self._answer.text(word)[:100]
            for part in _list(_table(item, "content").get("parts")):
                partial += self._part(part, candidate)
        return partial

    def answer(self) -> ImageAnswer:
        """Returns what came, as the answer to the request.

        Raises:
            ContentPolicyError: the images were withheld, or the prompt was refused.
            InvalidResponseError: there is no image.
        """
        outputs = [output for _, candidate in sorted(self._candidates.items()) for output in candidate.items()]
        usage = self._answer.shown(self._usage)
        raw = without_none({"finishReason": self._reason, "blockReason": self._blocked, "usageMetadata": usage})
        if not any(output.error is None for output in outputs):
            raise self._nothing(raw)
        return ImageAnswer(
            outputs=outputs,
            provider_request_id=self._request_id,
            usage=usage,
            warnings=self._warnings,
            raw=raw,
        )

    @property
    def begun(self) -> bool:
        """Whether anything came that tells how it ended."""
        return self._blocked is not None or any(
            candidate.outputs or candidate.reason for candidate in self._candidates.values()
        )

    @property
    def _reason(self) -> str | None:
        return next((candidate.reason for candidate in self._candidates.values() if candidate.reason), None)

    def _part(self, part: dict[str, Any], candidate: _Candidate) -> list[ImagePart]:
        output = read_image(part, self._answer) if _is_image(part) else None
        if output is None or output.error is not None:
            self._wrote = self._wrote or isinstance(part.get("text"), str)
            return []
        if part.get("thought") is True:
            self._thoughts += 1
            return [ImagePart(replace(output, url=None), self._thoughts - 1)] if output.base64 else []
        candidate.outputs.append(output)
        return []

    def _nothing(self, raw: dict[str, Any]) -> TarashError:
        details: dict[str, Any] = {"status_code": self._answer.status, "raw": self._answer.redaction.shown(raw)}
        if self._blocked is not None:
            msg = f"the prompt was refused ({self._blocked})"
            return ContentPolicyError(msg, categories=(self._blocked,), code=self._blocked, billable="no", **details)
        reason = self._reason
        if reason in _BLOCKED:
            msg = f"the image was withheld ({reason})"
            categories = (reason,)
            return ContentPolicyError(
                msg, stage="output", categories=categories, code=reason, billable="unknown", **details
            )
        wrote = ", the model wrote a text instead" if self._wrote else ""
        msg = f"the answer holds no image (it ended with {reason or 'no reason given'}{wrote})"
        billable: Billable = "unknown" if reason is None else "yes"
        return InvalidResponseError(msg, code=reason, billable=billable, **details)

    def _stage(self, status: Mapping[str, Any]) -> None:
        if status.get("modelStage") not in _ENDING:
            return
        time = read_text(status.get("retirementTime"))
        until = "" if time is None else f", it ends on {self._answer.text(time)}"
        self._warnings = [f"the vendor calls this model {str(status['modelStage']).lower()}{until}"]


def _is_image(part: Mapping[str, Any]) -> bool:
    """Whether a part holds an image: inline, or at an address; a part of another kind may have data, too."""
    names = ("inlineData", "inline_data", "fileData", "file_data")
    inner = next((part[name] for name in names if isinstance(part.get(name), Mapping)), None)
    if inner is None:
        return "text" not in part and (read_text(part.get("url")) or read_text(part.get("b64_json"))) is not None
    kind = inner.get("mimeType", inner.get("mime_type"))
    return kind is None or (isinstance(kind, str) and kind.lower().startswith("image/"))


def _table(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _inline(content: bytes, content_type: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": content_type, "data": b64encode(content).decode()}}


def _output_options(output_format: str | None) -> dict[str, str] | None:
    """Returns the output options, which Vertex alone has: rows of the Gemini API have no output format."""
    return None if output_format is None else {"mimeType": _MIME_TYPES.get(output_format, f"image/{output_format}")}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
