"""How video jobs go that do not go well, and lists that do not show them."""

from __future__ import annotations

from tarash_gateway_sandbox.broken_replies import Cut, Reset, Silence
from tarash_gateway_sandbox.faults.fault import (
    FAILED,
    IN_PROGRESS,
    QUEUED,
    Change,
    Course,
    Delay,
    Fault,
    Instead,
    Unlisted,
    body,
    course_to,
    error,
    page,
)
from tarash_gateway_sandbox.faults.refusals import BROKEN, BUSY, OVERLOADED, SOON
from tarash_gateway_sandbox.operations import Operation
from tarash_gateway_sandbox.replies import RawBytes

JOBS = (
    Fault("job_stuck_queued", "a job that is queued for ever", ("video",), Course((QUEUED,))),
    Fault("job_stuck_in_progress", "a job that is in progress for ever", ("video",), Course((QUEUED, IN_PROGRESS))),
    Fault("job_failed", "a job that fails", ("video",), course_to("failed", FAILED)),
    Fault("job_cancelled", "a job that is cancelled at the vendor", ("video",), course_to("cancelled")),
    Fault("job_expired", "a job that expires", ("video",), course_to("expired")),
    Fault(
        "job_unknown_status",
        "a job in an unknown status, rendering, that completes then",
        ("video",),
        Course((QUEUED, (0.15, "rendering"), (1.0, "completed"))),
    ),
    Fault(
        "job_unknown_end",
        "a job that ends in an unknown status, archived",
        ("video",),
        course_to("archived"),
    ),
    Fault(
        "job_goes_backwards",
        "a job that goes from in_progress back to queued, and completes then",
        ("video",),
        Course((QUEUED, IN_PROGRESS, (0.45, "queued"), (0.7, "in_progress"), (1.0, "completed"))),
    ),
)
"""Each belongs to a job from its creation on."""

LISTS = (
    Fault("list_lags", "the job list leaves out the job, twice", ("video",), Unlisted(), times=2),
    Fault(
        "list_404", "the server has no job list: 404", ("list",), Instead(error(404, "Invalid URL (GET /v1/videos)"))
    ),
    Fault("list_405", "the server has no job list: 405", ("list",), Instead(error(405, "Method Not Allowed"))),
    Fault("list_500", "500 for the job list", ("list",), Instead(error(500, "The server had an error."))),
)
"""What looking up a lost job meets."""

STATUS: tuple[Operation, ...] = ("status",)
NOT_FOUND = error(404, "Video not found.")

POLLS = (
    Fault("poll_401", "401, the key is revoked while the job runs", STATUS, Instead(error(401, "Incorrect API key."))),
    Fault("poll_404", "404, the job is not known any more", STATUS, Instead(NOT_FOUND)),
    Fault("poll_404_early", "404 twice, the job is not known yet", STATUS, Instead(NOT_FOUND), times=2),
    Fault(
        "poll_429",
        "429 with Retry-After of 1 second, and retry-after-ms of 50",
        STATUS,
        Instead(error(429, BUSY, "rate_limit_exceeded", headers=SOON)),
    ),
    Fault("poll_500", "500", STATUS, Instead(error(500, BROKEN))),
    Fault("poll_502_page", "502 with a proxy's web page", STATUS, Instead(page(502, "Bad Gateway"))),
    Fault("poll_503", "503", STATUS, Instead(error(503, OVERLOADED))),
    Fault("poll_dropped", "the connection closes before the answer", STATUS, Instead(RawBytes())),
    Fault("poll_reset", "the connection is reset before the answer", STATUS, Instead(Reset())),
    Fault(
        "poll_cut",
        "the connection closes in the middle of the answer's body",
        STATUS,
        Change(lambda answer, scene: Cut(answer, len(answer.body) // 2)),  # noqa: ARG005 - a change's signature
    ),
    Fault("poll_html", "200 with a web page", STATUS, Instead(page(200, "Sign in"))),
    Fault("poll_bad_json", "200 with half an object", STATUS, Change(body(b'{"id": "video_'))),
    Fault("poll_empty", "200 without a body", STATUS, Change(body(b""))),
    Fault("poll_null", "200 with null", STATUS, Change(body(None))),
    Fault("poll_slow", "the real answer, after a silence of `slow_seconds`", STATUS, Delay()),
    Fault("poll_never_answers", "silence", STATUS, Instead(Silence())),
)
"""Faults of GET /videos/{id}."""
