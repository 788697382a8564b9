"""A server of one's own in place of the fake vendor: the sandbox plays along, as far as it can."""

from __future__ import annotations

import unittest
from urllib.parse import urlencode

from tarash_gateway_sandbox import Answer as SandboxAnswer
from tarash_gateway_testing import Answer, Cut, Dropped, Hangs, Redirected, Request, Stalls

PLACES = {
    "image": ("POST", "/v1/images/*"),
    "stream": ("POST", "/v1/images/*"),
    "submit": ("POST", "/v1/videos"),
    "poll": ("GET", "/v1/videos/video_????????????????????????????????"),
    "download": ("GET", "/v1/videos/*/content"),
    "cancel": ("DELETE", "/v1/videos/*"),
    "list": ("GET", "/v1/videos"),
}
CREATION = {Dropped: "dropped_after_creation", Cut: "dropped_half_way", Hangs: "never_answers_after_creation"}
STREAM = {Dropped: "dropped_after_creation", Cut: "stream_dropped_after_partial", Hangs: "never_answers_after_creation"}
FAULTS = {
    "image": CREATION,
    "submit": CREATION,
    "stream": {**STREAM, Stalls: "stream_stalls"},
    "poll": {Dropped: "poll_dropped", Cut: "poll_cut", Hangs: "poll_never_answers"},
    "download": {Dropped: "content_dropped", Cut: "content_cut", Stalls: "content_stalls"},
}
JOBS = {
    ("in_progress", "in_progress"): "job_stuck_in_progress",
    ("in_progress", "queued"): "job_stuck_queued",
    ("in_progress", "unheard-of", "completed"): "job_unknown_status",
    ("in_progress", "in_progress", "queued", "completed"): "job_goes_backwards",
}


class SandboxVendor:
    """What the checks need of a vendor, on a running `SandboxServer`."""

    roles = frozenset(PLACES)  # it has no list of models that the plugin would ask for

    def __init__(self, server):
        self.server = server
        self.url, self.origin, self.key = server.url, server.origin, server.api_key

    def clear(self):
        self.server.clear()
        self.server.job_seconds = 0.03

    def sent(self, *roles):
        arrived = [self.received(request) for request in self.server.requests]
        return [request for request in arrived if not roles or request.role in roles]

    def received(self, request):
        target = f"{request.path}?{urlencode(request.query)}" if request.query else request.path
        return Request(request.method, target, request.headers, request.body, self.role_of(request))

    def role_of(self, request):
        streams = {**(request.json or {}), **request.fields}.get("stream") in (True, "true")
        if "/images/" in request.path:
            return "stream" if streams else "image"
        if request.method != "GET":
            return "submit" if request.method == "POST" else "cancel"
        return {"videos": "list", "content": "download"}.get(request.path.rpartition("/")[2], "poll")

    def fail(self, fault, role, times=1):
        method, path = PLACES[role]
        if isinstance(fault, Redirected):
            fault = Answer(fault.status, headers={"location": f"{fault.origin}/v1/elsewhere"})
        if isinstance(fault, Answer):
            answer = SandboxAnswer(fault.status, fault.headers, fault.content(), fault.type())
            self.server.play(answer, method=method, path=path, times=times)
            return
        name = "stream_no_final" if getattr(fault, "orderly", False) else FAULTS.get(role, {}).get(type(fault))
        if name is None:
            msg = f"the sandbox does not play {type(fault).__name__} here"
            raise unittest.SkipTest(msg)
        self.server.fail(name, times=times)

    def jobs_go(self, *states, message=None):
        self.server.job_seconds = 0
        if states in JOBS:
            self.server.fail(JOBS[states])
        elif states[-1] == "failed":
            self.server.end_jobs_as("failed", {"code": "a_failure", "message": message or "it broke down"})
        else:
            self.server.end_jobs_as(states[-1])

    def files_are_at(self, origin):
        msg = "the sandbox's addresses are its own"
        raise unittest.SkipTest(msg)

    def left(self, role, within):
        msg = "the sandbox tells of streams only"
        raise unittest.SkipTest(msg)

    def video(self, job_id, index=0):
        return None

    def troubles(self):
        return []
