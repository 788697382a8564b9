"""The sandbox's face of Google by itself: what it refuses, and in which words."""

from __future__ import annotations

import base64
import io

import httpx2
import pytest
from PIL import Image

from tarash_gateway_sandbox import SandboxServer
from tarash_gateway_sandbox.google import FAULTS

KEY = {"x-goog-api-key": "AIza-of-the-tests"}
OMNI = {"model": "gemini-omni-1.1-flash", "input": "a lake", "background": True}
HOME = "/v1beta1/projects/p/locations/global"
VEO = f"{HOME}/publishers/google/models/veo-3.1-generate-001"


@pytest.fixture
def http(server):
    with httpx2.Client(base_url=server.google_url, headers=KEY, timeout=60, verify=False) as client:
        yield client


def test_a_job_answers_at_once_and_gives_its_input_back(http, server):
    server.job_seconds = 30

    begun = http.post("/v1beta/interactions", json=OMNI).json()
    received = http.get(f"/v1beta/interactions/{begun['id']}").json()

    assert set(begun) == {"id", "status", "created", "updated", "service_tier", "object", "model"}
    assert (received["status"], received["steps"][0]["type"]) == ("in_progress", "user_input")
    assert received["steps"][0]["content"] == [{"type": "text", "text": "a lake"}]


def test_without_background_the_request_takes_as_long_as_the_job(http):
    body = http.post("/v1/interactions", json={**OMNI, "background": False}).json()

    assert body["status"] == "completed"
    assert base64.b64decode(body["steps"][-1]["content"][0]["data"])[4:8] == b"ftyp"


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1beta1"])
def test_every_version_is_served(http, version):
    assert http.post(f"/{version}/interactions", json=OMNI).status_code == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"response_format": {"type": "video", "aspect_ratio": "1:7"}},
            "The value '1:7' is not supported for 'response_format.aspect_ratio'. Supported values: '16:9', '9:16'.",
        ),
        ({"response_format": {"resolution": "480p"}}, "'480p' is not supported for 'response_format.resolution'"),
        ({"response_format": {"delivery": "mail"}}, "'mail' is not supported for 'response_format.delivery'"),
        ({"response_format": {"duration": 6}}, "is not a duration such as '6s'"),
        ({"response_format": {"duration": "11s"}}, "It must be 3s to 10s"),
        ({"response_format": {"size": "1x1"}}, 'Unknown name "size"'),
        ({"response_format": {"type": "audio"}}, "makes videos only"),
        ({"generation_config": {"video_config": {"task": "dream"}}}, "'dream' is not supported"),
        ({"generation_config": {"video_config": {"task": "edit"}}}, "needs a video"),
        ({"generation_config": {"video_config": {"task": "image_to_video"}}}, "needs an image"),
        ({"negative_prompt": "x"}, 'Unknown name "negative_prompt"'),
        ({"previous_interaction_id": "v1_x"}, "Invalid interaction name: v1_x"),
        ({"store": False}, "'store' must be true"),
        ({"background": "yes"}, "a boolean is expected"),
        ({"input": []}, "'input' must hold a text"),
        ({"input": [{"type": "image", "data": "AAAA", "mime_type": "image/png"}]}, "Unable to process input image"),
        ({"input": [{"type": "image", "data": "%", "mime_type": "image/png"}]}, "Base64 decoding failed"),
        ({"input": [{"type": "image", "data": "AAAA"}]}, "mime_type' must be"),
        ({"input": [{"type": "sound"}]}, "Supported values: 'text', 'image', 'video'"),
    ],
)
def test_what_an_interaction_refuses(http, server, change, message):
    answer = http.post("/v1beta/interactions", json={**OMNI, **change})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"
    assert message in answer.json()["error"]["message"]
    assert server.paid == []


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("DELETE", "")])
def test_an_unknown_id_is_a_400(http, method, path):
    answer = http.request(method, f"/v1beta/interactions/v1_none{path}")

    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Invalid interaction name: v1_none")


