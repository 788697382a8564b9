"""`tarash models --refresh`: rows of the vendors that publish them."""

from __future__ import annotations

import json
import os

import pytest


@pytest.fixture
def typed(tmp_path, warm_python):
    """Runs `tarash models *words` in a process without a key."""

    def typed(*words, **variables):
        fixed = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
        env = {**fixed, "TARASH_CACHE": str(tmp_path), **variables}
        return warm_python.run(["-m", "tarash_gateway_cli", "models", *words], env=env)

    return typed


def test_rows_are_fetched_and_kept(typed, tarash_sandbox, tmp_path):
    there = {"OPENROUTER_API_KEY": "sk-x-0123456789", "OPENROUTER_BASE_URL": tarash_sandbox.openrouter_url}
    done = typed("--provider", "openrouter", "--refresh", "--json", **there)

    assert done.returncode == 0, done.stderr
    assert "rows, kept for a day" in done.stderr
    assert json.loads(done.stdout)["models"]
    assert (tmp_path / "models" / "openrouter.json").is_file()


def test_a_vendor_that_publishes_nothing_and_one_without_a_key_are_told(typed):
    assert "openai publishes no rows" in typed("--provider", "openai", "--refresh").stderr
    assert "openrouter could not be asked" in typed("--provider", "openrouter", "--refresh").stderr
