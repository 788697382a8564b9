"""A new plugin passes its own tests at once, installed in an environment of its own."""

import re

import pytest

pytestmark = pytest.mark.slow


# Videos alone are written, installed and tested by those who follow the page.
@pytest.mark.parametrize(
    ("options", "key"),
    [
        ("--kind both", "ACME_API_KEY is not set"),
        ("--kind image", "ACME_API_KEY is not set"),
        ("--kind both --jobs", "ACME_API_KEY is not set"),
        ("--local", "needs no key"),
    ],
)
def test_a_new_plugin_passes_its_own_tests_at_once(environment, tmp_path, options, key):
    environment.run(f"tarash plugin new acme {options}", tmp_path)
    folder = tmp_path / "tarash-gateway-acme"
    environment.run('pip install -q -e ".[test]"', folder)
    reported = environment.run("pytest -q", folder)
    assert re.search(r"^\d+ passed, \d+ skipped in ", reported, re.MULTILINE), reported
    listed = environment.run("tarash providers", folder)
    assert re.search(rf"^acme +Acme .* {key} *$", listed, re.MULTILINE), listed
