"""Every console block of docs/terminal.md is typed into a terminal, and shows what the page says it shows.

`…` stands for anything. `^C` is pressed once what stands before it has come. The server that the page starts runs until
the page has ended.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tarash_gateway_cli.exit_codes import MEANINGS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "terminal.md"
ADDRESS = "http://127.0.0.1:8765/v1"


@dataclass(frozen=True)
class Typed:
    """One command of the page, and what it shows."""

    line: int
    command: str
    shown: str


def commands_of(page):
    """The commands of the console blocks, in their order."""
    for block in re.finditer(r"^```console\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        first = page[: block.start(1)].count("\n") + 1
        for part in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block[1], re.MULTILINE):
            yield Typed(first + block[1][: part.start()].count("\n"), part[1], part[2])


def pattern_of(shown):
    """What is shown, as a pattern; empty lines and what stands at the end of a line do not count."""
    pattern = ""
    for line in (line.rstrip() for line in shown.splitlines()):
        if line == "…":
            pattern += r"(?:.*\n)*?"
        elif line and line != "^C":
            # A column may be wider where more is installed.
            words = re.sub(r"(?:\\ ){2,}", r"\\ +", re.escape(line))
            pattern += words.replace("…", ".*") + r"\n"
            if line.endswith("…"):  # a bar is drawn once more where it ends
                pattern += r"(?:.*\n)*?"
    return pattern


def fits(shown, text):
    return re.fullmatch(pattern_of(shown), f"{text.strip(chr(10))}\n".lstrip("\n"))


@pytest.fixture
def shell(terminal, folder, tmp_path, monkeypatch):
    """Types a line into a terminal of 200 columns; `tarash` is the command of this checkout."""
    place = tmp_path / "bin"
    place.mkdir()
    (place / "tarash").write_text(f'#!/bin/sh\nexec {sys.executable} -m tarash_gateway_cli "$@"\n')
    (place / "tarash").chmod(0o755)
    monkeypatch.setenv("PATH", str(place), prepend=":")
    monkeypatch.delenv("TARASH_SANDBOX_QUICK", raising=False)  # the page shows the size of drawings
    return lambda line: terminal("-c", line, command=["bash"], columns=200)


@pytest.mark.slow
def test_every_command_shows_what_the_page_shows(shell):
    server, url, code = None, ADDRESS, 0
    for typed in commands_of(PAGE.read_text(encoding="utf-8")):
        if typed.command.startswith("tarash sandbox serve"):
            server = (typed, shell(f"{typed.command} --port 0"))
            url = re.search(r"http://\S+", server[1].expect("Ctrl-C ends it."))[0]
            continue
        command = typed.command.replace(ADDRESS, url).replace("$?", str(code))
        opened = shell(command)
        if "^C" in typed.shown:
            opened.expect("job video_")
            opened.interrupt()
        code = opened.end()
        text = opened.text.replace(url, ADDRESS).replace("^C", "")
        assert fits(typed.shown, text), f"{PAGE.name}:{typed.line}\nshown:\n{typed.shown}\nprinted:\n{text}"
    typed, opened = server
    opened.interrupt()
    opened.end()
    text = opened.text.replace(url, ADDRESS).replace("^C", "")
    assert fits(typed.shown, text), f"{PAGE.name}:{typed.line}\nshown:\n{typed.shown}\nprinted:\n{text}"


def test_the_page_has_every_exit_code_with_its_meaning():
    table = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): meaning for code, meaning in table} == MEANINGS
