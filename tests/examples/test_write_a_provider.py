"""The page "Write a provider" is followed from an empty folder to a wheel; what comes of it is the example beside it.

After a change of the page or of the templates, `REWRITE_EXAMPLES=1` before this test writes the example anew.
"""

import os
from datetime import date

import pytest

from tarash_gateway_cli.scaffold import Design, Names, rendered

EXAMPLE = "docs/examples/tarash-gateway-kiln"
OUR_OWN = {"LICENSE"}
"""What the page leaves to its reader."""

NOT_TYPED = ("scripts/build", "pip install", "python -m build", "twine upload")
"""Commands that need an index; they stand in blocks of their own kind."""

REWRITE = os.environ.get("REWRITE_EXAMPLES")


@pytest.fixture
def example(request):
    return request.config.rootpath / EXAMPLE


def of_page(blocks):
    """What a reader who does as the page says has in the end."""
    files = rendered(Names.of("kiln"), Design("video"), date(2026, 11, 22))
    for block in blocks:
        if block.language in ("py", "md", "diff"):
            block.edits(files)
    return files


def kept(folder):
    """The files of a distribution, without what running it leaves behind."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    made = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", "build", "dist")
    kept = [path for path in paths if set(path.relative_to(folder).parts).isdisjoint(made)]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in kept}


def test_the_example_is_what_the_page_leads_to(blocks, example):
    files = of_page(blocks)
    if REWRITE:
        for path, text in files.items():
            if path not in OUR_OWN:
                (example / path).parent.mkdir(parents=True, exist_ok=True)
                (example / path).write_text(text, encoding="utf-8")
    there = kept(example)
    assert sorted(there) == sorted(files)
    for path in sorted(set(files) - OUR_OWN):
        assert there[path] == files[path], f"{path}: REWRITE_EXAMPLES=1 writes it anew"


def test_nothing_is_left_to_be_done(blocks):
    for path, text in of_page(blocks).items():
        assert "TODO" not in text, path
        assert "What is left" not in text, path


def test_every_block_is_typed_or_written(blocks):
    assert {block.language for block in blocks} <= {"console", "py", "python", "md", "diff", "sh"}
    for block in blocks:
        if block.language == "sh":
            assert all(line.startswith(NOT_TYPED) for line in block.text.splitlines()), block.text


@pytest.mark.slow
def test_a_newcomer_who_follows_it_gets_there(blocks, environment, shows, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    for block in blocks:
        if block.language in ("py", "md", "diff"):
            files = kept(folder)
            before = dict(files)
            block.edits(files)
            for path in [path for path in files if files[path] != before.get(path)]:
                (folder / path).write_text(files[path], encoding="utf-8")
        for command, shown in block.commands() if block.language == "console" else ():
            if command.startswith("cd "):
                folder /= command.removeprefix("cd ")
                continue
            printed = environment.run(command, folder)
            assert shows(shown, printed), f"line {block.line}\n$ {command}\nshown:\n{shown}\nprinted:\n{printed}"
    assert kept(folder).keys() == of_page(blocks).keys()
