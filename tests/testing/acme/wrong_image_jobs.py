"""A plugin that is wrong about image jobs is told so."""

from __future__ import annotations

from acme_prints import SPEC, NaiveProvider, PrintsProvider
from prints_kit import PrintsKit
from wrong import Wrong

from tarash.tarash_gateway.errors import InvalidRequestError
from tarash.tarash_gateway.plugins import ImageAnswer, ImageStatus


class Forgetful(PrintsProvider):
    """Keeps in the object what belongs into the job."""

    jobs = ()

    def submit_image(self, prepared, *, timeout):
        report = super().submit_image(prepared, timeout=timeout)
        self.jobs = {report.job.id}
        return report

    def poll_image(self, job, *, timeout):
        if job.id not in self.jobs:
            msg = "no such job"
            raise InvalidRequestError(msg)
        return super().poll_image(job, timeout=timeout)


class Hopeful(PrintsProvider):
    """Takes every word as running."""

    def poll_image(self, job, *, timeout):
        super().poll_image(job, timeout=timeout)
        return ImageStatus(job.model_copy(update={"status": "in_progress"}))


class Fearful(PrintsProvider):
    """Takes a word that it does not know as the end."""

    def poll_image(self, job, *, timeout):
        report = super().poll_image(job, timeout=timeout)
        return ImageStatus.of(report.job, status="failed") if report.job.vendor_status == "unheard-of" else report


class Raising(PrintsProvider):
    """Raises for a job that failed."""

    def poll_image(self, job, *, timeout):
        report = super().poll_image(job, timeout=timeout)
        if report.job.status == "failed":
            msg = "it failed"
            raise InvalidRequestError(msg)
        return report


class Blind(PrintsProvider):
    """Reads no refusal in a result."""

    def fetch_image(self, job, *, timeout):
        return ImageAnswer([])


class Twice(PrintsProvider):
    def cancel_image(self, job, *, timeout):
        super().cancel_image(job, timeout=timeout)
        return super().cancel_image(job, timeout=timeout)


def wrong(check, says, make, **params):
    return Wrong(check, says, make, SPEC, {"provider": "acme_prints"}, params, PrintsKit)


WRONG = {
    "waits in generate_image": wrong(
        "test_nothing_after_the_creating_request_pays_twice",
        "2 creating requests were sent",
        NaiveProvider,
        fault="401",
    ),
    "keeps image jobs in the object": wrong(
        "test_an_image_job_is_resumed_from_its_json", "was resumed from its JSON", Forgetful
    ),
    "takes every word of an image job as running": wrong(
        "test_the_words_of_image_jobs_are_understood", "the vendor said 'failed' (failed)", Hopeful, status="failed"
    ),
    "takes a new word of an image job as the end": wrong(
        "test_an_unknown_word_does_not_end_an_image_job", "the vendor said 'unheard-of'", Fearful
    ),
    "raises for an image job that failed": wrong(
        "test_an_image_job_that_ends_badly_is_an_error_with_the_job",
        "an image job ended as failed",
        Raising,
        status="failed",
    ),
    "reads no refusal in the result of an image job": wrong(
        "test_a_result_that_is_a_refusal_is_told_as_moderation", "is a refusal", Blind
    ),
    "cancels an image job twice": wrong(
        "test_an_image_job_is_cancelled_or_the_provider_says_that_it_cannot", "sent 2 requests to cancel", Twice
    ),
}
