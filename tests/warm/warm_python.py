"""Programs in processes of their own, without the half second that an SDK takes to import: see `forking_python.py`."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile


class WarmPython:
    """Runs what `python -c …` and `python -m …` would run."""

    def __init__(self):
        self._control, theirs = socket.socketpair()
        # None of the settings of this machine, as in a test: they would be read at an import.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "TARASH_"))}
        command = [sys.executable, Path(__file__).with_name("forking_python.py")]
        self._process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.DEVNULL, env=environment)
        theirs.close()

    def close(self):
        self._control.close()
        self._process.wait()

    def start(self, words, *, files, cwd=None, env=None, terminal=False, ignored=(), limits=None):
        """Starts `python *words`.

        Args:
            files: its stdin, stdout and stderr; None for one that is closed.
            terminal: whether its stdin is to be the terminal that sends it signals.
            ignored: the signals that it ignores, as under nohup. Others do what they do by default.
            limits: names of `resource` and the most of each.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"1"], [theirs.fileno(), *(file for file in files if file is not None)])
        wanted = {"words": [str(word) for word in words], "terminal": terminal}
        wanted |= {"folder": str(cwd or Path.cwd()), "environment": dict(os.environ if env is None else env)}
        wanted |= {"closed": [number for number, file in enumerate(files) if file is None]}
        wanted |= {"ignored": list(map(int, ignored)), "limits": limits or {}}
        ours.sendall(json.dumps(wanted).encode())
        ours.shutdown(socket.SHUT_WR)
        return Started(ours)

    def run(self, words, *, stdin=None, timeout=90, **options):
        """Runs `python *words` to its end.

        Returns:
            What `subprocess.run` returns, with texts.
        """
        with TemporaryFile() as inputs, TemporaryFile() as out, TemporaryFile() as err:
            inputs.write(stdin if isinstance(stdin, bytes) else (stdin or "").encode())
            inputs.seek(0)
            files = [file.fileno() for file in (inputs, out, err)]
            code = self.start(words, files=files, **options).wait(timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read().decode(), err.read().decode())

    def open(self, words, **options):
        """Starts `python *words`, and lets its stderr be read as it comes."""
        out = TemporaryFile()  # noqa: SIM115 # `communicate` closes it
        reading, writing = os.pipe()
        with Path(os.devnull).open("rb") as nothing:
            started = self.start(words, files=[nothing.fileno(), out.fileno(), writing], **options)
        os.close(writing)
        started.stdout, started.stderr = out, os.fdopen(reading, encoding="utf-8")
        return started


class Started:
    """A program that runs: as much of `subprocess.Popen` as the tests use."""

    def __init__(self, reported):
        self._told = reported
        self._lines = reported.makefile()
        self.pid = int(self._lines.readline())
        self.returncode = None

    def poll(self):
        return self.returncode if self.returncode is not None or not self._has_ended(0) else self.wait()

    def wait(self, timeout=None):
        if self.returncode is None:
            if not self._has_ended(timeout):
                self.kill()
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            self.returncode = int(self._lines.readline())
            self._lines.close()
            self._told.close()
        return self.returncode

    def communicate(self, timeout=None):
        """Waits for the end of what `open` has started.

        Returns:
            The rest of what it wrote to stdout and stderr.
        """
        with self.stdout, self.stderr:
            err = self.stderr.read()
            self.wait(timeout)
            self.stdout.seek(0)
            return self.stdout.read().decode(), err

    def send_signal(self, number):
        # It may be another thread that waits, so nothing is read here.
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, seconds):
        return bool(select.select([self._told], [], [], seconds)[0])
