"""Images by jobs: whatever becomes of a request after the creating one, nothing is paid twice and no job is lost."""

from __future__ import annotations

from typing import get_args

import pytest

from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    GenerationFailedError,
    JobExpiredError,
    TarashError,
    UnsupportedOperationError,
)
from tarash.tarash_gateway.models import ImageGenerationResponse, ImageJob
from tarash.tarash_gateway.models.job import JobStatus
from tarash_gateway_testing.base import Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.faults import Dropped, Fault
from tarash_gateway_testing.fake.handlers import CREATING, Role
from tarash_gateway_testing.fake.requests import UNHEARD_OF
from tarash_gateway_testing.rules import Rule

__all__ = ["ImageJobChecks"]

STATES: tuple[JobStatus, ...] = get_args(JobStatus)

LATER: dict[str, Fault | int] = {"503": 503, "429": 429, "401": 401, "404": 404, "dropped": Dropped()}
"""What may become of a request that comes after the creating one."""

PASSING = ("503", "429", "dropped")

_ONCE = Rule(
    "after the creating request of an image, nothing is sent again and no other config is tried, whatever becomes "
    "of the requests behind it: the vendor has a job, which is paid for. What waiting helps with is asked again; what "
    "it does not help with is an error with the job.",
    "give submit_image, poll_image and fetch_image instead of a loop in generate_image: core submits, polls and "
    "fetches, and a job survives a crash. Where that cannot be, call prepared.created(job_id) in generate_image as "
    "soon as the vendor has told the id.",
    "Images by jobs",
)
_PLAIN = Rule(
    "an ImageJob is plain JSON without a secret, and with the same config all that another process needs: "
    "resume_image(config, job).",
    "keep in the job what a later request needs: its id, and the rest in provider_data; keep nothing in the provider "
    "object. Make it with provider=config.provider and endpoint=self.endpoint.",
    "Images by jobs",
)
_WORDS = Rule(
    "poll_image and submit_image translate the vendor's word into queued, in_progress, completed, failed, cancelled "
    "or expired; one that nobody has heard of is in_progress, since a paid job is not given up for a new word.",
    "return ImageStatus.of(job, status=word, ...), which knows the words of the field, or translate by a table.",
    "Images by jobs",
)
_ENDS = Rule(
    "an image job that ends without images is an error that carries the job: GenerationFailedError for failed and "
    "cancelled, JobExpiredError for expired, ContentPolicyError where its result is a refusal.",
    "return an ImageStatus with that status and error_message; where the vendor says `completed` and the result is a "
    "refusal, raise ContentPolicyError from fetch_image.",
    "Images by jobs",
)
_CANCEL = Rule(
    "cancel_image cancels and returns the job as it is then, or it is left out, and UnsupportedOperationError says so.",
    "implement cancel_image (or its twin) with one request, and return an ImageStatus; or do not define it at all.",
    "Images by jobs",
)