@pytest.mark.parametrize(
    ("headers", "path", "status", "word"),
    [
        ({}, "/v1beta/interactions", 403, "PERMISSION_DENIED"),
        ({"x-goog-api-key": "sk-invalid"}, "/v1beta/interactions", 400, "INVALID_ARGUMENT"),
        ({"x-goog-api-key": "a", "authorization": "Bearer b"}, "/v1beta/interactions", 400, "INVALID_ARGUMENT"),
        ({"x-goog-api-key": "a"}, f"{HOME}/interactions", 401, "UNAUTHENTICATED"),
        ({"authorization": "Bearer invalid"}, f"{HOME}/interactions", 401, "UNAUTHENTICATED"),
    ],
)
def test_a_key_is_required(server, headers, path, status, word):
    with httpx2.Client(base_url=server.google_url, headers=headers, timeout=60, verify=False) as client:
        answer = client.post(path, json=OMNI)

    assert (answer.status_code, answer.json()["error"]["status"]) == (status, word)


def test_models_that_were_shut_down_name_another(http):
    answer = http.post("/v1beta/interactions", json={**OMNI, "model": "gemini-omni-flash-preview"})

    assert answer.status_code == 404
    assert "Please use gemini-omni-1.1-flash instead" in answer.json()["error"]["message"]


def test_a_download_gives_ranges(http, server):
    body = {**OMNI, "response_format": {"type": "video", "delivery": "uri"}}
    job = http.post("/v1beta/interactions", json={**body, "background": False}).json()
    uri = job["steps"][-1]["content"][0]["uri"]
    assert uri.startswith("https://generativelanguage.googleapis.com/v1beta/files/")
    path = uri.removeprefix("https://generativelanguage.googleapis.com")

    whole = http.get(path)
    part = http.get(path, headers={"range": "bytes=100-"})

    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert (part.status_code, part.content) == (206, whole.content[100:])
    assert httpx2.get(server.google_url + path, timeout=60, verify=False).status_code == 403


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sampleCount": 5}, "sampleCount"),
        ({"durationSeconds": 5}, "durationSeconds"),
        ({"durationSeconds": "8"}, "durationSeconds"),
        ({"aspectRatio": "1:1"}, "aspectRatio"),
        ({"generateAudio": 1}, "generateAudio"),
        ({"n": 2}, 'Unknown name "n"'),
    ],
)
def test_what_veo_refuses(server, parameters, message):
    body = {"instances": [{"prompt": "a lake"}], "parameters": parameters}
    with httpx2.Client(
        base_url=server.google_url, headers={"authorization": "Bearer ya29.x"}, timeout=60, verify=False
    ) as client:
        answer = client.post(f"{VEO}:predictLongRunning", json=body)

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("model", "config"),
    [
        ("gemini-nano-banana-2.1", {"imageConfig": {"imageSize": "512"}}),
        ("gemini-3-pro-image", {"imageConfig": {"aspectRatio": "1:8"}}),
        ("gemini-3-pro-image", {"imageConfig": {"personGeneration": "ALLOW_ALL"}}),
        ("gemini-3-pro-image", {"candidateCount": 2}),
        ("gemini-3-pro-image", {"responseModalities": ["TEXT"]}),
    ],
)
def test_what_a_picture_refuses(http, model, config):
    body = {
        "contents": [{"parts": [{"text": "a lake"}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], **config},
    }

    assert http.post(f"/v1beta/models/{model}:generateContent", json=body).status_code == 400


def test_pictures_have_the_size_of_their_ratio_and_tier():
    body = {
        "contents": [{"parts": [{"text": "a lake"}]}],
        "generationConfig": {"responseModalities": ["IMAGE"], "imageConfig": {"aspectRatio": "16:9"}},
    }
    with (
        SandboxServer() as slow,
        httpx2.Client(base_url=slow.google_url, headers=KEY, timeout=60, verify=False) as client,
    ):
        answer = client.post("/v1/models/gemini-3.1-flash-lite-image:generateContent", json=body).json()

    data = base64.b64decode(answer["candidates"][0]["content"]["parts"][0]["inlineData"]["data"])
    assert Image.open(io.BytesIO(data)).size == (1376, 768)


def test_every_fault_has_a_line_and_another_name_is_refused(server):
    assert all(FAULTS.values())
    with pytest.raises(ValueError, match="There is no fault 'nonsense'"):
        server.google.meet("nonsense")


def test_the_other_faces_are_as_they_were(server):
    with httpx2.Client(
        base_url=server.url, headers={"authorization": "Bearer sk-x"}, timeout=60, verify=False
    ) as client:
        assert client.get("/models").json()["object"] == "list"


# What google-genai, pydantic-ai and LiteLLM send: ProtoJSON allows both spellings of a field and both alphabets.
PICTURE = "/v1/models/gemini-nano-banana-2.1:generateContent"


def _picture():
    out = io.BytesIO()
    Image.effect_noise((24, 24), 90).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "encode",
    [
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda data: base64.b64encode(data).rstrip(b"="),
        lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
    ],
    ids=["usual", "of URLs", "without padding", "of URLs without padding"],
)
@pytest.mark.parametrize(("inline", "kind"), [("inlineData", "mimeType"), ("inline_data", "mime_type")])
def test_base64_and_field_names_in_every_spelling_of_protojson(http, encode, inline, kind):
    part = {inline: {kind: "image/png", "data": encode(_picture()).decode()}}
    body = {"contents": [{"role": "user", "parts": [{"text": "a lake"}, part]}]}
    assert http.post(PICTURE, json=body).json()["candidates"][0]["content"]["parts"][0]["inlineData"]


