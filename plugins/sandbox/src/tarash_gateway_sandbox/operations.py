"""What a request wants, as far as faults go: its operation, its job, and what counted faults are counted by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest

Operation = Literal["image", "video", "status", "content", "list", "cancel", "file", "models", "other"]

OPERATIONS: tuple[tuple[Operation, str, str], ...] = (
    ("models", "GET", r"/(?:videos|images)/models"),
    ("image", "POST", r"/images(?:/generations|/edits|/variations)?"),
    ("video", "POST", r"/videos(?:/[^/]+/remix|/generations|/edits|/extensions)?"),
    ("status", "GET", r"/fal/.+/requests/([^/]+)/status"),
    ("content", "GET", r"/fal/.+/requests/([^/]+)"),
    ("cancel", "PUT", r"/fal/.+/requests/([^/]+)/cancel"),
    ("video", "POST", r"/fal/(?:.*video|fal-ai/veo).*"),
    ("image", "POST", r"/fal/.+"),
    ("list", "GET", r"/videos"),
    ("status", "GET", r"/videos/([^/]+)"),
    ("content", "GET", r"/videos/([^/]+)/content"),
    ("cancel", "DELETE", r"/videos/([^/]+)"),
    ("content", "GET", r"/files/(video_[^/]+)\.mp4"),
    ("file", "GET", r"/files/[^/]+"),
)
"""Method and path, below the prefix that each vendor has; a group is the job's id."""
PREFIX = re.compile(r"(?:/openai/deployments/([^/]+)|/openai/v1|/api/v1|/xai/v1|/v1|/xai(?=/files/))?(/.*)")


@dataclass(frozen=True)
class RequestFacts:
    """What a request wants."""

    operation: Operation
    job: str = ""
    """The job that its path names."""
    model: str = ""
    """The model or deployment, without faults."""
    faults: str = ""
    """The faults that its model's name ends with."""
    prompt: str = ""
    path: str = ""
    ranged: bool = False
    """Whether it asks for a part of a file."""
    streamed: bool = False
    """Whether it asks for a stream."""

    @property
    def subject(self) -> tuple[str, ...]:
        """What a counted fault is counted by: the job, the model and the prompt, or the path."""
        if self.job:
            return (self.job,)
        return (self.model, self.prompt) if self.operation in ("image", "video") else (self.path,)


def split_model(model: str) -> tuple[str, str]:
    """Returns a model's name and the faults behind its `@`; a name that begins with `@` has none."""
    name, mark, faults = model.rpartition("@")
    return (name, faults) if mark and name else (model, "")


def facts_of(request: RecordedRequest) -> RequestFacts:
    """Returns what a request wants.

    Args:
        request: The request.

    Returns:
        Its operation, and what else faults go by.
    """
    found = PREFIX.fullmatch(request.path)
    deployment, path = (found[1] or "", found[2]) if found else ("", request.path)
    ranged = "range" in request.headers
    for operation, method, pattern in OPERATIONS:
        place = re.fullmatch(pattern, path)
        if place is None or method != request.method:
            continue
        if operation not in ("image", "video"):
            return RequestFacts(operation, place[1] if place.groups() else "", path=request.path, ranged=ranged)
        body = request.fields if request.is_form else request.json
        fields = body if isinstance(body, Mapping) else {}
        model, faults = split_model(deployment or _text(fields.get("model")))
        streamed = fields.get("stream") in (True, "true")
        prompt = _text(fields.get("prompt"))
        return RequestFacts(operation, "", model, faults, prompt, request.path, ranged, streamed)
    return RequestFacts("other", path=request.path, ranged=ranged)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
