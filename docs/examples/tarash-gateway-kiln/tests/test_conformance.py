"""The kit of Tarash Gateway, and Kiln from its own side: a small real server that answers as Kiln's pages say."""

from __future__ import annotations

import pytest
from tarash.tarash_gateway.errors import ConnectionFailedError, QuotaExceededError, RateLimitError
from tarash_gateway_testing import Answer, Dropped, ProviderConformance, answers, sample_image

STATES = {
    "queued": "queued",
    "in_progress": "running",
    "completed": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "expired": "deleted",
}
"""Our word for where a job stands, and Kiln's."""


class TestKiln(ProviderConformance):
    provider = "kiln"
    base_path = "/2"
    key_header = "x-kiln-key"
    job_words = STATES

    def refusal(self, status, message):
        return {"error": {"kind": "refused", "text": message}}

    def moderation(self, role):
        error = {"kind": "not_allowed", "text": "we make nothing of this kind"}
        if role == "poll":
            return {"job": "a job", "state": "failed", "error": error}
        return Answer(422, {"error": error})

    @answers("other", "POST /upload")
    def upload(self, request):
        return {"upload": "upload-1"}

    @answers("submit", "POST /jobs")
    def submit(self, request):
        request.job.outputs = request.json["count"]
        return Answer(202, self.shown(request.job))

    @answers("poll", "POST /jobs/get")
    @answers("cancel", "POST /jobs/cancel")
    def look(self, request):
        return self.shown(request.job)

    @answers("list", "POST /jobs/list")
    def listed(self, request):
        return {"jobs": [self.shown(job) for job in request.jobs if job.created_at >= request.json["after"]]}

    def shown(self, job):
        sent = job.request.json
        body = {"job": job.id, "state": job.word, "model": sent["model"], "prompt": sent["prompt"]}
        body |= {"created": job.created_at, "progress": 1.0 if job.finished else 0.4}
        if job.finished:
            body["videos"] = [{"at": job.result_url(index)} for index in range(job.outputs)]
        if job.state == "failed":
            body["error"] = {"kind": "too_hot", "text": job.message}
        return body

    # What is Kiln's own, and no kit can know.

    def test_an_image_is_uploaded_before_the_job(self, calls):
        calls.submit(self.config("video"), self.request("video", image_list=[sample_image("a pot")]))
        upload, submit = self.vendor.sent()
        assert upload.body == sample_image("a pot")
        assert upload.headers["content-type"] == "image/png"
        assert submit.json["upload"] == "upload-1"

    def test_an_upload_that_fails_is_on_no_bill(self, calls):
        self.vendor.fail(Dropped(), "other", times=9)
        with pytest.raises(ConnectionFailedError) as caught:
            calls.submit(self.config("video"), self.request("video", image_list=[sample_image()]))
        assert caught.value.billable == "no"
        assert self.vendor.sent("submit") == []

    @pytest.mark.parametrize(("kind", "expected"), [("busy", RateLimitError), ("no_credit", QuotaExceededError)])
    def test_a_conflict_is_what_its_word_says(self, calls, kind, expected):
        self.vendor.fail(Answer(409, {"error": {"kind": kind, "text": "not now"}}), "submit")
        with pytest.raises(expected) as caught:
            calls.submit(self.config("video", max_retries=0), self.request("video"))
        assert (caught.value.status_code, caught.value.billable) == (409, "no")

    def test_videos_that_failed_are_told(self, calls):
        self.vendor.jobs_go("in_progress", "completed")
        config, request = self.config("video"), self.request("video", n=3)
        job = calls.submit(config, request)
        self.vendor.jobs[-1].outputs = 2
        response = calls.resume(config, job)
        assert len(response.videos) == 2
        assert response.warnings == ["1 of 3 videos failed"]
