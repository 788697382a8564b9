"""Both providers pass the kit that is for everybody."""

from __future__ import annotations

import base64

import pytest

from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash_gateway_testing import Answer, ProviderConformance, Stream, answers


def base64_of(content):
    return base64.b64encode(content).decode()


class GoogleProtocol(ProviderConformance):
    """What both backends have: pictures, and how they refuse."""

    key_header = "x-goog-api-key"

    def refusal(self, status, message):
        return {"error": {"code": status, "message": message, "status": "AN_ERROR"}}

    def moderation(self, role):
        if role == "poll":
            text = {"type": "model_output", "content": [{"type": "text", "text": "I will not do that."}]}
            return {"id": "job-of-nobody", "status": "completed", "steps": [text], "usage": {"total_output_tokens": 0}}
        return Answer(200, {"candidates": [{"finishReason": "IMAGE_SAFETY"}]}) if role in ("image", "stream") else None

    def pictures(self, request):
        part = {"inlineData": {"mimeType": "image/png", "data": base64_of(request.image())}}
        return {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}], "responseId": "r-1"}

    def events(self, request):
        def event(index, **extra):
            inline = {"mimeType": "image/png", "data": base64_of(request.image(index))}
            return {"candidates": [{"content": {"parts": [{"inlineData": inline, **extra}]}}]}

        return Stream(event(0, thought=True), event(1, thought=True), event(2))

    def job(self, request, steps=()):
        job = request.job
        shown = {"id": job.id, "status": job.word, "created": "2026-11-22T18:00:00Z", "object": "interaction"}
        if job.state == "failed":
            shown["errors"] = [{"code": "generation_failed", "message": job.message}]
        if job.finished:
            shown["steps"] = [{"type": "model_output", "content": list(steps)}]
        return shown


class TestGoogle(GoogleProtocol):
    provider = "google"
    job_words = {
        "queued": "queued",
        "in_progress": "in_progress",
        "completed": "completed",
        "failed": "failed",
        "cancelled": "cancelled",
    }

    def make_config(self, vendor, kind, **settings):
        # The kit's other origins are on this machine, where a video is fetched from only if that is meant.
        return super().make_config(vendor, kind, provider_config={"allow_private_urls": True}, **settings)

    @answers("image", "POST /v1beta/models/{model}:generateContent")
    def picture(self, request):
        return self.pictures(request)

    @answers("stream", "POST /v1beta/models/{model}:streamGenerateContent")
    def stream(self, request):
        return self.events(request)

    @answers("submit", "POST /v1beta/interactions")
    def submit(self, request):
        return self.job(request)

    @answers("poll", "GET /v1beta/interactions/{job}")
    def look(self, request):
        return self.job(request, [{"type": "video", "mime_type": "video/mp4", "uri": request.job.result_url()}])

    @answers("cancel", "POST /v1beta/interactions/{job}/cancel")
    def cancel(self, request):
        request.job.end_as("cancelled")
        return self.job(request)


class TestVertex(GoogleProtocol):
    provider = "google-vertex"
    key_header = "authorization: Bearer"

    # The bodies and the addresses are Vertex's own, and made in one place for both flavours; the transport is that of
    # Google's other provider, which is tried in both flavours at each commit.
    @pytest.fixture(params=[pytest.param("sync", marks=pytest.mark.slow), "async"])
    def calls(self, request):
        return self.calls_of(request.param)

    image_models = ("gemini-3-pro-image",)
    video_models = ("veo-3.1-generate-001", "veo-3.1-lite-generate-001")
    job_words = {"in_progress": "in_progress", "completed": "completed", "failed": "failed"}
    not_applicable = dict.fromkeys(
        (
            "test_a_wait_ends_at_the_deadline_with_the_job",
            "test_what_is_no_clip_is_an_error_with_the_job",
            "test_a_clip_that_is_gone_is_an_error_with_the_job",
            "test_a_download_that_is_always_cut_is_an_error_with_the_job",
        ),
        "the videos come with the status answer: there is no download to go wrong",
    )

    def make_config(self, vendor, kind, **settings):
        fixed = {
            "provider": self.provider,
            "api_key": vendor.key,
            "base_url": vendor.url,
            "provider_config": {"project": "my-project", "location": "us-central1"},
            **settings,
        }
        return (ImageGenerationConfig if kind == "image" else VideoGenerationConfig)(**fixed)

    def moderation(self, role):
        if role == "poll":
            return {"name": "of-nobody", "done": True, "response": {"raiMediaFilteredCount": 1}}
        return super().moderation(role)

    @answers("image", "POST /v1beta1/{home*}/models/{model}:generateContent")
    def picture(self, request):
        return self.pictures(request)

    @answers("stream", "POST /v1beta1/{home*}/models/{model}:streamGenerateContent")
    def stream(self, request):
        return self.events(request)

    @answers("submit", "POST /v1beta1/{home*}/models/{model}:predictLongRunning")
    def submit(self, request):
        request.job.outputs = request.json["parameters"]["sampleCount"]
        return {"name": request.job.id}

    @answers("poll", "POST /v1beta1/{home*}/models/{model}:fetchPredictOperation")
    def look(self, request):
        job = request.job
        shown = {"name": job.id, "done": job.state in ("completed", "failed")}
        if job.state == "failed":
            shown["error"] = {"code": 13, "message": job.message}
        if job.finished:
            videos = [{"bytesBase64Encoded": base64_of(job.video(index))} for index in range(job.outputs)]
            shown["response"] = {"videos": videos}
        return shown
