"""The contracts of our own that import-linter checks: circles, also of types alone, and names that are no nouns."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CONTRACTS = """
[tool.importlinter]
root_packages = ["acme"]
contract_types = ["no_circles: scripts.contracts.NoCircles", "noun_modules: scripts.contracts.NounModules"]

[[tool.importlinter.contracts]]
name = "circles"
type = "no_circles"
ignore_imports = [{imports}]

[[tool.importlinter.contracts]]
name = "nouns"
type = "noun_modules"
ignore_modules = [{modules}]
"""


@pytest.fixture
def lint(tmp_path):
    """Writes a package and gives what lint-imports says of it."""

    def lint(imports="", modules="", **files):
        (tmp_path / "acme").mkdir()
        for name, code in {"__init__": "", **files}.items():
            (tmp_path / "acme" / f"{name}.py").write_text(code)
        (tmp_path / "scripts").symlink_to(ROOT / "scripts")
        (tmp_path / "pyproject.toml").write_text(CONTRACTS.format(imports=imports, modules=modules))
        command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return lint


def test_what_points_one_way_is_fine(lint):
    code, reported = lint(a="from acme import b", b="import acme.c", c="")
    assert code == 0, reported


@pytest.mark.parametrize(
    "back",
    [
        "from acme import a",
        "def f():\n    import acme.a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import acme.a",
    ],
    ids=["plain", "late", "type only"],
)
def test_a_circle_is_told_with_its_way(lint, back):
    code, reported = lint(a="import acme.b", b="import acme.c", c=back)
    assert code == 1
    assert "acme.a -> acme.b -> acme.c -> acme.a" in reported


def test_an_ignored_import_breaks_the_circle(lint):
    code, reported = lint(imports='"acme.b -> acme.a"', a="import acme.b", b="import acme.a")
    assert code == 0, reported


def test_an_ignored_import_that_is_gone_is_an_error(lint):
    code, reported = lint(imports='"acme.a -> acme.b"', a="", b="")
    assert code == 1
    assert "No matches for ignored import acme.a -> acme.b" in reported


@pytest.mark.parametrize("name", ["loading", "making_images", "fast_drawing"])
def test_a_gerund_is_no_name_of_a_module(lint, name):
    code, reported = lint(**{name: ""})
    assert code == 1
    assert f"acme.{name}: a module is named with a noun" in reported


@pytest.mark.parametrize("name", ["encoding", "string", "testing", "rendering_engine", "things", "rings_of_light"])
def test_a_noun_is_one(lint, name):
    code, reported = lint(**{name: ""})
    assert code == 0, reported


def test_a_gerund_that_is_ignored_is_told_once_it_is_gone(lint):
    code, reported = lint(modules='"acme.loading"')
    assert code == 0
    assert "acme.loading is no gerund module any more: take it off the list" in reported


def test_the_checks_are_run_with_the_others():
    assert "lint-imports" in (ROOT / "scripts/check").read_text()
