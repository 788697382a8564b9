"""Media: what their own bytes say about them, wherever the bytes are, and files that are whole or not there."""

import hashlib
import os
import pickle
import subprocess
import sys
import textwrap

import pytest

from tarash.tarash_gateway.errors import DownloadError, SaveError
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models import Media


def test_a_picture_is_read_from_its_bytes(png):
    media = Media.from_bytes(png, revised_prompt="a red cat")
    assert (media.content_type, media.width, media.height, media.size_bytes) == ("image/png", 8, 6, len(png))
    assert (media.content, media.sha256) == (png, hashlib.sha256(png).hexdigest())
    assert (media.duration_seconds, media.path, media.url, media.revised_prompt) == (None, None, None, "a red cat")


def test_a_clip_is_read_from_its_bytes(clip):
    media = Media.from_bytes(clip)
    assert (media.content_type, media.width, media.height, media.duration_seconds) == ("video/mp4", 64, 48, 1.0)


def test_half_a_picture_is_none(png):
    with pytest.raises(BrokenMediaError, match="PNG ends before its IEND chunk"):
        Media.from_bytes(png[:-4])


def test_a_file_is_read_without_being_held(tmp_path, clip):
    path = tmp_path / "a.mp4"
    path.write_bytes(clip)
    media = Media.from_file(path)
    assert (media.content_type, media.size_bytes, media.data, media.path) == ("video/mp4", len(clip), None, path)
    assert (media.content, media.sha256) == (clip, hashlib.sha256(clip).hexdigest())


@pytest.mark.parametrize(
    ("media", "text"),
    [
        (
            Media(content_type="image/png", width=1792, height=1024, size_bytes=1_900_000, data=b"x"),
            "<image/png 1792x1024, 1.9 MB>",
        ),
        (
            Media(content_type="video/mp4", width=64, height=48, duration_seconds=1.5, size_bytes=1999, data=b"x"),
            "<video/mp4 64x48, 1.5 s, 2 kB>",
        ),
        (Media(size_bytes=999, data=b"x"), "<application/octet-stream, 999 B>"),
        (Media(url="https://x.test/a.png"), "https://x.test/a.png"),
        (Media(), "<no media>"),
    ],
    ids=["picture", "clip", "unknown", "URL", "nothing"],
)
def test_media_print_as_one_short_line(media, text):
    assert str(media) == text
    assert repr(media) == f"Media({text})"


def test_bytes_are_not_in_a_repr():
    assert "secret pixels" not in repr([Media(data=b"secret pixels")])


def test_equal_bytes_are_equal_media(png, jpeg):
    assert Media.from_bytes(png) == Media.from_bytes(bytes(png))
    assert Media.from_bytes(png) != Media.from_bytes(jpeg)
    assert Media(url="https://x.test/a") == Media(url="https://x.test/a")


def test_looking_at_a_digest_changes_nothing(png):
    looked_at, other = Media.from_bytes(png), Media.from_bytes(png)
    assert looked_at.sha256
    assert looked_at == other


def test_only_a_url_has_no_content_and_no_digest():
    media = Media(url="https://x.test/a.png")
    with pytest.raises(DownloadError) as caught:
        _ = media.content
    assert str(caught.value) == "the bytes were not downloaded; the vendor's address of them is https://x.test/a.png"
    assert media.sha256 is None


def test_nothing_at_all_has_no_content():
    with pytest.raises(DownloadError, match=r"^there are no bytes$"):
        _ = Media().content


def test_a_file_that_is_gone_is_told(tmp_path, png):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    media = Media.from_file(path)
    path.unlink()
    with pytest.raises(DownloadError) as caught:
        _ = media.content
    assert str(caught.value) == f"{path} cannot be read: No such file or directory"
    assert isinstance(caught.value.__cause__, FileNotFoundError)


def test_the_digest_of_a_file_that_is_gone_is_told_as_an_error_of_ours(tmp_path, png):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    media = Media.from_file(path)
    path.unlink()
    with pytest.raises(DownloadError):
        _ = media.sha256


def test_a_file_that_changed_is_told(tmp_path, png, jpeg):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    media = Media.from_file(path, sha256=hashlib.sha256(png).hexdigest())
    path.write_bytes(jpeg)
    with pytest.raises(DownloadError) as caught:
        _ = media.content
    assert str(caught.value) == f"{path} has changed since it was saved"


