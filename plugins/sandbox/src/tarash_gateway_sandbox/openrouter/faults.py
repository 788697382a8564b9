"""Faults that only this vendor has. Those of the common catalogue work here too, in their own shape."""

from __future__ import annotations

from typing import Any

from tarash_gateway_sandbox.faults.fault import After, ChangeStream, Fault, Instead, Scene, course_to
from tarash_gateway_sandbox.openrouter.errors import refusal
from tarash_gateway_sandbox.openrouter.state import store_address
from tarash_gateway_sandbox.operations import Operation
from tarash_gateway_sandbox.replies import Answer, EventStream, json_answer

CREATE: tuple[Operation, ...] = ("image", "video")
CONTENT: tuple[Operation, ...] = ("content",)


def _refused(status: int, message: str, **headers: str) -> Fault:
    return Fault(f"router_{status}", f"{status}", CREATE, Instead(refusal(status, message, None, **headers)))


def _flagged(scene: Scene) -> Answer:
    """Moderation quotes the prompt, cut in its middle where it is long."""
    fields = scene.request.json if isinstance(scene.request.json, dict) else {}
    prompt = str(fields.get("prompt", ""))
    quoted = prompt if len(prompt) <= 100 else f"{prompt[:48]}...{prompt[-48:]}"
    message = f'This model requires moderation. Your input was flagged for "violence". Input: {quoted}'
    metadata = {"reasons": ["violence"], "flagged_input": quoted, "provider_name": "OpenAI", "model_slug": "a/b"}
    return refusal(403, message, metadata)


def _elsewhere(scene: Scene) -> Answer:
    """Returns the address of the video at another origin, signed."""
    name = scene.request.path.split("/")[-2]
    index = scene.request.query.get("index", "0")
    return Answer(302, {"location": store_address(scene.foreign_origin, name, index)})


def _with_error(stream: EventStream) -> EventStream:
    event = {"type": "error", "error": {"message": "Provider returned error", "code": "server_error"}}
    return EventStream([*stream.events[:2], event, b"data: [DONE]\n\n"], headers=stream.headers)


GARBAGE: tuple[Any, ...] = (
    *(
        None,
        7,
        "google/veo-3.1",
        [],
        {},
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"id": "no author"},
        {"id": "a/" + "b" * 9999},
    ),
    {"id": "acme/all-null", "supported_durations": None, "supported_sizes": None, "generate_audio": None, "seed": None},
    {"id": "acme/wrong-types", "supported_durations": "4", "supported_resolutions": {"a": 1}, "pricing_skus": []},
    {
        "id": "acme/mixed",
        "supported_durations": [4, "6", None, -1, True, 1e999, 8.0],
        "supported_sizes": ["1280x720", 7],
    },
    {"id": "acme/mixed", "supported_durations": [99]},
    {"id": "acme/odd-price", "pricing_skus": {"duration_seconds": "free", "per-video-second": "1"}, "new_field": {}},
    {"id": "acme/deep", "supported_aspect_ratios": [[[[]]]], "supported_frame_images": ["middle_frame"]},
)
"""Entries of a list of models as nobody should write them."""

FAULTS = {
    row.name: row
    for row in (
        _refused(400, "Invalid request: prompt: not accepted"),
        _refused(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"),
        _refused(404, "No endpoints found matching your data policy."),
        _refused(413, "Request body too large"),
        _refused(429, "Rate limit exceeded", retry_after="0"),
        _refused(499, "Client closed request"),
        _refused(500, "Internal Server Error"),
        _refused(502, "Provider returned error"),
        _refused(503, "There is no available model provider that meets your routing requirements"),
        _refused(524, "Provider timed out"),
        _refused(529, "Provider overloaded"),
        Fault("router_403", "403, the key may not do this", CREATE, Instead(refusal(403, "Key limit exceeded"))),
        Fault("router_moderation", "403 that quotes the prompt", CREATE, Instead(_flagged)),
        Fault(
            "router_not_a_model",
            "400 that means a model which is not there",
            CREATE,
            Instead(refusal(400, "acme/none is not a valid model ID")),
        ),
        Fault("router_524_after_creation", "524, and it was made", CREATE, After(refusal(524, "Provider timed out"))),
        Fault(
            "router_error_with_200",
            "200 with an error in it",
            CREATE,
            Instead(json_answer({"error": {"code": 502, "message": "Provider returned error"}})),
        ),
        Fault(
            "router_policy",
            "a job that moderation ends, with one sentence",
            ("video",),
            course_to("failed", "Content policy violation"),
        ),
        Fault(
            "router_failed",
            "a job that fails, with one sentence",
            ("video",),
            course_to("failed", "Provider timed out"),
        ),
        Fault(
            "router_stream_error",
            "an error event after the first image",
            ("image",),
            ChangeStream(_with_error),
            only="streamed",
        ),
        Fault(
            "router_content_409",
            "409 twice, the video is not ready yet",
            CONTENT,
            Instead(refusal(409, "Video generation is not complete")),
            times=2,
        ),
        Fault(
            "router_content_410",
            "410, the video is gone",
            CONTENT,
            Instead(refusal(410, "Video output is no longer available")),
        ),
        Fault(
            "router_content_502",
            "502 twice",
            CONTENT,
            Instead(refusal(502, "Failed to fetch the video from the provider")),
            times=2,
        ),
        Fault("router_content_redirect", "302 to another origin", CONTENT, Instead(_elsewhere)),
        Fault(
            "router_models_garbage",
            "a list of models with garbage in it",
            ("models",),
            Instead(json_answer({"data": list(GARBAGE)})),
        ),
    )
}
"""Every fault of this face, by name."""
