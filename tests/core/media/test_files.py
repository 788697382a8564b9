"""A file is whole or not there, and a place is looked at before anything is paid."""

import errno
import os

import pytest

from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.media import files
from tarash.tarash_gateway.media.files import atomic_file, check_place


@pytest.mark.parametrize("exists", ["error", "replace", "skip"])
def test_a_free_place_can_be_written(exists, tmp_path):
    assert check_place(tmp_path / "a.mp4", exists) is True
    assert os.listdir(tmp_path) == []


def test_a_taken_place_is_told_before_anything_is_paid(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    assert check_place(path, "skip") is False
    assert check_place(path, "replace") is True
    with pytest.raises(SaveError) as caught:
        check_place(path, "error")
    assert str(caught.value) == (
        f"{path} is already there. Give another name, or exists='replace' to overwrite it, or exists='skip' to keep it."
    )
    assert path.read_bytes() == b"old"


def test_a_folder_is_no_place_for_a_file(tmp_path):
    for exists in ("error", "replace", "skip"):
        with pytest.raises(SaveError, match=r"is a folder: give the name of a file\.$"):
            check_place(tmp_path, exists)


@pytest.mark.parametrize("place", ["gone/a.mp4", "file/a.mp4"], ids=["missing folder", "a file for a folder"])
def test_a_place_that_cannot_be_written_is_told(place, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SaveError, match=r"cannot be written: .+\. Give a folder that exists") as caught:
        check_place(tmp_path / place, "error")
    assert caught.value.errno


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("x" * 251 + ".mp4")
    check_place(path, "error")
    with atomic_file(path, "error") as file:
        file.write(b"whole")
    assert path.read_bytes() == b"whole"


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "a.mp4"
    with atomic_file(path, "error") as file:
        file.write(b"whole")
        file.flush()
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with atomic_file(path, "replace") as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit], ids=lambda kind: kind.__name__)
def test_nothing_is_left_of_a_file_that_was_given_up(error, tmp_path):
    with pytest.raises(error), atomic_file(tmp_path / "a.mp4", "replace") as file:
        file.write(b"half")
        raise error
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("exists", "refused"), [("error", True), ("skip", False)])
def test_a_file_that_appeared_in_the_meantime_is_not_overwritten(exists, refused, tmp_path):
    path = tmp_path / "a.mp4"
    try:
        with atomic_file(path, exists) as file:
            file.write(b"ours")
            path.write_bytes(b"somebody else's")
        raised = False
    except SaveError as error:
        raised = "is already there" in str(error)
    assert raised is refused
    assert path.read_bytes() == b"somebody else's"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_an_unknown_word_for_what_exists_is_refused(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises((SaveError, ValueError)):
        check_place(path, "overwrite")


def left_behind(folder, name=".a.mp4.part", content=b"half"):
    """What a process that was killed in a download leaves."""
    (folder / name).write_bytes(content)


@pytest.mark.skipif(os.name == "nt", reason="the lock of a file is a matter of POSIX here")
class TestWhatAKilledProcessLeft:
    def test_is_taken_over_by_the_next_one_that_goes_to_the_same_place(self, tmp_path):
        left_behind(tmp_path)
        with atomic_file(tmp_path / "a.mp4", "error") as file:
            assert os.listdir(tmp_path) == [".a.mp4.part"]
            file.write(b"new")
        assert os.listdir(tmp_path) == ["a.mp4"]
        assert (tmp_path / "a.mp4").read_bytes() == b"new"

    def test_is_cleared_by_the_look_at_the_place(self, tmp_path):
        left_behind(tmp_path)
        assert check_place(tmp_path / "a.mp4", "error")
        assert os.listdir(tmp_path) == []

    def test_is_nobody_elses_while_it_is_written_to(self, tmp_path):
        place = tmp_path / "a.mp4"
        with atomic_file(place, "replace") as first:
            first.write(b"first")
            check_place(place, "replace")
            with atomic_file(place, "replace") as second:
                second.write(b"second")
            assert place.read_bytes() == b"second"
        assert place.read_bytes() == b"first"
        assert os.listdir(tmp_path) == ["a.mp4"]

    def test_is_not_followed_where_it_is_a_link(self, tmp_path):
        (tmp_path / "precious").write_bytes(b"precious")
        (tmp_path / ".a.mp4.part").symlink_to(tmp_path / "precious")
        (tmp_path / ".b.mp4.part").hardlink_to(tmp_path / "precious")
        for name in ("a.mp4", "b.mp4"):
            with atomic_file(tmp_path / name, "error") as file:
                file.write(b"new")
            assert (tmp_path / name).read_bytes() == b"new"
        assert (tmp_path / "precious").read_bytes() == b"precious"

    def test_a_file_that_got_its_name_meanwhile_is_not_emptied(self, tmp_path, monkeypatch):
        place = tmp_path / "a.mp4"
        finished = tmp_path / "finished"
        left_behind(tmp_path, content=b"whole")

        def lock(file, how):
            (tmp_path / ".a.mp4.part").rename(finished)  # its writer was quicker

        monkeypatch.setattr(files.fcntl, "flock", lock)
        with atomic_file(place, "error") as file:
            file.write(b"new")
        assert (finished.read_bytes(), place.read_bytes()) == (b"whole", b"new")

    def test_is_left_alone_where_there_are_no_locks(self, tmp_path, monkeypatch):
        left_behind(tmp_path)

        def no_locks(file, how):
            raise OSError(errno.ENOTSUP, "not supported")

        monkeypatch.setattr(files.fcntl, "flock", no_locks)
        for name in ("a.mp4", "b.mp4"):
            with atomic_file(tmp_path / name, "error") as file:
                file.write(b"new")
        assert sorted(os.listdir(tmp_path)) == [".a.mp4.part", "a.mp4", "b.mp4"]


def test_a_name_of_wide_letters_may_be_long_too(tmp_path):
    path = tmp_path / ("海" * 80 + ".mp4")
    with atomic_file(path, "error") as file:
        file.write(b"whole")
    assert os.listdir(tmp_path) == [path.name]
