"""The console blocks of docs/batch.md are typed into a shell, and show what the page says they show.

`…` stands for anything, also for nothing.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "batch.md"


@pytest.mark.slow
def test_every_command_shows_what_the_page_shows(tmp_path, monkeypatch):
    text = PAGE.read_text(encoding="utf-8")
    command = tmp_path / "bin" / "tarash"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m tarash_gateway_cli "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "prompts.jsonl").write_text(re.search(r"```jsonl\n(.*?)```", text, re.DOTALL)[1])
    code = 0
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            typed = ["bash", "-c", line.replace("$?", str(code))]
            done = subprocess.run(
                typed, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            )
            code = done.returncode
            pattern = ".*".join(re.escape(part) for part in shown.replace("…\n", "…").split("…"))
            assert re.fullmatch(pattern, done.stdout, re.DOTALL), f"{line}\nshown:\n{shown}\nprinted:\n{done.stdout}"


def test_the_table_of_options_names_every_option():
    from tarash_gateway_batch.command.work import app

    options = {name for argument in app.assemble_argument_collection() for name in argument.names}
    text = PAGE.read_text(encoding="utf-8")
    untold = {"--no-strict", "--help", "--version"}
    assert [name for name in sorted(options - untold) if name.startswith("--") and name not in text] == []
