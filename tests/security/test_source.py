"""What linters look for: no finding without a reason beside it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = [ROOT / name for name in ("core", "plugins", "scripts", "benchmarks")]
EXCEPTION = re.compile(r"#\s*noqa:\s*(?P<codes>[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)(?P<reason>.*)")

ACCEPTED = {
    (
        "plugins/batch/src/tarash_gateway_batch/scheduler.py",
        "B403",
    ): "rows that wait on the disk, written by this process",
    ("plugins/cli/src/tarash_gateway_cli/commands/completion.py", "B604"): "`shell` names a shell, and starts none",
    ("plugins/sandbox/src/tarash_gateway_sandbox/artwork/svg.py", "B406"): "`escape` parses nothing",
    ("plugins/testing/src/tarash_gateway_testing/checks/errors.py", "B301"): "its own pickle, of a line before",
    ("plugins/testing/src/tarash_gateway_testing/checks/errors.py", "B403"): "as above",
    ("plugins/testing/src/tarash_gateway_testing/checks/secrets.py", "B403"): "it only writes pickles",
}
"""What bandit finds, and why it stays. Findings that ruff has too have their reasons in the code."""
OF_RUFF = ("B101", "B311", "B404", "B603")
"""Asserts, random numbers, subprocesses: S101, S311, S404 and S603 of ruff."""


def test_ruff_finds_nothing():
    command = [sys.executable, "-m", "ruff", "check", "--select", "S", *map(str, PARTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_every_exception_from_the_security_rules_has_a_reason():
    bare = []
    for part in PARTS:
        for path in part.rglob("*.py"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                found = EXCEPTION.search(line)
                if found and re.search(r"\bS\d", found["codes"]) and not found["reason"].strip(" #-"):
                    bare.append(f"{path.relative_to(ROOT)}:{number}")
    assert bare == []


@pytest.mark.slow
def test_bandit_finds_what_is_accepted_with_a_reason(tmp_path):
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "bandit>=1.9,<2"]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"bandit cannot be installed here: {installed.stderr[-300:]}")
    command = [python, "-m", "bandit", "-q", "-r", "-f", "json", "-s", ",".join(OF_RUFF), *map(str, PARTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    found = {
        (Path(item["filename"]).resolve().relative_to(ROOT).as_posix(), item["test_id"])
        for item in json.loads(done.stdout)["results"]
        if "/tests/" not in item["filename"]
    }
    assert found == set(ACCEPTED)
