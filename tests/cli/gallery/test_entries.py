"""The record of a file: what its sidecar tells, what the file tells, and an address that leads to it."""

import os
import sys

import pytest

from tarash.tarash_gateway.models import Media

TOLD = {
    "sha256": "ab" * 32,
    "content_type": "image/png",
    "width": 1792,
    "height": 1024,
    "duration_seconds": None,
    "kind": "image",
    "prompt": "A lighthouse",
    "revised_prompt": "A tall lighthouse",
    "provider": "openai",
    "model": "dall-e-3",
    "parameters": {"size": "1792x1024", "image": [{"sha256": "cd" * 32}]},
    "adjustments": [{"field": "size", "asked": "1800x1000", "sent": "1792x1024", "reason": "the nearest"}],
    "warnings": ["retired"],
    "cost": 0.08,
    "cost_source": "computed",
    "outputs": 1,
    "created_at": "2026-11-22T18:00:00Z",
    "request_id": "req_1",
    "provider_request_id": "vendor_1",
    "job_id": "job_1",
}


def test_everything_that_a_sidecar_tells_is_shown(hang, gallery):
    hang("a.png", **TOLD)

    entries, notes = gallery()

    shown = {name: value for name, value in TOLD.items() if name not in {"content_type", "created_at"}}
    del shown["duration_seconds"]
    size = entries["a.png"].pop("bytes")
    assert entries["a.png"] == {"url": "a.png", "path": "a.png", "has_sidecar": True, "at": 1795370400000, **shown}
    assert size > 0
    assert notes == []


def test_what_save_writes_is_what_is_read(tmp_path, png, gallery):
    Media.from_bytes(png, revised_prompt="A redder square").save(tmp_path / "a.png", sidecar=True)

    entries, notes = gallery()

    item = entries["a.png"]
    assert (item["width"], item["height"], item["revised_prompt"]) == (8, 6, "A redder square")
    assert (item["bytes"], item["has_sidecar"], notes) == (len(png), True, [])


def test_a_file_without_a_sidecar_tells_its_own_size_and_time(hang, gallery, clip):
    os.utime(hang("a.png"), (1_700_000_000, 1_700_000_000.5))
    hang("b.mp4", clip)

    entries, notes = gallery()

    assert entries["a.png"] | {"bytes": 0} == {
        "url": "a.png",
        "path": "a.png",
        "kind": "image",
        "bytes": 0,
        "at": 1_700_000_000_500,
        "at_is_file_time": True,
        "has_sidecar": False,
        "width": 8,
        "height": 6,
    }
    assert (entries["b.mp4"]["width"], entries["b.mp4"]["duration_seconds"]) == (64, 1.0)
    assert notes == []


def test_a_file_that_is_no_picture_is_shown_all_the_same(hang, gallery):
    hang("a.avif", b"of a kind that is not looked into")
    hang("b.png", b"")

    entries, notes = gallery()

    assert list(entries) == ["a.avif", "b.png"]
    assert not {"width", "height"} & {*entries["a.avif"], *entries["b.png"]}
    assert notes == []


def test_only_the_sidecar_is_read_where_it_tells_the_size(hang, gallery):
    hang("a.png", b"never opened", width=300, height=200)

    assert gallery()[0]["a.png"]["width"] == 300


def test_a_sidecar_without_a_size_leaves_it_to_the_file(hang, gallery):
    hang("a.png", prompt="Only a prompt")

    entries, notes = gallery()

    assert (entries["a.png"]["prompt"], entries["a.png"]["width"]) == ("Only a prompt", 8)
    assert notes == []


def test_a_file_that_changed_after_its_sidecar_is_told(hang, gallery, png):
    hang("a.png", prompt="Of another picture", width=300, height=200, size_bytes=len(png) + 1)

    entries, notes = gallery()

    assert (entries["a.png"]["width"], entries["a.png"]["height"]) == (8, 6)
    assert notes == ["a.png: has changed since its sidecar was written"]


def test_values_that_make_no_sense_are_left_out(hang, gallery):
    wrong = {"prompt": ["a"], "model": 3, "cost": "free", "width": "wide", "height": -1, "parameters": [1]}
    hang("a.png", **wrong, adjustments=[3], warnings="one", created_at="soon", request_id=None, unheard_of=1)

    item = gallery()[0]["a.png"]

    assert not {*wrong, "adjustments", "warnings", "request_id", "unheard_of"} & set(item)
    assert item["at_is_file_time"] is True


def test_a_broken_sidecar_is_told_and_its_file_is_shown(hang, gallery, tmp_path):
    hang("a.png")
    (tmp_path / "a.png.json").write_text('{"prompt": ')

    entries, notes = gallery()

    assert (entries["a.png"]["has_sidecar"], entries["a.png"]["width"]) == (False, 8)
    assert notes == ["a.png.json: is no JSON (Expecting value, line 1)"]


def test_the_time_of_a_file_may_be_nonsense(hang, gallery):
    try:
        os.utime(hang("a.png"), (10**13, 10**13))
    except (OSError, OverflowError):
        pytest.skip("this file system has no such time")

    assert gallery()[0]["a.png"]["at"] <= 8_640_000_000_000_000


NAMES = {
    "with space.png": "with%20space.png",
    "100% #1?.png": "100%25%20%231%3F.png",
    "javascript:alert(1).png": "javascript%3Aalert%281%29.png",
    'a"><img src=x>.png': "a%22%3E%3Cimg%20src%3Dx%3E.png",
    "Straße/夜.png": "Stra%C3%9Fe/%E5%A4%9C.png",
    "two\nlines.png": "two%0Alines.png",
    "🦊.png": "%F0%9F%A6%8A.png",
}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such names")
@pytest.mark.parametrize(("name", "address"), NAMES.items())
def test_an_address_leads_to_any_name(name, address, hang, gallery):
    hang(name)

    assert gallery()[0][name]["url"] == address


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are no text")
def test_a_name_that_is_no_text_keeps_its_bytes(tmp_path, png, gallery):
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(png)

    (entry,) = gallery()[0].values()

    assert (entry["url"], entry["width"]) == ("caf%E9.png", 8)
