"""Moderation, in the shapes that OpenAI and Azure have for it."""

from __future__ import annotations

import dataclasses
import json

from tarash_gateway_sandbox.faults.fault import Change, Fault, Instead, Scene, course_to, error
from tarash_gateway_sandbox.replies import Answer, json_answer

SAFETY = "Your request was rejected by the safety system."
FILTERED = {
    "violence": {"filtered": True, "severity": "medium"},
    "jailbreak": {"detected": False, "filtered": False},
}
"""Azure's content_filter_results."""
WITHHELD = "Generated image was filtered as a result of our safety system."


def _one_withheld(answer: Answer, scene: Scene) -> Answer:  # noqa: ARG001 - a change's signature
    content = json.loads(answer.body)
    content["data"][0] = {"content_filter_results": FILTERED}
    return dataclasses.replace(answer, body=json.dumps(content).encode())


MODERATION = (
    Fault(
        "moderation_blocked",
        "400 moderation_blocked with categories",
        ("image", "video"),
        Instead(
            error(
                400,
                SAFETY,
                "moderation_blocked",
                type="image_generation_user_error",
                moderation_details={"moderation_stage": "input", "categories": ["violence"]},
            )
        ),
    ),
    Fault(
        "content_policy_violation",
        "400 content_policy_violation, without categories",
        ("image", "video"),
        Instead(error(400, SAFETY, "content_policy_violation")),
    ),
    Fault(
        "content_filter",
        "400 content_filter with innererror, as Azure has it",
        ("image", "video"),
        Instead(
            error(
                400,
                SAFETY,
                "content_filter",
                innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": FILTERED},
            )
        ),
    ),
    Fault(
        "content_filter_200",
        "200 with contentFilter in it and no data, as Azure has it; nothing was made",
        ("image",),
        Instead(json_answer({"created": 1, "error": {"code": "contentFilter", "message": WITHHELD}})),
    ),
    Fault(
        "content_filter_one",
        "200, the first image withheld with content_filter_results, as Azure has it",
        ("image",),
        Change(_one_withheld),
    ),
    Fault(
        "job_moderated",
        "a job that moderation lets fail",
        ("video",),
        course_to(
            "failed",
            {"code": "moderation_blocked", "message": "Your request was blocked by our moderation system."},
        ),
    ),
)
"""Refusals for what is asked for, or for what was made of it."""
