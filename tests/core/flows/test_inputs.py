"""Input images are read in whatever form a caller has them; all that cannot be used is told at once."""

import base64
from datetime import date
from pathlib import Path

import pytest

from tarash.tarash_gateway.capabilities import ImageModel
from tarash.tarash_gateway.flows.inputs import INPUT_LIMIT, Remote, input_file, load_inputs
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType, Media, VideoGenerationRequest


def row(**columns):
    return ImageModel(model="acme-image", source="https://acme.test", checked_on=date(2026, 1, 1), **columns)


def wanted(*images, mask=None):
    return ImageGenerationRequest(prompt="x", image_list=[ImageType(image=image) for image in images], mask_image=mask)


@pytest.fixture(params=["bytes", "path", "base64", "data URL", "media in memory", "media in a file"])
def picture(request, tmp_path, png):
    path = tmp_path / "cat.png"
    path.write_bytes(png)
    return {
        "bytes": png,
        "path": path,
        "base64": base64.b64encode(png).decode(),
        "data URL": "data:image/jpeg;base64," + base64.b64encode(png).decode(),
        "media in memory": Media.from_bytes(png),
        "media in a file": Media.from_file(path),
    }[request.param]


def test_a_picture_is_read_in_every_form(picture, png):
    (file,), mask, problems = load_inputs(wanted(picture), None)
    assert (mask, problems) == (None, [])
    assert (file.name, file.content, file.content_type) == ("image_list-0.png", png, "image/png")
    assert (file.role, file.width, file.height) == ("reference", 8, 6)


@pytest.mark.parametrize(
    "image", ["https://x.test/cat.png", Media(url="https://x.test/cat.png")], ids=["URL", "media at a URL"]
)
def test_a_picture_at_a_url_is_not_fetched_here(image):
    (remote,), _, problems = load_inputs(wanted(image), None)
    assert isinstance(remote, Remote)
    assert (remote.url, remote.place, problems) == ("https://x.test/cat.png", "image_list.0.image", [])


def test_roles_and_the_mask_are_kept(png, jpeg):
    request = VideoGenerationRequest(prompt="x", image_list=[ImageType(image=jpeg, type="last_frame")])
    (file,), mask, _ = load_inputs(request, None)
    assert (file.name, file.role, mask) == ("image_list-0.jpg", "last_frame", None)
    _, mask, _ = load_inputs(wanted(png, mask=ImageType(image=png)), None)
    assert mask.name == "mask_image.png"


# Without the first bytes: the text of an error must not quote a file.
NO_MEDIA = "neither PNG, JPEG, WebP, GIF, SVG, AVIF, HEIC, TIFF, BMP, MP4, MOV nor WebM"


def test_all_problems_come_at_once(tmp_path, png):
    (tmp_path / "page.png").write_bytes(b"<!DOCTYPE html>")
    images, mask, problems = load_inputs(
        wanted(
            "cat.png",
            tmp_path / "gone.png",
            tmp_path,
            tmp_path / "page.png",
            png[:-4],
            b"",
            "data:image/png;base64",
            Media(),
            png,
            mask=b"no picture",
        ),
        None,
    )
    assert [file.name for file in images] == ["image_list-8.png"]
    assert mask is None
    assert [str(problem) for problem in problems] == [
        (
            "image_list.0.image: is a string that is neither a URL, nor a data URL, nor base64; "
            "give a file's name as pathlib.Path"
        ),
        "image_list.1.image: cannot be read: No such file or directory",
        "image_list.2.image: cannot be read: Is a directory",
        f"image_list.3.image: cannot be used: {NO_MEDIA}",
        "image_list.4.image: cannot be used: PNG ends before its IEND chunk",
        "image_list.5.image: cannot be used: there are no bytes",
        "image_list.6.image: is a data URL without a comma",
        "image_list.7.image: there are no bytes",
        f"mask_image: cannot be used: {NO_MEDIA}",
    ]
    assert problems[1].value == str(tmp_path / "gone.png")


def test_a_mistyped_path_is_never_sent_as_a_picture():
    _, _, (problem,) = load_inputs(wanted("photos/cats"), None)
    assert problem.field == "image_list.0.image"


def test_a_row_limits_the_bytes_of_an_input(png):
    _, _, (problem,) = load_inputs(wanted(png), row(input_max_bytes=20))
    assert str(problem) == f"image_list.0.image: has {len(png)} bytes, the limit is 20"


def test_a_row_names_the_formats_it_takes(png, jpeg):
    images, _, (problem,) = load_inputs(wanted(png, jpeg), row(input_formats=("image/jpeg", "image/webp")))
    assert str(problem) == "image_list.0.image: is image/png, the model takes image/jpeg, image/webp"
    assert len(images) == 1


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(INPUT_LIMIT + 1)
    _, _, (problem,) = load_inputs(wanted(path), None)
    assert str(problem) == "image_list.0.image: has 52,428,801 bytes, the limit is 52,428,800"


def test_a_bomb_of_pixels_is_refused(png):
    bomb = png[:16] + (60_000).to_bytes(4, "big") * 2 + png[24:]
    with pytest.raises(ValueError, match="60000x60000 pixels, more than the 100,000,000 that are taken"):
        input_file(bomb, ImageType(image=bomb), "image_list.0.image", None)


def test_a_path_that_no_file_system_knows_is_a_problem_like_others():
    _, _, (problem,) = load_inputs(wanted(Path("a\0b")), None)
    assert problem.field == "image_list.0.image"
