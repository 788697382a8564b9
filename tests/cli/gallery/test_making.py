"""A gallery is written in one piece, over an older one, and never over somebody else's page."""

import os

import pytest

from tarash.tarash_gateway.errors import SaveError, ValidationError
from tarash_gateway_cli.gallery import make_gallery


def test_the_path_of_the_page_is_returned(tmp_path, hang):
    hang("a.png")

    assert make_gallery(tmp_path) == tmp_path / "index.html"
    assert make_gallery(str(tmp_path)) == tmp_path / "index.html"
    assert sorted(os.listdir(tmp_path)) == ["a.png", "index.html"]


def test_a_gallery_is_made_anew(hang, gallery):
    hang("a.png")
    gallery()
    hang("b.png")

    assert list(gallery()[0]) == ["a.png", "b.png"]


def test_the_same_folder_gives_the_same_page(tmp_path, hang):
    hang("a.png", prompt="A lighthouse")
    first = make_gallery(tmp_path).read_bytes()

    assert make_gallery(tmp_path).read_bytes() == first


def test_a_page_of_somebody_else_is_not_overwritten(tmp_path, hang):
    hang("a.png")
    page = tmp_path / "index.html"
    page.write_text("<title>My site</title>")

    with pytest.raises(SaveError) as caught:
        make_gallery(tmp_path)

    assert str(caught.value) == f"{page} is there and is no gallery. Move it, or exists='replace' to overwrite it."
    assert page.read_text() == "<title>My site</title>"
    make_gallery(tmp_path, exists="skip")
    assert page.read_text() == "<title>My site</title>"
    make_gallery(tmp_path, exists="replace")
    assert "tarash gallery" in page.read_text(encoding="utf-8")


def test_the_word_gallery_in_another_page_makes_it_not_ours(tmp_path):
    (tmp_path / "index.html").write_text("<title>tarash gallery</title>" + " " * 3000)

    with pytest.raises(SaveError, match="is no gallery"):
        make_gallery(tmp_path)


def test_an_index_that_is_a_folder_is_told(tmp_path):
    (tmp_path / "index.html").mkdir()

    with pytest.raises(SaveError, match=r"index\.html is a folder"):
        make_gallery(tmp_path)


@pytest.mark.parametrize("name", ["gone", "a.png"], ids=["missing", "a file"])
def test_what_is_no_folder_has_no_gallery(name, tmp_path, hang):
    hang("a.png")

    with pytest.raises(ValidationError) as caught:
        make_gallery(tmp_path / name)

    assert str(caught.value) == f"{tmp_path / name} is no folder. Give the folder of the images and videos."


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SaveError, match="cannot be written: Permission denied"):
            make_gallery(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_an_old_gallery_stays_when_a_new_one_cannot_be_finished(tmp_path, hang, monkeypatch):
    hang("a.png")
    old = make_gallery(tmp_path).read_bytes()

    def interrupted(found, sidecar):
        raise KeyboardInterrupt

    monkeypatch.setattr("tarash_gateway_cli.gallery.page.entry_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_gallery(tmp_path)

    assert (tmp_path / "index.html").read_bytes() == old
    assert sorted(os.listdir(tmp_path)) == ["a.png", "index.html"]


def test_a_sidecar_of_a_thousand_brackets_harms_no_other_file(tmp_path, hang, gallery):
    hang("a.png")
    hang("b.png", prompt="Beside it")
    (tmp_path / "a.png.json").write_text('{"tarash_sidecar": 1, "parameters": {"a": ' + "[" * 900 + "]" * 900 + "}}")

    entries, _ = gallery()

    assert list(entries) == ["a.png", "b.png"]
    assert entries["b.png"]["prompt"] == "Beside it"
