"""The kit of Tarash Gateway, and Kiln from its own side: a small real server that answers as Kiln's pages say."""

from __future__ import annotations

import pytest
from tarash.tarash_gateway.errors import ConnectionFailedError, QuotaExceededError, RateLimitError
from tarash_gateway_testing import Answer, Dropped, Handler, ProviderConformance, answers, picture

PHASES = {
    "queued": "stacked",
    "in_progress": "firing",
    "completed": "cooled",
    "failed": "cracked",
    "cancelled": "smashed",
    "expired": "swept",
}
"""Our word for where a job stands, and Kiln's."""


class TestKiln(ProviderConformance):
    provider = "kiln"
    base_path = "/2"
    job_words = PHASES

    def refusal(self, status, message):
        return {"fault": {"kind": "refused", "words": message}}

    def moderation(self, role):
        fault = {"kind": "not_for_our_kiln", "words": "we fire nothing of this kind"}
        if role == "poll":
            return {"firing": "a firing", "phase": "cracked", "crack": fault}
        return Answer(422, {"fault": fault})

    @answers("other", "POST /shelf")
    def shelf(self, request):
        return {"piece": "piece-1", "put": f"{request.origin}/shelves/piece-1?signature=abc"}

    @answers("other", "PUT /shelves/{piece}")
    def put(self, request):
        return Answer(200)

    @answers("submit", "POST /firings")
    def fire(self, request):
        request.job.outputs = request.json["pots"]
        return Answer(202, self.shown(request.job))

    @answers("poll", "POST /firings/look")
    @answers("cancel", "POST /firings/smash")
    def look(self, request):
        return self.shown(request.job)

    @answers("list", "POST /firings/list")
    def listed(self, request):
        return {"firings": [self.shown(job) for job in request.jobs if job.created_at >= request.json["after"]]}

    def shown(self, job):
        asked = job.request.json
        told = {"firing": job.id, "phase": job.word, "glaze": asked["glaze"], "words": asked["words"]}
        told |= {"at": job.created_at, "done": 1.0 if job.finished else 0.4}
        if job.finished:
            told["pots"] = [{"at": job.result_url(index)} for index in range(job.outputs)]
        if job.state == "failed":
            told["crack"] = {"kind": "too_hot", "words": job.message}
        return told

    # What is Kiln's own, and no kit can know.

    def test_a_picture_goes_to_its_place_without_the_key(self, calls):
        self.elsewhere.start_over([Handler("other", "PUT /shelves/{piece}", lambda request: Answer(200))])
        self.vendor.files_are_at(self.elsewhere.origin)
        calls.submit(self.config("video"), self.request("video", image_list=[picture("a pot")]))
        (put,) = self.elsewhere.sent()
        assert put.body == picture("a pot")
        assert put.headers["content-type"] == "image/png"
        assert not put.holds(self.vendor.key)

    def test_an_upload_that_fails_is_on_no_bill(self, calls):
        self.vendor.fail(Dropped(), "other", times=9)
        with pytest.raises(ConnectionFailedError) as caught:
            calls.submit(self.config("video"), self.request("video", image_list=[picture()]))
        assert caught.value.billable == "no"
        assert self.vendor.sent("submit") == []

    @pytest.mark.parametrize(("kind", "expected"), [("kiln_full", RateLimitError), ("no_clay", QuotaExceededError)])
    def test_a_conflict_is_what_its_word_says(self, calls, kind, expected):
        self.vendor.fail(Answer(409, {"fault": {"kind": kind, "words": "not now"}}), "submit")
        with pytest.raises(expected) as caught:
            calls.submit(self.config("video", max_retries=0), self.request("video"))
        assert (caught.value.status_code, caught.value.billable) == (409, "no")

    def test_clips_that_cracked_are_told(self, calls):
        self.vendor.jobs_go("in_progress", "completed")
        config, request = self.config("video"), self.request("video", n=3)
        job = calls.submit(config, request)
        self.vendor.jobs[-1].outputs = 2
        response = calls.resume(config, job)
        assert len(response.videos) == 2
        assert response.warnings == ["1 of 3 clips cracked in the kiln"]
