"""Video jobs: plain data that any process can pick up, and words for where they stand."""

from __future__ import annotations

from typing import get_args

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    GenerationFailedError,
    JobExpiredError,
    TarashError,
    UnsupportedOperationError,
)
from tarash.tarash_gateway.models import VideoGenerationResponse, VideoJob
from tarash.tarash_gateway.models.job import JobStatus
from tarash.tarash_gateway.plugins import registry
from tarash_gateway_testing.base import Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.faults import Dropped, Fault
from tarash_gateway_testing.fake.forms import id_as_number, reason_in_a_list
from tarash_gateway_testing.fake.requests import UNHEARD_OF, State
from tarash_gateway_testing.rules import Rule
from tarash_gateway_testing.subprocess import resume_in_subprocess

__all__ = ["JobChecks"]

STATES: tuple[JobStatus, ...] = get_args(JobStatus)

PASSING: dict[str, Fault | int] = {
    "dropped": Dropped(),
    "429": 429,
    "500": 500,
    "web page": Answer(200, "<html></html>", content_type="text/html"),
}
"""What a look at a job may run into without being the end of it."""

SYNONYMS: dict[State, tuple[str, ...]] = {
    "completed": ("success", "SUCCESS", "succeed", "done", "finished"),
    "failed": ("error", "fail", "FAILURE"),
}
"""Words that vendors have for the end of a job, besides the words of the one that is played."""

_REASON = "the worker crashed"

_PLAIN = Rule(
    "a VideoJob is plain JSON without a secret, and all that another process needs to fetch the video: the same "
    "config and the job are enough for resume_video.",
    "keep in the job what a later request needs: its id, and the rest in provider_data; keep nothing in the "
    "provider object or in a module. Times are aware datetimes in UTC.",
    "Jobs",
)
_HOME = Rule(
    "a job's endpoint is the provider's own (`Provider.endpoint`), and its provider is the config's: core "
    "compares them, so that a tampered job does not carry the key elsewhere.",
    "make every VideoJob with provider=config.provider and endpoint=self.endpoint.",
    "Jobs",
)
_WORDS = Rule(
    "poll_video and submit_video translate the vendor's word into queued, in_progress, completed, failed, "
    "cancelled or expired. A word that nobody has heard of is in_progress (with the word in vendor_status): a "
    "paid job is not given up for a new word.",
    "translate by a table, and take what is not in it as in_progress.",
    "Jobs",
)
_SYNONYMS = Rule(
    "what a vendor says of a job is read in every form that has one meaning: succeeded, success, done, finished and "
    "complete are completed; error and fail are failed; a reason may be a list; an id may be a number.",
    "read with read_job, or with read_status, read_job_id and read_error_body of tarash.tarash_gateway.plugins.http.",
    "Jobs",
)
_NEWS = Rule(
    "poll_video says what the vendor says now; the job that it is given may be stale in any way.",
    "ask the vendor always, and take the status from its answer only. One look is one request.",
    "Jobs",
)
_ENDS = Rule(
    "a job that ends without a video is an error that carries the job: GenerationFailedError for failed and "
    "cancelled, JobExpiredError for expired. Core makes it of the status; the vendor's reason goes into "
    "error_message.",
    "return a VideoStatus with that status and error_message; raise nothing for it.",
    "Jobs",
)
_PATIENT = Rule(
    "a look at a job that fails in passing (connection, 429, 5xx, something that is no answer of the vendor) is "
    "asked again until the deadline: the job is there and paid for.",
    "raise ConnectionFailedError, error_for_status(...) or an InvalidResponseError with retryable=True from "
    "poll_video; an error that is neither of these kinds nor retryable ends the call.",
    "Jobs",
)
_FINAL = Rule(
    "a look that is refused for good ends the call with an error that says so, and the job is on it: "
    "AuthenticationError for 401, JobExpiredError for a job that the vendor does not know (any more).",
    "in poll_video and download_video raise JobExpiredError(..., status_code=...) for the vendor's 404 or 410; "
    "retryable=True where a young job may show late.",
    "Jobs",
)
_CANCEL = Rule(
    "cancel_video cancels and gives the job as it is then, or it is left out, and UnsupportedOperationError says so.",
    "implement cancel_video (or its twin) with one request, and return a VideoStatus; or do not define it at all.",
    "Jobs",
)


