"""The commands as a person types them: in this process, in a process of their own, and in a terminal."""

import contextlib
import errno
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass

import pytest

from tarash.tarash_gateway.journal import Journal

PROGRAM = ("-m", "tarash_gateway_cli")
COMMAND = [sys.executable, *PROGRAM]

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def reported(self):
        """The one object on stdout."""
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands run: an empty folder, with the journal and the home beside it."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    monkeypatch.setenv("TARASH_JOURNAL", str(tmp_path / "journal"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM_PROGRAM", "KITTY_WINDOW_ID", "CI"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def typed(folder, capsys):
    """Runs a command in this process."""
    from tarash_gateway_cli.app import run

    def typed(*words):
        capsys.readouterr()
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return typed


@pytest.fixture
def at_sandbox(tarash_sandbox):
    """The options that lead to the sandbox server of this test."""
    return ("-p", "sandbox", "--base-url", tarash_sandbox.url)


@pytest.fixture
def started(folder, warm_python):
    """Runs a command as a process of its own, in a pipe."""

    def started(*words, stdin=None, command=None, **environment):
        env = {**os.environ, **environment}
        if command is None and not any(name.startswith("PYTHON") for name in environment):
            done = warm_python.run([*PROGRAM, *words], stdin=stdin, env=env)
        else:
            words = [*(command or COMMAND), *map(str, words)]
            done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=60, env=env, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    return started


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, python, words, *, columns=100, command=None, **environment):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        # A terminal says how wide it is; COLUMNS would say so louder.
        kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        env = {**kept, "TERM": "xterm-256color", **environment}
        if command is None:
            self.process = python.start([*PROGRAM, *words], files=[slave] * 3, env=env, terminal=True)
        else:
            self.process = subprocess.Popen(
                [*command, *map(str, words)],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=env,
                start_new_session=True,
                # Makes it the controlling terminal, so that Ctrl-C is a signal.
                preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),  # noqa: PLW1509 # no lock is held here
            )
        os.close(slave)
        self.raw = ""

    @property
    def text(self):
        """What was written, line after line, without colours and movements."""
        lines = _CONTROL.sub("", self.raw).replace("\r", "\n").split("\n")
        return "\n".join(line.rstrip() for line in lines if line.strip())

    def expect(self, wanted, seconds=60.0):
        """Reads until `wanted` is there."""
        end = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < end, f"{wanted!r} did not come:\n{self.text}"
            assert self._read(end - time.monotonic()), f"{wanted!r} did not come before the end:\n{self.text}"
        return self.text

    def press(self, keys):
        """Types."""
        os.write(self._master, keys)

    def interrupt(self):
        """Presses Ctrl-C."""
        self.press(b"\x03")

    def end(self, seconds=60.0):
        """Reads to the end.

        Returns:
            The exit code.
        """
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read(self, seconds):
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError as error:
            if error.errno == errno.EIO:  # how Linux says that the other side has closed
                return False
            raise
        self.raw += data.decode("utf-8", "replace")
        return bool(data)


@pytest.fixture
def terminal(folder, warm_python):
    """Opens a terminal and runs a command in it."""
    with contextlib.ExitStack() as stack:

        def terminal(*words, **options):
            opened = Terminal(warm_python, words, **options)
            stack.callback(opened.close)
            return opened

        yield terminal


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


@pytest.fixture
def timed_out(typed, at_sandbox, tarash_sandbox, pauses_leap):
    """A command whose job was not done after a minute."""
    tarash_sandbox.job_seconds = 600
    with pauses_leap():
        return typed(
            "video",
            "A paper boat",
            "-m",
            "sora-2",
            "--seconds",
            4,
            "-o",
            "boat.mp4",
            "--timeout",
            "60",
            "--json",
            *at_sandbox,
        )
