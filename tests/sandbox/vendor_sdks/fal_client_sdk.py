"""Calls of fal's own client, unchanged, against the sandbox: the environment names its queue."""

from __future__ import annotations

import asyncio

import fal_client
import httpx

IMAGE, VIDEO, EDIT = "fal-ai/flux/dev", "fal-ai/veo3.1", "fal-ai/nano-banana-2/edit"
client = fal_client.SyncClient(key="id:of-the-tests", default_timeout=60)


def fetched(url):
    # Where files are, no key is wanted.
    return httpx.get(url, trust_env=False).raise_for_status().content


def refusal(call):
    try:
        call()
    except fal_client.FalClientHTTPError as error:
        return error.status_code, error.response.json().get("detail")
    raise AssertionError


handle = client.submit(IMAGE, arguments={"prompt": "a boat", "num_images": 2, "image_size": "square"})
states = [type(status) for status in handle.iter_events(with_logs=True, interval=0.02)]
assert states[0] in (fal_client.Queued, fal_client.InProgress)
assert states[-1] is fal_client.Completed
images = handle.get(interval=0.02)["images"]
assert [(image["width"], image["content_type"]) for image in images] == [(512, "image/jpeg")] * 2
assert all(fetched(image["url"])[:2] == b"\xff\xd8" for image in images)

# By its id alone the client asks below the first two segments of the model's id.
assert isinstance(client.status(IMAGE, handle.request_id), fal_client.Completed)
assert client.result(IMAGE, handle.request_id)["images"] == images
status, _ = refusal(lambda: client.cancel(IMAGE, handle.request_id))
assert status == 400

made = client.subscribe(VIDEO, arguments={"prompt": "a boat", "duration": "4s"}, with_logs=True)
assert fetched(made["video"]["url"])[4:8] == b"ftyp"

picture = fal_client.encode(fetched(images[0]["url"]), "image/jpeg")
edited = client.subscribe(EDIT, arguments={"prompt": "at night", "image_urls": [picture], "output_format": "png"})
assert fetched(edited["images"][0]["url"])[1:4] == b"PNG"

queued = client.submit(VIDEO, arguments={"prompt": "a boat"})
queued.cancel()

status, [detail] = refusal(lambda: client.submit(IMAGE, arguments={"prompt": "a boat", "colour": "red"}))
assert (status, detail["loc"], detail["type"]) == (422, ["body", "colour"], "extra_forbidden")
status, [detail] = refusal(lambda: client.submit(IMAGE, arguments={"prompt": "a forbidden scene"}))
assert (status, detail["type"]) == (422, "content_policy_violation")
assert refusal(lambda: client.status(IMAGE, "no-such-request"))[0] == 404
assert refusal(lambda: fal_client.SyncClient(key="sk-invalid").submit(IMAGE, arguments={"prompt": "x"}))[0] == 401


async def main():
    talk = fal_client.AsyncClient(key="id:of-the-tests", default_timeout=60)
    job = await talk.submit(IMAGE, arguments={"prompt": "a boat"})
    assert len((await job.get(interval=0.02))["images"]) == 1


asyncio.run(main())
print("all calls work")
