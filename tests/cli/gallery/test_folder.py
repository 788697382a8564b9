"""Pictures and clips are found by their names, in subfolders too, and never outside of the folder."""

import os
import sys
from pathlib import Path

import pytest

from tarash_gateway_cli.gallery.folder import KINDS, files_in

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")


def found(folder):
    notes = []
    return [each.name for each in files_in(folder, notes)], notes


def test_what_a_browser_shows_is_found_in_the_order_of_the_names(tmp_path):
    for name in ("b.PNG", "a.jpeg", "sub/deep/c.webm", "sub/d.mov", "notes.txt", "index.html", "a.jpeg.json", "png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    assert found(tmp_path) == (["a.jpeg", "b.PNG", "sub/d.mov", "sub/deep/c.webm"], [])


@pytest.mark.parametrize(("suffix", "kind"), KINDS.items())
def test_the_name_says_whether_it_is_a_picture_or_a_clip(suffix, kind, tmp_path):
    (tmp_path / f"a{suffix}").write_bytes(b"12345")

    (each,) = files_in(tmp_path, [])

    assert (each.kind, each.size_bytes, each.sidecar) == (kind, 5, None)


def test_a_sidecar_is_the_file_with_json_behind_its_name(tmp_path):
    for name in ("a.png", "a.png.json", "b.png", "b.json"):
        (tmp_path / name).write_bytes(b"{}")

    item, other = files_in(tmp_path, [])

    assert (item.sidecar, other.sidecar) == (tmp_path / "a.png.json", None)


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    (tmp_path / ".hidden").mkdir()
    for name in (".hidden/a.png", ".b.png", ".c.png.12ab.part"):
        (tmp_path / name).write_bytes(b"x")

    assert found(tmp_path) == ([], [])


@needs_links
def test_a_link_is_followed_inside_the_folder_only(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (outside / "secret.png").write_bytes(b"x")
    (folder / "real.png").write_bytes(b"x")
    (folder / "alias.png").symlink_to("real.png")
    (folder / "leak.png").symlink_to(outside / "secret.png")
    (folder / "all").symlink_to(outside, target_is_directory=True)
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "round").symlink_to(folder, target_is_directory=True)

    names, notes = found(folder)

    assert names == ["alias.png", "real.png"]
    assert notes[0] == "leak.png: is a link to a file outside of the folder, and is left out"
    assert notes[1].startswith("loop.png: cannot be read (")
    assert len(notes) == 2


@needs_links
def test_a_sidecar_that_leads_out_of_the_folder_is_not_read(tmp_path):
    outside, folder = tmp_path / "outside.json", tmp_path / "folder"
    outside.write_text('{"tarash_sidecar": 1, "prompt": "of somebody else"}')
    folder.mkdir()
    (folder / "a.png").write_bytes(b"x")
    (folder / "a.png.json").symlink_to(outside)
    notes = []

    (each,) = files_in(folder, notes)

    assert each.sidecar is None
    assert notes == ["a.png.json: is a link to a file outside of the folder, and is left out"]


def test_the_folder_itself_may_be_a_link(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (real / "a.png").write_bytes(b"x")
    link = tmp_path / "link"
    try:
        link.symlink_to(real, target_is_directory=True)
    except OSError:
        pytest.skip("links need a privilege here")

    assert found(link) == (["a.png"], [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"x")
    os.mkfifo(tmp_path / "b.png.json")

    names, notes = found(tmp_path)

    assert names == ["b.png"]
    assert notes == [
        "a.png: is no ordinary file, and is left out",
        "b.png.json: is no ordinary file, and is left out",
    ]


def test_a_folder_is_taken_as_it_is_given(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.png").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)

    assert found(Path()) == (["sub/a.png"], [])
    assert found(Path("sub")) == (["a.png"], [])
    assert found(Path("sub/../sub")) == (["a.png"], [])
