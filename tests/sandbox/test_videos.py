"""Videos: a job's life, its clip, and remixes."""

from __future__ import annotations

import base64
import io
import time

import av
import pytest
from PIL import Image


def frames_of(content):
    with av.open(io.BytesIO(content)) as container:
        return list(container.decode(video=0)), container.streams.video[0].average_rate


def test_a_job_goes_from_queued_to_completed_with_the_vendors_fields(sdk, tarash_sandbox):
    tarash_sandbox.job_seconds = 0.4
    job = sdk.post("/videos", body={"prompt": "a red car", "model": "sora-2"}, cast_to=object)

    assert job["id"].startswith("video_")
    assert (job["object"], job["status"], job["progress"]) == ("video", "queued", 0)
    assert (job["seconds"], job["size"], job["model"]) == ("4", "720x1280", "sora-2")
    assert job["completed_at"] is job["expires_at"] is job["error"] is job["remixed_from_video_id"] is None

    received = []
    while job["status"] != "completed":
        time.sleep(0.03)
        job = sdk.get(f"/videos/{job['id']}", cast_to=object)
        received.append((job["status"], job["progress"]))
    assert any(status == "in_progress" for status, _ in received)
    assert received == sorted(received, key=lambda item: item[1])
    assert received[-1] == ("completed", 100)
    assert job["expires_at"] > job["completed_at"] >= job["created_at"]


def test_a_poll_is_told_when_to_come_again(http, finished):
    answer = http.get(f"/v1/videos/{finished(prompt='a red car')['id']}")

    assert 20 <= int(answer.headers["openai-poll-after-ms"]) <= 200


@pytest.mark.usefixtures("drawings")
def test_a_clip_has_the_size_and_the_duration_that_were_asked_for(http, finished):
    job = finished(prompt="a red car", size="1280x720", seconds="4")
    answer = http.get(f"/v1/videos/{job['id']}/content")

    assert answer.headers["content-type"] == "video/mp4"
    frames, rate = frames_of(answer.content)
    assert (frames[0].width, frames[0].height, frames[0].format.name) == (1280, 720, "yuv420p")
    assert len(frames) / rate == 4
    assert frames[0].to_image().tobytes() != frames[-1].to_image().tobytes()
    assert answer.content.index(b"moov") < answer.content.index(b"mdat")


@pytest.mark.usefixtures("drawings")
def test_the_same_order_is_the_same_clip(http, finished):
    from tarash_gateway_sandbox.artwork.orders import VideoOrder
    from tarash_gateway_sandbox.artwork.video import encode_video

    order = VideoOrder("a cat", 320, 180, 1)
    first = encode_video(order)
    encode_video.cache_clear()
    assert encode_video(order) == first
    assert encode_video(VideoOrder("a dog", 320, 180, 1)) != first


@pytest.mark.usefixtures("drawings")
def test_a_clip_begins_with_its_reference(sdk, http, picture, tarash_sandbox):
    tarash_sandbox.job_seconds = 0
    reference = picture(1280, 720, "JPEG", colour=(30, 160, 60))
    job = sdk.post(
        "/videos",
        body={"prompt": "it moves", "size": "1280x720"},
        files={"input_reference": ("first.jpg", reference, "image/jpeg")},
        options={"headers": {"Content-Type": "multipart/form-data"}},
        cast_to=object,
    )

    sent = tarash_sandbox.requests[0]
    assert sent.fields == {"prompt": "it moves", "size": "1280x720"}
    assert [(file.field, file.content_type, file.content) for file in sent.files] == [
        ("input_reference", "image/jpeg", reference)
    ]
    frames, _ = frames_of(http.get(f"/v1/videos/{job['id']}/content").content)
    for corner in ((5, 5), (1270, 710)):
        pixel = frames[0].to_image().getpixel(corner)
        assert all(abs(got - sent) < 12 for got, sent in zip(pixel, (30, 160, 60), strict=True))


def test_a_reference_may_be_an_object_in_json(http, picture):
    url = "data:image/png;base64," + base64.b64encode(picture(720, 1280)).decode()
    for reference in ({"image_url": url}, {"image_url": "https://example.com/any.jpg"}):
        assert http.post("/v1/videos", json={"prompt": "x", "input_reference": reference}).status_code == 200


@pytest.mark.usefixtures("drawings")
def test_a_thumbnail_is_a_webp_picture(http, finished):
    job = finished(prompt="a red car", size="1280x720")
    answer = http.get(f"/v1/videos/{job['id']}/content", params={"variant": "thumbnail"})

    picture = Image.open(io.BytesIO(answer.content))
    assert (answer.headers["content-type"], picture.format, picture.size) == (
        "image/webp",
        "WEBP",
        (640, 360),
    )


