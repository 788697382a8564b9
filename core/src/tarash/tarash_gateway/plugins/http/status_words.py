"""What a vendor's status word means, and what else tells that a job has ended. Pure.

Read from the raw answer, before anything is masked: a prompt such as "complete" must not turn `completed` into another
word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tarash.tarash_gateway.models.job import JobStatus
from tarash.tarash_gateway.plugins.http.values import read_number

_WORDS: dict[JobStatus, str] = {
    "queued": "queued inqueue queueing queuing enqueued pending submitted submitting accepted received created new "
    "waiting scheduled notstarted todo",
    "in_progress": "inprogress processing preprocessing postprocessing running started starting generating "
    "encoding uploading downloading working active executing throttled requiresaction requirescontinuation "
    "validating preparing finalizing",
    "completed": "completed complete succeeded succeed success successful done finished finish ready",
    "failed": "failed failure fail error errored rejected refused denied blocked crashed moderated requestmoderated "
    "contentmoderated incomplete budgetexceeded timeout timedout invalid",
    "cancelled": "cancelled canceled cancel aborted stopped terminated deleted",
    "expired": "expired gone",
}

_MEANINGS: dict[str, JobStatus] = {word: status for status, words in _WORDS.items() for word in words.split()}

_PREFIX = re.compile(r"^(?:task|job|video|generation|batch)?(?:status|state)?(?=[a-z])")
_ENDS = ("completed_at", "completedAt", "finished_at", "finishedAt", "ended_at", "completion_time")


def read_status(word: Any, job: Mapping[str, Any] | None = None) -> JobStatus | None:
    """Decides what a status word means; a word that is not known gives way to what else the answer says.

    Args:
        word: the vendor's word in any spelling, such as `SUCCESS`, `task_succeeded` or `In Progress`.
        job: the answer about the job. Where the word is missing or unknown, an `error` means that it failed, and
            `completed_at`, `done` or a progress of 100 that it is completed.

    Returns:
        None where neither the word nor the answer tells.
    """
    if isinstance(word, str):
        plain = re.sub(r"[^a-z]", "", word.lower())
        status = _MEANINGS.get(plain) or _MEANINGS.get(_PREFIX.sub("", plain, count=1))
        if status is not None:
            return status
    return None if job is None else _from_evidence(job)


def _from_evidence(job: Mapping[str, Any]) -> JobStatus | None:
    if any(says_something(job.get(name)) for name in ("error", "errors")):
        return "failed"
    progress = job.get("progress")
    percent = read_number(progress.rstrip("% ") if isinstance(progress, str) else progress)
    if any(job.get(name) for name in _ENDS) or job.get("done") is True or (percent is not None and percent >= 100):
        return "completed"
    return "in_progress" if job.get("done") is False else None


def says_something(error: Any) -> bool:
    """Whether an error is more than an empty form: `{"code": null, "message": ""}` says nothing."""
    return any(error.values()) if isinstance(error, Mapping) else bool(error)
