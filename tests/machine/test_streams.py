"""Streams that are closed, full or without a reader: the image is in its file, and the exit code says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tarash_gateway_cli.exit_codes import BROKEN_PIPE, OK, OUTPUT_LOST

TARASH = str(Path(sys.executable).with_name("tarash"))
IMAGE = ("image", "a boat", "-o", "boat.png", "-m", "dall-e-2", "--size", "256x256")
FULL = "/dev/full"

pytestmark = pytest.mark.skipif(not os.path.exists(FULL), reason="this system has no /dev/full")  # noqa: PTH110


def first_of(cases, *, of_one=True):
    """The cases, all but the first among the slow ones."""
    others = (pytest.param(*([case] if of_one else case), marks=pytest.mark.slow) for case in cases[1:])
    return [*cases[:1], *others]


@pytest.fixture
def shell(environment):
    """Runs a line of a shell, with the words of a command as its parameters."""

    def shell(line, *words):
        command = ["bash", "-c", f"set -o pipefail; {line}", "bash", TARASH, *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)

    return shell


STDOUT = [
    ('"$@" >&-', OUTPUT_LOST, "Bad file descriptor"),
    (f'"$@" > {FULL}', OUTPUT_LOST, "No space left on device"),
    ('"$@" | true', BROKEN_PIPE, ""),
    ('"$@" <&- >&-', OUTPUT_LOST, "Bad file descriptor"),
]
STDERR = ['"$@" 2>&-', f'"$@" 2> {FULL}', '"$@" 2> >(true)', '"$@" <&-', '"$@" <&- 2>&-']


@pytest.mark.parametrize("more", [(), pytest.param(("--json",), marks=pytest.mark.slow)], ids=["plain", "json"])
@pytest.mark.parametrize(("line", "code", "why"), STDOUT)
def test_an_image_is_saved_when_stdout_cannot_be_written(shell, folder, paid, line, code, why, more):
    done = shell(line, *IMAGE, *more)
    assert (done.returncode, paid()) == (code, ["a boat"])
    assert (folder / "boat.png").read_bytes()[:4] == b"\x89PNG"
    assert (folder / "boat.png.json").is_file()
    told = f"error: stdout cannot be written: {why}. The work is done: what was made is in its files."
    assert (told in done.stderr) == bool(why)
    assert "of tarash itself" not in done.stderr


@pytest.mark.parametrize("line", first_of(STDERR))
def test_an_image_is_saved_when_stderr_cannot_be_written(shell, folder, paid, line):
    done = shell(line, *IMAGE)
    assert (done.returncode, done.stdout, paid()) == (OK, "boat.png\n", ["a boat"])
    assert (folder / "boat.png").is_file()


def test_no_file_gets_the_number_of_a_closed_stream(shell, folder, paid):
    """What is written to a stream would be in the image, or in the journal."""
    done = shell('"$@" <&- >&- 2>&-', *IMAGE, "-n", "2")
    assert (done.returncode, len(paid())) == (OUTPUT_LOST, 1)
    for path in ("boat.png", "boat-2.png"):
        assert (folder / path).read_bytes().endswith(b"IEND\xaeB`\x82")
    assert json.loads((folder / "boat.png.json").read_text())["prompt"] == "a boat"


@pytest.mark.parametrize("line", [f'"$@" > {FULL}', '"$@" >&-'])
def test_an_error_keeps_its_own_code(shell, paid, line):
    done = shell(line, *IMAGE, "-n", "11")
    assert (done.returncode, paid()) == (3, [])


@pytest.mark.parametrize(
    ("line", "code"),
    first_of([(line, code) for line, code, _ in STDOUT] + [(line, OK) for line in STDERR], of_one=False),
)
def test_a_batch_goes_on_to_its_end(shell, folder, paid, line, code):
    rows = [{"id": name, "prompt": name, "model": "dall-e-2", "size": "256x256"} for name in "abc"]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = shell(line, "batch", "rows.jsonl", "-o", "out")
    assert (done.returncode, paid()) == (code, ["a", "b", "c"])
    assert sorted(path.name for path in folder.rglob("*.png")) == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize("line", first_of([f'"$@" > {FULL}', '"$@" | true', '"$@" 2>&-']))
def test_a_video_is_saved(shell, folder, paid, line):
    done = shell(line, "video", "a boat", "-o", "boat.mp4", "-m", "sora-2", "--seconds", "4")
    assert (done.returncode in (OK, OUTPUT_LOST, BROKEN_PIPE), paid()) == (True, ["a boat"])
    assert (folder / "boat.mp4").is_file()


@pytest.mark.parametrize("words", first_of([("models",), ("--help",), ("models", "--json"), ("providers",)]))
def test_a_list_that_cannot_be_written(shell, words):
    assert shell(f'"$@" > {FULL}', *words).returncode == OUTPUT_LOST
    assert shell('"$@" | true', *words).returncode in (OK, BROKEN_PIPE)


def test_a_device_is_no_place_for_an_image(shell, paid):
    """It would be replaced by a file, where the user may do so."""
    done = shell('"$@"', "image", "a boat", "-o", "/dev/full", "--exists", "replace", "-m", "dall-e-2")
    assert (done.returncode, paid()) == (6, [])
    assert "/dev/full is no file: give the name of one." in done.stderr
    assert Path(FULL).is_char_device()
