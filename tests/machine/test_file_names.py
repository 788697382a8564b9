"""Names of files that are no text, too long or odd: refused before anything is sent, or every image is in its file."""

import json
import os
import sys

import pytest

from tarash.tarash_gateway.media.sidecar import read_sidecar
from tarash.tarash_gateway.models import Media
from tarash_gateway_cli.results import save_images

IMAGE = ("image", "a boat", "-m", "dall-e-2", "--size", "256x256")
LATIN = b"gr\xfc\xdfe"
"""A name of an old disk: no UTF-8."""

pytestmark = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names there are text")


@pytest.fixture
def typed(tarash):
    """Runs a command whose words are bytes."""
    return lambda *words, **options: tarash(*map(os.fsdecode, words), **options)


def names(folder):
    return sorted(name for name in os.listdir(os.fsencode(folder)) if not name.startswith(b"."))


@pytest.mark.parametrize("extra", [(), ("--json",)], ids=["plain", "json"])
def test_images_are_saved_under_a_name_that_is_no_text(typed, folder, paid, extra):
    done = typed(*IMAGE, "-n", "2", "-o", LATIN + b".png", *extra)
    assert (done.code, len(paid())) == (0, 1)
    assert names(folder) == [LATIN + end for end in (b"-2.png", b"-2.png.json", b".png", b".png.json")]
    reported = json.loads((folder / os.fsdecode(LATIN + b".png.json")).read_text())
    assert (reported["prompt"], reported["file"]) == ("a boat", "gr\\xfc\\xdfe.png")
    if extra:
        assert [os.fsencode(file["path"]) for file in done.reported["files"]] == [
            LATIN + b".png",
            LATIN + b"-2.png",
        ]
    else:
        assert done.out == "gr\\udcfc\\udcdfe.png\ngr\\udcfc\\udcdfe-2.png\n"


def test_a_video_is_saved_under_a_name_that_is_no_text(typed, folder, paid):
    done = typed("video", "a boat", "-m", "sora-2", "--seconds", "4", "-o", LATIN + b".mp4")
    assert (done.code, paid()) == (0, ["a boat"])
    assert names(folder) == [LATIN + b".mp4", LATIN + b".mp4.json"]


def test_a_batch_works_in_a_folder_whose_name_is_no_text(typed, folder, paid):
    (folder / "rows.jsonl").write_text(json.dumps({"id": "a", "prompt": "x", "model": "dall-e-2"}))
    words = ("batch", "rows.jsonl", "-o", LATIN)
    assert [typed(*words).code, typed(*words, "--gallery").code] == [0, 0]
    assert paid() == ["x"], "the second run finds what the first one has made"
    assert [path.name for path in folder.rglob("*.png")] == ["a.png"]


def test_a_prompt_that_is_no_text_is_refused(typed, paid):
    done = typed("image", LATIN, "-o", "a.png", "-m", "dall-e-2")
    assert (done.code, paid()) == (3, [])
    assert "prompt: holds half of a character (a lone surrogate) at position 2" in done.err


@pytest.mark.parametrize(("name", "count"), [("b" * 252 + ".png", 1), ("b" * 250 + ".png", 1), ("b" * 245 + ".png", 2)])
def test_a_name_that_is_too_long_is_refused(typed, folder, paid, name, count):
    """For the image itself, for the file beside it, or for the second image."""
    done = typed(*IMAGE, "-o", name, "-n", str(count))
    assert (done.code, paid(), names(folder)) == (6, [], [])
    assert "cannot be written: File name too long" in done.err


def test_every_image_is_saved_whatever_becomes_of_another(tmp_path, picture):
    pictures = [Media.from_bytes(picture(width=width)) for width in (10, 20, 30)]
    pictures[1] = Media(url="https://example.com/2.png", content_type="image/png")
    saved = save_images(pictures, [tmp_path / f"{at}.png" for at in range(3)], "error")
    assert [path.name for _, path in saved.files] == ["0.png", "2.png"]
    (problem,) = saved.problems
    assert problem.startswith("image 2 of 3 is paid for and could not be saved: ")
    assert "https://example.com/2.png" in problem
    assert read_sidecar(tmp_path / "2.png")["width"] == 30


def test_a_place_that_was_taken_meanwhile(tmp_path, picture, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "rescue"))
    (tmp_path / "rescue").mkdir()
    (tmp_path / "a.png").write_text("somebody else's")
    saved = save_images([Media.from_bytes(picture())], [tmp_path / "a.png"], "error")
    ((_, path),) = saved.files
    assert (path.name, path.read_bytes()) == ("a.png", picture())
    assert f"The image is paid for, and was saved as {path}." in saved.problems[0]
    assert (tmp_path / "a.png").read_text() == "somebody else's"
