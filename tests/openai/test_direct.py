"""The short way through the kit: what arrives is what the SDK sends, and nothing is made twice."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import sys
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import httpx2
import openai
import pytest

from tarash.tarash_gateway import generate_image, generate_image_async, poll_video, poll_video_async
from tarash.tarash_gateway.errors import AuthenticationError, UnconfirmedGenerationError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins.http import Connection, HttpClient, HttpRequest, read_error, transport
from tarash_gateway_openai import clients
from tarash_gateway_openai.sender import Sender

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture(autouse=True)
def _no_client_is_left():
    yield
    clients.close_clients()


FLAVOURS = pytest.mark.parametrize("flavour", ["sync", "async"])

CONNECTIONS = {
    "key": {},
    "key in a header of its own": {"key_header": "api-key", "key_prefix": ""},
    "key of a function": {"key": lambda: "sk-given-0123"},
    "organization and project": {"headers": (("OpenAI-Organization", "org-1"), ("OpenAI-Project", "proj-1"))},
    "version in the query": {"query": (("api-version", "2025-04-01-preview"),)},
    "gateway's key in the query": {"query": (("subscription-key", "secret-0123"), ("api-version", "v1"))},
    "gateway's key in a header": {"headers": (("x-gateway-key", "secret-0123"),)},
    "authorization of a gateway": {"headers": (("authorization", "Basic c2VjcmV0"),)},
}

REQUESTS = {
    "POST": HttpRequest("POST", "/images/generations", {"prompt": "ein Käfer 🐞", "n": 1}),
    "GET": HttpRequest("GET", "/videos/video%3F1"),
    "GET with a query": HttpRequest("GET", "/videos?limit=100&order=desc"),
    "DELETE": HttpRequest("DELETE", "/videos/video_1"),
}


def sent_by_the_sdk(connection, outgoing, flavour):
    options = {"timeout": httpx2.Timeout(7.0)}
    body = {"body": outgoing.body} if outgoing.method == "POST" else {}
    if flavour == "sync":
        call = getattr(clients.sdk_of(connection).blocking, outgoing.method.lower())
        call(outgoing.path, cast_to=object, options=options, **body)
        return

    async def later():
        call = getattr((await clients.sdk_of_async(connection)).awaited, outgoing.method.lower())
        await call(outgoing.path, cast_to=object, options=options, **body)

    asyncio.run(later())


def sent_by_us(connection, outgoing, flavour):
    sender = Sender(connection, read_error)
    if flavour == "sync":
        sender.send(outgoing, 7.0)
    else:
        asyncio.run(sender.send_async(outgoing, 7.0))


@FLAVOURS
@pytest.mark.parametrize("outgoing", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("known", CONNECTIONS.values(), ids=CONNECTIONS)
def test_what_arrives_is_what_the_sdk_sends(tarash_sandbox, answering, monkeypatch, known, outgoing, flavour):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Trace: 7\nOpenAI-Organization: org-other")
    tarash_sandbox.play(answering({"id": "video_1"}), times=None)
    connection = Connection(**{"base_url": tarash_sandbox.url, "key": "sk-mine-0123", **known})

    sent_by_the_sdk(connection, outgoing, flavour)
    sent_by_us(connection, outgoing, flavour)

    sdks, ours = tarash_sandbox.requests
    assert (ours.method, ours.path, ours.query, ours.json) == (sdks.method, sdks.path, sdks.query, sdks.json)
    # A type without a body, as the SDK sends it with a DELETE, says nothing.
    of_a_body = {"content-length", "content-type"} if outgoing.method != "POST" else {"content-length"}
    assert drop(ours.headers, of_a_body) == drop(sdks.headers, of_a_body)


def drop(headers, names):
    return {name: value for name, value in headers.items() if name not in names}


@FLAVOURS
def test_a_cookie_of_the_server_ties_no_calls_together(tarash_sandbox, answering, flavour):
    tarash_sandbox.play(answering({"id": "video_1"}, set_cookie="route=7; Path=/"), times=None)
    sender, poll = Sender(Connection(base_url=tarash_sandbox.url, key="sk-mine-0123"), read_error), REQUESTS["GET"]

    async def twice():
        await sender.send_async(poll, 7.0)
        await sender.send_async(poll, 7.0)

    if flavour == "sync":
        sender.send(poll, 7.0)
        sender.send(poll, 7.0)
    else:
        asyncio.run(twice())

    assert [sent.headers.get("cookie") for sent in tarash_sandbox.requests] == [None, None]


def test_an_answer_may_come_packed(tarash_sandbox, make_image, image_config, image_request, one_picture, answering):
    packed = gzip.compress(one_picture.body)
    tarash_sandbox.play(answering(packed, content_encoding="gzip"))

    assert make_image(image_config(), image_request()).images[0].width == 64


def test_an_answer_that_cannot_be_unpacked_may_have_been_billed(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering(b"not packed at all", content_encoding="gzip"))

    with pytest.raises(UnconfirmedGenerationError) as caught:
        make_image(image_config(), image_request())

    assert caught.value.billable == "unknown"


def test_only_so_many_addresses_are_kept(monkeypatch):
    monkeypatch.setattr(transport, "KNOWN_ADDRESSES", 3)
    wire = HttpClient(Connection(base_url="https://x.example/v1", key="sk-1")).wire()

    for number in range(10):
        assert bytes(wire.url(f"/videos/{number}")) == f"https://x.example/v1/videos/{number}".encode()
        assert len(wire._urls) <= 3


REFUSAL = {"error": {"message": "no such key", "code": "invalid_api_key"}}


def test_the_cause_of_a_refusal_is_the_exception_that_the_sdk_has_for_it(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering(REFUSAL, status=401))

    with pytest.raises(AuthenticationError) as caught:
        make_image(image_config(), image_request())

    cause = caught.value.__cause__
    assert (type(cause), cause.code) == (openai.AuthenticationError, "invalid_api_key")
    assert "no such key" in str(cause)


def test_the_cause_of_a_refusal_holds_no_key(tarash_sandbox, make_image, image_config, image_request, answering):
    tarash_sandbox.play(answering({"error": {"message": "no such key: sk-mine-0123456789"}}, status=401))

    with pytest.raises(AuthenticationError) as caught:
        make_image(image_config(api_key="sk-mine-0123456789"), image_request())

    cause = caught.value.__cause__
    shown = f"{cause!r} {cause.request.headers} {cause.response.headers} {cause.body} {vars(cause)}"
    assert "sk-mine-0123456789" not in shown


@contextmanager
def files_run(received):
    """Collects the files whose functions run in the block."""
    sys.setprofile(lambda frame, event, _: received.add(Path(frame.f_code.co_filename)) if event == "call" else None)
    try:
        yield
    finally:
        sys.setprofile(None)


@FLAVOURS
@pytest.mark.parametrize("what", ["picture", "look at a job"])
def test_nothing_of_the_sdk_runs_in_a_call_and_no_model_of_it_is_made(
    tarash_sandbox, image_config, video_config, image_request, one_picture, answering, what, flavour
):
    job = VideoJob(provider="openai", model="sora-2", id="video_1", endpoint=tarash_sandbox.url)
    tarash_sandbox.play(one_picture, method="POST", times=None)
    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), method="GET", times=None)
    calls = {
        ("picture", "sync"): lambda: generate_image(image_config(), image_request()),
        ("picture", "async"): lambda: generate_image_async(image_config(), image_request()),
        ("look at a job", "sync"): lambda: poll_video(video_config(), job),
        ("look at a job", "async"): lambda: poll_video_async(video_config(), job),
    }
    call, ran = calls[what, flavour], set()

    async def later():
        await call()
        with files_run(ran):
            await call()

    if flavour == "sync":
        call()
        with files_run(ran):
            call()
    else:
        asyncio.run(later())

    sdk = Path(openai.__file__).parent
    assert any("httpcore2" in file.parts for file in ran)
    assert {str(file) for file in ran if file.is_relative_to(sdk)} == set()


@FLAVOURS
def test_looks_at_jobs_share_a_connection_and_each_is_one_request(tarash_sandbox, video_config, answering, flavour):
    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), times=None)
    before, config = tarash_sandbox.connections, video_config()
    jobs = [
        VideoJob(provider="openai", model="sora-2", id=f"video_{number}", endpoint=tarash_sandbox.url)
        for number in range(30)
    ]

    async def later():
        for job in jobs:
            await poll_video_async(config, job)

    if flavour == "async":
        asyncio.run(later())
    else:
        for job in jobs:
            poll_video(config, job)

    assert [sent.path for sent in tarash_sandbox.requests] == [f"/v1/videos/{job.id}" for job in jobs]
    assert tarash_sandbox.connections - before == 1


@pytest.fixture(scope="module")
def canned():
    """A server in another process, whose memory is not counted, and the size of its large picture."""
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "canned_server.py"
    spec = importlib.util.spec_from_file_location("canned_server", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.serving() as url:
        yield f"{url}/large/v1", module.LARGE


@FLAVOURS
def test_a_large_picture_is_held_no_more_than_twice_at_any_time(canned, image_config, image_request, flavour):
    # Its text is a third larger than itself: in pieces and joined, as answer and as text, as text and as bytes.
    url, size = canned
    config, request = image_config("gpt-image-2", base_url=url), image_request(size="1024x1024")

    async def later():
        await generate_image_async(config, request)
        tracemalloc.start()
        return await generate_image_async(config, request), tracemalloc.get_traced_memory()

    try:
        if flavour == "sync":
            generate_image(config, request)
            tracemalloc.start()
            response, (held, peak) = generate_image(config, request), tracemalloc.get_traced_memory()
        else:
            response, (held, peak) = asyncio.run(later())
    finally:
        tracemalloc.stop()

    assert size < len(response.images[0].content) < size + 1000
    assert peak < 2.8 * size
    assert held < 1.05 * size
