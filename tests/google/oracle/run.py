"""Runs Google's own SDK, as it is, against the sandbox's face of Google, and prints what it saw as JSON.

It runs in an environment of its own, with `google-genai` and without the gateway: `python run.py BASE_URL FOLDER`.
"""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import time
import warnings

warnings.simplefilter("ignore")

from google import genai  # noqa: E402
from google.genai import errors, types  # noqa: E402

base_url, folder = sys.argv[1], pathlib.Path(sys.argv[2])
once = types.HttpRetryOptions(attempts=1)
received = {"sdk": genai.__version__}


def client(version=None, **fixed):
    options = types.HttpOptions(
        base_url=base_url,
        api_version=version,
        timeout=20_000,
        retry_options=once,
        client_args={"follow_redirects": False},
    )
    return genai.Client(http_options=options, **fixed)


def wait(talk, job):
    for _ in range(200):
        job = talk.interactions.get(job.id)
        if job.status not in ("in_progress", "queued"):
            return job
        time.sleep(0.02)
    raise TimeoutError


def kind_of(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, getattr(error, "code", None) or getattr(error, "status_code", None)]
    return None


gemini = client(api_key="oracle-key-123", enterprise=False)
job = gemini.interactions.create(
    model="gemini-omni-1.1-flash",
    input="A red lighthouse",
    background=True,
    response_format={
        "type": "video",
        "delivery": "uri",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": "3s",
    },
)
received["created"] = job.status
done = wait(gemini, job)
received["completed"] = done.status
received["tokens"] = done.usage.output_tokens_by_modality[0].tokens
uri = done.output_video.uri
received["uri"] = uri.partition("/v1/")[0]
target = folder / "sdk.mp4"
gemini.files.download(file=uri, destination=str(target))
received["clip"] = target.read_bytes()[4:8].decode()

picture = gemini.files.upload(file=str(folder / "picture.png"))
received["uploaded"] = [str(picture.state), picture.mime_type]
received["file"] = str(gemini.files.get(name=picture.name).state)
edited = gemini.interactions.create(
    model="gemini-omni-1.2-flash",
    input=[
        {"type": "image", "uri": picture.uri, "mime_type": "image/png"},
        {"type": "text", "text": "Make it a storm"},
    ],
    background=True,
    generation_config={"video_config": {"task": "reference_to_video"}},
    response_format={"type": "video"},
)
done = wait(gemini, edited)
received["inline"] = base64.b64decode(done.output_video.data)[4:8].decode()
further = gemini.interactions.create(
    model="gemini-omni-1.2-flash",
    previous_interaction_id=edited.id,
    input="And then night falls",
    background=True,
    generation_config={"video_config": {"task": "extend"}},
)
received["cancelled"] = gemini.interactions.cancel(further.id).status
gemini.interactions.delete(further.id)
received["unknown"] = kind_of(lambda: gemini.interactions.get(further.id))
received["bad ratio"] = kind_of(
    lambda: gemini.interactions.create(
        model="gemini-omni-1.1-flash",
        input="x",
        background=True,
        response_format={"type": "video", "aspect_ratio": "1:7"},
    )
)
refused = gemini.interactions.create(model="gemini-omni-1.1-flash@refusal", input="A secret", background=True)
done = wait(gemini, refused)
received["refusal"] = [done.status, done.output_video is None, bool(done.output_text)]
for name in ("string_error", "int_error", "array_error", "unavailable"):
    received[name] = kind_of(
        lambda name=name: gemini.interactions.create(model=f"gemini-omni-1.1-flash@{name}", input="x", background=True)
    )

config = types.GenerateContentConfig(
    response_modalities=["IMAGE"], image_config=types.ImageConfig(aspect_ratio="16:9", image_size="2K"), seed=3
)
answer = gemini.models.generate_content(model="gemini-nano-banana-2.1", contents="A cat", config=config)
received["picture"] = answer.candidates[0].content.parts[0].inline_data.mime_type
parts = [
    part
    for event in gemini.models.generate_content_stream(model="gemini-3-pro-image", contents="A cat", config=config)
    for candidate in event.candidates or []
    for part in candidate.content.parts
]
received["thoughts"] = [bool(part.thought) for part in parts]
blocked = gemini.models.generate_content(model="gemini-3-pro-image@refusal", contents="A cat", config=config)
received["blocked"] = blocked.candidates[0].finish_reason.value
received["bad tier"] = kind_of(
    lambda: gemini.models.generate_content(
        model="gemini-nano-banana-2.1",
        contents="A cat",
        config=types.GenerateContentConfig(
            response_modalities=["IMAGE"], image_config=types.ImageConfig(image_size="512")
        ),
    )
)
stranger = client(api_key="sk-invalid", enterprise=False)
received["bad key"] = kind_of(
    lambda: stranger.models.generate_content(model="gemini-nano-banana-2.1", contents="A cat", config=config)
)
received["models"] = len(list(gemini.models.list(config={"query_base": True})))

from google.oauth2.credentials import Credentials  # noqa: E402

vertex = client(
    enterprise=True, project="my-project", location="us-central1", credentials=Credentials(token="ya29.oracle")
)
operation = vertex.models.generate_videos(
    model="veo-3.1-generate-001",
    prompt="A red lighthouse",
    image=types.Image(image_bytes=(folder / "picture.png").read_bytes(), mime_type="image/png"),
    config=types.GenerateVideosConfig(
        number_of_videos=2,
        duration_seconds=4,
        aspect_ratio="16:9",
        resolution="720p",
        negative_prompt="fog",
        seed=1,
        generate_audio=False,
        person_generation="allow_adult",
    ),
)
for _ in range(200):
    operation = vertex.operations.get(operation)
    if operation.done:
        break
    time.sleep(0.02)
received["veo"] = [video.video.video_bytes[4:8].decode() for video in operation.result.generated_videos]
job = vertex.interactions.create(model="gemini-omni-1.2-flash", input="A red lighthouse", background=True)
received["vertex omni"] = base64.b64decode(wait(vertex, job).output_video.data)[4:8].decode()
assert issubclass(errors.ClientError, errors.APIError)
print(json.dumps(received))
