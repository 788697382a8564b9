"""A sidecar says what a file was made of; it is read leniently, and never takes the place of somebody else's JSON."""

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tarash.tarash_gateway.errors import SaveError, ValidationError
from tarash.tarash_gateway.media.sidecar import Origin, check_sidecar, read_sidecar, sidecar_path, write_sidecar


@pytest.fixture
def place(tmp_path):
    return tmp_path / "city.png"


def test_a_sidecar_lies_beside_its_file():
    assert sidecar_path(Path("a/city.png")) == Path("a/city.png.json")
    assert sidecar_path(Path("city")) == Path("city.json")


def test_a_sidecar_is_json_with_a_mark(place):
    assert write_sidecar(place, {"prompt": "ein Haus, 家"}, "error") == sidecar_path(place)
    text = sidecar_path(place).read_text(encoding="utf-8")
    assert text == '{\n  "tarash_sidecar": 1,\n  "file": "city.png",\n  "prompt": "ein Haus, 家"\n}\n'
    assert read_sidecar(place) == {"tarash_sidecar": 1, "file": "city.png", "prompt": "ein Haus, 家"}
    assert os.listdir(place.parent) == ["city.png.json"]


def test_what_json_has_no_word_for_is_written_all_the_same(place):
    write_sidecar(place, {"asked": object, "cost": float("nan"), "path": Path("a")}, "error")
    reported = json.loads(sidecar_path(place).read_text())
    assert (reported["asked"], reported["cost"], reported["path"]) == ("<class 'object'>", None, "a")


@pytest.mark.parametrize(("exists", "left"), [("replace", "new"), ("skip", "old"), ("error", "old")])
def test_what_becomes_of_a_sidecar_that_is_there(exists, left, place):
    write_sidecar(place, {"prompt": "old"}, "error")
    try:
        write_sidecar(place, {"prompt": "new"}, exists)
        refused = None
    except SaveError as error:
        refused = str(error)
    assert read_sidecar(place)["prompt"] == left
    assert refused == (
        f"{place}.json is already there. "
        "Give another name, or exists='replace' to overwrite it, or exists='skip' to keep it."
        if exists == "error"
        else None
    )


@pytest.mark.parametrize("text", ['{"labels": []}', "[1]", "not json", "", '{"tarash_sidecar": 1'])
@pytest.mark.parametrize("exists", ["replace", "error"])
def test_a_file_that_is_no_sidecar_is_never_replaced(exists, text, place):
    sidecar_path(place).write_text(text)
    with pytest.raises(SaveError):
        check_sidecar(place, exists)
    with pytest.raises(SaveError) as caught:
        write_sidecar(place, {"prompt": "new"}, exists)
    assert sidecar_path(place).read_text() == text
    if exists == "replace":
        assert str(caught.value) == (
            f"{place}.json is already there and is no sidecar of ours, so it is not replaced. "
            "Move it away, give city.png another name, or save without a sidecar."
        )


def test_a_word_that_is_none_of_the_three_is_refused(place):
    with pytest.raises(ValidationError, match="exists='overwrite' is none of error, replace, skip"):
        check_sidecar(place, "overwrite")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nonsense", "[" * 100_000, '{"tarash_sidecar": 1, "x": "' + "x" * 4_200_000 + '"}']
)
def test_what_is_no_sidecar_is_read_as_none(text, place):
    sidecar_path(place).write_text(text)
    assert read_sidecar(place) is None


def test_a_missing_sidecar_is_read_as_none(place):
    assert read_sidecar(place) is None


def test_unknown_and_missing_keys_are_no_matter(place):
    sidecar_path(place).write_text('{"tarash_sidecar": 7, "later": true}')
    assert read_sidecar(place) == {"tarash_sidecar": 7, "later": True}


def test_the_prompt_is_told_apart_from_the_parameters():
    reported = Origin(request={"prompt": "a cat", "size": "1024x1024", "image_list": [{"sha256": "ab"}]}).facts()
    assert reported["prompt"] == "a cat"
    assert reported["parameters"] == {"size": "1024x1024", "image_list": [{"sha256": "ab"}]}


def test_times_are_told_in_utc():
    made = datetime(2026, 11, 22, 19, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert Origin(created_at=made).facts()["created_at"] == "2026-11-22T18:00:00Z"
    assert Origin(created_at=datetime(2026, 11, 22, 18, tzinfo=UTC)).facts()["created_at"] == "2026-11-22T18:00:00Z"


def test_an_unknown_origin_is_told_as_nothing():
    reported = Origin().facts()
    assert {key for key, value in reported.items() if value} == set()
    assert (reported["parameters"], reported["adjustments"], reported["warnings"], reported["cost"]) == (
        {},
        [],
        [],
        None,
    )