class JobChecks(Case):
    """Video jobs."""

    def test_a_job_is_resumed_from_its_json_by_another_process(self) -> None:
        """Submitted here, fetched there."""
        self.needs("video")
        config = self.config("video", timeout=60.0)  # a process that begins may be slow
        outcome = attempt(Calls("sync").submit, config, self.request("video"))
        job = self._job_of(outcome)
        there = resume_in_subprocess(config, job, self.vendor.key, self.plugin)
        if there.error is not None:
            self.broken(_PLAIN, f"another process that resumed job {job.id} failed:\n{there.error}")
        here = attempt(Calls("sync").resume, config, job)
        digest = getattr(getattr(here.value, "video", None), "sha256", None)
        if there.sha256 != digest:
            self.broken(_PLAIN, f"another process fetched another video of job {job.id} than this one: {here}")

    def test_the_json_of_a_job_is_whole_and_holds_no_key(self, calls: Calls) -> None:
        """Written down and read again, it is the same job."""
        self.needs("video")
        job = self._job_of(attempt(calls.submit, self.config("video"), self.request("video")))
        text = job.model_dump_json()
        if self.vendor.key in text:
            self.broken(_PLAIN, f"the key is in the JSON of job {job.id}")
        times = (job.created_at, job.completed_at, job.expires_at)
        if any(time is not None and time.tzinfo is None for time in times):
            self.broken(_PLAIN, f"job {job.id} has a time without a zone: {[str(time) for time in times if time]}")
        again = VideoJob.model_validate_json(text)
        if again != job:
            changed = [name for name in VideoJob.model_fields if getattr(again, name) != getattr(job, name)]
            self.broken(_PLAIN, f"job {job.id} is not the same after JSON: {', '.join(changed)}")

    def test_a_job_lives_where_its_config_leads(self, calls: Calls) -> None:
        """A job names its provider and its endpoint."""
        self.needs("video")
        config = self.config("video")
        job = self._job_of(attempt(calls.submit, config, self.request("video")), _HOME)
        home = registry.create(config).endpoint
        if job.endpoint.rstrip("/") != home.rstrip("/"):
            self.broken(_HOME, f"the provider's endpoint is {home!r}, that of its job is {job.endpoint!r}")
        if job.provider != config.provider:
            self.broken(_HOME, f"the config's provider is {config.provider!r}, that of its job is {job.provider!r}")

    @pytest.mark.parametrize("status", STATES)
    def test_the_vendors_words_are_understood(self, calls: Calls, status: JobStatus) -> None:
        """Each word of the vendor is one of ours."""
        self.needs("video", "poll")
        self.needs_word(status)
        self.vendor.jobs_go("in_progress", status)
        config = self.config("video")
        job = self._job_of(attempt(calls.submit, config, self.request("video")))
        outcome = attempt(calls.poll, config, job)
        reported = getattr(outcome.value, "status", None)
        if reported != status:
            self.broken(
                _WORDS, f"the vendor said {self.job_words[status]!r} ({status}), the job is {reported}: {outcome}"
            )

    @pytest.mark.parametrize(("state", "word"), [(state, word) for state in SYNONYMS for word in SYNONYMS[state]])
    def test_a_synonym_of_a_status_is_understood(self, calls: Calls, state: State, word: str) -> None:
        """Also in other letters than the vendor's own page says."""
        self.needs("video", "poll")
        self.needs_word(state)
        self.fake_vendor().state_words = {state: word}
        self.vendor.jobs_go("in_progress", state, message=_REASON)
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        failed = isinstance(outcome.error, GenerationFailedError) and _REASON in str(outcome.error)
        if not (outcome.error is None if state == "completed" else failed):
            self.broken(_SYNONYMS, f"the vendor said {word!r} of a job that is {state}: {outcome}")

    def test_a_reason_in_a_list_is_told(self, calls: Calls) -> None:
        """In place of an object or a text."""
        self.needs("video", "poll")
        self.needs_word("failed")
        self.vendor.jobs_go("in_progress", "failed", message=_REASON)
        form_of_answer = self.changed(reason_in_a_list(_REASON), "poll", times=20)
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        self.needs_form(form_of_answer)
        if not isinstance(outcome.error, GenerationFailedError) or _REASON not in str(outcome.error):
            self.broken(_SYNONYMS, f"the reason of a failed job was the list [{_REASON!r}]: {outcome}")

    def test_an_id_that_is_a_number_is_one(self, calls: Calls) -> None:
        """And stands in the address of the next request."""
        self.needs("video")
        self.fake_vendor().next_job_id = "4711"
        form_of_answer = self.changed(id_as_number("4711"), "submit")
        job = attempt(calls.submit, self.config("video"), self.request("video"))
        self.needs_form(form_of_answer)
        outcome = attempt(calls.resume, self.config("video"), job.value) if job.error is None else job
        if outcome.error is not None or job.value.id != "4711":
            self.broken(_SYNONYMS, f"the id of a job was the number 4711: {outcome}")

    def test_a_word_nobody_has_heard_of_is_not_the_end(self, calls: Calls) -> None:
        """The vendor has a new status."""
        self.needs("video", "poll")
        self.vendor.jobs_go("in_progress", UNHEARD_OF, "completed")
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        if outcome.error is not None:
            self.broken(_WORDS, f"the vendor said {UNHEARD_OF!r} and then that the job is done: {outcome}")

    def test_a_job_that_goes_back_is_waited_for(self, calls: Calls) -> None:
        """Running, and queued again: a vendor may put a job on another machine."""
        self.needs("video", "poll")
        self.vendor.jobs_go(
            "in_progress", "in_progress", "queued" if "queued" in self.job_words else "in_progress", "completed"
        )
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        if outcome.error is not None:
            self.broken(_NEWS, f"a job went from in_progress to queued to completed: {outcome}")

    def test_the_vendors_word_counts_more_than_the_jobs_own(self, calls: Calls) -> None:
        """A job that says that it is finished is looked at all the same."""
        self.needs("video", "poll")
        self.vendor.jobs_go("in_progress", "in_progress")
        config = self.config("video")
        job = self._job_of(attempt(calls.submit, config, self.request("video")))
        outcome = attempt(calls.poll, config, job.model_copy(update={"status": "completed"}))
        looks = len(self.vendor.sent("poll"))
        if looks != 1 or getattr(outcome.value, "status", None) != "in_progress":
            self.broken(_NEWS, f"the vendor says in_progress, the job said completed: after {looks} requests {outcome}")

    def test_a_look_is_one_request(self, calls: Calls) -> None:
        """Also where it fails: patience is core's."""
        self.needs("video", "poll")
        config = self.config("video")
        job = self._job_of(attempt(calls.submit, config, self.request("video")))
        self.vendor.fail(Answer(500, self.refusal(500, "it broke down")), "poll")
        outcome = attempt(calls.poll, config, job)
        looks = len(self.vendor.sent("poll"))
        if looks != 1 or not isinstance(outcome.error, TarashError):
            self.broken(_NEWS, f"one look was answered with 500: {looks} requests were sent, and {outcome}")

    @pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
    def test_a_job_that_ends_badly_is_an_error_with_the_job(self, calls: Calls, status: JobStatus) -> None:
        """The error says why, and which job."""
        self.needs("video", "poll")
        self.needs_word(status)
        reason = "the renderer ran out of paint"
        self.vendor.jobs_go("in_progress", status, message=reason)
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        error = outcome.error
        expected = JobExpiredError if status == "expired" else GenerationFailedError
        if not isinstance(error, expected) or error.job is None or error.job.status != status:
            self.broken(_ENDS, f"a job ended as {status}: {outcome}")
        if status == "failed" and reason not in str(error):
            self.broken(_ENDS, f"a job failed because {reason!r}, and the error does not say so: {error}")

    @pytest.mark.parametrize("fault", PASSING)
    def test_a_look_that_fails_in_passing_is_asked_again(self, calls: Calls, fault: str) -> None:
        """The job is not given up."""
        self.needs("video", "poll")
        passing = PASSING[fault]
        happened: Fault = Answer(passing, self.refusal(passing, "later")) if isinstance(passing, int) else passing
        self.vendor.fail(happened, "poll")
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        made = len(self.vendor.sent("submit"))
        if outcome.error is not None or made != 1:
            self.broken(_PATIENT, f"a look at a job failed once ({fault}), {made} jobs were submitted, and {outcome}")

    def test_a_revoked_key_ends_the_wait(self, calls: Calls) -> None:
        """Waiting would not help, and the job can be fetched with another key."""
        self.needs("video", "poll")
        self.vendor.fail(Answer(401, self.refusal(401, "the key was revoked")), "poll", times=50)
        outcome = attempt(calls.generate_video, self.config("video", timeout=1.0), self.request("video"))
        if not isinstance(outcome.error, AuthenticationError) or outcome.error.job is None:
            self.broken(_FINAL, f"a look at a job was answered with 401: {outcome}")

    def test_a_job_that_the_vendor_does_not_know_is_expired(self, calls: Calls) -> None:
        """For ever: a job that is only young is there at the next look."""
        self.needs("video", "poll")
        self.vendor.fail(Answer(404, self.refusal(404, "there is no such job")), "poll", times=50)
        outcome = attempt(calls.generate_video, self.config("video", timeout=1.0), self.request("video"))
        if not isinstance(outcome.error, JobExpiredError) or outcome.error.job is None:
            self.broken(_FINAL, f"the vendor does not know the job: {outcome}")

    def test_a_job_is_cancelled_or_the_provider_says_that_it_cannot(self, calls: Calls) -> None:
        """One of the two."""
        self.needs("video")
        config = self.config("video")
        job = self._job_of(attempt(calls.submit, config, self.request("video")))
        outcome = attempt(calls.cancel, config, job)
        count = len(self.vendor.sent("cancel"))
        if "cancel" not in self.vendor.roles:
            if not isinstance(outcome.error, UnsupportedOperationError):
                self.broken(_CANCEL, f"the vendor has no handler for 'cancel', and cancel_video: {outcome}")
        elif count != 1 or getattr(outcome.value, "status", None) != "cancelled":
            self.broken(_CANCEL, f"cancel_video sent {count} requests to cancel, and {outcome}")

    def test_several_videos_of_one_job_all_come(self, calls: Calls) -> None:
        """For models that make several."""
        self.needs("video")
        most = max((getattr(row, "max_videos", 1) for row in self.rows("video")[:1]), default=1)
        if most == 1:
            pytest.skip("the model makes one video a job (max_videos)")
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video", n=2))
        made = outcome.value
        different = {video.sha256 for video in made.videos} if isinstance(made, VideoGenerationResponse) else set()
        if len(different) != 2:
            self.broken(
                _PLAIN, f"two videos were asked for in one job, {len(different)} different ones came: {outcome}"
            )

    def _job_of(self, outcome: Outcome, rule: Rule = _PLAIN) -> VideoJob:
        if not isinstance(outcome.value, VideoJob):
            self.broken(rule, f"a video was submitted, and {outcome}")
        return outcome.value
