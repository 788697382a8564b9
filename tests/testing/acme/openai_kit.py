"""The kit for plugins that speak OpenAI's protocol."""

from __future__ import annotations

import base64

from tarash_gateway_testing import Answer, ProviderConformance, Stream, answers, picture


def base64_of(content):
    return base64.b64encode(content).decode()


def streams(request):
    return request.fields.get("stream") in (True, "true")


AWAITED = (
    "test_a_download_that_fails_in_passing_is_tried_again",
    "test_a_name_that_leads_inside_is_not_fetched",
    "test_a_proxy_that_cannot_be_used_is_told",
    "test_a_reason_in_a_list_is_told",
    "test_a_refusal_in_words_of_the_safety_system_is_moderation",
    "test_a_synonym_of_a_status_is_understood",
    "test_a_whole_answer_in_place_of_a_stream_is_read",
    "test_an_id_that_is_a_number_is_one",
    "test_an_item_that_failed_costs_only_itself",
    "test_events_with_odd_lines_are_read",
    "test_headers_of_the_config_go_out",
    "test_json_with_an_odd_character_is_read",
    "test_no_local_and_no_cause_holds_the_key",
)
"""Checks that came with the HTTP kit. This table goes when the OpenAI plugin is on it."""


class OpenAIProtocol(ProviderConformance):
    not_applicable = dict.fromkeys(AWAITED, "the OpenAI plugin is not on the HTTP kit yet")
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
            fields.setdefault("image_list", [picture()])  # it is for edits only
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
        return [{"url": request.picture_url(at)} for at in range(count)]

    def contents(self, request, count):
        return [{"b64_json": base64_of(request.picture(at))} for at in range(count)]

    @answers("stream", "POST /images/generations", when=streams)
    def stream(self, request):
        picture = base64_of(request.picture())
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
        return request.job.clip()

    @answers("cancel", "DELETE /videos/{id}")
    def delete(self, request):
        return {"id": request.job.id, "object": "video.deleted", "deleted": True}

    def shown(self, job):
        told = {"id": job.id, "object": "video", "status": job.word, "created_at": int(job.created_at)}
        told["prompt"] = job.request.fields["prompt"]
        told["model"] = job.request.fields["model"]
        if job.state == "failed":
            told["error"] = {"code": "a_failure", "message": job.message}
        return told
