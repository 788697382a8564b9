"""How video jobs go that do not go well, and lists that do not show them."""

from __future__ import annotations

from tarash_gateway_sandbox.faults.fault import (
    FAILED,
    IN_PROGRESS,
    QUEUED,
    Course,
    Fault,
    Instead,
    Unlisted,
    course_to,
    error,
)

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
