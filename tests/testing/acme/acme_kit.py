"""The kit for the plugin `acme_films`: what an author writes."""

from __future__ import annotations

import base64

import acme_films

from tarash_gateway_testing import Answer, ProviderConformance, Stream, answers


class AcmeKit(ProviderConformance):
    base_path = "/v2"
    key_header = "x-acme-key"
    plugin = acme_films
    job_words = {ours: theirs for theirs, ours in acme_films.STATES.items()}

    def refusal(self, status, message):
        return {"kind": "fault", "fault": message}

    def moderation(self, role):
        if role == "poll":
            return {"state": "BROKEN", "kind": "not_decent"}
        return Answer(400, {"kind": "not_decent", "fault": "this will not do"})

    @answers("image", "POST /pictures")
    def pictures(self, request):
        return {"pictures": [{"at": request.image_url(at)} for at in range(request.json["count"])]}

    @answers("stream", "POST /pictures/live")
    def live(self, request):
        data = base64.b64encode(request.image()).decode()
        return Stream({"data": data}, {"data": data, "done": True})

    @answers("submit", "POST /films")
    def film(self, request):
        request.job.outputs = request.json["takes"]
        return Answer(202, self.shown(request.job))

    @answers("poll", "POST /films/look")
    @answers("cancel", "POST /films/stop")
    def look(self, request):
        return self.shown(request.job)

    @answers("list", "GET /films")
    def films(self, request):
        return {"films": [self.shown(job) for job in request.jobs]}

    @answers("models", "GET /catalogue")
    def catalogue(self, request):
        return {"paints": [{"name": "acme-paint-2", "finishes": ["draft", "fine"]}]}

    def shown(self, job):
        wanted = job.request.json
        reported = {"film": job.id, "state": job.word, "model": wanted["model"], "text": wanted["text"]}
        reported["since"] = int(job.created_at)
        if job.finished:
            reported["files"] = [job.result_url(at) for at in range(job.outputs)]
        if job.state == "failed":
            reported["why"] = job.message
        return reported
