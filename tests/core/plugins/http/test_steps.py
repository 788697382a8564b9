"""A primitive is written once, as a generator of requests, and works for blocking and async callers."""

from __future__ import annotations

import asyncio
import base64
import io
import threading

import pytest

from tarash.tarash_gateway.errors import ConnectionFailedError, InvalidRequestError, JobExpiredError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, ImageJob, Media, VideoJob
from tarash.tarash_gateway.plugins import InputFile, PreparedRequest, Sink
from tarash.tarash_gateway.plugins.http import (
    DownloadStep,
    HttpProvider,
    HttpRequest,
    both_flavours,
    job_errors,
    result_file_request,
    video_url,
)
from tarash.tarash_gateway.plugins.http.client import close_connections


class Acme(HttpProvider):
    base_url = "http://acme.example"
    key_variables = ("ACME_API_KEY",)
    threads = ()

    def _generate_image(self, prepared):
        self.threads = (*self.threads, threading.current_thread().name)
        first = yield HttpRequest("POST", "/jobs", {"prompt": prepared.request.prompt})
        second = yield HttpRequest("GET", f"/jobs/{first.object()['id']}")
        return first.object() | second.object()

    def _poll_video(self, job):
        with job_errors(job):
            yield HttpRequest("GET", f"/videos/{job.id}")

    def _download_video(self, job, sink, index=0):
        try:
            yield DownloadStep(HttpRequest("GET", f"/files/{index}"), sink)
        except InvalidRequestError:
            yield DownloadStep(result_file_request(job), sink)

    generate_image, generate_image_async = both_flavours(_generate_image)
    poll_video, poll_video_async = both_flavours(_poll_video)
    download_video, download_video_async = both_flavours(_download_video)


@pytest.fixture(autouse=True)
def _no_connection_is_left():
    yield
    close_connections()


@pytest.fixture
def provider(server):
    return Acme(ImageGenerationConfig(provider="acme", model="m", api_key="sk-acme-0123456789", base_url=server.url))


@pytest.fixture(params=["blocking", "async"])
def run(request, provider):
    def call(name, *args, **options):
        if request.param == "blocking":
            return getattr(provider, name)(*args, timeout=60.0, **options)
        return asyncio.run(getattr(provider, f"{name}_async")(*args, timeout=60.0, **options))

    return call


def prepared(**columns):
    return PreparedRequest("m", ImageGenerationRequest(prompt="a boat"), "r1", **columns)


def job(kind=VideoJob, **fields):
    return kind(provider="acme", model="m", id="j1", endpoint="http://acme.example", **fields)


def test_each_request_gets_its_answer_and_the_last_value_is_the_result(server, run):
    server.answer("/v1/jobs", b'{"id": "j1"}')
    server.answer("/v1/jobs/j1", b'{"status": "done"}')
    assert run("generate_image", prepared()) == {"id": "j1", "status": "done"}
    assert [(request.method, request.path) for request in server.requests] == [
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs/j1"),
    ]


def test_an_error_is_raised_where_its_request_was_yielded(server, run):
    server.answer("/v1/videos/j1", b'{"message": "no such job"}', 404)
    with pytest.raises(JobExpiredError, match="the vendor does not know job j1"):
        run("poll_video", job())


def test_a_download_that_fails_may_be_followed_by_another_one(server, run):
    server.answer("/v1/files/1", b"{}", 400)
    server.answer("/elsewhere", b"the bytes")
    file = io.BytesIO()
    run("download_video", job(provider_data={"url": f"{server.origin}/elsewhere"}), Sink(file, 100), index=1)
    assert file.getvalue() == b"the bytes"


def test_a_job_whose_result_has_no_address_says_what_to_ask_for(server, run):
    server.answer("/v1/files/0", b"{}", 400)
    with pytest.raises(JobExpiredError) as caught:
        run("download_video", job(), Sink(io.BytesIO(), 100))
    assert (
        caught.value.message == "job j1 has no address of its result; ask for its status (poll_video), which names one"
    )
    assert caught.value.retryable
    with pytest.raises(JobExpiredError, match=r"poll_image"):
        result_file_request(job(ImageJob))


def test_a_request_with_input_media_is_built_beside_the_event_loop(server, provider):
    server.answer("/v1/jobs", b'{"id": "j1"}')
    image = InputFile("a.png", b"png", "image/png")
    asyncio.run(provider.generate_image_async(prepared(images=(image,)), timeout=60.0))
    asyncio.run(provider.generate_image_async(prepared(), timeout=60.0))
    assert [name == threading.main_thread().name for name in provider.threads] == [False, True]


def test_the_time_is_that_of_all_requests_together(server, provider):
    with pytest.raises(ConnectionFailedError, match="the time of the call is over"):
        provider.download_video(job(), Sink(io.BytesIO(), 100), timeout=0.0)
    assert server.requests == []


def test_a_new_job_is_at_this_provider(provider, server):
    made = provider.new_job(VideoJob, "m", asked={"n": 2})
    assert (made.provider, made.model, made.id, made.endpoint, made.asked) == ("acme", "m", "", server.url, {"n": 2})


def test_an_input_video_is_an_address_or_a_data_url(tmp_path, clip):
    path = tmp_path / "a.mp4"
    path.write_bytes(clip)
    for video in (path, Media(path=path), Media(data=clip)):
        assert video_url(video) == f"data:video/mp4;base64,{base64.b64encode(clip).decode()}"
    assert video_url(Media(url="https://files.example/a.mp4")) == "https://files.example/a.mp4"
    assert video_url("https://files.example/a.mp4") == "https://files.example/a.mp4"
    assert video_url(job()) is None
    assert video_url("video_123") is None
