"""Pictures by `generateContent`: the request, the answer, and the events of its stream. Pure."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tarash.tarash_gateway.errors import Billable, ContentPolicyError, InvalidResponseError, TarashError
from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart, Prepared
from tarash_gateway_google.exchange import Incoming, Outgoing
from tarash_gateway_google.faults import code_of, told_words
from tarash_gateway_google.places import Places

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
"""Reasons to stop with which a picture is withheld."""

_ENDING = ("LEGACY", "DEPRECATED", "RETIRED")
"""Stages of a model that are worth a warning."""

_MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}


def image_request(places: Places, prepared: Prepared[ImageGenerationRequest], *, stream: bool = False) -> Outgoing:
    """`generateContent`, or its stream."""
    asked = prepared.request
    pictures = [_inline(file.content, file.content_type) for file in prepared.images]
    config = {
        "responseModalities": ["IMAGE"],
        "candidateCount": asked.n if asked.n > 1 else None,
        "seed": asked.seed,
        "imageConfig": _given(
            {
                "aspectRatio": asked.aspect_ratio,
                "imageSize": asked.resolution,
                "imageOutputOptions": _output_options(asked.output_format),
            }
        )
        or None,
    }
    generation = _given(config)
    for name, value in asked.extra_params.items():
        there = generation.get(name)
        generation[name] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    body = {
        "contents": [{"role": "user", "parts": [*pictures, {"text": asked.prompt}]}],
        "generationConfig": generation,
    }
    verb = "streamGenerateContent" if stream else "generateContent"
    return Outgoing("POST", places.model(prepared.model, verb) + ("?alt=sse" if stream else ""), json=body)


def read_images(incoming: Incoming) -> ImageAnswer:
    """The picture of an answer.

    Raises:
        ContentPolicyError: it was withheld, or the prompt was refused.
        InvalidResponseError: the answer holds none.
    """
    collected = Collected(incoming.secrets, incoming.headers.get("x-request-id"))
    collected.add(incoming.parsed())
    return collected.answer(incoming.status)


class Collected:
    """An answer, whole or in the events of a stream, and what it comes to."""

    def __init__(self, secrets: tuple[str, ...], request_id: str | None = None) -> None:
        self._incoming = Incoming(200, {}, b"", secrets)
        self._outputs: list[ImageOutput] = []
        self._thoughts = 0
        self._request_id = request_id
        self._usage: dict[str, Any] | None = None
        self._reason: str | None = None
        self._blocked: str | None = None
        self._warnings: list[str] = []
        self._wrote = False

    def add(self, parsed: dict[str, Any]) -> list[ImagePart]:
        """Takes in an answer or an event; gives the pictures that the model drew while it was thinking.

        Raises:
            TarashError: it is an error that came in the middle of a stream.
        """
        fault = parsed.get("error")
        if isinstance(fault, dict):
            raise self._ended(fault)
        known = self._incoming.shown(
            {name: parsed.get(name) for name in ("usageMetadata", "responseId", "modelStatus", "promptFeedback")}
        )
        if isinstance(known["usageMetadata"], dict):
            self._usage = known["usageMetadata"]
        if isinstance(known["responseId"], str):
            self._request_id = known["responseId"]
        self._stage(known["modelStatus"])
        feedback = known["promptFeedback"]
        if isinstance(feedback, dict) and feedback.get("blockReason"):
            self._blocked = str(feedback["blockReason"])[:100]
        partial: list[ImagePart] = []
        for candidate in _list(parsed.get("candidates")):
            if candidate.get("finishReason"):
                self._reason = self._incoming.told(candidate["finishReason"])[:100]
            content = candidate.get("content")
            for part in _list(content.get("parts")) if isinstance(content, dict) else []:
                partial += self._part(part)
        return partial

    def answer(self, status: int = 200) -> ImageAnswer:
        """What it came to.

        Raises:
            ContentPolicyError: the picture was withheld, or the prompt was refused.
            InvalidResponseError: there is no picture.
        """
        raw = _given({"finishReason": self._reason, "blockReason": self._blocked, "usageMetadata": self._usage})
        if not self._outputs:
            raise self._nothing(status, raw)
        return ImageAnswer(
            outputs=self._outputs,
            provider_request_id=self._request_id,
            usage=self._usage,
            warnings=self._warnings,
            raw=raw,
        )

    @property
    def begun(self) -> bool:
        """Whether anything came that tells how it ended."""
        return bool(self._outputs or self._reason or self._blocked)

    def _part(self, part: dict[str, Any]) -> list[ImagePart]:
        inline = part.get("inlineData")
        data = inline.get("data") if isinstance(inline, dict) else None
        if not isinstance(data, str) or not str(inline.get("mimeType") if isinstance(inline, dict) else "").startswith(
            "image/"
        ):
            self._wrote = self._wrote or isinstance(part.get("text"), str)
            return []
        if part.get("thought") is True:
            self._thoughts += 1
            return [ImagePart(ImageOutput(base64=data), self._thoughts - 1)]
        self._outputs.append(ImageOutput(base64=data))
        return []

    def _nothing(self, status: int, raw: dict[str, Any]) -> TarashError:
        known: dict[str, Any] = {"status_code": status, "raw": raw}
        if self._blocked is not None:
            msg = f"the prompt was refused ({self._blocked})"
            return ContentPolicyError(msg, categories=(self._blocked,), code=self._blocked, billable="no", **known)
        if self._reason in _BLOCKED:
            msg = f"the picture was withheld ({self._reason})"
            return ContentPolicyError(
                msg, stage="output", categories=(self._reason,), code=self._reason, billable="unknown", **known
            )
        wrote = ", the model wrote a text instead" if self._wrote else ""
        msg = f"the answer holds no picture (it ended with {self._reason or 'no reason given'}{wrote})"
        billable: Billable = "unknown" if self._reason is None else "yes"
        return InvalidResponseError(msg, code=self._reason, billable=billable, **known)

    def _stage(self, status: Any) -> None:
        if not isinstance(status, dict) or status.get("modelStage") not in _ENDING:
            return
        until = f", it ends on {status['retirementTime']}" if isinstance(status.get("retirementTime"), str) else ""
        self._warnings = [f"the vendor calls this model {str(status['modelStage']).lower()}{until}"]

    def _ended(self, fault: dict[str, Any]) -> TarashError:
        told = told_words(fault.get("message") or "no reason given", self._incoming.secrets)
        msg = f"the answer ended with an error: {told}"
        return InvalidResponseError(msg, code=code_of(fault), billable="unknown", raw=self._incoming.shown(fault))


def _inline(content: bytes, content_type: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": content_type, "data": b64encode(content).decode()}}


def _output_options(output_format: str | None) -> dict[str, str] | None:
    """Vertex only; the rows of the Gemini API have no output format."""
    return None if output_format is None else {"mimeType": _MIME_TYPES.get(output_format, f"image/{output_format}")}


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _list(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
