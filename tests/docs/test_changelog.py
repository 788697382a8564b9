"""The changelog: every fragment can be put into it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_fragment_is_a_sentence_behind_the_name_of_a_distribution():
    shown = subprocess.run([sys.executable, ROOT / "scripts/changelog"], capture_output=True, text=True, check=False)
    assert shown.stderr == ""
    assert shown.stdout.startswith("## Unreleased\n")


def test_the_first_version_has_its_changes():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## 1.0.0 (2026-11-23)\n\n### Added\n\n- `tarash-gateway" in text
