"""How faults are asked for, and how often they hit."""

from __future__ import annotations

import httpx2
import pytest

from tarash_gateway_sandbox import FAULTS, Answer, SandboxServer
from tarash_gateway_sandbox.fault_choice import faults_named

IMAGE = {"prompt": "a cat", "model": "gpt-image-2"}
VIDEO = {"prompt": "a lake", "model": "sora-2"}
IMAGES, VIDEOS = "/v1/images/generations", "/v1/videos"


# By script.


def test_a_scripted_fault_hits_the_requests_that_it_is_for(server, client, statuses):
    server.fail("poll_500")
    job = client.post(VIDEOS, json=VIDEO).json()

    assert statuses(1) == [200]
    assert statuses(2, f"{VIDEOS}/{job['id']}") == [500, 200]


def test_a_scripted_fault_hits_the_path_that_was_given(server, statuses):
    server.fail("poll_500", path="/v1/videos", method="post", times=2)

    assert statuses(1) == [200]
    assert statuses(3, body=VIDEO) == [500, 500, 200]
    assert len(server.paid) == 1


def test_a_scripted_fault_of_a_job_hits_the_next_job(server, client):
    server.fail("job_failed")

    ended = [client.post(VIDEOS, json=VIDEO).json()["status"] for _ in range(2)]

    assert ended == ["failed", "completed"]


def test_a_scripted_fault_of_a_job_goes_with_one_of_its_answer(server, client, statuses):
    server.fail("list_lags")
    server.fail("bad_gateway_after_creation")

    assert statuses(1, body=VIDEO) == [502]
    assert [len(client.get(VIDEOS).json()["data"]) for _ in range(3)] == [0, 0, 1]


def test_scripted_faults_and_answers_are_played_in_order(server, statuses):
    server.fail("unavailable")
    server.play(Answer(418), path="/v1/models")
    server.fail("gone", times=None)

    assert statuses(4, "/v1/models") == [503, 418, 410, 410]
    server.clear()
    assert statuses(1, "/v1/models") == [200]


def test_an_unknown_fault_cannot_be_scripted(server):
    with pytest.raises(
        ValueError, match=r"There is no sandbox fault 'poll_501'\. There are: unauthorized, forbidden, "
    ):
        server.fail("poll_501")
    with pytest.raises(ValueError, match=r"write fail\('poll_500', times=…\)"):
        server.fail("poll_500*2")
    with pytest.raises(ValueError, match="no sandbox fault 'x'"):
        SandboxServer(faults=["poll_500", "x"])


# By header.


def test_a_header_hits_its_own_request_and_no_other(statuses):
    assert statuses(2, IMAGES, IMAGE, x_sandbox_fault="server_error") == [500, 500]
    assert statuses(1, IMAGES, IMAGE) == [200]


def test_a_header_leaves_requests_alone_that_its_fault_is_not_for(statuses):
    assert statuses(1, IMAGES, IMAGE, x_sandbox_fault="poll_500, content_cut") == [200]
    assert statuses(1, VIDEOS, x_sandbox_fault="data_empty") == [200]


def test_several_faults_are_played_in_order_each_as_often_as_it_says(statuses):
    faults = "rate_limited*2, unavailable_once,server_error_after_creation*1"

    assert statuses(5, VIDEOS, VIDEO, x_sandbox_fault=faults) == [429, 429, 503, 500, 200]


@pytest.mark.parametrize("names", ["nothing", "rate_limited*0", "rate_limited*x", "rate_limited_once*2", "poll 500"])
def test_an_unknown_fault_is_a_400_that_lists_the_names(server, client, names):
    by_header = client.post(IMAGES, json=IMAGE, headers={"x-sandbox-fault": names})
    by_model = client.post(IMAGES, json=IMAGE | {"model": f"gpt-image-2@{names}"})

    assert (by_header.status_code, by_model.status_code) == (400, 400)
    error = by_header.json()["error"]
    assert error["message"].startswith(f"There is no sandbox fault '{names}'. There are: unauthorized, ")
    assert all(name in error["message"] for name in FAULTS)
    assert (error["param"], error["code"]) == ("x-sandbox-fault", "unknown_fault")
    assert by_model.json()["error"]["param"] == "model"
    assert server.paid == []


# By the model's name.


def test_a_models_name_is_what_stands_before_the_mark(client):
    too_wide = client.post(IMAGES, json=IMAGE | {"model": "gpt-image-1@rate_limited_once", "size": "640x480"})
    answer = client.post(IMAGES, json=IMAGE | {"model": "gpt-image-1@rate_limited_once", "size": "640x480"})

    assert (too_wide.status_code, answer.status_code) == (429, 400)
    assert "'1024x1024'" in answer.json()["error"]["message"]


