"""`--dry-run` shows everything and sends nothing."""

import pytest


@pytest.fixture
def dry(typed):
    def dry(*words):
        return typed(*words, "--dry-run")

    return dry


def test_it_needs_no_key_no_file_and_no_server(dry, folder):
    done = dry("image", "A harbour", "-p", "openai", "-m", "gpt-image-2", "--json")
    assert done.code == 0
    assert done.reported == {
        "dry_run": True,
        "provider": "openai",
        "model": "gpt-image-2",
        "request": {"prompt": "A harbour"},
        "requests": 1,
        "problems": [],
        "adjustments": [],
        "left_out": [],
        "warnings": [],
        "estimated_cost": None,
    }
    assert list(folder.iterdir()) == []


def test_the_request_is_shown_as_it_would_be_sent(dry):
    reported = dry(
        "video", "A boat", "-p", "openai", "-m", "sora-2", "--aspect", "16:10", "--seconds", 8, "--seed", 7, "--json"
    ).reported
    assert reported["request"] == {"prompt": "A boat", "size": "1792x1024", "duration_seconds": 8.0}
    assert [(item["field"], item["asked"], item["sent"]) for item in reported["adjustments"]] == [
        ("size", None, "1792x1024")
    ]
    assert "seed: sora-2 has no such parameter; it was left out" in reported["warnings"]
    assert "sora-2 is retired at its vendor since 2026-09-24" in reported["warnings"]


def test_the_cost_is_estimated(dry):
    cost = dry("image", "A harbour", "-m", "dall-e-3", "-p", "openai", "--quality", "hd", "--json").reported[
        "estimated_cost"
    ]
    assert (cost["low"], cost["high"]) == (0.08, 0.12)


def test_every_problem_is_shown_and_the_exit_code_is_that_of_the_request(dry):
    words = (
        "image",
        "A harbour",
        "-p",
        "openai",
        "-m",
        "gpt-image-1.5",
        "--size",
        "1x1",
        "--quality",
        "best",
        "-n",
        12,
    )
    done = dry(*words, "--json")
    assert done.code == 3
    assert [problem["field"] for problem in done.reported["problems"]] == ["size", "quality", "n"]
    assert done.reported["requests"] == 1
    assert dry(*words, "--fan-out", "--json").reported["requests"] == 2
    assert done.reported["problems"][0]["nearest"] == "1024x1024"


def test_the_nearest_values_are_shown_before_they_are_sent(dry):
    words = ("image", "A harbour", "-p", "openai", "-m", "gpt-image-2", "--size", "1920x1080", "--quality", "hd")
    assert "--nearest" not in words
    reported = dry(*words, "--style", "vivid", "--nearest", "--json").reported
    assert reported["problems"] == []
    assert reported["request"] == {"prompt": "A harbour", "size": "1904x1072", "quality": "high"}
    assert [(item["field"], item["asked"], item["sent"]) for item in reported["adjustments"]] == [
        ("quality", "hd", "high"),
        ("size", "1920x1080", "1904x1072"),
    ]
    assert reported["left_out"] == ["style"]


def test_people_see_a_table(dry, folder, picture):
    (folder / "photo.png").write_bytes(picture(640, 480))
    done = dry("image", "A harbour", "-p", "openai", "-m", "gpt-image-1.5", "--size", "1x1", "--edit", "photo.png")
    shown = {line.split()[0]: line for line in done.out.splitlines() if line[:1].strip()}
    assert {"to", "prompt", "size", "image_list", "image", "warning", "problem", "cost"} <= set(shown)
    assert "openai/gpt-image-1.5" in shown["to"]
    assert "image/png 640x480" in shown["image"]
    assert "not known beforehand" in shown["cost"]
    assert done.err.endswith("Nothing was sent.\n")


def test_an_address_is_shown_and_not_fetched(dry):
    done = dry(
        "image", "Snow", "-p", "openai", "-m", "gpt-image-2", "--edit", "https://nowhere.invalid/a.png", "--json"
    )
    assert done.reported["request"]["image_list"] == [{"type": "reference", "url": "https://nowhere.invalid/a.png"}]


def test_nothing_reaches_a_server_or_the_journal(dry, at_sandbox, tarash_sandbox, tmp_path):
    assert dry("image", "A harbour", "-o", "harbour.png", *at_sandbox).code == 0
    assert dry("video", "A boat", "-o", "boat.mp4", *at_sandbox).code == 0
    assert tarash_sandbox.requests == []
    assert not (tmp_path / "journal").exists()


def test_a_request_that_no_model_could_take_is_an_error(dry):
    done = dry("image", "  ", "-p", "openai", "--json")
    assert done.code == 3
    assert done.reported["error"]["problems"] == [{"field": "prompt", "message": "is empty"}]
