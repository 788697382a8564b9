"""Processes as a machine treats them: each test starts real ones, and counts what was paid at the sandbox."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tarash_gateway_sandbox import SandboxServer

KEY = "sk-of-the-tests-0123456789"


@pytest.fixture(scope="session")
def quick_server():
    with SandboxServer(quick=True, job_seconds=0.05, slow_seconds=0.5) as server:
        yield server


@pytest.fixture
def tarash_sandbox(quick_server):
    """The sandbox of these tests: it draws next to nothing."""
    quick_server.clear()
    return quick_server


@pytest.fixture
def paid(tarash_sandbox):
    """The prompts that were paid for."""
    return lambda: sorted(item.prompt for item in tarash_sandbox.paid)


@dataclass(frozen=True)
class Done:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def reported(self):
        """The one object on stdout."""
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where processes run: an empty folder, with the home beside it."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def environment(folder, tarash_sandbox):
    """The environment of a process: the variables that a shell sets, and the way to the sandbox."""
    home = folder.parent / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "100",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": tarash_sandbox.url,
    }


PROGRAM = ("-m", "tarash_gateway_cli")


@pytest.fixture
def python(environment, warm_python):
    """Runs `python *words` to its end, where asked to as a process that has to import everything first."""

    def python(*words, env=None, cold=False, **options):
        words = list(words)
        env = environment | (env or {})
        if cold:
            command = [sys.executable, *words]
            done = subprocess.run(command, env=env, capture_output=True, timeout=90, text=True, check=False, **options)
        else:
            done = warm_python.run(words, env=env, **options)
        return Done(done.returncode, done.stdout, done.stderr)

    return python


@pytest.fixture
def tarash(python):
    """Runs the command `tarash *words` to its end."""
    return lambda *words, **options: python(*PROGRAM, *words, **options)
