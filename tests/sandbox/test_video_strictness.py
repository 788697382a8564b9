"""What the vendor refuses of videos, and in which words."""

from __future__ import annotations

import pytest

SIZES = "Supported values are: '720x1280', '1280x720', '1024x1792', '1792x1024', and '1024x1024'."


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        pytest.param(
            {"seconds": 4},
            "invalid_type",
            "Invalid type for 'seconds': expected one of '4', '8', or '12', but got an integer instead.",
            id="seconds-type",
        ),
        pytest.param(
            {"seconds": "5"},
            "invalid_value",
            "Invalid value: '5'. Supported values are: '4', '8', and '12'.",
            id="seconds",
        ),
        pytest.param(
            {"seconds": "10"},
            "invalid_value",
            "Invalid value: '10'. Supported values are: '4', '8', and '12'.",
            id="pro-seconds",
        ),
        pytest.param({"size": "640x480"}, "invalid_value", f"Invalid value: '640x480'. {SIZES}", id="size"),
        *(
            pytest.param({key: value}, "unknown_parameter", f"Unknown parameter: '{key}'.", id=key)
            for key, value in {"aspect_ratio": "16:9", "seed": 1, "negative_prompt": "rain", "n": 1}.items()
        ),
        pytest.param(
            {"prompt": None},
            "missing_required_parameter",
            "Missing required parameter: 'prompt'.",
            id="no-prompt",
        ),
        pytest.param(
            {"input_reference": "https://example.com/a.jpg"},
            "invalid_type",
            "Invalid type for 'input_reference': expected an object, but got a string instead.",
            id="reference-text",
        ),
        pytest.param(
            {"input_reference": {"image_url": "https://example.com/a.jpg", "file_id": "file-1"}},
            "invalid_value",
            "Invalid 'input_reference': provide exactly one of 'image_url' or 'file_id'.",
            id="two-references",
        ),
        pytest.param(
            {"model": "gpt-image-1.5"},
            "invalid_value",
            "Invalid value: 'gpt-image-1.5'. Supported values are: 'sora-2', 'sora-2-2025-10-06', "
            "'sora-2-2025-12-08', 'sora-2-pro', 'sora-2-pro-2025-10-06', and 'sandbox-video'.",
            id="image-model",
        ),
    ],
)
def test_a_request_outside_the_models_rules_is_refused_in_the_vendors_words(http, body, code, message):
    answer = http.post("/v1/videos", json={"model": "sora-2", "prompt": "a red car"} | body)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["message"], error["code"], error["type"]) == (message, code, "invalid_request_error")


@pytest.mark.parametrize("seconds", ["4", "8", "12", "10", "15", "25"])
def test_sora_2_pro_takes_the_seconds_the_page_promises(http, seconds):
    body = {"model": "sora-2-pro", "prompt": "a red car", "seconds": seconds}
    assert http.post("/v1/videos", json=body).json()["seconds"] == seconds


def test_an_unknown_model_is_not_found(http):
    answer = http.post("/v1/videos", json={"model": "sora-9", "prompt": "a red car"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def send(http, content, content_type, **fields):
    files = {"input_reference": ("first", content, content_type)}
    return http.post("/v1/videos", data={"prompt": "it moves", "size": "1280x720"} | fields, files=files)


def test_a_reference_wants_a_content_type_that_is_a_pictures(http, picture):
    answer = send(http, picture(1280, 720), "application/octet-stream")

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "Invalid file 'input_reference': unsupported mimetype ('application/octet-stream'). "
        "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
    )


def test_a_reference_has_the_clips_size(http, picture):
    answer = send(http, picture(640, 480), "image/png")

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Inpaint image must match the requested width and height"
    assert send(http, picture(1280, 720), "image/png").status_code == 200


def test_a_server_can_be_told_to_take_references_of_any_size(picture):
    import httpx2

    from tarash_gateway_sandbox.server import SandboxServer

    with (
        SandboxServer(reference_must_match=False) as server,
        httpx2.Client(
            base_url=server.origin, headers={"authorization": "Bearer k"}, trust_env=False, timeout=60
        ) as http,
    ):
        assert send(http, picture(640, 480), "image/png").status_code == 200


def test_a_reference_as_text_of_a_form_is_refused(http):
    files = {"prompt": (None, "it moves"), "input_reference": (None, "https://example.com/a.jpg")}
    answer = http.post("/v1/videos", files=files)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "Invalid type for 'input_reference': expected a file, but got a string instead."
    )
