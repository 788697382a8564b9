"""The sandbox's OpenRouter face, over plain HTTP: as strict as the vendor's own description of it."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def send(router):
    def exchange(method, path, body=None, key="k"):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"{router.openrouter_url}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, _parsed(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _parsed(error.read())

    return exchange


def _parsed(content):
    try:
        return json.loads(content)
    except ValueError:
        return content


def finished(send, **fields):
    status, job = send("POST", "/videos", {"model": "google/veo-3.1-lite", "prompt": "a lake", **fields})
    assert status == 202, job
    while (shown := send("GET", f"/videos/{job['id']}")[1])["status"] in ("pending", "in_progress"):
        time.sleep(0.02)
    return shown


def test_a_job_goes_from_pending_to_its_clip(send):
    status, job = send("POST", "/videos", {"model": "google/veo-3.1-lite", "prompt": "a lake", "duration": 4})

    assert status == 202
    assert set(job) == {"id", "polling_url", "status"}
    assert job["status"] == "pending"
    assert send("GET", f"/videos/{job['id']}/content")[0] == 409
    shown = finished(send)
    assert {"unsigned_urls", "urls", "expires_at", "usage", "generation_id"} <= set(shown)
    assert send("GET", f"/videos/{shown['id']}/content?index=0")[1][4:8] == b"ftyp"
    assert send("GET", f"/videos/{shown['id']}/content?index=1")[0] == 404


DOT = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")
).decode()


def part(url=f"data:image/png;base64,{DOT}", **extra):
    return {"type": "image_url", "image_url": {"url": url}, **extra}


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": ""},
        {"prompt": None},
        {"duration": 5},
        {"duration": "4"},
        {"duration": 4.5},
        {"resolution": "480p"},
        {"resolution": "8K"},
        {"aspect_ratio": "1:1"},
        {"aspect_ratio": "1:7"},
        {"size": "640x480"},
        {"seed": "7"},
        {"generate_audio": "yes"},
        {"frame_images": {}},
        {"frame_images": [part()]},
        {"frame_images": [part(frame_type="middle_frame")]},
        {"frame_images": [part("data:image/png;base64,AAAA", frame_type="first_frame")]},
        {"frame_images": [part("no url", frame_type="first_frame")]},
        {"input_references": [{"type": "picture"}]},
        {"provider": "google-vertex"},
    ],
    ids=str,
)
def test_what_is_wrong_is_refused_with_a_code_that_is_a_number(send, router, fields):
    status, answer = send("POST", "/videos", {"model": "google/veo-3.1-lite", "prompt": "a lake", **fields})

    assert (status, answer["error"]["code"]) == (400, 400)
    assert router.paid == []


@pytest.mark.parametrize("model", ["acme/none", "openai/sora-2-pro"])
def test_a_model_that_nobody_runs_is_not_found(send, model):
    assert send("POST", "/videos", {"model": model, "prompt": "a lake"})[0] == 404
    assert send("POST", "/images", {"model": "acme/none", "prompt": "a cat"})[0] == 404


def test_both_kinds_of_pictures_are_taken_and_one_is_dropped_without_a_word(send, router):
    both = {"frame_images": [part(frame_type="first_frame")], "input_references": [part()]}

    assert finished(send, **both)["status"] == "completed"
    assert router.openrouter.dropped == ["input_references"]


def test_what_it_does_not_know_is_dropped_without_a_word(send, router):
    options = {"google-vertex": {"parameters": {"negativePrompt": "fog", "mood": 1}}, "acme": {"parameters": {"a": 1}}}
    finished(send, n=4, provider={"options": options})

    dropped = ["n", "provider.options.google-vertex.parameters.mood", "provider.options.acme.parameters.a"]
    assert router.openrouter.dropped == dropped


def test_only_a_finished_job_of_the_same_model_is_continued(send):
    first = finished(send)["id"]
    wanted = {"prompt": "at night", "previous_job_id": first}

    assert send("POST", "/videos", {"model": "google/veo-3.1-lite", **wanted})[0] == 202
    assert send("POST", "/videos", {"model": "google/veo-3.1", **wanted})[0] == 400
    assert send("POST", "/videos", {"model": "alibaba/wan-2.7", **wanted})[0] == 400
    unknown = {"model": "google/veo-3.1", "prompt": "x", "previous_job_id": "gen-vid-0"}
    assert send("POST", "/videos", unknown)[0] == 404


def test_the_lists_need_no_key_and_everything_else_does(send):
    assert send("GET", "/videos/models", key=None)[0] == 200
    assert send("GET", "/images/models", key=None)[0] == 200
    assert send("POST", "/videos", {"model": "google/veo-3.1", "prompt": "x"}, key=None)[0] == 401
    assert send("POST", "/images", {"model": "openai/gpt-image-2", "prompt": "x"}, key="sk-invalid")[0] == 401
    assert send("GET", "/videos/gen-vid-0")[0] == 404


def test_there_is_no_list_of_jobs_and_no_cancel(send):
    job = finished(send)["id"]

    assert send("GET", "/videos")[0] == 404
    assert send("DELETE", f"/videos/{job}")[0] == 404
    assert send("POST", f"/videos/{job}/cancel")[0] == 404


def test_the_second_origin_gives_a_clip_to_its_signature_and_to_no_key(send, router):
    url = finished(send)["urls"][0]

    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.read()[4:8] == b"ftyp"
    for address, headers, status in (
        (url.partition("?")[0], {}, 403),
        (url, {"Authorization": "Bearer k"}, 400),
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60)
        caught.value.close()
        assert caught.value.code == status
    assert len(router.openrouter.leaks) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 0},
        {"n": 11},
        {"quality": "ultra"},
        {"quality": "max"},
        {"aspect_ratio": "16:10"},
        {"resolution": "8K"},
        {"stream": 1},
        {"input_references": [part("ftp://x")]},
        {"output_compression": 101},
        {"size": "big"},
    ],
    ids=str,
)
def test_a_picture_that_is_asked_for_wrongly_is_refused(send, fields):
    assert send("POST", "/images", {"model": "openai/gpt-image-2", "prompt": "a cat", **fields})[0] == 400


def test_a_model_without_a_knob_ignores_it(send, router):
    body = {"model": "black-forest-labs/flux.2-pro", "prompt": "a cat", "quality": "high"}

    assert send("POST", "/images", body)[0] == 200
    assert router.openrouter.dropped == ["quality"]
    assert send("POST", "/images", {**body, "n": 2})[0] == 400


def test_a_model_that_does_not_stream_answers_at_once(send):
    body = {"model": "google/gemini-3.1-flash-lite-image", "prompt": "a cat", "stream": True}
    status, answer = send("POST", "/images", body)

    assert status == 200
    assert set(answer) == {"created", "data", "usage"}
    streamed = send("POST", "/images", {**body, "model": "openai/gpt-image-2"})[1]
    assert streamed.startswith(b": OPENROUTER PROCESSING\n\nevent: image_generation.partial_image\ndata: ")
    assert streamed.endswith(b"data: [DONE]\n\n")


def test_all_models_are_listed_for_anyone_by_what_they_make(send):
    made = {
        query: {model["id"] for model in send("GET", f"/models{query}", key=None)[1]["data"]}
        for query in ("", "?output_modalities=text", "?output_modalities=video", "?output_modalities=image,video")
    }
    # At the vendor the list shows models that write, unless others are named.
    assert made[""] == made["?output_modalities=text"] == set()
    assert "google/veo-3.1" in made["?output_modalities=video"]
    assert "openai/gpt-image-2" not in made["?output_modalities=video"]
    assert {"google/veo-3.1", "openai/gpt-image-2"} <= made["?output_modalities=image,video"]
    listed = send("GET", "/models?output_modalities=all", key=None)[1]
    assert listed["total_count"] == len(listed["data"])
