"""The first pages, typed one after the other as a new user does: one fresh environment, one empty folder.

`test_documents.py` runs the Python of every page here and now; this one has what a reader has: wheels, pip, a shell.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", "docs/quickstart.md", "docs/notebook.md", "docs/gallery.md", "docs/batch.md"]
BLOCK = re.compile(r"^```(python|text|console|sh|jsonl)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^`([\w.]+\.jsonl)`:$", re.MULTILINE)

SESSION = """
import contextlib, io, json, subprocess, sys
names = {"__name__": "__main__"}
code = 0
for line in sys.stdin:
    kind, text = json.loads(line)
    if kind == "python":
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "page", "exec"), names)
        shown = printed.getvalue()
    else:
        done = subprocess.run(["bash", "-c", text.replace("$?", str(code))], stdout=-1, stderr=-2, text=True)
        code, shown = done.returncode, done.stdout
    print(json.dumps([code, shown]), flush=True)
"""
"""One reader: types what comes line by line as JSON, and answers with the exit code and what was shown."""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(ROOT / "scripts/build", folder)
    return folder


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory):
    """A fresh environment into which the install lines of the pages were typed."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", folder)
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    lines = {
        line
        for text in texts
        for line in re.findall(r'pip install --find-links dist "tarash-gateway\[[\w,-]+\]"', text)
    }
    assert len(lines) >= 3
    for line in sorted(lines):
        run(folder / "bin" / "pip", "-q", *line.replace('"', "").replace(" dist ", f" {wheels} ").split()[1:])
    return folder


def as_shown(shown, printed):
    pattern = ".*".join(re.escape(part.strip()) for part in shown.strip().replace("…\n", "…").split("…"))
    return re.fullmatch(pattern.replace(r"\n", r"\s*"), printed.strip(), re.DOTALL)


class Reader:
    """Types one page after the other in one folder."""

    def __init__(self, environment, folder, variables):
        self.folder = folder
        self.variables = variables
        self.python = environment / "bin" / "python"

    def read(self, page):
        text = (ROOT / page).read_text(encoding="utf-8")
        names = iter(FILE.findall(text))
        shown = None
        with subprocess.Popen(
            [str(self.python), "-c", SESSION],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as session:

            def typed(kind, words):
                session.stdin.write(json.dumps([kind, words]) + "\n")
                session.stdin.flush()
                answer = session.stdout.readline()
                assert answer, f"{page}: this ends the session:\n{words}"
                return json.loads(answer)

            for kind, block in BLOCK.findall(text):
                if kind == "jsonl":
                    (self.folder / next(names)).write_text(block)
                elif kind == "python":
                    _, shown = typed("python", block)
                elif kind == "text":
                    assert as_shown(block, shown), f"{page}\nshown:\n{block}\nprinted:\n{shown}"
                elif kind == "sh":
                    for line in block.splitlines():
                        if line.startswith("tarash "):
                            code, shown = typed("sh", line)
                            assert code == 0, f"{page}: {line}\n{shown}"
                else:
                    for line, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                        _, shown = typed("sh", line)
                        assert as_shown(expected, shown), f"{page}: {line}\nshown:\n{expected}\nprinted:\n{shown}"
            session.stdin.close()


def test_the_first_pages_work_one_after_the_other(environment, tmp_path, tarash_sandbox):
    folder = tmp_path / "empty"
    folder.mkdir()
    variables = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "PYTHONWARNINGS": "error::UserWarning",  # the first pages warn of nothing
        # One block needs the key of a real vendor; the sandbox stands in for it.
        "OPENAI_API_KEY": tarash_sandbox.api_key,
        "OPENAI_BASE_URL": tarash_sandbox.url,
    }
    reader = Reader(environment, folder, variables)

    for page in PAGES:
        reader.read(page)
