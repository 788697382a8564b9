"""Edits as JSON, where pictures are URLs."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image


@pytest.fixture
def edit(http):
    def post(**body):
        return http.post("/v1/images/edits", json={"model": "gpt-image-1.5", "prompt": "brighter", **body})

    return post


@pytest.fixture
def url(picture):
    def spell(*size, kind="image/png", **options):
        return {"image_url": f"data:{kind};base64,{base64.b64encode(picture(*size, **options)).decode()}"}

    return spell


def refusal(answer, status=400):
    assert answer.status_code == status
    return answer.json()["error"]["message"]


@pytest.mark.usefixtures("drawings")
def test_an_edit_shows_the_pictures_of_its_data_urls(edit, url):
    red, blue = url(colour=(255, 0, 0)), url(300, 200, form="JPEG", kind="image/jpeg", colour=(0, 0, 255))
    answer = edit(images=[red, blue], mask=url(), moderation="low", input_fidelity="high")

    assert answer.status_code == 200
    drawn = Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"]))).convert("RGB")
    assert drawn.getpixel((270, 380)) == (255, 0, 0)
    assert drawn.getpixel((750, 380))[2] > 240


@pytest.mark.usefixtures("drawings")
def test_other_urls_are_drawn_not_fetched(edit):
    pages = ["https://example.com/a.png", "http://127.0.0.1:1/b.png"]
    item, other = (edit(images=[{"image_url": page}]).json()["data"][0]["b64_json"] for page in pages)

    assert item != other
    assert edit(images=[{"image_url": pages[0]}]).json()["data"][0]["b64_json"] == item


def test_an_edit_as_json_streams(edit, url):
    answer = edit(images=[url()], stream=True, partial_images=1)

    assert answer.text.startswith("event: image_edit.partial_image\n")
    assert "event: image_edit.completed\n" in answer.text


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (None, "Missing required parameter: 'images'."),
        ("x", "Invalid type for 'images': expected an array, but got a string instead."),
        ([], "Invalid 'images': empty array. Expected an array with minimum length 1, but got an empty array instead."),
        (["x"], "Invalid type for 'images[0]': expected an object, but got a string instead."),
        ([{}], "Invalid 'images[0]': provide exactly one of 'image_url' or 'file_id'."),
        (
            [{"image_url": "https://a.b/c", "file_id": "f"}],
            "Invalid 'images[0]': provide exactly one of 'image_url' or 'file_id'.",
        ),
        ([{"url": "x"}], "Unknown parameter: 'images[0].url'."),
        ([{"image_url": "c:/a.png"}], "Invalid 'images[0].image_url': expected a valid URL, but got 'c:/a.png'."),
        ([{"image_url": "data:image/png;base64,%%"}], "Invalid base64 image_url."),
        (
            [{"image_url": "data:image/png;base64,AAAA"}],
            "Invalid image file or mode for image 1, please check your image file.",
        ),
        (
            [{"image_url": "data:text/html;base64,AAAA"}],
            (
                "Invalid file 'image': unsupported mimetype ('text/html'). "
                "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
            ),
        ),
        (
            [{"image_url": "https://a.b/c"}] * 17,
            (
                "Invalid 'images': array too long. Expected an array with maximum length 16, "
                "but got an array with length 17 instead."
            ),
        ),
    ],
)
def test_images_that_are_none_are_refused(edit, images, message):
    assert refusal(edit(images=images)) == message


def test_a_data_url_has_a_longest_length(edit):
    long = "data:image/png;base64," + "A" * 20_971_520

    assert "Expected a string with maximum length 20971520" in refusal(edit(images=[{"image_url": long}]))


def test_there_are_no_files_an_id_could_name(edit):
    assert refusal(edit(images=[{"file_id": "file-1"}]), 404) == "No such File object: file-1"


def test_a_mask_is_as_large_as_the_picture(edit, url):
    answer = edit(images=[url()], mask=url(32, 32))

    assert refusal(answer) == "Invalid mask image format - mask size does not match image size."


def test_dall_e_takes_no_json(edit, url):
    answer = edit(model="dall-e-2", images=[url()])

    assert refusal(answer) == "The model 'dall-e-2' does not take edits as JSON. Send multipart/form-data."


def test_a_key_of_the_form_is_unknown_in_json(edit, url):
    assert refusal(edit(images=[url()], image="x")) == "Unknown parameter: 'image'."
