"""A user without a home folder or a passwd entry, a home that cannot be written to, and `~` wherever a path is taken."""

import json
from pathlib import Path

import pytest

from tarash.tarash_gateway import Journal, run_batch
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.plugins import expand_home

IMAGE = ("image", "a boat", "-o", "boat.png", "-m", "dall-e-2", "--size", "256x256")

NOBODY = """
import pwd, sys

def nobody(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")

pwd.getpwuid = nobody
"""
"""What Python finds of a user whom a container made up: a number without an entry in /etc/passwd."""

COMMAND = NOBODY + "from tarash_gateway_cli import main\nmain()"


@pytest.fixture
def homeless(python, environment):
    """Runs `tarash` as a user without a home."""
    del environment["HOME"]
    return lambda *words, cold=False, **variables: python("-c", COMMAND, *words, cold=cold, env=variables)


def test_without_a_home_nothing_is_sent_before_there_is_a_journal(homeless, folder, paid):
    done = homeless(*IMAGE, cold=True)
    assert (done.code, paid(), list(folder.iterdir())) == (4, [], [])
    assert (
        "error: there is no home folder to keep the journal in, without which a crash could lose what was paid for. "
        "TARASH_JOURNAL=FOLDER names another folder; nothing was sent"
    ) in done.err


def test_without_a_home_the_journal_may_be_anywhere(homeless, folder, paid):
    done = homeless(*IMAGE, TARASH_JOURNAL=str(folder.parent / "journal"))
    assert (done.code, paid()) == (0, ["a boat"])
    assert sorted(path.name for path in folder.iterdir()) == ["boat.png", "boat.png.json"]


@pytest.mark.parametrize("words", [("models", "-p", "openai"), ("providers",), ("plugins",), ("--help",)], ids=" ".join)
def test_without_a_home_questions_are_answered(homeless, words):
    assert homeless(*words, cold=words[0] == "models").code == 0


def test_without_a_home_a_batch_has_its_journal_beside_its_files(homeless, folder, paid):
    (folder / "rows.jsonl").write_text(json.dumps({"id": "a", "prompt": "a boat", "model": "dall-e-2"}) + "\n")
    done = homeless("batch", "rows.jsonl", "-o", "out")
    assert (done.code, paid()) == (0, ["a boat"])


CALL = """
from tarash.tarash_gateway import check_request, generate_image, list_models
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

request = ImageGenerationRequest(prompt="a boat", size="256x256")
generate_image(ImageGenerationConfig(provider="openai", model="dall-e-2"), request).images[0].save("boat.png")
print(len(list_models()) > 10)
"""


def test_a_library_needs_no_home(python, environment, folder, paid):
    del environment["HOME"]
    done = python("-c", NOBODY + CALL, cold=True)
    assert (done.code, done.out, paid()) == (0, "True\n", ["a boat"])
    assert [path.name for path in folder.iterdir()] == ["boat.png"]


def test_a_home_that_cannot_be_written_to(tarash, folder, paid):
    """A file in its place cannot be written to by anybody, root among them."""
    (folder.parent / "file").write_text("")
    done = tarash(*IMAGE, env={"HOME": str(folder.parent / "file")})
    assert (done.code, paid()) == (6, [])
    assert "journal cannot be written: Not a directory" in done.err
    assert "TARASH_JOURNAL=FOLDER names another folder for the journal." in done.err


def test_the_home_stands_for_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand_home("~/a/b.png") == tmp_path / "a" / "b.png"
    assert expand_home("~") == tmp_path
    assert [expand_home(path) for path in ("a/~/b", "./~", "a~", "")] == list(map(Path, ("a/~/b", "~", "a~", "")))


def test_a_tilde_without_a_home_is_told():
    msg = (
        "~nobody-of-that-name/a: there is no home folder for ~nobody-of-that-name. Set HOME, or give the path in full."
    )
    with pytest.raises(ValidationError) as raised:
        expand_home("~nobody-of-that-name/a")
    assert str(raised.value) == msg


def test_a_tilde_in_the_words_of_a_command(tarash, environment, folder, paid):
    """A shell leaves it as it is behind `=`."""
    home = Path(environment["HOME"])
    done = tarash("image", "a boat", "--output=~/boat.png", "-m", "dall-e-2", "--size", "256x256")
    assert (done.code, done.out, paid()) == (0, f"{home / 'boat.png'}\n", ["a boat"])
    (home / "rows.jsonl").write_text(json.dumps({"id": "a", "prompt": "a row", "model": "dall-e-2"}) + "\n")
    done = tarash("batch", "~/rows.jsonl", "--output=~/out", "--journal=~/kept", "--gallery")
    assert (done.code, paid()) == (0, ["a boat", "a row"])
    assert (home / "out" / "results.jsonl").is_file()
    assert (home / "out" / "index.html").is_file()
    assert (home / "kept").is_dir()
    assert list(folder.iterdir()) == []


def test_a_tilde_in_a_variable_and_in_python(tarash, environment, folder, paid, monkeypatch, tmp_path):
    home = Path(environment["HOME"])
    done = tarash(*IMAGE, env={"TARASH_JOURNAL": "~/kept", "TARASH_LEDGER": "~/ledger.jsonl"})
    assert (done.code, (home / "kept").is_dir(), (home / "ledger.jsonl").is_file()) == (0, True, True)
    monkeypatch.setenv("HOME", str(home))
    assert Journal("~/journal").path == home / "journal"
    result = run_batch([{"id": "a", "prompt": "x"}], "~/made", dry_run=True)
    assert result.out == home / "made"
