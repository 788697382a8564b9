"""Media: what their own bytes say about them, wherever the bytes are, and files that are whole or not there."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
import textwrap

import pytest

from tarash.tarash_gateway.errors import DownloadError, SaveError
from tarash.tarash_gateway.media.sidecar import Origin
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


def test_a_digest_of_a_file_is_made_without_holding_it(tmp_path):
    script = """
        import hashlib, resource
        from pathlib import Path
        from tarash.tarash_gateway.models import Media

        size = 64 * 1024 * 1024
        with open("big.bin", "wb") as file:
            file.truncate(size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert Media(path=Path("big.bin"), size_bytes=size).sha256
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, check=True)


class TestSidecars:
    @staticmethod
    def read(path):
        return json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))

    def test_media_of_unknown_origin_write_what_they_know(self, tmp_path, png):
        path = Media.from_bytes(png, revised_prompt="a red cat").save(tmp_path / "a.png", sidecar=True)
        assert self.read(path) == {
            "tarash_sidecar": 1,
            "file": "a.png",
            "sha256": hashlib.sha256(png).hexdigest(),
            "content_type": "image/png",
            "width": 8,
            "height": 6,
            "duration_seconds": None,
            "size_bytes": len(png),
            "kind": "image",
            "prompt": None,
            "verified": True,
            "revised_prompt": "a red cat",
            "seed": None,
            "provider": None,
            "model": None,
            "parameters": {},
            "adjustments": [],
            "warnings": [],
            "cost": None,
            "cost_source": None,
            "outputs": None,
            "created_at": None,
            "request_id": None,
            "provider_request_id": None,
            "job_id": None,
        }
        assert path.read_bytes() == png

    def test_a_clip_is_told_with_its_length(self, tmp_path, clip):
        reported = self.read(Media.from_bytes(clip).save(tmp_path / "a.mp4", sidecar=True))
        assert (reported["kind"], reported["content_type"], reported["duration_seconds"]) == ("video", "video/mp4", 1.0)

    def test_bytes_of_an_unknown_kind_are_told_as_such(self, tmp_path):
        reported = self.read(Media(data=b"x").save(tmp_path / "a.bin", sidecar=True))
        assert (reported["kind"], reported["content_type"]) == (None, "application/octet-stream")

    def test_without_the_word_there_is_none(self, tmp_path, png):
        Media.from_bytes(png).save(tmp_path / "a.png")
        assert os.listdir(tmp_path) == ["a.png"]

    def test_a_sidecar_in_the_way_keeps_the_file_from_being_written(self, tmp_path, png):
        (tmp_path / "a.png.json").write_text("{}")
        for exists in ("error", "replace"):
            with pytest.raises(SaveError, match=r"a\.png\.json is already there"):
                Media.from_bytes(png).save(tmp_path / "a.png", exists, sidecar=True)
        assert os.listdir(tmp_path) == ["a.png.json"]
        assert (tmp_path / "a.png.json").read_text() == "{}"

    def test_a_file_in_the_way_keeps_the_sidecar_from_being_written(self, tmp_path, png):
        (tmp_path / "a.png").write_bytes(b"old")
        with pytest.raises(SaveError, match=r"a\.png is already there"):
            Media.from_bytes(png).save(tmp_path / "a.png", sidecar=True)
        assert os.listdir(tmp_path) == ["a.png"]

    def test_both_are_replaced(self, tmp_path, png, jpeg):
        Media.from_bytes(jpeg).save(tmp_path / "a", sidecar=True)
        Media.from_bytes(png).save(tmp_path / "a", "replace", sidecar=True)
        assert (tmp_path / "a").read_bytes() == png
        assert self.read(tmp_path / "a")["content_type"] == "image/png"

    def test_a_kept_file_of_somebody_else_gets_no_sidecar(self, tmp_path, png, jpeg):
        (tmp_path / "a").write_bytes(jpeg)
        Media.from_bytes(png).save(tmp_path / "a", "skip", sidecar=True)
        assert os.listdir(tmp_path) == ["a"]

    def test_a_kept_file_of_the_same_bytes_gets_the_sidecar_that_it_lacks(self, tmp_path, png):
        (tmp_path / "a").write_bytes(png)
        Media.from_bytes(png).save(tmp_path / "a", "skip", sidecar=True)
        assert self.read(tmp_path / "a")["sha256"] == hashlib.sha256(png).hexdigest()

    def test_a_file_that_was_streamed_gets_its_sidecar_alone(self, tmp_path, clip):
        (tmp_path / "a.mp4").write_bytes(clip)
        media = Media.from_file(tmp_path / "a.mp4")
        assert media.write_sidecar() == tmp_path / "a.mp4.json"
        assert self.read(tmp_path / "a.mp4")["sha256"] == hashlib.sha256(clip).hexdigest()
        with pytest.raises(SaveError, match="is already there"):
            media.write_sidecar()
        assert media.write_sidecar("skip") == media.write_sidecar("replace")

    def test_bytes_in_memory_have_no_file_to_lie_beside(self, png):
        with pytest.raises(SaveError) as caught:
            Media.from_bytes(png).write_sidecar()
        assert str(caught.value) == "these media are in no file yet: save(path, sidecar=True) writes both"

    def test_an_origin_makes_no_difference_to_equality(self, png):
        media = Media.from_bytes(png)
        reported = Media.from_bytes(png).with_origin(Origin(provider="acme"))
        assert reported == media
        assert hash(reported) == hash(media)

    def test_media_of_one_call_are_not_told_of_another(self, png):
        first = Media.from_bytes(png).with_origin(Origin(provider="acme"))
        second = first.with_origin(Origin(provider="other"))
        assert first is not second
        assert (first._origin.provider, second._origin.provider) == ("acme", "other")
        assert first.with_origin(Origin(provider="acme")) is first
