"""`tarash image`: the picture is saved and remembered, and whatever is in the way is told before anything is sent."""

import json
import re

import pytest
from PIL import Image

from tarash.tarash_gateway.journal import Journal


def kind_of(path):
    with Image.open(path) as opened:
        return opened.format


def test_the_path_is_on_stdout_and_everything_else_on_stderr(typed, at_sandbox, folder):
    done = typed("image", "A harbour at night", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
    assert (done.code, done.out) == (0, "harbour.png\n")
    assert re.search(r"^  image/png 1024x1024, \d+ kB, free$", done.err, re.MULTILINE)
    assert kind_of(folder / "harbour.png") == "PNG"


def test_beside_the_file_lies_what_it_was_made_of(typed, at_sandbox, folder):
    typed("image", "A harbour at night", "-o", "harbour.png", "-m", "gpt-image-2", "--quality", "low", *at_sandbox)
    reported = json.loads((folder / "harbour.png.json").read_text(encoding="utf-8"))
    assert reported["prompt"] == "A harbour at night"
    assert reported["model"] == "gpt-image-2"
    assert reported["parameters"] == {"quality": "low", "output_format": "png"}


def test_with_json_there_is_one_object_on_stdout(typed, at_sandbox, folder):
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "--json", *at_sandbox)
    assert done.code == 0
    (file,) = done.reported["files"]
    assert (file["path"], file["sidecar"]) == ("harbour.png", "harbour.png.json")
    assert (file["content_type"], file["width"], file["height"]) == ("image/png", 1024, 1024)
    assert len(file["sha256"]) == 64
    assert (done.reported["provider"], done.reported["model"], done.reported["cost_source"]) == (
        "sandbox",
        "gpt-image-2",
        "computed",
    )
    assert done.reported["warnings"] == []


def test_what_it_costs_is_told(typed, tarash_sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    words = ("image", "A harbour", "-o", "harbour.png", "-m", "dall-e-2", "--size", "1024x1024", "-n", 2)
    done = typed(*words, "-p", "openai", "--base-url", tarash_sandbox.url)
    assert done.err.splitlines()[-1] == "  total $0.04 by its price list"


def test_several_pictures_are_numbered(typed, at_sandbox, folder):
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "-n", 3, *at_sandbox)
    assert done.out.split() == ["harbour.png", "harbour-2.png", "harbour-3.png"]
    assert all((folder / name).is_file() and (folder / f"{name}.json").is_file() for name in done.out.split())


def test_more_than_one_request_makes_are_fanned_out_when_asked(typed, at_sandbox, tarash_sandbox):
    words = ("image", "A harbour", "-o", "harbour.png", "-m", "dall-e-3", "-n", 2, *at_sandbox)
    refused = typed(*words)
    assert refused.code == 3
    assert "Here: --fan-out." in refused.err
    assert typed(*words, "--fan-out").code == 0
    assert [request.method for request in tarash_sandbox.requests].count("POST") == 2


@pytest.mark.parametrize(
    ("name", "kind"), [("harbour.webp", "WEBP"), ("harbour.jpg", "JPEG"), ("harbour.png", "PNG"), ("harbour", "PNG")]
)
def test_the_ending_of_the_file_asks_for_its_format(typed, at_sandbox, folder, name, kind):
    assert typed("image", "A harbour", "-o", name, "-m", "gpt-image-2", *at_sandbox).code == 0
    assert kind_of(folder / name) == kind


def test_an_ending_that_does_not_fit_is_told(typed, at_sandbox, folder):
    done = typed("image", "A harbour", "-o", "harbour.jpg", "-m", "dall-e-3", "--json", *at_sandbox)
    assert "harbour.jpg contains image/png, which its ending does not say" in done.reported["warnings"]


