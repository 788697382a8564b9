"""What the vendor refuses of images, and in which words."""

from __future__ import annotations

import pytest

SIZES_OF_1_5 = "Supported values are: '1024x1024', '1024x1536', '1536x1024', and 'auto'."


@pytest.mark.parametrize(
    ("body", "code", "param", "message"),
    [
        pytest.param(
            {"size": "640x480"},
            "invalid_value",
            "size",
            f"Invalid value: '640x480'. {SIZES_OF_1_5}",
            id="size",
        ),
        pytest.param(
            {"size": "1792x1024"},
            "invalid_value",
            "size",
            f"Invalid value: '1792x1024'. {SIZES_OF_1_5}",
            id="dall-e-size",
        ),
        pytest.param(
            {"model": "gpt-image-2", "size": "1792x936"},
            "invalid_value",
            "size",
            "Invalid size '1792x936'. Width and height must both be divisible by 16.",
            id="free-size-step",
        ),
        pytest.param(
            {"model": "gpt-image-2", "size": "2048x512"},
            "invalid_value",
            "size",
            "Invalid size '2048x512'. The requested aspect ratio must be between 1:3 and 3:1.",
            id="free-size-ratio",
        ),
        pytest.param(
            {"model": "gpt-image-2", "size": "512x512"},
            "invalid_value",
            "size",
            "Invalid size '512x512'. The total number of pixels must be between 655360 and 8294400.",
            id="free-size-pixels",
        ),
        pytest.param(
            {"model": "gpt-image-2", "size": "3856x2048"},
            "invalid_value",
            "size",
            "Invalid size '3856x2048'. The longest edge must be at most 3840 pixels.",
            id="free-size-edge",
        ),
        pytest.param(
            {"quality": "hd"},
            "invalid_value",
            "quality",
            "Invalid value: 'hd'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
            id="quality",
        ),
        pytest.param(
            {"model": "gpt-image-2", "quality": "max"},
            "invalid_value",
            "quality",
            "Invalid value: 'max'. Supported values are: 'low', 'medium', 'high', and 'auto'.",
            id="quality-of-a-later-model",
        ),
        pytest.param(
            {"n": 11},
            "integer_above_max_value",
            "n",
            "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.",
            id="n-above",
        ),
        pytest.param(
            {"n": 0},
            "integer_below_min_value",
            "n",
            "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.",
            id="n-below",
        ),
        pytest.param(
            {"n": "2"},
            "invalid_type",
            "n",
            "Invalid type for 'n': expected an integer, but got a string instead.",
            id="n-text",
        ),
        pytest.param(
            {"n": True},
            "invalid_type",
            "n",
            "Invalid type for 'n': expected an integer, but got a boolean instead.",
            id="n-bool",
        ),
        pytest.param(
            {"model": "dall-e-3", "n": 2},
            "invalid_value",
            "n",
            "You must provide n=1 for this model.",
            id="dall-e-3-n",
        ),
        pytest.param(
            {"response_format": "url"},
            "unknown_parameter",
            "response_format",
            "Unknown parameter: 'response_format'.",
            id="response-format",
        ),
        pytest.param({"style": "vivid"}, "unknown_parameter", "style", "Unknown parameter: 'style'.", id="style"),
        pytest.param(
            {"model": "dall-e-3", "style": "bold"},
            "invalid_value",
            "style",
            "Invalid value: 'bold'. Supported values are: 'vivid' and 'natural'.",
            id="style-value",
        ),
        pytest.param(
            {"model": "dall-e-3", "background": "opaque"},
            "unknown_parameter",
            "background",
            "Unknown parameter: 'background'.",
            id="dall-e-background",
        ),
        pytest.param({"seed": 4}, "unknown_parameter", "seed", "Unknown parameter: 'seed'.", id="unknown"),
        pytest.param(
            {"output_format": "jpeg", "background": "transparent"},
            "invalid_value",
            "background",
            "Transparent background is not supported for JPEG output format.",
            id="transparent-jpeg",
        ),
        pytest.param(
            {"output_compression": 50},
            "invalid_value",
            "output_compression",
            "Compression less than 100 is not supported for PNG output format.",
            id="compressed-png",
        ),
        pytest.param(
            {"output_format": "gif"},
            "invalid_value",
            "output_format",
            "Invalid value: 'gif'. Supported values are: 'png', 'jpeg', and 'webp'.",
            id="gif",
        ),
        pytest.param(
            {"moderation": "off"},
            "invalid_value",
            "moderation",
            "Invalid value: 'off'. Supported values are: 'low' and 'auto'.",
            id="moderation",
        ),
        pytest.param(
            {"prompt": None},
            "missing_required_parameter",
            "prompt",
            "Missing required parameter: 'prompt'.",
            id="no-prompt",
        ),
        pytest.param(
            {"prompt": 4},
            "invalid_type",
            "prompt",
            "Invalid type for 'prompt': expected a string, but got an integer instead.",
            id="prompt-type",
        ),
        pytest.param(
            {"model": "dall-e-2", "prompt": "x" * 1001},
            "string_above_max_length",
            "prompt",
            "Invalid 'prompt': string too long. Expected a string with maximum length 1000, "
            "but got a string with length 1001 instead.",
            id="prompt-length",
        ),
    ],
)
def test_a_request_outside_the_models_rules_is_refused_in_the_vendors_words(http, body, code, param, message):
    answer = http.post("/v1/images/generations", json={"model": "gpt-image-1.5", "prompt": "a cat"} | body)

    assert answer.status_code == 400
    assert answer.json() == {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }


def test_an_unknown_model_is_not_found(http):
    answer = http.post("/v1/images/generations", json={"model": "gpt-image-9", "prompt": "a cat"})

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_a_body_that_is_no_json_is_refused(http):
    answer = http.post("/v1/images/generations", content=b'{"prompt": ', headers={"content-type": "application/json"})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("We could not parse the JSON body of your request.")


def edit(http, *files, **fields):
    fields = {"model": "gpt-image-1.5", "prompt": "brighter"} | fields
    return http.post("/v1/images/edits", data=fields, files=list(files))


def refusal(answer):
    assert answer.status_code == 400
    return answer.json()["error"]["message"]


def test_an_edit_wants_a_content_type_that_is_a_pictures(http, picture):
    answer = edit(http, ("image", ("a.png", picture(), "application/octet-stream")))

    assert refusal(answer) == (
        "Invalid file 'image': unsupported mimetype ('application/octet-stream'). "
        "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
    )


def test_an_edit_wants_a_whole_picture(http, picture):
    answer = edit(http, ("image[]", ("a.png", picture()[:-40], "image/png")))

    assert refusal(answer) == "Invalid image file or mode for image 1, please check your image file."


def test_an_edit_wants_a_mask_as_large_as_the_picture(http, picture):
    answer = edit(http, ("image", ("a.png", picture(), "image/png")), ("mask", ("m.png", picture(32, 32), "image/png")))

    assert refusal(answer) == "Invalid mask image format - mask size does not match image size."


def test_an_edit_wants_a_picture(http, picture):
    answer = edit(http, ("pictures", ("a.png", picture(), "image/png")))
    assert refusal(answer) == "Unknown parameter: 'pictures'."

    answer = edit(http, ("mask", ("a.png", picture(), "image/png")))
    assert refusal(answer) == "Missing required parameter: 'image'."


def test_an_edit_of_dall_e_2_wants_a_square_png(http, picture):
    answer = edit(http, ("image", ("a.png", picture(64, 32), "image/png")), model="dall-e-2")
    assert refusal(answer) == "Uploaded image must be square."

    answer = edit(http, ("image", ("a.jpg", picture(form="JPEG"), "image/jpeg")), model="dall-e-2")
    assert "Supported file formats are 'image/png'." in refusal(answer)


def test_dall_e_3_and_moderation_have_no_place_in_an_edit(http, picture):
    file = ("image", ("a.png", picture(), "image/png"))

    assert refusal(edit(http, file, model="dall-e-3")).startswith("Invalid value: 'dall-e-3'.")
    assert refusal(edit(http, file, moderation="low")) == "Unknown parameter: 'moderation'."