class ImageJobChecks(Case):
    """Images by jobs, and every provider that sends more than the creating request."""

    @pytest.mark.parametrize("fault", LATER)
    def test_nothing_after_the_creating_request_pays_twice(self, calls: Calls, fault: str) -> None:
        """Each later request goes wrong once, or for good."""
        self.needs("image")
        good = attempt(calls.generate_image, self.config("image"), self.request("image"))
        for role in self._later_roles(good):
            for times in (1, 50):
                self.vendor.clear()
                self.vendor.fail(self._fault(fault), role, times=times)
                chain = self.config("image", timeout=2.0)
                chain = chain.model_copy(update={"fallback_configs": [self.config("image", timeout=2.0)]})
                outcome = attempt(calls.generate_image, chain, self.request("image"))
                self._check_once(outcome, role, fault, passes=times == 1 and fault in PASSING)

    def _later_roles(self, good: Outcome) -> list[Role]:
        """Returns the roles of requests that come only after the creating one."""
        if not isinstance(good.value, ImageGenerationResponse):
            self.broken(_ONCE, f"a good image call did not go well: {good}")
        roles = [request.role for request in self.vendor.sent()]
        at = roles.index("image")
        later = list(dict.fromkeys(role for role in roles[at + 1 :] if role not in CREATING and role not in roles[:at]))
        if not later:
            pytest.skip("generate_image sends one request")
        return later

    def _fault(self, name: str) -> Fault:
        fault = LATER[name]
        return Answer(fault, self.refusal(fault, "it did not work out")) if isinstance(fault, int) else fault

    def _check_once(self, outcome: Outcome, role: Role, fault: str, *, passes: bool) -> None:
        made = len(self.vendor.sent("image"))
        problem = f"a request of role {role!r} after the creating one went wrong ({fault})"
        if made != 1:
            self.broken(_ONCE, f"{problem}, and {made} creating requests were sent: {outcome}")
        if isinstance(outcome.value, ImageGenerationResponse):
            return
        if passes:
            self.broken(_ONCE, f"{problem} once, which passes, and the call ended: {outcome}")
        if not isinstance(outcome.error, TarashError) or outcome.error.job is None:
            self.broken(_ONCE, f"{problem}, and the error has no job: {outcome}")

    def test_an_image_job_is_resumed_from_its_json(self, calls: Calls) -> None:
        """Submitted, written down, read again, fetched."""
        self.needs("result")
        config = self.config("image")
        job = self._image_job(attempt(calls.submit_image, config, self.request("image")))
        text = job.model_dump_json()
        if self.vendor.key in text:
            self.broken(_PLAIN, f"the key is in the JSON of job {job.id}")
        outcome = attempt(calls.resume_image, config, ImageJob.model_validate_json(text))
        if not isinstance(outcome.value, ImageGenerationResponse) or len(self.vendor.sent("image")) != 1:
            self.broken(_PLAIN, f"job {job.id} was resumed from its JSON: {outcome}")

    @pytest.mark.parametrize("status", STATES)
    def test_the_words_of_image_jobs_are_understood(self, calls: Calls, status: JobStatus) -> None:
        """Each word of the vendor is one of ours."""
        self.needs("result", "poll")
        self.needs_word(status)
        self.vendor.jobs_go("in_progress", status)
        config = self.config("image")
        job = self._image_job(attempt(calls.submit_image, config, self.request("image")))
        outcome = attempt(calls.poll_image, config, job)
        read = getattr(outcome.value, "status", None)
        if read != status:
            self.broken(_WORDS, f"the vendor said {self.job_words[status]!r} ({status}), the job is {read}: {outcome}")

    def test_an_unknown_word_does_not_end_an_image_job(self, calls: Calls) -> None:
        """The vendor has a new status."""
        self.needs("result", "poll")
        self.vendor.jobs_go("in_progress", UNHEARD_OF, "completed")
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image"))
        if outcome.error is not None:
            self.broken(_WORDS, f"the vendor said {UNHEARD_OF!r} and then that the job is done: {outcome}")

    @pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
    def test_an_image_job_that_ends_badly_is_an_error_with_the_job(self, calls: Calls, status: JobStatus) -> None:
        """The error says why, and which job."""
        self.needs("result", "poll")
        self.needs_word(status)
        reason = "the renderer ran out of paint"
        self.vendor.jobs_go("in_progress", status, message=reason)
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image"))
        error = outcome.error
        expected = JobExpiredError if status == "expired" else GenerationFailedError
        if not isinstance(error, expected) or error.job is None or error.job.status != status:
            self.broken(_ENDS, f"an image job ended as {status}: {outcome}")
        if status == "failed" and reason not in str(error):
            self.broken(_ENDS, f"an image job failed because {reason!r}, and the error does not say so: {error}")

    def test_a_result_that_is_a_refusal_is_told_as_moderation(self, calls: Calls) -> None:
        """For vendors whose `completed` says nothing."""
        self.needs("result")
        refusal = self.moderation("result")
        if refusal is None:
            pytest.skip("moderation('result') is not overridden: how it looks is not known")
        self.vendor.fail(refusal if isinstance(refusal, Answer) else Answer(200, refusal), "result", times=50)
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image"))
        if not isinstance(outcome.error, ContentPolicyError) or outcome.error.job is None:
            self.broken(_ENDS, f"the result of a completed image job is a refusal: {outcome}")

    def test_an_image_job_is_cancelled_or_the_provider_says_that_it_cannot(self, calls: Calls) -> None:
        """One of the two."""
        self.needs("result")
        config = self.config("image")
        job = self._image_job(attempt(calls.submit_image, config, self.request("image")))
        outcome = attempt(calls.cancel_image, config, job)
        sent = len(self.vendor.sent("cancel"))
        if "cancel" not in self.vendor.roles:
            if not isinstance(outcome.error, UnsupportedOperationError):
                self.broken(_CANCEL, f"the vendor has no handler for 'cancel', and cancel_image: {outcome}")
        elif sent != 1 or getattr(outcome.value, "status", None) != "cancelled":
            self.broken(_CANCEL, f"cancel_image sent {sent} requests to cancel, and {outcome}")

    def _image_job(self, outcome: Outcome) -> ImageJob:
        if not isinstance(outcome.value, ImageJob):
            self.broken(_PLAIN, f"an image job was submitted, and {outcome}")
        return outcome.value
