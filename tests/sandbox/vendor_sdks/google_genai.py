"""Calls of Google's own SDK, unchanged, against the sandbox: its address without a version is the argument."""

from __future__ import annotations

import io
import sys
import time
import warnings

import google.auth.credentials
from google import genai
from google.genai import types
from PIL import Image

warnings.simplefilter("ignore")  # the SDK announces its next major version
MODEL, OMNI, VEO = "gemini-nano-banana-2.1", "gemini-omni-1.2-flash", "veo-3.1-generate-001"


class Token(google.auth.credentials.Credentials):
    def refresh(self, request):
        self.token = "token"

    def before_request(self, request, method, url, headers):
        headers["authorization"] = "Bearer token"


def is_picture(answer):
    parts = answer.candidates[0].content.parts
    return any(part.inline_data and Image.open(io.BytesIO(part.inline_data.data)).size[0] > 0 for part in parts)


options = types.HttpOptions(base_url=sys.argv[1], retry_options=types.HttpRetryOptions(attempts=1))
client = genai.Client(api_key="AIza-of-the-tests", http_options=options)
encoded = io.BytesIO()
Image.effect_noise((64, 64), 90).convert("RGB").save(encoded, "PNG")
png = encoded.getvalue()

assert {MODEL, OMNI} <= {model.name.removeprefix("models/") for model in client.models.list()}
assert client.models.get(model=OMNI).name.endswith(OMNI)

assert is_picture(client.models.generate_content(model=MODEL, contents="a boat"))
config = types.GenerateContentConfig(
    response_modalities=["Text", "Image"],
    image_config=types.ImageConfig(aspect_ratio="16:9", image_size="1K"),
    seed=3,
    max_output_tokens=4000,
    safety_settings=[types.SafetySetting(category="HARM_CATEGORY_HATE_SPEECH", threshold="BLOCK_NONE")],
)
part = types.Part.from_bytes(data=png, mime_type="image/png")
answer = client.models.generate_content(model=MODEL, contents=["a boat", part], config=config)
assert is_picture(answer)
assert any(is_picture(event) for event in client.models.generate_content_stream(model=MODEL, contents="a boat"))

chat = client.chats.create(model=MODEL)
assert is_picture(chat.send_message("a boat"))
assert is_picture(chat.send_message("the same boat at night"))

file = client.files.upload(file=io.BytesIO(png), config={"mime_type": "image/png"})
assert client.files.get(name=file.name).state.name == "ACTIVE"
assert file.name in {known.name for known in client.files.list()}
assert is_picture(client.models.generate_content(model=MODEL, contents=[file, "this boat"]))
client.files.delete(name=file.name)
assert file.name not in {known.name for known in client.files.list()}

job = client.interactions.create(
    model=OMNI, input="a boat", background=True, response_format={"type": "video", "delivery": "uri"}
)
while job.status == "in_progress":
    time.sleep(0.05)
    job = client.interactions.get(job.id)
video = job.steps[-1].content[0]
assert (job.status, video.type) == ("completed", "video")
assert client.files.download(file=video.uri)[4:8] == b"ftyp"
client.interactions.delete(job.id)
left = client.interactions.create(model=OMNI, input="a lake", background=True, response_format={"type": "video"})
client.interactions.cancel(left.id)

vertex = genai.Client(enterprise=True, project="p", location="global", credentials=Token(), http_options=options)
assert is_picture(vertex.models.generate_content(model=MODEL, contents="a boat"))
operation = vertex.models.generate_videos(
    model=VEO,
    prompt="a boat",
    image=types.Image(image_bytes=png, mime_type="image/png"),
    config=types.GenerateVideosConfig(number_of_videos=2, duration_seconds=4, aspect_ratio="16:9", generate_audio=True),
)
while not operation.done:
    time.sleep(0.05)
    operation = vertex.operations.get(operation)
assert [video.video.video_bytes[4:8] for video in operation.response.generated_videos] == [b"ftyp"] * 2
print("all calls work")