def test_a_job_keeps_the_name_that_was_asked_for(client):
    job = client.post(VIDEOS, json=VIDEO | {"model": "sora-2@poll_500"}).json()

    assert job["model"] == "sora-2@poll_500"
    assert client.get(VIDEOS).json()["data"][0]["model"] == "sora-2@poll_500"


def test_a_counted_fault_counts_for_each_model_and_prompt(server, statuses):
    body = VIDEO | {"model": "sora-2@rate_limited_once"}

    assert statuses(3, body=body) == [429, 200, 200]
    assert statuses(2, body=body | {"prompt": "a hill"}) == [429, 200]
    assert statuses(2, body=body | {"model": "sora-2-pro@rate_limited_once"}) == [429, 200]
    server.clear()
    assert statuses(2, body=body) == [429, 200]


def test_a_job_keeps_the_faults_of_its_later_requests(client, statuses):
    body = VIDEO | {"model": "sora-2@poll_500*2,content_cut_once"}
    jobs = [client.post(VIDEOS, json=body).json()["id"] for _ in range(2)]

    for job in jobs:
        assert statuses(3, f"{VIDEOS}/{job}") == [500, 500, 200]
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get(f"{VIDEOS}/{job}/content")
        assert statuses(1, f"{VIDEOS}/{job}/content") == [200]


def test_a_job_keeps_what_the_header_of_its_creation_asks_for(client, statuses):
    job = client.post(VIDEOS, json=VIDEO, headers={"x-sandbox-fault": "poll_404_early"}).json()["id"]

    assert statuses(3, f"{VIDEOS}/{job}") == [404, 404, 200]


def test_the_same_fault_by_header_and_by_job_is_one_fault(client, statuses):
    job = client.post(VIDEOS, json=VIDEO, headers={"x-sandbox-fault": "poll_500*2"}).json()["id"]

    assert statuses(3, f"{VIDEOS}/{job}", x_sandbox_fault="poll_500*2") == [500, 500, 200]


def test_a_form_asks_for_faults_too(client):
    form = {name: (None, value) for name, value in (VIDEO | {"model": "sora-2@job_failed"}).items()}

    assert client.post(VIDEOS, files=form).json()["status"] == "failed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/openai/v1/videos", VIDEO | {"model": "clips@bad_gateway"}),
        ("/openai/v1/images/generations", IMAGE | {"model": "pictures@bad_gateway"}),
        ("/openai/deployments/pictures@bad_gateway/images/generations?api-version=2025-04-01-preview", IMAGE),
        ("/openai/deployments/pictures%40bad_gateway/images/generations?api-version=2025-04-01-preview", IMAGE),
    ],
)
def test_an_azure_deployment_asks_for_faults_too(client, path, body):
    assert client.post(path, json=body).status_code == 502


def test_an_azure_deployments_rules_are_those_of_the_name_before_the_mark(client):
    answer = client.post("/openai/v1/videos", json=VIDEO | {"model": "clips@job_failed", "seconds": "5"})

    assert answer.json()["error"]["param"] == "seconds"


def test_a_name_that_begins_with_the_mark_asks_for_none():
    with SandboxServer(profile="compatible", quick=True, job_seconds=0) as server:
        headers = {"authorization": "Bearer k"}
        with httpx2.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60, verify=False) as client:
            assert client.post("/videos", json=VIDEO | {"model": "@cf/acme/wan"}).status_code == 200
            ended = client.post("/videos", json=VIDEO | {"model": "acme/wan@job_cancelled"}).json()
            assert (ended["status"], sorted(ended)) == ("cancelled", ["created_at", "id", "status"])


# By the server's options.


def test_a_servers_own_faults_hit_every_request_that_they_are_for():
    with SandboxServer(faults=["poll_500*1,content_404", "job_unknown_status"], quick=True, job_seconds=0) as server:
        headers = {"authorization": "Bearer k"}
        with httpx2.Client(base_url=server.url, headers=headers, trust_env=False, timeout=60, verify=False) as client:
            for _ in range(2):
                job = client.post("/videos", json=VIDEO).json()["id"]
                paths = [f"/videos/{job}", f"/videos/{job}", f"/videos/{job}/content"]
                assert [client.get(path).status_code for path in paths] == [500, 200, 404]


def test_names_are_read_with_blanks_and_commas():
    named = faults_named(" poll_500*3 ,, content_cut,poll_404_early ")

    assert [(item.fault.name, item.times) for item in named] == [
        ("poll_500", 3),
        ("content_cut", None),
        ("poll_404_early", 2),
    ]
    assert faults_named(["a", "b"][:0]) == ()