def test_every_option_reaches_the_request(typed, at_sandbox, tarash_sandbox, folder, picture):
    (folder / "photo.png").write_bytes(picture())
    (folder / "mask.png").write_bytes(picture(mode="RGBA"))
    words = ("--size", "1536x1024", "--quality", "high", "--background", "opaque", "--format", "webp", "-n", 2)
    edit = ("--edit", "photo.png", "--edit", "photo.png", "--mask", "mask.png", "--param", "user=ann")
    done = typed("image", "Make it winter", "-o", "w.webp", "-m", "gpt-image-2", *words, *edit, *at_sandbox)
    assert done.code == 0, done.err
    (request,) = tarash_sandbox.requests
    assert request.path == "/v1/images/edits"
    sent = {name: request.fields[name] for name in ("size", "quality", "background", "output_format", "n", "user")}
    assert sent == {
        "size": "1536x1024", "quality": "high", "background": "opaque", "output_format": "webp", "n": "2", "user": "ann",
    }  # fmt: skip
    assert [file.field for file in request.files] == ["image[]", "image[]", "mask"]


def test_a_picture_that_is_not_there_is_told_by_its_name(typed, at_sandbox, tarash_sandbox):
    done = typed("image", "Winter", "-o", "winter.png", "--edit", "nowhere.png", *at_sandbox)
    assert done.code == 3
    assert "error: nowhere.png is neither a file nor an address; nothing was sent\n" in done.err
    assert tarash_sandbox.requests == []


def test_a_terminal_that_knows_only_ascii_stops_nothing(started, at_sandbox):
    done = started("image", "Ein Hafen für Käse", "-o", "x.png", "-m", "gpt-image-2", *at_sandbox)
    assert done.code == 0, done.err
    listed = started("jobs", PYTHONIOENCODING="ascii")
    assert listed.code == 0, listed.err
    assert r"Ein Hafen f\xfcr K\xe4se" in listed.out


def test_a_journal_that_cannot_be_written_is_told_before_anything_is_sent(
    typed, at_sandbox, tarash_sandbox, folder, monkeypatch
):
    (folder / "file").touch()
    monkeypatch.setenv("TARASH_JOURNAL", str(folder / "file" / "journal"))
    done = typed("image", "A harbour", "-o", "harbour.png", *at_sandbox)
    assert done.code == 6
    assert f"{folder / 'file' / 'journal'} cannot be written" in done.err
    assert tarash_sandbox.requests == []


def test_the_prompt_may_come_from_stdin(started, at_sandbox, folder):
    done = started("image", "-", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox, stdin="A harbour\n")
    assert done.code == 0, done.err
    assert json.loads((folder / "harbour.png.json").read_text())["prompt"] == "A harbour"


def test_partial_pictures_are_counted(typed, at_sandbox):
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "--stream", *at_sandbox)
    assert done.code == 0, done.err
    assert "sandbox/gpt-image-2: drawing, 1 partial image" in done.err
    assert "2 partial images" in done.err


class TestFilesThatAreThere:
    @pytest.fixture(autouse=True)
    def _there(self, folder):
        (folder / "harbour.png").write_bytes(b"mine")

    def test_nothing_is_sent(self, typed, at_sandbox, tarash_sandbox, folder):
        done = typed("image", "A harbour", "-o", "harbour.png", *at_sandbox)
        assert done.code == 6
        assert "error: harbour.png is already there." in done.err
        assert "Here: --exists replace, or --exists skip." in done.err
        assert tarash_sandbox.requests == []

    def test_the_second_of_several_counts_too(self, typed, at_sandbox, tarash_sandbox):
        assert typed("image", "A harbour", "-o", "harbour.png", "-n", 2, *at_sandbox).code == 6
        assert tarash_sandbox.requests == []

    def test_it_is_replaced(self, typed, at_sandbox, folder):
        assert typed("image", "A harbour", "-o", "harbour.png", "--exists", "replace", *at_sandbox).code == 0
        assert (folder / "harbour.png").read_bytes() != b"mine"

    def test_it_is_kept_and_nothing_is_sent(self, typed, at_sandbox, tarash_sandbox, folder):
        done = typed("image", "A harbour", "-o", "harbour.png", "--exists", "skip", "--json", *at_sandbox)
        assert (done.code, done.reported) == (0, {"files": [{"path": "harbour.png"}], "skipped": True})
        assert (folder / "harbour.png").read_bytes() == b"mine"
        assert tarash_sandbox.requests == []

    def test_a_folder_that_is_not_there_is_found_before_anything_is_sent(self, typed, at_sandbox, tarash_sandbox):
        assert typed("image", "A harbour", "-o", "nowhere/harbour.png", *at_sandbox).code == 6
        assert tarash_sandbox.requests == []


