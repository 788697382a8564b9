"""A plugin that loses jobs, or misreads them, is told so."""

from __future__ import annotations

from datetime import datetime

import acme_by_hand
from acme_by_hand import AcmeProvider
from acme_kit import AcmeKit
from wrong import Wrong

from tarash.tarash_gateway.errors import GenerationFailedError, InvalidRequestError, PluginError, TarashError
from tarash.tarash_gateway.plugins import VideoStatus
from tarash_gateway_testing import answers


def changed(received, **news):
    return VideoStatus(received.job.model_copy(update=news), raw=received.raw)


class KeepsTheKey(AcmeProvider):
    async def submit_video_async(self, prepared, *, timeout):
        status = await super().submit_video_async(prepared, timeout=timeout)
        return changed(status, provider_data={"key": self.key})


class NoZone(AcmeProvider):
    async def submit_video_async(self, prepared, *, timeout):
        status = await super().submit_video_async(prepared, timeout=timeout)
        return changed(status, created_at=datetime(2026, 11, 1))  # noqa: DTZ001 # that is the mistake


class NotJson(AcmeProvider):
    async def submit_video_async(self, prepared, *, timeout):
        status = await super().submit_video_async(prepared, timeout=timeout)
        return changed(status, provider_data={"tags": ("a", "b")})


class Homeless(AcmeProvider):
    async def submit_video_async(self, prepared, *, timeout):
        status = await super().submit_video_async(prepared, timeout=timeout)
        return changed(status, endpoint=f"{self.endpoint}/films")


class Renamed(AcmeProvider):
    async def submit_video_async(self, prepared, *, timeout):
        status = await super().submit_video_async(prepared, timeout=timeout)
        return changed(status, provider="acme")


class Illiterate(AcmeProvider):
    """Takes every word that it does not know for a failure, and does not know STOPPED."""

    def status(self, answer, job):
        status = super().status(answer, job)
        known = answer["state"] in ("WAITING", "SHOOTING", "READY")
        return status if known else changed(status, status="failed")


class Forward(AcmeProvider):
    """Believes that a job never goes back."""

    async def poll_video_async(self, job, *, timeout):
        status = await super().poll_video_async(job, timeout=timeout)
        if job.status == "in_progress" and status.job.status == "queued":
            raise PluginError("the job went back")
        return status


class Trusting(AcmeProvider):
    """Does not ask about a job that says that it is finished."""

    async def poll_video_async(self, job, *, timeout):
        return VideoStatus(job) if job.finished else await super().poll_video_async(job, timeout=timeout)


class Looping(AcmeProvider):
    async def poll_video_async(self, job, *, timeout):
        for _ in range(3):
            try:
                return await super().poll_video_async(job, timeout=timeout)
            except TarashError:
                pass
        return VideoStatus(job)


class Raising(AcmeProvider):
    def status(self, answer, job):
        status = super().status(answer, job)
        if status.job.status == "failed":
            raise InvalidRequestError("the job failed")
        return status


class Wordless(AcmeProvider):
    def status(self, answer, job):
        return changed(super().status(answer, job), error_message=None)


class Impatient(AcmeProvider):
    async def poll_video_async(self, job, *, timeout):
        try:
            return await super().poll_video_async(job, timeout=timeout)
        except TarashError as error:
            raise GenerationFailedError("the look failed") from error


class Hopeful(AcmeProvider):
    """Takes everything for passing."""

    async def poll_video_async(self, job, *, timeout):
        try:
            return await super().poll_video_async(job, timeout=timeout)
        except TarashError as error:
            raise acme_by_hand.ConnectionFailedError("later", retryable=True) from error


class Plain(AcmeProvider):
    """Does not know what a 404 for a job is."""

    def about(self, job):
        from contextlib import nullcontext

        return nullcontext()


class Uncancelled(AcmeProvider):
    async def cancel_video_async(self, job, *, timeout):
        return VideoStatus(job)


