"""Formats beyond the still picture, compression, and what does not go together."""

from __future__ import annotations

import base64
import io
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def make(http):
    def post(model="gpt-image-2.6-sunburst", **body):
        return http.post("/v1/images/generations", json={"model": model, "prompt": "a boat", **body})

    return post


def content(answer):
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["data"][0]["b64_json"])


def refusal(answer):
    assert answer.status_code == 400
    return answer.json()["error"]["message"]


@pytest.mark.usefixtures("drawings")
@pytest.mark.parametrize("model", ["gpt-image-2.5-flare", "gpt-image-2.6-flare"])
def test_a_gif_is_animated(make, model):
    answer = make(model, output_format="gif")

    picture = Image.open(io.BytesIO(content(answer)))
    assert (picture.format, picture.size, picture.n_frames, picture.info["duration"]) == ("GIF", (1024, 1024), 9, 200)
    assert picture.info["loop"] == 0
    assert answer.json()["output_format"] == "gif"


@pytest.mark.parametrize("frames", [2, 3, 16])
def test_a_gif_has_the_frames_that_were_asked_for(make, frames):
    answer = make(output_format="gif", frame_count=frames, frame_duration_ms=84, size="1024x640")

    picture = Image.open(io.BytesIO(content(answer)))
    assert (picture.n_frames, picture.info["duration"]) == (frames, 80)


def test_an_svg_is_xml_that_shows_the_prompt(make):
    prompt = 'a <boat> & "sea"\u0000]]> ' + "very long " * 60
    answer = make(prompt=prompt, output_format="svg", size="1280x720", svg={"model": "gpt-5.5"})

    root = ET.fromstring(content(answer))
    assert (root.tag, root.get("width"), root.get("height")) == (f"{SVG}svg", "1280", "720")
    assert root.findtext(f"{SVG}title") == prompt.replace("\0", "\ufffd")
    written = [element.text for element in root.iter(f"{SVG}text")]
    assert written[0] == "gpt-image-2.6-sunburst · 1280x720"
    assert written[-1].startswith('a <boat> & "sea"')
    assert written[1].endswith("…")


@pytest.mark.usefixtures("drawings")
def test_an_edit_makes_svg_and_gif_too(sdk, picture):
    image = ("a.png", picture(colour=(255, 0, 0)), "image/png")
    for form in ("svg", "gif"):
        answer = sdk.images.edit(model="gpt-image-2.5-sunburst", prompt="x", image=image, output_format=form)
        made = base64.b64decode(answer.data[0].b64_json)
        if form == "svg":
            (shown,) = ET.fromstring(made).iter(f"{SVG}image")
            assert shown.get("href").startswith("data:image/webp;base64,")
        else:
            assert Image.open(io.BytesIO(made)).convert("RGB").getpixel((512, 300))[0] > 220


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"output_format": "gif", "stream": True}, "Streaming is not supported for GIF output format."),
        ({"output_format": "gif", "partial_images": 1}, "Partial images are not supported for GIF output format."),
        ({"output_format": "svg", "stream": True}, "Streaming is not supported for SVG output format."),
        ({"output_format": "svg", "partial_images": 2}, "Partial images are not supported for SVG output format."),
        (
            {"output_format": "svg", "output_compression": 50},
            "Compression less than 100 is not supported for SVG output format.",
        ),
        ({"output_format": "svg", "n": 2}, "You must provide n=1 for SVG output format."),
        (
            {"output_format": "gif", "background": "transparent"},
            "Transparent background is not supported for GIF output format.",
        ),
        (
            {"output_format": "jpeg", "background": "transparent"},
            "Transparent background is not supported for JPEG output format.",
        ),
        ({"frame_count": 4}, "'frame_count' is only supported with output_format 'gif'."),
        ({"frame_duration_ms": 40}, "'frame_duration_ms' is only supported with output_format 'gif'."),
        ({"svg": {"model": "gpt-5.5"}}, "'svg' is only supported with output_format 'svg'."),
        ({"output_format": "svg", "svg": "x"}, "Invalid type for 'svg': expected an object, but got a string instead."),
        ({"output_format": "svg", "svg": {}}, "Missing required parameter: 'svg.model'."),
        ({"output_format": "svg", "svg": {"size": 1}}, "Unknown parameter: 'svg.size'."),
        (
            {"output_format": "svg", "svg": {"model": "m", "reasoning": {"effort": "huge"}}},
            (
                "Invalid value: 'huge'. Supported values are: "
                "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'."
            ),
        ),
        (
            {"output_format": "gif", "frame_count": 17},
            "Invalid 'frame_count': integer above maximum value. Expected a value <= 16, but got 17 instead.",
        ),
        (
            {"output_format": "gif", "frame_count": 1},
            "Invalid 'frame_count': integer below minimum value. Expected a value >= 2, but got 1 instead.",
        ),
        ({"complexity": "huge"}, "Invalid value: 'huge'. Supported values are: 'low', 'medium', and 'high'."),
        ({"moderation": "none"}, "Invalid value: 'none'. Supported values are: 'low' and 'auto'."),
        ({"model": "gpt-image-2.5-flare", "complexity": "low"}, "Unknown parameter: 'complexity'."),
        ({"model": "gpt-image-2", "frame_count": 4}, "Unknown parameter: 'frame_count'."),
        ({"model": "gpt-image-2", "svg": {"model": "m"}}, "Unknown parameter: 'svg'."),
        (
            {"model": "gpt-image-2", "output_format": "svg"},
            "Invalid value: 'svg'. Supported values are: 'png', 'jpeg', and 'webp'.",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(make, body, message):
    assert refusal(make(**body)) == message


def test_a_gif_takes_no_mask(http, picture):
    files = {"image": ("a.png", picture(), "image/png"), "mask": ("m.png", picture(), "image/png")}
    data = {"model": "gpt-image-2.5-flare", "prompt": "x", "output_format": "gif"}

    answer = http.post("/v1/images/edits", data=data, files=files)

    assert refusal(answer) == "Masks are not supported for GIF output format."


@pytest.mark.parametrize("quality", ["xhigh", "max"])
def test_the_latest_models_have_the_highest_qualities(make, quality):
    assert make(quality=quality, complexity="low").json()["quality"] == quality
    assert make("gpt-image-2.5-flare", quality=quality).json()["quality"] == quality
    assert "Supported values are" in refusal(make("gpt-image-2", quality=quality))


@pytest.mark.usefixtures("drawings")
@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_compression_makes_a_picture_smaller(make, form):
    small, large = (len(content(make(output_format=form, output_compression=level))) for level in (10, 100))

    assert small < large / 2


@pytest.mark.parametrize(
    ("model", "fidelity", "message"),
    [
        ("gpt-image-1.5", "high", None),
        ("gpt-image-1.5", "low", None),
        ("gpt-image-1-mini", "low", None),
        ("gpt-image-1-mini", "high", "Invalid value: 'high'. Supported values are: 'low'."),
        ("gpt-image-2", "low", "Unknown parameter: 'input_fidelity'."),
        ("gpt-image-2.6-flare", "high", "Unknown parameter: 'input_fidelity'."),
    ],
)
def test_each_model_has_its_own_input_fidelity(http, picture, model, fidelity, message):
    files = {"image": ("a.png", picture(), "image/png")}
    answer = http.post(
        "/v1/images/edits", data={"model": model, "prompt": "x", "input_fidelity": fidelity}, files=files
    )

    assert answer.status_code == 200 if message is None else refusal(answer) == message
