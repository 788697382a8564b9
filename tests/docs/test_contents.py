"""What the documentation must hold: every public name, tables that fit the code, files and links that exist."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from tarash import tarash_gateway
from tarash.tarash_gateway import errors, plugins

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
PAGES = [README, CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
EXTRAS = {
    *tomllib.loads((CHECKOUT / "core" / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
}
FRAGMENT = re.compile(r"[a-z0-9-]+\.(added|changed|fixed|removed)\.md")


def ids(path):
    return str(path.relative_to(CHECKOUT))


@pytest.mark.parametrize("name", tarash_gateway.__all__)
def test_every_public_name_is_documented(name):
    pages = [page for page in PAGES if page.parent.name != "reference"]  # those only list names
    assert any(re.search(rf"\b{name}\b", page.read_text(encoding="utf-8")) for page in pages)


@pytest.mark.parametrize(("page", "package"), [("functions", tarash_gateway), ("plugins", plugins)])
def test_the_reference_lists_every_public_name(page, package):
    text = (CHECKOUT / "docs" / "reference" / f"{page}.md").read_text(encoding="utf-8")
    assert re.findall(r"^        - (\w+)$", text, re.MULTILINE) == list(package.__all__)


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name.endswith("Error")])
def test_every_error_says_what_to_do(name):
    page = (CHECKOUT / "docs" / "errors.md").read_text(encoding="utf-8")
    outside_the_tree = re.sub(r"<!-- generated.*?<!-- end -->", "", page, flags=re.DOTALL)
    base_classes = {"ProviderError"}
    assert name in base_classes or f"`{name}`" in outside_the_tree


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_generated_parts_are_up_to_date(page):
    render = runpy.run_path(str(CHECKOUT / "scripts" / "tables.py"))["render"]
    text = page.read_text(encoding="utf-8")

    assert render(text) == text, "run .venv/bin/python scripts/tables.py"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_scripts_that_are_named_exist(page):
    for name in set(re.findall(r"\bscripts/[\w.-]*\w", page.read_text(encoding="utf-8"))):
        assert (CHECKOUT / name).is_file(), name


def test_files_that_contributing_names_exist():
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:core|plugins|tests|docs|scripts|benchmarks)/[\w./-]+)`", text)
    assert len(named) > 10
    for name in named:
        assert (CHECKOUT / name).exists(), name


def test_every_page_is_listed_once_in_the_readme_and_in_the_index():
    listed = [
        re.findall(r"^\| \[[^\]]+\]\((?:docs/)?([\w./-]+)\)", page.read_text(encoding="utf-8"), re.MULTILINE)
        for page in (README, CHECKOUT / "docs" / "index.md")
    ]
    for names in listed:
        assert len(names) == len(set(names))
    pages = {path.relative_to(CHECKOUT / "docs").as_posix() for path in (CHECKOUT / "docs").rglob("*.md")}
    # The reference is made by the site, the pages on one product each are listed by docs/scale/index.md.
    apart = {name for name in pages if name.startswith(("reference/", "examples/", "scale/"))}
    assert pages - apart - {"index.md"} - set(listed[0]) == set()
    assert set(listed[0]) - {"CONTRIBUTING.md", "CHANGELOG.md"} == set(listed[1])


def test_the_commands_can_be_run():
    for name in ("scripts/setup", "scripts/demo", "scripts/test", "scripts/check", ".ci/run"):
        assert (CHECKOUT / name).stat().st_mode & 0o111, name


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_to_a_page(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_ours_is_installed_from_the_wheels_of_this_checkout(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"^(?:\$ )?pip install(.*)\W(tarash-gateway)\[([a-z,-]+)\]", text, re.MULTILINE)
    assert named or page != README
    for options, name, extras in named:
        assert options.strip(" \"'") == "--find-links dist", name
        assert {*extras.split(",")} <= EXTRAS


def test_changelog_fragments_name_a_distribution_first():
    projects = [CHECKOUT / "core", *(CHECKOUT / "plugins").iterdir()]
    names = {tomllib.loads((p / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"] for p in projects}
    fragments = [path for path in (CHECKOUT / "changelog.d").iterdir() if path.name != "README.md"]
    assert fragments
    for path in fragments:
        assert FRAGMENT.fullmatch(path.name), path.name
        assert path.read_text(encoding="utf-8").split("`")[1] in names, path.name
