"""In a terminal: a bar that moves, Ctrl-C that leaves nothing behind unsaid, and pictures where they can be shown."""

import re
import signal

import pytest

from tarash.tarash_gateway.media.structure import inspect_file

CLIP = ("-m", "sora-2", "--seconds", 4, "-o", "boat.mp4")


def test_a_video_has_a_bar_and_ends_with_its_path(terminal, at_sandbox, tarash_sandbox):
    tarash_sandbox.job_seconds = 1.5
    opened = terminal("video", "A paper boat", *CLIP, *at_sandbox)
    assert re.search(r"sandbox/sora-2 [━╸╺]+ in progress \d+ %", opened.expect(" %"))
    assert re.search(r"sandbox/sora-2 job video_\w+", opened.text)
    assert opened.end() == 0
    assert re.search(r"✓ sandbox/sora-2 completed in \d s", opened.text)
    assert "boat.mp4" in opened.text.splitlines()
    assert opened.raw.count("\x1b[?25l") == opened.raw.count("\x1b[?25h"), "the cursor comes back"


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_nothing_is_wider_than_the_terminal(terminal, at_sandbox, columns):
    opened = terminal("models", "-p", "openai", columns=columns)
    assert opened.end() == 0
    assert max(len(line) for line in opened.text.splitlines()) <= columns


class TestCtrlC:
    @pytest.fixture
    def interrupted(self, terminal, at_sandbox, tarash_sandbox):
        tarash_sandbox.job_seconds = 60
        opened = terminal("video", "A paper boat", *CLIP, *at_sandbox)
        opened.expect("sandbox/sora-2 job video_")
        opened.interrupt()
        assert opened.end() == 130
        return opened

    def test_says_which_job_is_left_and_how_to_fetch_it(self, interrupted, tarash_sandbox, typed):
        job = re.search(r"video_[0-9a-f]+", interrupted.text)[0]
        assert f"Interrupted. Job {job} was left running." in interrupted.text
        assert (
            f"  tarash jobs resume {job} -o boat.mp4 --base-url {tarash_sandbox.url}" in interrupted.text.splitlines()
        )
        assert "Traceback" not in interrupted.text
        (entry,) = typed("jobs", "--json").reported["jobs"]
        assert (entry["status"], entry["job"]["id"]) == ("submitted", job)

    def test_with_json_there_is_one_object(self, at_sandbox, tarash_sandbox, terminal):
        tarash_sandbox.job_seconds = 60
        opened = terminal("video", "A paper boat", *CLIP, "--json", *at_sandbox)
        opened.expect("sandbox/sora-2 job video_")
        opened.interrupt()
        assert opened.end() == 130
        assert '"type": "Interrupted"' in opened.text
        assert '"resume": "tarash jobs resume video_' in opened.text


def test_a_request_that_is_on_its_way_is_waited_for_and_named(terminal, at_sandbox, tarash_sandbox, typed):
    tarash_sandbox.fail("never_answers", times=None)
    opened = terminal("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
    opened.expect("submitting")
    while not tarash_sandbox.requests:
        opened.expect("submitting")
    opened.interrupt()
    opened.expect("Interrupted: waiting for the answer to the request. A second signal ends at once.")
    opened.interrupt()
    assert opened.end() == -signal.SIGINT
    (entry,) = typed("jobs", "--json").reported["jobs"]
    assert (entry["status"], entry["request"]["prompt"]) == ("open", "A harbour")


def test_a_second_ctrl_c_ends_it_at_once(started):
    code = """
import os, signal, time
from tarash_gateway_cli.errors import interruptible
try:
    with interruptible():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
except KeyboardInterrupt:
    print("said", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
"""
    import sys

    done = started("-c", code, command=[sys.executable])
    assert (done.code, done.out) == (-signal.SIGINT, "said\n")


def test_an_ignored_ctrl_c_stays_ignored(started):
    code = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from tarash_gateway_cli.errors import interruptible
with interruptible():
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
"""
    import sys

    assert started("-c", code, command=[sys.executable]).code == 0


class TestPictures:
    WORDS = ("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2")

    def test_a_terminal_with_sixels_shows_the_picture(self, terminal, at_sandbox):
        pytest.importorskip("textual_image")
        opened = terminal(*self.WORDS, *at_sandbox, TERM_PROGRAM="WezTerm")
        # The terminal is asked what it can, and says that it has sixels.
        while "\x1b[c" not in opened.raw:
            assert opened._read(20)
        opened.press(b"\x1b[?62;4c")
        assert opened.end() == 0
        assert "\x1bPq" in opened.raw or re.search(r"\x1bP[0-9;]*q", opened.raw)

    def test_a_terminal_that_only_says_so_shows_none(self, terminal, at_sandbox):
        pytest.importorskip("textual_image")
        opened = terminal(*self.WORDS, *at_sandbox, TERM_PROGRAM="WezTerm")
        assert opened.end() == 0
        assert "\x1bP" not in opened.raw
        assert "harbour.png" in opened.text

    def test_an_ordinary_terminal_is_asked_nothing(self, terminal, at_sandbox):
        opened = terminal(*self.WORDS, *at_sandbox)
        assert opened.end() == 0
        assert "\x1b[c" not in opened.raw
        assert "harbour.png" in opened.text.splitlines()
        assert "image/png 1024x1024" in opened.text


def test_whoever_reads_may_stop_reading(folder, started):
    done = started("-c", "python=$1; $python -m tarash_gateway_cli models | head -1; echo ${PIPESTATUS[0]}", "sh",
                   __import__("sys").executable, command=["bash"])  # fmt: skip
    assert done.err == ""
    assert done.out.splitlines()[-1] in ("141", "0")  # 0 where all of it fitted into the pipe


def test_the_very_command_that_is_told_fetches_the_clip(terminal, at_sandbox, tarash_sandbox, folder):
    tarash_sandbox.job_seconds = 1.5
    opened = terminal("video", "A paper boat", *CLIP, *at_sandbox)
    opened.expect("sandbox/sora-2 job video_")
    opened.interrupt()
    assert opened.end() == 130
    resumed = terminal(*re.search(r"^  tarash (jobs resume .*)$", opened.text, re.MULTILINE)[1].split())
    assert resumed.end() == 0, resumed.text
    assert inspect_file(folder / "boat.mp4").content_type == "video/mp4"
    assert [request.method for request in tarash_sandbox.requests].count("POST") == 1
