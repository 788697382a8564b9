"""What `scripts/test` ends with: continuous integration reads nothing else of it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("tests", "checks", "status", "last"),
    [
        pytest.param(0, 0, 0, "Everything passed.", id="all pass"),
        pytest.param(1, 0, 1, "Failed: pytest", id="a test fails"),
        pytest.param(0, 1, 1, "Failed: scripts/check", id="a check fails"),
        pytest.param(1, 1, 1, "Failed: pytest scripts/check", id="both fail"),
    ],
)
def test_the_status_is_that_of_tests_and_checks(
    tmp_path: Path, tests: int, checks: int, status: int, last: str
) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "test", tmp_path / "scripts")
    _program(tmp_path / "scripts" / "setup", "exit 0")
    _program(tmp_path / "scripts" / "check", f"exit {checks}")
    _program(tmp_path / ".venv" / "bin" / "python", f"exit {tests}")

    ended = subprocess.run(
        [tmp_path / "scripts" / "test"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (status, last)
    assert not list(tmp_path.glob("tmp.*"))
