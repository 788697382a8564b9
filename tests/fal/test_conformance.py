"""The fal plugin passes the kit that is for everybody."""

from __future__ import annotations

from tarash_gateway_testing import Answer, ProviderConformance, answers
from tarash_gateway_testing.checks.image_jobs import ImageJobChecks

FAILED = {"loc": ["body"], "msg": "the worker crashed", "type": "downstream_service_error"}


class TestFal(ProviderConformance):
    provider = "fal"
    image_models = ()
    video_models = ("fal-ai/kling-video/v2.6/pro/text-to-video",)
    job_words = {"queued": "IN_QUEUE", "in_progress": "IN_PROGRESS", "completed": "COMPLETED"}

    def refusal(self, status, message):
        return {"detail": message}

    def moderation(self, role):
        entry = {"loc": ["body", "prompt"], "msg": "flagged by a content checker", "type": "content_policy_violation"}
        return Answer(422, {"detail": [{**entry, "categories": ["violence"]}]})

    @answers("submit", "POST /fal-ai/kling-video/v2.6/pro/text-to-video")
    def submitted(self, request):
        return {"request_id": request.job.id, "status": "IN_QUEUE", "queue_position": 1}

    @answers("poll", "GET /fal-ai/kling-video/requests/{id}/status")
    def status(self, request):
        return {"status": request.job.word}

    @answers("poll", "GET /fal-ai/kling-video/requests/{id}")
    def result(self, request):
        return {"video": {"url": request.job.result_url(0)}}

    @answers("models", "GET /models")
    def listed(self, request):
        schema = {"properties": {"prompt": {"type": "string"}, "seed": {"type": "integer"}}}
        post = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
        document = {"paths": {"/acme/painter": {"post": post}}}
        entry = {"endpoint_id": "acme/painter", "metadata": {"category": "text-to-image"}, "openapi": document}
        return {"models": [entry], "has_more": False}

    @answers("models", "GET /models/pricing")
    def priced(self, request):
        return {"prices": [{"endpoint_id": "acme/painter", "unit_price": 0.04, "unit": "images", "currency": "USD"}]}

    @answers("cancel", "PUT /fal-ai/kling-video/requests/{id}/cancel")
    def cancelled(self, request):
        return {"status": "OK"}


class TestFalImages(ImageJobChecks):
    """Images are jobs here too, in the same queue."""

    provider = "fal"
    image_models = ("fal-ai/flux/schnell",)
    video_models = ()
    job_words = TestFal.job_words
    refusal = TestFal.refusal
    moderation = TestFal.moderation

    @answers("image", "POST /fal-ai/flux/schnell")
    def submitted(self, request):
        return {"request_id": request.job.id, "status": "IN_QUEUE", "queue_position": 1}

    @answers("poll", "GET /fal-ai/flux/requests/{id}/status")
    def status(self, request):
        return {"status": request.job.word}

    @answers("result", "GET /fal-ai/flux/requests/{id}")
    def result(self, request):
        return {"images": [{"url": request.image_url(0)}]}

    @answers("cancel", "PUT /fal-ai/flux/requests/{id}/cancel")
    def cancelled(self, request):
        return {"status": "OK"}
