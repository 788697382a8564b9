"""The kit for the plugin `acme_prints`: what an author writes."""

from __future__ import annotations

import acme_prints

from tarash_gateway_testing import Answer, ProviderConformance, answers


class PrintsKit(ProviderConformance):
    plugin = acme_prints
    base_path = "/v1"
    key_header = "x-acme-key"
    job_words = {
        "queued": "queued",
        "in_progress": "running",
        "completed": "succeeded",
        "failed": "failed",
        "cancelled": "canceled",
        "expired": "expired",
    }

    def moderation(self, role):
        if role == "result":
            return {"refused": True}
        return Answer(400, {"error": {"code": "content_policy_violation", "message": "this will not do"}})

    @answers("image", "POST /prints")
    @answers("poll", "GET /prints/{id}")
    @answers("cancel", "POST /prints/{id}/stop")
    def shown(self, request):
        job = request.job
        reported = {"print": job.id, "state": job.word}
        return {**reported, "why": job.message} if job.state == "failed" else reported

    @answers("result", "GET /prints/{id}/files")
    def files(self, request):
        return {"files": [request.image_url(at) for at in range(request.job.request.json["copies"])]}