def test_bytes_in_memory_survive_json(png):
    media = Media.from_bytes(png, url="https://x.test/a.png")
    twin = Media.model_validate_json(media.model_dump_json())
    assert twin == media
    assert twin.content == png


def test_bytes_of_every_value_survive_json():
    media = Media(data=bytes(range(256)))
    assert Media.model_validate_json(media.model_dump_json()).data == bytes(range(256))


def test_media_in_a_file_travel_as_path_and_digest(tmp_path, png, jpeg):
    path = tmp_path / "a.png"
    path.write_bytes(png)
    dumped = Media.from_file(path).model_dump(mode="json")
    assert (dumped["path"], dumped["sha256"], dumped["data"]) == (str(path), hashlib.sha256(png).hexdigest(), None)
    twin = Media.model_validate(dumped)
    assert twin.content == png
    path.write_bytes(jpeg)
    with pytest.raises(DownloadError, match="has changed"):
        _ = twin.content


@pytest.mark.parametrize("kind", ["memory", "file", "URL"])
def test_media_pickle(kind, tmp_path, png):
    (tmp_path / "a.png").write_bytes(png)
    media = {
        "memory": Media.from_bytes(png),
        "file": Media.from_file(tmp_path / "a.png", sha256=hashlib.sha256(png).hexdigest()),
        "URL": Media(url="https://x.test/a.png"),
    }[kind]
    assert pickle.loads(pickle.dumps(media)) == media


def test_media_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Media().url = "https://x.test"


def test_a_save_writes_the_bytes_and_gives_the_path(tmp_path, png):
    path = tmp_path / "a.png"
    assert Media.from_bytes(png).save(path) == path
    assert path.read_bytes() == png
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_save_takes_a_text_for_a_path(tmp_path, png):
    Media.from_bytes(png).save(str(tmp_path / "a.png"))
    assert (tmp_path / "a.png").read_bytes() == png


def test_media_in_a_file_can_be_saved_elsewhere(tmp_path, png):
    (tmp_path / "a.png").write_bytes(png)
    Media.from_file(tmp_path / "a.png").save(tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() == png


@pytest.mark.parametrize(("exists", "left"), [("replace", "new"), ("skip", "old"), ("error", "old")])
def test_what_becomes_of_a_file_that_is_there(exists, left, tmp_path, png):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    try:
        assert Media.from_bytes(png).save(path, exists=exists) == path
        refused = None
    except SaveError as error:
        refused = str(error)
    assert path.read_bytes() == (png if left == "new" else b"old")
    assert os.listdir(tmp_path) == ["a.png"]
    assert refused == (
        f"{path} is already there. Give another name, or exists='replace' to overwrite it, or exists='skip' to keep it."
        if exists == "error"
        else None
    )


def test_a_missing_folder_is_told(tmp_path, png):
    path = tmp_path / "gone" / "a.png"
    with pytest.raises(SaveError) as caught:
        Media.from_bytes(png).save(path)
    assert str(caught.value) == (
        f"{path} cannot be written: No such file or directory. "
        "Give a folder that exists, can be written to and has room."
    )
    assert caught.value.errno == 2


def test_a_folder_in_place_of_a_file_is_told(tmp_path, png):
    with pytest.raises(SaveError) as caught:
        Media.from_bytes(png).save(tmp_path, exists="replace")
    assert str(caught.value) == f"{tmp_path} is a folder: give the name of a file."


def test_only_a_url_cannot_be_saved(tmp_path):
    with pytest.raises(DownloadError):
        Media(url="https://x.test/a.png").save(tmp_path / "a.png")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("size", [6_000, 600_000], ids=["less than a buffer", "more than a buffer"])
def test_a_disk_that_is_full_leaves_nothing_behind(size, tmp_path):
    script = f"""
        import os, resource
        from pathlib import Path
        from tarash.tarash_gateway.errors import SaveError
        from tarash.tarash_gateway.models import Media

        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            Media(data=bytes({size})).save("a.bin")
        except SaveError as error:
            assert "cannot be written" in str(error) and error.errno, error
        else:
            raise AssertionError("nothing was raised")
        assert os.listdir() == [], os.listdir()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