def test_a_picture_that_is_paid_for_is_kept_wherever_there_is_room(typed, at_sandbox, folder, monkeypatch, tmp_path):
    """Another process took the name while the picture was made."""
    from tarash_gateway_cli import generation

    monkeypatch.setattr(generation, "check_paths", lambda *_: True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (folder / "harbour.png").write_bytes(b"theirs")
    done = typed("image", "A harbour", "-o", "harbour.png", "--json", *at_sandbox)
    (file,) = done.reported["files"]
    assert done.code == 6
    assert file["path"].startswith(str(tmp_path))
    assert kind_of(file["path"]) == "PNG"
    assert f"The image is paid for, and was saved as {file['path']}." in done.reported["warnings"][0]


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        ("unauthorized", 10, "AuthenticationError"),
        ("moderation_blocked", 12, "ContentPolicyError"),
        ("insufficient_quota", 13, "QuotaExceededError"),
        ("dropped_after_creation", 30, "UnconfirmedGenerationError"),
        ("not_an_image", 31, "InvalidResponseError"),
        ("model_not_found", 11, "ModelNotFoundError"),
    ],
)
def test_an_error_is_told_to_people_and_to_programs(typed, at_sandbox, tarash_sandbox, fault, code, kind):
    tarash_sandbox.fail(fault, times=None)
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "--json", *at_sandbox)
    assert done.code == code
    error = done.reported["error"]
    assert (error["type"], error["exit_code"], error["provider"]) == (kind, code, "sandbox")
    assert f"error: {error['message']}" in done.err


def test_a_picture_that_is_broken_is_kept_beside_its_place(typed, at_sandbox, tarash_sandbox, folder):
    tarash_sandbox.fail("not_an_image", times=None)
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "--json", *at_sandbox)
    kept = folder / "harbour.png.incomplete"
    assert done.reported["error"]["message"].endswith("Its bytes are in harbour.png.incomplete.")
    assert kept.read_bytes()
    assert not (folder / "harbour.png").exists()


def test_what_may_cost_too_much_is_not_sent(typed, at_sandbox, tarash_sandbox):
    words = ("image", "A harbour", "-o", "harbour.png", "-m", "dall-e-3", "--quality", "hd", "--max-cost", "0.01")
    done = typed(*words, "--json", "-p", "openai", "--base-url", tarash_sandbox.url)
    assert done.code == 3
    assert [problem["field"] for problem in done.reported["error"]["problems"]] == ["max_cost"]
    assert tarash_sandbox.requests == []


def test_a_retired_model_is_told_once_and_without_a_place_in_the_code(typed, at_sandbox):
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "dall-e-3", *at_sandbox)
    assert done.err.count("warning: dall-e-3 is retired at its vendor since 2026-05-12") == 1
    assert ".py" not in done.err


def test_what_was_changed_on_the_way_is_told(typed, at_sandbox):
    done = typed("image", "A harbour", "-o", "h.png", "-m", "dall-e-3", "--aspect", "16:10", "--seed", 3, *at_sandbox)
    assert "size was sent as 1792x1024: for 16:10" in done.err
    assert "warning: seed: dall-e-3 has no such parameter; it was left out" in done.err


def test_it_is_in_the_journal_with_its_files(typed, at_sandbox, tmp_path, folder):
    typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "-n", 2, *at_sandbox)
    (entry,) = Journal(tmp_path / "journal").entries()
    assert (entry.status, entry.kind, entry.request["prompt"]) == ("saved", "image", "A harbour")
    assert [file["path"] for file in entry.files] == [str(folder / "harbour.png"), str(folder / "harbour-2.png")]


def test_control_characters_of_a_vendor_do_not_reach_the_terminal(typed, at_sandbox, tarash_sandbox):
    from tarash_gateway_sandbox import Answer

    error = {"error": {"message": "no\x1b]0;owned\x07[red]no", "type": "invalid_request_error", "code": None}}
    tarash_sandbox.play(Answer(400, {}, json.dumps(error).encode()))
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
    assert done.code == 11
    assert "\x1b" not in done.err
    assert "[red]no" in done.err
