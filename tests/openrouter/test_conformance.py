"""The OpenRouter plugin passes the kit that is for everybody."""

from __future__ import annotations

import base64

from tarash_gateway_testing import Answer, ProviderConformance, Stream, answers


def base64_of(content):
    return base64.b64encode(content).decode()


class TestOpenRouter(ProviderConformance):
    provider = "openrouter"
    base_path = "/api/v1"
    key_header = "authorization: Bearer"
    job_words = {
        "queued": "pending",
        "in_progress": "in_progress",
        "completed": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
        "expired": "expired",
    }

    def refusal(self, status, message):
        return {"error": {"code": status, "message": message}}

    def moderation(self, role):
        if role == "poll":
            return {"id": "job-of-nobody", "status": "failed", "error": "Content policy violation"}
        metadata = {"reasons": ["violence"], "flagged_input": "a prompt"}
        return Answer(403, {"error": {"code": 403, "message": "Your input was flagged.", "metadata": metadata}})

    @answers("image", "POST /api/v1/images")
    def pictures(self, request):
        count = int(request.fields.get("n", 1))
        return {"created": 1, "data": [{"b64_json": base64_of(request.image(at))} for at in range(count)]}

    @answers("stream", "POST /api/v1/images", when=lambda request: request.fields.get("stream") is True)
    def stream(self, request):
        picture = base64_of(request.image())
        return Stream(
            {"type": "image_generation.partial_image", "b64_json": picture, "partial_image_index": 0},
            {"type": "image_generation.completed", "b64_json": picture},
        )

    @answers("models", "GET /api/v1/videos/models")
    def listed_videos(self, request):
        entry = {"id": "acme/dream-1", "supported_durations": [4, 8], "supported_frame_images": ["first_frame"]}
        return {"data": [entry]}

    @answers("models", "GET /api/v1/images/models")
    def listed_images(self, request):
        parameters = {"n": {"type": "range", "min": 1, "max": 4}, "seed": {"type": "boolean"}}
        return {"data": [{"id": "acme/paint-1", "supported_parameters": parameters, "supports_streaming": False}]}

    @answers("submit", "POST /api/v1/videos")
    @answers("poll", "GET /api/v1/videos/{id}")
    def job(self, request):
        reported = {"id": request.job.id, "status": request.job.word, "polling_url": f"/api/v1/videos/{request.job.id}"}
        return {**reported, "error": request.job.message} if request.job.state == "failed" else reported

    @answers("download", "GET /api/v1/videos/{id}/content")
    def content(self, request):
        index = int(request.query["index"])
        if request.job.files_at == self.vendor.origin:
            return request.job.video(index)
        return Answer(302, b"", headers={"location": request.job.result_url(index)})
