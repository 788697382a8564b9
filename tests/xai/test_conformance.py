"""The xAI plugin passes the kit that is for everybody."""

from __future__ import annotations

import base64

from tarash_gateway_testing import Answer, ProviderConformance, answers


class TestXai(ProviderConformance):
    provider = "xai"
    base_path = "/v1"
    job_words = {"in_progress": "pending", "completed": "done", "failed": "failed", "expired": "expired"}

    def refusal(self, status, message):
        return {"code": "some-word", "error": message}

    def moderation(self, role):
        if role == "poll":
            return {
                "status": "failed",
                "error": {"code": "content_moderated", "message": "Content violates guidelines"},
            }
        text = "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"
        return Answer(403, {"code": "permission-denied", "error": text})

    @answers("image", "POST /v1/images/generations")
    @answers("image", "POST /v1/images/edits")
    def images(self, request):
        count = int(request.fields.get("n", 1))
        items = [{"b64_json": base64.b64encode(request.image(at)).decode()} for at in range(count)]
        return {"data": items, "model": request.fields["model"], "usage": {"cost_in_usd_ticks": 400_000_000}}

    @answers("submit", "POST /v1/videos/generations")
    @answers("submit", "POST /v1/videos/edits")
    @answers("submit", "POST /v1/videos/extensions")
    def submitted(self, request):
        return {"request_id": request.job.id}

    @answers("poll", "GET /v1/videos/{id}")
    def status(self, request):
        job = request.job
        shown = {"status": job.word}
        if job.state == "completed":
            shown["video"] = {"url": job.result_url(0), "duration": 8, "respect_moderation": True}
        return {**shown, "error": {"message": job.message}} if job.state == "failed" else shown
