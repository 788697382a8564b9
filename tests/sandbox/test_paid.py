"""What is counted as paid, and the list that a lost job is looked up in."""

from __future__ import annotations

import time

import httpx2
import pytest

IMAGE = {"prompt": "a cat", "model": "gpt-image-2"}
VIDEO = {"prompt": "a lake", "model": "sora-2"}
IMAGES, VIDEOS = "/v1/images/generations", "/v1/videos"


# What is paid.


def test_what_was_made_is_counted_also_where_the_answer_is_lost(server, client):
    client.post(IMAGES, json=IMAGE | {"n": 3})
    client.post(IMAGES, json=IMAGE | {"model": "gpt-image-2@server_error"})
    client.post(IMAGES, json=IMAGE | {"size": "1x1"})
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post(VIDEOS, json=VIDEO | {"model": "sora-2@dropped_after_creation"})

    pictures, clip = server.paid
    assert (pictures.kind, pictures.model, pictures.prompt, pictures.count) == ("image", "gpt-image-2", "a cat", 3)
    assert (clip.kind, clip.model, clip.prompt) == ("video", "sora-2@dropped_after_creation", "a lake")
    [listed] = client.get(VIDEOS).json()["data"]
    assert listed["id"] == clip.id
    assert "a lake" not in repr(clip)
    server.clear()
    assert server.paid == []


def test_a_refusal_is_not_replaced_by_a_fault_of_the_answer(server, client):
    answer = client.post(VIDEOS, json=VIDEO | {"seconds": "5", "model": "sora-2@server_error_after_creation"})

    assert (answer.status_code, server.paid) == (400, [])


def test_a_remix_is_paid_for(server, client):
    job = client.post(VIDEOS, json=VIDEO).json()["id"]
    again = client.post(f"{VIDEOS}/{job}/remix", json={"prompt": "at night"}).json()["id"]

    assert [(item.id, item.prompt) for item in server.paid] == [(job, "a lake"), (again, "at night")]


# The list.


@pytest.mark.parametrize("prefix", ["/v1", "/openai/v1"])
def test_the_job_list_shows_what_a_job_is_recognised_by_and_has_pages(client, prefix):
    made = [
        client.post(
            f"{prefix}/videos", json={"prompt": f"lake {at}", "model": "clips" if "openai" in prefix else "sora-2"}
        )
        for at in range(5)
    ]
    ids = [answer.json()["id"] for answer in made][::-1]
    pages, after = [], None
    for _ in range(3):
        query = {"limit": 2} | ({"after": after} if after else {})
        pages.append(client.get(f"{prefix}/videos", params=query).json())
        after = pages[-1]["last_id"]

    assert [job["id"] for page in pages for job in page["data"]] == ids
    assert [page["has_more"] for page in pages] == [True, True, False]
    first = pages[0]["data"][0]
    assert (first["prompt"], first["size"], first["seconds"]) == ("lake 4", "720x1280", "4")
    assert abs(first["created_at"] - time.time()) < 60
    assert client.get(f"{prefix}/videos", params={"after": "video_x"}).status_code == 404


def test_the_list_leaves_out_a_job_that_lags_as_often_as_it_says(client):
    late = client.post(VIDEOS, json=VIDEO | {"model": "sora-2@list_lags*3"}).json()["id"]
    there = client.post(VIDEOS, json=VIDEO).json()["id"]

    looks = [[job["id"] for job in client.get(VIDEOS).json()["data"]] for _ in range(4)]

    assert looks == [[there], [there], [there], [there, late]]
    assert client.get(f"{VIDEOS}/{late}").status_code == 200


def test_a_job_may_take_its_list_along(client, statuses):
    client.post(VIDEOS, json=VIDEO | {"model": "sora-2@list_405"})

    assert statuses(1) == [405]