class Crashing(AcmeProvider):
    async def cancel_video_async(self, job, *, timeout):
        raise NotImplementedError


class FirstOnly(AcmeProvider):
    async def download_video_async(self, job, sink, *, timeout, index=0):
        await super().download_video_async(job, sink, timeout=timeout, index=0)


class WithoutCancel(AcmeKit):
    look = None

    @answers("poll", "POST /films/look")
    def look_only(self, request):
        return self.shown(request.job)


BADLY = "test_a_job_that_ends_badly_is_an_error_with_the_job"

WRONG = {
    "keeps the job to itself": Wrong(
        "test_a_job_is_resumed_from_its_json_by_another_process",
        "another process that resumed job",
        case={"plugin": "acme_forgetful"},
    ),
    "keeps the key in the job": Wrong(
        "test_the_json_of_a_job_is_whole_and_holds_no_key", "the key is in the JSON of job", KeepsTheKey
    ),
    "knows no zone": Wrong(
        "test_the_json_of_a_job_is_whole_and_holds_no_key", "has a time without a zone: ['2026-11-01 00:00:00']", NoZone
    ),
    "keeps what is no JSON": Wrong(
        "test_the_json_of_a_job_is_whole_and_holds_no_key", "is not the same after JSON: provider_data", NotJson
    ),
    "gives the job another home": Wrong(
        "test_a_job_lives_where_its_config_leads", "Contract: a job's endpoint is the provider's own", Homeless
    ),
    "gives the job another name": Wrong(
        "test_a_job_lives_where_its_config_leads", "Contract: a job's endpoint is the provider's own", Renamed
    ),
    "does not know a word": Wrong(
        "test_the_vendors_words_are_understood",
        "the vendor said 'STOPPED' (cancelled), the job is failed",
        Illiterate,
        params={"status": "cancelled"},
    ),
    "gives up for a new word": Wrong(
        "test_a_word_nobody_has_heard_of_is_not_the_end", "the vendor said 'unheard-of' and then that", Illiterate
    ),
    "does not let a job go back": Wrong(
        "test_a_job_that_goes_back_is_waited_for", "PluginError was raised: the job went back", Forward
    ),
    "believes a stale job": Wrong(
        "test_the_vendors_word_counts_more_than_the_jobs_own", "the job said completed: after 0 requests", Trusting
    ),
    "looks again by itself": Wrong("test_a_look_is_one_request", "2 requests were sent", Looping),
    "raises for a failed job": Wrong(
        BADLY, "a job ended as failed: InvalidRequestError", Raising, params={"status": "failed"}
    ),
    "does not say why": Wrong(
        BADLY,
        "because 'the renderer ran out of paint', and the error does not say so",
        Wordless,
        params={"status": "failed"},
    ),
    "gives up after a look": Wrong(
        "test_a_look_that_fails_in_passing_is_asked_again",
        "a look at a job failed once (500), 1 jobs were submitted, and GenerationFailedError",
        Impatient,
        params={"fault": "500"},
    ),
    "waits without a key": Wrong(
        "test_a_revoked_key_ends_the_wait", "a look at a job was answered with 401: GenerationTimeoutError", Hopeful
    ),
    "does not know that a job is gone": Wrong(
        "test_a_job_that_the_vendor_does_not_know_is_expired",
        "the vendor does not know the job: ModelNotFoundError",
        Plain,
    ),
    "cancels nothing": Wrong(
        "test_a_job_is_cancelled_or_the_provider_says_that_it_cannot",
        "cancel_video sent 0 requests to cancel",
        Uncancelled,
    ),
    "cannot cancel, and crashes": Wrong(
        "test_a_job_is_cancelled_or_the_provider_says_that_it_cannot",
        "the vendor has no handler for 'cancel', and cancel_video: PluginError",
        Crashing,
        base=WithoutCancel,
    ),
    "fetches one of two": Wrong(
        "test_several_videos_of_one_job_all_come",
        "two videos were asked for in one job, 1 different ones came",
        FirstOnly,
    ),
}
