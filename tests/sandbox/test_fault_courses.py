"""What faults do over several requests: to jobs, lists, downloads, redirects, and in time."""

from __future__ import annotations

import time

import httpx2
import pytest

IMAGE = {"prompt": "a cat", "model": "gpt-image-2"}
VIDEO = {"prompt": "a lake", "model": "sora-2"}
IMAGES, VIDEOS = "/v1/images/generations", "/v1/videos"


# How jobs go.


def seen_until_the_end(client, job, last="completed"):
    received, until = [job["status"]], time.monotonic() + 60
    while received[-1] != last and time.monotonic() < until:
        job = client.get(f"{VIDEOS}/{job['id']}").json()
        if job["status"] != received[-1]:
            received.append(job["status"])
        time.sleep(0.005)
    return received


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        ("job_unknown_status", ["queued", "rendering", "completed"]),
        ("job_goes_backwards", ["queued", "in_progress", "queued", "in_progress", "completed"]),
        ("job_failed", ["queued", "in_progress", "failed"]),
    ],
)
def test_a_job_takes_the_course_of_its_fault(server, client, fault, received):
    server.job_seconds = 0.6
    job = client.post(VIDEOS, json=VIDEO | {"model": f"sora-2@{fault}"}).json()

    assert seen_until_the_end(client, job, received[-1]) == received


def test_a_stuck_job_never_gets_to_the_end(client):
    job = client.post(VIDEOS, json=VIDEO | {"model": "sora-2@job_stuck_in_progress"}).json()

    assert (job["status"], job["progress"], job["error"], job["completed_at"]) == ("in_progress", 99, None, None)
    assert client.get(f"{VIDEOS}/{job['id']}/content").status_code == 404


# Downloads.


def test_a_file_that_is_always_cut_never_comes_whole(client):
    url = f"{VIDEOS}/{client.post(VIDEOS, json=VIDEO | {'model': 'sora-2@content_cut'}).json()['id']}/content"
    ends = []
    for begin in (0, 100, 3000):
        end = begin
        with (
            pytest.raises(httpx2.RemoteProtocolError),
            client.stream("GET", url, headers={"range": f"bytes={begin}-"}) as part,
        ):
            for chunk in part.iter_raw():
                end += len(chunk)
        ends.append(end)

    assert len(set(ends)) == 1


def test_a_file_that_was_cut_once_can_be_resumed_or_not(client):
    made = client.post(VIDEOS, json=VIDEO | {"model": "sora-2@content_cut_once,content_range_ignored*1"}).json()["id"]
    url = f"{VIDEOS}/{made}/content"
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get(url)

    whole = client.get(url, headers={"range": "bytes=100-"})
    rest = client.get(url, headers={"range": "bytes=100-"})

    assert (whole.status_code, rest.status_code) == (200, 206)
    assert whole.content[100:] == rest.content


# Time.


def test_a_slow_answer_takes_its_time(server, client):
    server.slow_seconds = 0.3
    for name in ("slow_first_byte", "slow_drip", "slow_drip_head"):
        before = time.monotonic()
        answer = client.post(IMAGES, json=IMAGE | {"model": f"gpt-image-2@{name}"})
        assert answer.status_code == 200
        assert time.monotonic() - before >= 0.3


def test_a_silent_server_notices_that_its_client_left(server, client):
    with pytest.raises(httpx2.ReadTimeout):
        client.post(VIDEOS, json=VIDEO | {"model": "sora-2@never_answers_after_creation"}, timeout=0.2)

    assert len(server.paid) == 1
    assert client.get(VIDEOS).json()["data"][0]["id"] == server.paid[0].id


# Where a redirect leads.


def test_a_redirect_leads_to_another_origin_where_it_is_recorded(server, client):
    answer = client.get("/v1/models", headers={"x-sandbox-fault": "redirect"})
    httpx2.get(
        answer.headers["location"],
        headers={"authorization": "Bearer leaked"},
        trust_env=False,
        timeout=60,
        verify=False,
    )

    last = server.requests[-1]
    assert (last.path, last.headers["authorization"]) == ("/elsewhere/v1/models", "Bearer leaked")
    assert last.headers["host"].startswith("localhost:")
