"""The kit for plugins that speak OpenAI's protocol."""

from __future__ import annotations

import base64

from tarash_gateway_testing import Answer, ProviderConformance, Stream, answers, sample_image


def base64_of(content):
    return base64.b64encode(content).decode()


def streams(request):
    return request.fields.get("stream") in (True, "true")


class OpenAIProtocol(ProviderConformance):
    base_path = "/v1"
    key_header = "authorization: Bearer"
    job_words = {
        "queued": "queued",
        "in_progress": "in_progress",
        "completed": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
        "expired": "expired",
    }

    def make_request(self, kind, **fields):
        if "input_fidelity" in fields.get("extra_params", {}):
            fields.setdefault("image_list", [sample_image()])  # it is for edits only
        return super().make_request(kind, **fields)

    def refusal(self, status, message):
        return {"error": {"message": message, "type": "an_error", "code": None, "param": None}}

    def moderation(self, role):
        fault = {
            "message": "Your request was refused.",
            "type": "image_generation_user_error",
            "code": "moderation_blocked",
        }
        if role == "poll":
            return {"id": "job-of-nobody", "object": "video", "status": "failed", "error": fault}
        return Answer(400, {"error": fault})

    @answers("image", "POST /images/generations")
    @answers("image", "POST /images/edits")
    def pictures(self, request):
        shown = self.addresses if request.fields.get("model", "").startswith("dall-e") else self.contents
        return {"created": 1, "data": shown(request, int(request.fields.get("n", 1)))}

    def addresses(self, request, count):
        return [{"url": request.image_url(at)} for at in range(count)]

    def contents(self, request, count):
        return [{"b64_json": base64_of(request.image(at))} for at in range(count)]

    @answers("stream", "POST /images/generations", when=streams)
    def stream(self, request):
        picture = base64_of(request.image())
        return Stream(
            {"type": "image_generation.partial_image", "b64_json": picture, "partial_image_index": 0},
            {"type": "image_generation.completed", "b64_json": picture},
        )

    @answers("submit", "POST /videos")
    @answers("poll", "GET /videos/{id}")
    def job(self, request):
        return self.shown(request.job)

    @answers("list", "GET /videos")
    def jobs(self, request):
        return {"object": "list", "data": [self.shown(job) for job in request.jobs], "has_more": False}

    @answers("download", "GET /videos/{id}/content")
    def content(self, request):
        return request.job.video()

    @answers("cancel", "DELETE /videos/{id}")
    def delete(self, request):
        return {"id": request.job.id, "object": "video.deleted", "deleted": True}

    def shown(self, job):
        reported = {"id": job.id, "object": "video", "status": job.word, "created_at": int(job.created_at)}
        reported["prompt"] = job.request.fields["prompt"]
        reported["model"] = job.request.fields["model"]
        if job.state == "failed":
            reported["error"] = {"code": "a_failure", "message": job.message}
        return reported
