"""The fake vendor: a real HTTP server that answers by handlers, keeps what arrives, and lets answers go wrong."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import time

import av
import httpx2
import pytest
from PIL import Image

from tarash.tarash_gateway.media.structure import inspect_media
from tarash_gateway_testing import (
    Answer,
    Cut,
    Drips,
    Dropped,
    FakeVendor,
    Handler,
    Hangs,
    Redirected,
    Stalls,
    Stream,
    answers,
    sample_image,
    sample_video,
)
from tarash_gateway_testing.fake.handlers import handlers_of
from tarash_gateway_testing.request_matcher import carries

HANDLERS = (
    Handler("stream", "POST /v1/pictures", lambda request: Stream({"at": 1}, {"at": 2}), lambda r: "live" in r.json),
    Handler("image", "POST /v1/pictures", lambda request: {"got": request.fields}),
    Handler("submit", "POST /v1/films", lambda request: {"id": request.job.id, "state": request.job.word}),
    Handler("poll", "GET /v1/films/{id}", lambda request: {"state": request.job.word, "id": request.params["id"]}),
    Handler("download", "GET /v1/films/{id}/file", lambda request: request.job.video()),
    Handler("cancel", "POST /v1/films:stop", lambda request: {"state": request.job.word}),
    Handler("list", "GET /films", lambda request: [job.id for job in request.jobs]),
)


@pytest.fixture
def vendor():
    with FakeVendor(HANDLERS, words={"in_progress": "SHOOTING", "completed": "READY"}, base_path="/v1") as vendor:
        yield vendor


@pytest.fixture
def client(vendor):
    with httpx2.Client(base_url=vendor.url, trust_env=False, timeout=60, verify=False) as client:
        yield client


@pytest.fixture
def film(client):
    return client.post("/films", json={"text": "a lake"}).json()["id"]


def test_sample_media_are_real():
    with Image.open(io.BytesIO(sample_image("a", width=40, height=20))) as opened:
        opened.load()
        assert opened.size == (40, 20)
    with av.open(io.BytesIO(sample_video("a"))) as container:
        (frame,) = container.decode(video=0)
        assert (frame.width, frame.height) == (16, 16)
    assert inspect_media(sample_video("a")).duration_seconds == 1
    assert sample_image("a") != sample_image("b")
    assert sample_video("a") != sample_video("b")


def test_a_handler_is_found_by_method_and_path(vendor, client):
    assert client.post("/pictures", json={"a": 1}).json() == {"got": {"a": 1}}
    assert [(request.role, str(request)) for request in vendor.requests] == [("image", "POST /v1/pictures")]


def test_a_route_may_be_written_whole_or_behind_the_base_path(client, film):
    assert client.get("/films").json() == [film]
    assert client.get(f"/films/{film}").json()["id"] == film


def test_a_form_is_read_with_its_files(client):
    sent = client.post("/pictures", data={"a": "ü"}, files={"f": ("f.png", b"x", "image/png")})

    assert sent.status_code == 500  # bytes are no JSON, and that is the handler's trouble
    assert client.post("/pictures", data={"a": "1", "b": "2"}).json() == {"got": {"a": "1", "b": "2"}}


def test_a_body_in_chunks_is_read(client):
    sent = client.post("/pictures", content=iter([b'{"a"', b": 1}"]))

    assert sent.json() == {"got": {"a": 1}}


def test_a_handler_that_raises_is_told(vendor, client):
    client.post("/pictures", files={"f": b"x"})

    (trouble,) = vendor.troubles()
    assert trouble.startswith("the handler of POST /v1/pictures raised\n")
    assert "TypeError" in trouble


def test_a_request_that_nobody_answers_is_told(vendor, client):
    assert client.get("/nowhere").status_code == 404
    assert vendor.troubles() == [
        "no handler is for GET /v1/nowhere: give one, as in @answers(ROLE, 'GET /nowhere')",
    ]


def test_a_job_goes_on_with_each_look(vendor, client):
    vendor.jobs_go("in_progress", "in_progress", "completed")

    job = client.post("/films", json={}).json()
    looks = [client.get(f"/films/{job['id']}").json()["state"] for _ in range(3)]

    assert job["state"] == "SHOOTING"
    assert looks == ["SHOOTING", "READY", "READY"]


def test_a_job_is_found_wherever_its_id_is(vendor, client, film):
    assert client.post("/films:stop", json={"film": {"number": film}}).json() == {"state": "cancelled"}
    assert client.get("/films/another").status_code == 404


def test_a_clip_is_given_in_ranges(vendor, client, film):
    whole = client.get(f"/films/{film}/file").content

    rest = client.get(f"/films/{film}/file", headers={"range": "bytes=100-"})
    vendor.serves_ranges = False
    again = client.get(f"/films/{film}/file", headers={"range": "bytes=100-"})

    assert whole == vendor.video(film) == sample_video(f"{film}-0")
    assert (rest.status_code, rest.content) == (206, whole[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    assert (again.status_code, again.content) == (200, whole)


def test_it_has_addresses_of_media_that_may_be_elsewhere(vendor, film):
    (job,) = vendor.jobs
    with FakeVendor() as elsewhere:
        address = job.result_url().replace(vendor.origin, elsewhere.origin)
        fetched = httpx2.get(address, trust_env=False, timeout=60, verify=False)

    assert fetched.content == job.video()
    assert fetched.headers["content-type"] == "video/mp4"


def test_an_answer_in_place_of_the_real_one_makes_nothing(vendor, client):
    vendor.fail(Answer(503, {"no": 1}, {"retry-after": "3"}), "submit")

    refused = client.post("/films", json={})

    assert (refused.status_code, refused.json(), refused.headers["retry-after"]) == (503, {"no": 1}, "3")
    assert vendor.jobs == []
    assert client.post("/films", json={}).status_code == 200


@pytest.mark.parametrize("fault", [Dropped(), Cut(), Hangs(0.01)])
def test_an_answer_that_is_lost_has_made_something(vendor, client, fault):
    vendor.fail(fault, "submit")

    with pytest.raises(httpx2.RemoteProtocolError):
        client.post("/films", json={})

    assert len(vendor.jobs) == 1


def test_a_fault_is_for_its_role_and_as_often_as_it_says(vendor, client):
    vendor.fail(Answer(500), "image", times=2)

    assert client.post("/pictures", json={"live": True}).status_code == 200
    assert [client.post("/pictures", json={}).status_code for _ in range(3)] == [500, 500, 200]


def test_a_redirect_leads_to_the_same_path_elsewhere(vendor, client):
    vendor.fail(Redirected("http://elsewhere.example"), "image")

    sent = client.post("/pictures?a=1", json={})

    assert (sent.status_code, sent.headers["location"]) == (307, "http://elsewhere.example/v1/pictures?a=1")


def test_a_stream_comes_in_pieces(client):
    sent = client.post("/pictures", json={"live": True})

    assert sent.headers["content-type"] == "text/event-stream"
    assert sent.text == 'data: {"at": 1}\n\ndata: {"at": 2}\n\n'


def test_a_stream_can_end_early_in_good_order(vendor, client):
    vendor.fail(Cut(orderly=True), "stream")

    assert client.post("/pictures", json={"live": True}).text == 'data: {"at": 1}\n\n'


def test_it_notices_a_client_that_leaves(vendor, client):
    vendor.fail(Stalls(), "stream")

    with client.stream("POST", "/pictures", json={"live": True}) as response:
        lines = response.iter_lines()  # one that nobody holds would close the answer
        next(lines)
        assert not vendor.left("stream", within=0)

    assert vendor.left("stream", within=60)


def test_an_answer_can_come_a_byte_at_a_time(vendor):
    vendor.fail(Drips(pause=0.001), "image")

    with socket.create_connection(("127.0.0.1", int(vendor.origin.rpartition(":")[2]))) as raw:
        raw.sendall(b"POST /v1/pictures HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
        read = b""
        reads = 0
        while piece := raw.recv(65_536):
            read, reads = read + piece, reads + 1

    assert json.loads(read.partition(b"\r\n\r\n")[2]) == {"got": {}}
    assert reads > 3


def test_it_starts_over(vendor, client):
    client.post("/films", json={})
    vendor.fail(Answer(500), "image")

    vendor.clear()

    assert (vendor.requests, vendor.jobs) == ([], [])
    assert client.post("/pictures", json={}).status_code == 200


def test_it_closes_at_once():
    begun = time.monotonic()
    with FakeVendor(HANDLERS) as vendor:
        vendor.fail(Hangs(), "image")
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{vendor.url}/v1/pictures", json={}, trust_env=False, timeout=0.05, verify=False)

    assert time.monotonic() - begun < 5
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(vendor.url, trust_env=False, timeout=60, verify=False)


def test_marked_methods_become_handlers_those_with_a_condition_first():
    class Both:
        @answers("image", "POST /pictures")
        def picture(self, request):
            return "picture"

        @answers("stream", "POST /pictures", when=lambda request: True)
        def stream(self, request):
            return "stream"

        @answers("poll", "GET /a")
        @answers("list", "GET /b")
        def two(self, request):
            return "two"

    class Less(Both):
        picture = None

    assert [handler.role for handler in handlers_of(Both())] == ["stream", "image", "list", "poll"]
    assert [handler.role for handler in handlers_of(Less())] == ["stream", "list", "poll"]


def test_an_unknown_role_is_told():
    with pytest.raises(ValueError, match="'images' is no role; the roles are image, stream, submit, poll,"):
        answers("images", "POST /pictures")


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        pytest.param({"size": "1024x768"}, "1024x768", id="a size"),
        pytest.param({"w": 1024, "h": 768}, "1024x768", id="a size as two numbers"),
        pytest.param({"size": "1024*768"}, "1024x768", id="a size with a star"),
        pytest.param({"length": "6s"}, 6.0, id="seconds with a unit"),
        pytest.param({"length": 6}, 6.0, id="seconds as a whole number"),
        pytest.param({"a": [{"quality": "HD"}]}, "hd", id="a word inside"),
        pytest.param({"sound": False}, False, id="a switch"),
    ],
)
def test_a_value_is_found_however_it_is_written(vendor, client, sent, value):
    client.post("/pictures", json=sent)

    assert carries(vendor.requests[0], value)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        pytest.param({"size": "1024x1024"}, "1024x768", id="another size"),
        pytest.param({"length": "16s"}, 6.0, id="a part of a number"),
        pytest.param({"sound": True}, False, id="the other way"),
        pytest.param({}, "hd", id="nothing"),
    ],
)
def test_a_value_that_is_not_there_is_not_found(vendor, client, sent, value):
    client.post("/pictures", json=sent)

    assert not carries(vendor.requests[0], value)


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        pytest.param(
            "import tarash.tarash_gateway.images, tarash.tarash_gateway.videos, tarash.tarash_gateway.catalog",
            "pytest",
            id="the gateway",
        ),
        pytest.param("from tarash_gateway_testing import FakeVendor", "pytest", id="the fake vendor"),
        pytest.param("import tarash_gateway_testing", "http.server", id="the names of the kit"),
        pytest.param("from tarash_gateway_testing import ProviderConformance", "httpx2", id="the kit"),
    ],
)
def test_nothing_is_loaded_before_it_is_used(code, absent):
    script = f"import sys; {code}; print({absent!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"


def test_the_names_before_1_1_still_lead_to_what_they_named(vendor, client, film):
    import tarash_gateway_testing as kit

    assert (kit.picture, kit.clip) == (sample_image, sample_video)
    (request, *_), (job, *_) = vendor.requests, vendor.jobs
    assert (request.picture(1), request.picture_url(1)) == (request.image(1), request.image_url(1))
    assert job.clip() == vendor.clip(film) == vendor.video(film) == job.video()