def test_a_part_of_a_clip_can_be_had(http, finished):
    path = f"/v1/videos/{finished(prompt='a red car')['id']}/content"
    whole = http.get(path)
    size = len(whole.content)

    def part(value, **headers):
        answer = http.get(path, headers={"range": value, **headers})
        return answer.status_code, answer.headers.get("content-range"), answer.content

    assert whole.headers["content-length"] == str(size)
    assert part("bytes=0-9") == (206, f"bytes 0-9/{size}", whole.content[:10])
    assert part("bytes=100-") == (206, f"bytes 100-{size - 1}/{size}", whole.content[100:])
    assert part("bytes=-7") == (206, f"bytes {size - 7}-{size - 1}/{size}", whole.content[-7:])
    assert part("bytes=5-99999999")[2] == whole.content[5:]
    assert part(f"bytes={size}-") == (416, f"bytes */{size}", b"")
    assert part("bytes=0-9", **{"if-range": whole.headers["etag"]})[0] == 206
    assert part("bytes=0-9", **{"if-range": '"another"'})[0] == 200


def test_a_clip_is_not_found_before_it_is_completed(http, tarash_sandbox):
    tarash_sandbox.job_seconds = 60
    job = http.post("/v1/videos", json={"prompt": "a red car"}).json()
    answer = http.get(f"/v1/videos/{job['id']}/content")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith("Video is not ready yet")


@pytest.mark.usefixtures("drawings")
def test_polls_are_answered_while_a_clip_is_encoded(http, finished, tarash_sandbox):
    import threading

    import httpx2

    job = finished(prompt="a long road", model="sora-2-pro", seconds="4", size="1280x720")
    path = f"/v1/videos/{job['id']}"
    done = threading.Event()

    def download():
        headers = {"authorization": "Bearer k"}
        httpx2.get(f"{tarash_sandbox.origin}{path}/content", headers=headers, timeout=60, trust_env=False)
        done.set()

    thread = threading.Thread(target=download)
    thread.start()
    polls = 0
    while not done.is_set():
        http.get(path)
        polls += 1
        time.sleep(0.01)
    thread.join()
    assert polls > 10


def test_a_remix_keeps_its_sources_size_and_seconds_and_looks_different(http, finished):
    source = finished(prompt="a red car", model="sora-2-pro", size="1024x1024", seconds="4")
    remixed = finished(f"/v1/videos/{source['id']}/remix", prompt="a blue car")

    assert remixed["remixed_from_video_id"] == source["id"]
    assert [remixed[key] for key in ("model", "size", "seconds")] == ["sora-2-pro", "1024x1024", "4"]
    assert remixed["prompt"] == "a blue car"
    item, other = (http.get(f"/v1/videos/{job['id']}/content").content for job in (source, remixed))
    assert item != other


@pytest.mark.parametrize("key", ["seconds", "size", "model", "seed"])
def test_a_remix_takes_a_prompt_and_nothing_else(http, finished, key):
    source = finished(prompt="a red car")
    answer = http.post(f"/v1/videos/{source['id']}/remix", json={"prompt": "a blue car", key: "4"})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"Unknown parameter: '{key}'."


def test_a_remix_of_nothing_is_not_found(http):
    answer = http.post("/v1/videos/video_0/remix", json={"prompt": "a blue car"})

    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "Video with id 'video_0' not found."


def test_a_deleted_job_is_gone(http, finished):
    path = f"/v1/videos/{finished(prompt='a red car')['id']}"
    answer = http.delete(path)

    assert answer.json() == {
        "id": path.removeprefix("/v1/videos/"),
        "object": "video.deleted",
        "deleted": True,
    }
    assert http.get(path).status_code == http.delete(path).status_code == 404


def test_jobs_are_listed_newest_first_page_by_page(http):
    ids = [http.post("/v1/videos", json={"prompt": f"car {number}"}).json()["id"] for number in range(5)]

    page = http.get("/v1/videos", params={"limit": 2}).json()
    assert [job["id"] for job in page["data"]] == [ids[4], ids[3]]
    assert (page["object"], page["first_id"], page["last_id"], page["has_more"]) == (
        "list",
        ids[4],
        ids[3],
        True,
    )
    page = http.get("/v1/videos", params={"limit": 3, "after": ids[3]}).json()
    assert [job["id"] for job in page["data"]] == [ids[2], ids[1], ids[0]]
    assert page["has_more"] is False
    page = http.get("/v1/videos", params={"order": "asc"}).json()
    assert [job["id"] for job in page["data"]] == ids
    assert http.get("/v1/videos", params={"limit": 101}).status_code == 400
