"""A page that is followed to its end, and environments that nothing else uses."""

import os
import re
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "write-a-provider.md"

_BLOCK = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:# (?P<py>\S+\.py)(?P<more>, continued)?|<!-- (?P<md>\S+\.md) -->)\n")
_TYPED = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of the page."""

    language: str
    text: str
    line: int

    def edits(self, files):
        """Writes what the block says into `files`, path to text."""
        if self.language == "diff":
            self._replace(files)
            return
        head = _FILE.match(self.text)
        assert head, f"{PAGE.name}:{self.line}: the first line does not name a file"
        path, text = head["py"] or head["md"], self.text[head.end() :]
        if head["more"]:
            # A method goes on in its class; what begins at the margin is parted as ruff parts it.
            text = files[path] + ("\n" if text.startswith(" ") else "\n\n") + text
        files[path] = text

    def _replace(self, files):
        first, *lines = self.text.splitlines()
        path = first.removeprefix("--- ")
        old, new = ("".join(f"{line[1:]}\n" for line in lines if line[0] in (mark, " ")) for mark in ("-", "+"))
        assert files[path].count(old) == 1, f"{PAGE.name}:{self.line}: {path} has no such lines"
        files[path] = files[path].replace(old, new)

    def commands(self):
        """What is typed, and what it shows."""
        return [(found[1], found[2]) for found in _TYPED.finditer(self.text)]


@pytest.fixture(scope="session")
def blocks():
    """The blocks of the page, in their order."""
    text = PAGE.read_text(encoding="utf-8")
    return [
        Block(found["language"], found["text"], text[: found.start()].count("\n") + 1)
        for found in _BLOCK.finditer(text)
    ]


@pytest.fixture(scope="session")
def shows():
    """Tells whether what was printed is what a page shows: `…` is anything, and columns may be of any width."""

    def shows(shown, printed):
        pattern = ""
        for line in _plain(shown):
            parts = [re.escape(part) for part in line.split("…")]
            pattern += r"(?:.*\n)*?" if line == "…" else ".*".join(parts) + r"\n"
        return re.fullmatch(pattern, "".join(f"{line}\n" for line in _plain(printed)))

    return shows


def _plain(text):
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


class Environment:
    """A fresh virtual environment. It sees what this checkout's environment has, so that nothing is fetched."""

    def __init__(self, place):
        self.place = place
        venv.create(place, with_pip=False, symlinks=True)
        site = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
        ours = sysconfig.get_path("purelib")
        (site / "this_checkout.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
        self.bin = place / "bin"
        self.python = self.bin / "python"
        for name, module in (("pip", "pip"), ("pytest", "pytest"), ("tarash", "tarash_gateway_cli")):
            (self.bin / name).write_text(f'#!/bin/sh\nexec "{self.python}" -m {module} "$@"\n')
            (self.bin / name).chmod(0o755)

    def run(self, command, folder):
        """Runs one line of a shell; gives what it printed on either stream."""
        names = ("TARASH_", "OPENAI_", "AZURE_", "PYTHON", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={**kept, "PATH": f"{self.bin}:{kept['PATH']}", "COLUMNS": "200", "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-5000:]}"
        return done.stdout


@pytest.fixture
def environment(tmp_path):
    """A fresh environment in which a distribution of a test is installed."""
    return Environment(tmp_path / "environment")
