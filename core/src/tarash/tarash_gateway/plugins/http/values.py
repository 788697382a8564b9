"""Single values of an answer in every form with one meaning: numbers, counts, times, texts, ids, status words. Pure.

What cannot be read is None: not known, never a guess. A status is read from the raw answer, before anything is masked:
a prompt such as "complete" must not turn `completed` into another word.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tarash.tarash_gateway.models.job import JobStatus

LONGEST_ID = 1000
"""Characters of a job's id; what is longer fits into no address."""

_LATEST = 100_000_000_000
"""Seconds since 1970 of a time that is meant; a larger number counts milliseconds."""


def read_number(value: Any) -> float | None:
    """Reads a finite number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_count(value: Any) -> int | None:
    """Reads a whole number of 0 or more: `4160`, `4160.0` and `"4160"`, but not `4160.4`."""
    number = read_number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def read_text(value: Any) -> str | None:
    """Reads a text that is not empty."""
    return value if isinstance(value, str) and value.strip() else None


def read_time(value: Any) -> datetime | None:
    """Reads a time: seconds or milliseconds since 1970, as number or text, or ISO 8601; UTC where no zone is named."""
    number = read_number(value)
    try:
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if abs(number) > _LATEST else number, UTC)
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (OverflowError, OSError, ValueError):
        return None
    return time if time is None or time.tzinfo is not None else time.replace(tzinfo=UTC)


def read_id(value: Any) -> str | None:
    """Reads an id: text, or a whole number. One with control characters, which could forge a line of a log, is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    usable = isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable() and value.strip()
    return value if usable else None


_IDS = ("id", "task_id", "taskId", "job_id", "jobId", "video_id", "videoId", "generation_id", "name")
_STATES = ("status", "state", "task_status", "taskStatus", "job_status", "jobStatus")
_NESTED = ("data", "output", "result", "job", "task", "video", "response")


def job_object(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Finds the part of an answer that is the job: the answer itself, or what stands in `data`, `output` or `task`.

    A status without an id may be that of the request: `{"status": "success", "data": {"task_id": …}}`.
    """
    if _has_id(answer):
        return answer
    return next((part for part in _parts(answer) if _has_id(part) or isinstance(status_of(part), str)), answer)


def read_job_id(answer: Mapping[str, Any]) -> str | None:
    """Reads a job's id: `id`, `task_id` and the like, text or number, on top or inside of `data` and the like."""
    for part in (answer, *_parts(answer)):
        for name in _IDS:
            if (found := read_id(part.get(name))) is not None:
                return found
    # The id of the request, unless it says where it stands.
    return read_id(answer.get("request_id")) if isinstance(status_of(answer), str) else None


def status_of(job: Mapping[str, Any]) -> Any:
    """Returns the vendor's status word, whatever its field is called; None where there is none."""
    return next((job[name] for name in _STATES if job.get(name) is not None), None)


def _has_id(part: Mapping[str, Any]) -> bool:
    return any(read_id(part.get(name)) is not None for name in _IDS)


def _parts(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in _NESTED:
        part = answer.get(name)
        if isinstance(part, list) and len(part) == 1:
            part = part[0]
        if isinstance(part, Mapping):
            yield part


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
