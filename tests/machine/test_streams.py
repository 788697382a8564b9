"""Streams that are closed, full or without a reader: the image is in its file, and the exit code says so."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tarash_gateway_cli.exit_codes import BROKEN_PIPE, OK, OUTPUT_LOST

PROGRAM = ("-m", "tarash_gateway_cli")
IMAGE = ("image", "a boat", "-o", "boat.png", "-m", "dall-e-2", "--size", "256x256")
FULL = "/dev/full"

pytestmark = pytest.mark.skipif(not os.path.exists(FULL), reason="this system has no /dev/full")  # noqa: PTH110


def first_of(cases, *, of_one=True):
    """The cases, all but the first among the slow ones."""
    others = (pytest.param(*([case] if of_one else case), marks=pytest.mark.slow) for case in cases[1:])
    return [*cases[:1], *others]


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    code: int
    out: str
    err: str


class Streams:
    """Streams of a process by number: closed, full or without a reader; the others are files."""

    def __init__(self, places):
        self._places = places

    def __enter__(self):
        self._files = {number: TemporaryFile() for number in range(3)}  # noqa: SIM115 # closed at the exit
        numbers = {number: file.fileno() for number, file in self._files.items()}
        self._opened = []
        for number, place in self._places.items():
            numbers[number] = None if place == "closed" else self._number(place)
        return self, [numbers[number] for number in range(3)]

    def _number(self, place):
        if place == "full":
            self._opened.append(os.open(FULL, os.O_WRONLY))
        else:
            reading, writing = os.pipe()
            os.close(reading)
            self._opened.append(writing)
        return self._opened[-1]

    def text(self, number):
        self._files[number].seek(0)
        return self._files[number].read().decode()

    def __exit__(self, *_):
        for file in self._files.values():
            file.close()
        for number in self._opened:
            os.close(number)


@pytest.fixture
def run(environment, warm_python):
    """Runs a command whose streams are as `places` says."""

    def run(places, *words):
        with Streams(places) as (streams, files):
            code = warm_python.start([*PROGRAM, *words], files=files, env=environment).wait(90)
            # As a shell tells of it: a process that is ended by a signal has the number 128 + the signal's.
            return Done(128 - code if code < 0 else code, streams.text(1), streams.text(2))

    return run


@pytest.fixture
def shell(environment):
    """Runs a command by a line of a shell."""

    def shell(line, *words):
        command = ["bash", "-c", f"set -o pipefail; {line}", "bash", sys.executable, *PROGRAM, *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    return shell


STDOUT = [
    ({1: "closed"}, OUTPUT_LOST, "Bad file descriptor"),
    ({1: "full"}, OUTPUT_LOST, "No space left on device"),
    ({1: "without a reader"}, BROKEN_PIPE, ""),
    ({0: "closed", 1: "closed"}, OUTPUT_LOST, "Bad file descriptor"),
]
STDERR = [{2: "closed"}, {2: "full"}, {2: "without a reader"}, {0: "closed"}, {0: "closed", 2: "closed"}]


@pytest.mark.parametrize("extra", [(), ("--json",)], ids=["plain", "json"])
@pytest.mark.parametrize(("places", "code", "why"), STDOUT)
def test_an_image_is_saved_when_stdout_cannot_be_written(run, folder, paid, places, code, why, extra):
    done = run(places, *IMAGE, *extra)
    assert (done.code, paid()) == (code, ["a boat"])
    assert (folder / "boat.png").read_bytes()[:4] == b"\x89PNG"
    assert (folder / "boat.png.json").is_file()
    reported = f"error: stdout cannot be written: {why}. The work is done: the results are in their files."
    assert (reported in done.err) == bool(why)
    assert "of tarash itself" not in done.err


@pytest.mark.parametrize("places", STDERR)
def test_an_image_is_saved_when_stderr_cannot_be_written(run, folder, paid, places):
    done = run(places, *IMAGE)
    assert (done.code, done.out, paid()) == (OK, "boat.png\n", ["a boat"])
    assert (folder / "boat.png").is_file()


def test_no_file_gets_the_number_of_a_closed_stream(shell, folder, paid):
    """What is written to a stream would be in the image, or in the journal."""
    done = shell('"$@" <&- >&- 2>&-', *IMAGE, "-n", "2")
    assert (done.code, len(paid())) == (OUTPUT_LOST, 1)
    for path in ("boat.png", "boat-2.png"):
        assert (folder / path).read_bytes().endswith(b"IEND\xaeB`\x82")
    assert json.loads((folder / "boat.png.json").read_text())["prompt"] == "a boat"


@pytest.mark.parametrize("place", ["full", "closed"])
def test_an_error_keeps_its_own_code(run, paid, place):
    done = run({1: place}, *IMAGE, "-n", "11")
    assert (done.code, paid()) == (3, [])


@pytest.mark.parametrize(
    ("places", "code"),
    first_of([(places, code) for places, code, _ in STDOUT] + [(places, OK) for places in STDERR], of_one=False),
)
def test_a_batch_goes_on_to_its_end(run, folder, paid, places, code):
    rows = [{"id": name, "prompt": name, "model": "dall-e-2", "size": "256x256"} for name in "abc"]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    done = run(places, "batch", "rows.jsonl", "-o", "out")
    assert (done.code, paid()) == (code, ["a", "b", "c"])
    assert sorted(path.name for path in folder.rglob("*.png")) == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize("places", first_of([{1: "full"}, {1: "without a reader"}, {2: "closed"}]))
def test_a_video_is_saved(run, folder, paid, places):
    done = run(places, "video", "a boat", "-o", "boat.mp4", "-m", "sora-2", "--seconds", "4")
    assert (done.code in (OK, OUTPUT_LOST, BROKEN_PIPE), paid()) == (True, ["a boat"])
    assert (folder / "boat.mp4").is_file()


@pytest.mark.parametrize("words", first_of([("models",), ("--help",), ("models", "--json"), ("providers",)]))
def test_a_list_that_cannot_be_written(run, words):
    assert run({1: "full"}, *words).code == OUTPUT_LOST
    assert run({1: "without a reader"}, *words).code in (OK, BROKEN_PIPE)


def test_a_device_is_no_place_for_an_image(tarash, paid):
    """It would be replaced by a file, where the user may do so."""
    done = tarash("image", "a boat", "-o", "/dev/full", "--exists", "replace", "-m", "dall-e-2")
    assert (done.code, paid()) == (6, [])
    assert "/dev/full is no file: give the name of one." in done.err
    assert Path(FULL).is_char_device()
