"""`tarash models --refresh`: rows of the vendors that publish them."""

from __future__ import annotations

import json
import os
import subprocess
import sys


def typed(tmp_path, *words, **variables):
    known = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return subprocess.run(
        [sys.executable, "-m", "tarash_gateway_cli", "models", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**known, "TARASH_CACHE": str(tmp_path), **variables},
    )


def test_rows_are_fetched_and_kept(tarash_sandbox, tmp_path):
    there = {"OPENROUTER_API_KEY": "sk-x-0123456789", "OPENROUTER_BASE_URL": tarash_sandbox.openrouter_url}
    done = typed(tmp_path, "--provider", "openrouter", "--refresh", "--json", **there)

    assert done.returncode == 0, done.stderr
    assert "rows, kept for a day" in done.stderr
    assert json.loads(done.stdout)["models"]
    assert (tmp_path / "models" / "openrouter.json").is_file()


def test_a_vendor_that_publishes_nothing_and_one_without_a_key_are_told(tmp_path):
    assert "openai publishes no rows" in typed(tmp_path, "--provider", "openai", "--refresh").stderr
    assert "openrouter could not be asked" in typed(tmp_path, "--provider", "openrouter", "--refresh").stderr
