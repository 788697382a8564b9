"""The page on the kit: its example passes, every check is on it, and every failure names one of its sections."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tarash_gateway_testing import LocalConformance, ProviderConformance
from tarash_gateway_testing.rules import PAGE, Rule

pytestmark = pytest.mark.slow

TEXT = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
KITS = (ProviderConformance, LocalConformance)
CHECKS = sorted({name for kit in KITS for name in dir(kit) if name.startswith("test_")})
RULES = [
    rule
    for kind in {kind: None for kit in KITS for kind in kit.__mro__}
    if kind.__module__.startswith("tarash_gateway_testing.")
    for rule in vars(import_module(kind.__module__)).values()
    if isinstance(rule, Rule)
]


def run_pytest(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture
def example(tmp_path):
    """The plugin of the page and its test, in a folder."""
    plugin, test = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[:2]
    (tmp_path / "dots.py").write_text(plugin, encoding="utf-8")
    (tmp_path / "test_dots.py").write_text(test, encoding="utf-8")
    return tmp_path


def test_its_example_passes(example):
    code, shown = run_pytest(example)

    assert code == 0, shown
    assert re.search(r"\d\d passed", shown)


def test_a_failure_is_shown_as_the_page_shows_it(example):
    plugin = example / "dots.py"
    once = "        return read_images(await self.client.send_async(request, timeout))"
    again = f"        try:\n    {once}\n        except Exception:\n    {once}"
    assert once in plugin.read_text()
    plugin.write_text(plugin.read_text().replace(once, again))

    code, shown = run_pytest(example, "-k", "lost_answer and async and 500")

    message = re.search(r"```\n(2 creating requests.*?)```", TEXT, re.DOTALL)[1]
    assert code == 1
    assert message.strip() in shown


def test_a_check_that_does_not_fit_is_left_out_with_its_reason(example):
    left_out = '    not_applicable = {"test_errors_survive_a_pickle": "nobody pickles dots"}\n'
    with (example / "test_dots.py").open("a") as test:
        test.write(left_out)

    code, shown = run_pytest(example, "-k", "pickle", "-rs")

    assert code == 0, shown
    assert "nobody pickles dots" in shown


def test_a_handler_that_raises_is_the_vendors_trouble(example):
    test = example / "test_dots.py"
    test.write_text(test.read_text().replace("request.image()", "request.images()"))

    code, shown = run_pytest(example, "-k", "picture_comes_whole and sync")

    assert code == 1
    assert "the fake vendor is wrong, not the plugin:\nthe handler of POST /dots raised" in shown
    assert "has no attribute 'pictures'" in shown


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_on_the_page(check):
    assert f"`{check}`" in TEXT


def test_no_check_is_on_the_page_that_there_is_not():
    assert set(re.findall(r"`(test_\w+)`", TEXT)) == set(CHECKS)


@pytest.mark.parametrize("section", sorted({rule.section for rule in RULES}))
def test_every_section_that_a_failure_names_is_on_the_page(section):
    assert f"\n## {section}\n" in TEXT


def test_there_are_rules():
    assert len(RULES) > 20