def test_snake_case_works_at_every_depth(http):
    config = {"response_modalities": ["TEXT", "IMAGE"], "image_config": {"aspect_ratio": "16:9", "image_size": "1K"}}
    body = {
        "contents": [{"parts": [{"text": "a lake"}]}],
        "generation_config": config,
        "safety_settings": [],
        "system_instruction": {"parts": [{"text": "x"}]},
    }
    assert http.post(PICTURE, json=body).status_code == 200


@pytest.mark.parametrize("modalities", [None, ["IMAGE"], ["Image"], ["TEXT", "IMAGE"], [2]])
def test_modalities_are_images_where_none_is_named(http, modalities):
    config = {} if modalities is None else {"responseModalities": modalities}
    body = {"contents": [{"parts": [{"text": "a lake"}]}], "generationConfig": config}
    assert http.post(PICTURE, json=body).status_code == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"generationConfig": {"responseModalities": ["TEXT"]}}, "responseModalities must have IMAGE"),
        ({"generationConfig": {"responseModalities": []}}, "responseModalities must have IMAGE"),
        ({"generation_config": {}, "generationConfig": {}}, "'generationConfig' is given twice"),
        ({"generation_konfig": {}}, 'Unknown name "generation_konfig"'),
        ({"contents": [{"parts": [{"text": "x"}, {"inlineData": {"data": "not base64!"}}]}]}, "Base64 decoding failed"),
        ({"contents": [{"parts": [{"text": "x"}, {"inlineData": {"data": "AAAAA"}}]}]}, "Base64 decoding failed"),
        (
            {"contents": [{"parts": [{"text": "x"}, {"inline_data": {"data": "AAAA"}}]}]},
            "Unable to process input image",
        ),
        ({"contents": [{"parts": [{"text": "x"}, {"file_data": {"file_uri": "x/files/none"}}]}]}, "the File none"),
    ],
)
def test_what_is_still_refused(http, server, change, message):
    answer = http.post(PICTURE, json={"contents": [{"parts": [{"text": "a lake"}]}], **change})
    assert answer.status_code in {400, 403}
    assert message in answer.json()["error"]["message"]
    assert server.paid == []


def test_an_uploaded_file_is_listed_used_and_deleted(http, server):
    data = _picture()
    start = {
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": str(len(data)),
        "x-goog-upload-header-content-type": "image/png",
    }
    place = http.post("/upload/v1beta/files", headers=start).headers["x-goog-upload-url"]
    finish = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}
    file = http.post(place, content=data, headers=finish).json()["file"]

    assert [item["name"] for item in http.get("/v1beta/files").json()["files"]] == [file["name"]]
    parts = [{"text": "a lake"}, {"fileData": {"fileUri": file["uri"], "mimeType": "image/png"}}]
    assert http.post(PICTURE, json={"contents": [{"parts": parts}]}).status_code == 200
    assert http.delete(f"/v1beta/{file['name']}").json() == {}
    assert http.get(f"/v1beta/{file['name']}").status_code == 403
    assert http.get("/v1beta/files").json()["files"] == []
