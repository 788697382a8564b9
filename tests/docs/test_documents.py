"""Every code block of the READMEs and of docs/ runs, and prints what the page says it prints.

The blocks of one page share their names, as for a reader who types them one after the other. A `text` block is what the
Python block before it printed; `…` stands for anything. A function `test_…` in a block is run with its fixtures.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import re
from pathlib import Path

import pytest
from sybil import Document
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from tarash_gateway_sandbox.embedded import embedded_server
from tarash_gateway_sandbox.faults.fault import USUAL

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    CHECKOUT / "README.md",
    CHECKOUT / "core" / "README.md",
    *sorted((CHECKOUT / "plugins").glob("*/README.md")),
    *sorted((CHECKOUT / "docs").rglob("*.md")),
]

NEEDS = {"ray-data.md": "ray.data", "dbos.md": "dbos", "temporal.md": "temporalio", "celery.md": "celery"}
"""Modules without which a page cannot be run; `scripts/setup scale` installs them."""

OUTLASTED = "except GenerationTimeoutError"
"""What stands in a block that shows a call which does not wait for its job, of the embedded sandbox."""

# The models of our user's page are retired, and the pages say so.
pytestmark = [
    pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning"),
    pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning:ray"),  # Ray Data's own, of its settings
]


@contextlib.contextmanager
def outlasting_jobs(pauses_leap):
    """A job that begins in here is done only afterwards, and nobody waits for the deadline that it does not keep."""
    server = embedded_server()
    server.fail("job_stuck_in_progress")
    with pauses_leap():
        yield
    for job in server._vendor.jobs.all():
        server._vendor.jobs.add(dataclasses.replace(job, course=USUAL))


class Reader:
    """Types the blocks of one page, one after the other."""

    def __init__(self, request):
        self.request = request
        self.printed = None
        self.blocks = 0

    def parsers(self):
        return (
            CodeBlockParser(language="python", evaluator=self.run),
            CodeBlockParser(language="text", evaluator=self.compare),
        )

    def run(self, example):
        self.blocks += 1
        if self.blocks == 1:  # as where they are typed: a module for what they define
            example.namespace["__name__"] = "__main__"
        known = set(example.namespace)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.ExitStack() as stack:
            if OUTLASTED in example.parsed:
                stack.enter_context(outlasting_jobs(self.request.getfixturevalue("pauses_leap")))
            PythonEvaluator()(example)
        self.printed = printed.getvalue()
        for name in [name for name in example.namespace if name.startswith("test_") and name not in known]:
            test = example.namespace[name]
            self.request.getfixturevalue("tarash_sandbox").clear()
            test(**{wanted: self.request.getfixturevalue(wanted) for wanted in inspect.signature(test).parameters})

    def compare(self, example):
        where = f"{example.path}:{example.line}"
        assert self.printed is not None, f"{where}: no Python block stands before this output"
        shown, printed, self.printed = example.parsed.strip(), self.printed.strip(), None
        pattern = ".*".join(re.escape(part) for part in shown.split("…"))
        assert re.fullmatch(pattern, printed, re.DOTALL), f"{where}\nshown:\n{shown}\nprinted:\n{printed}"


def page(path):
    marks = [pytest.mark.slow] if path.name in NEEDS else []
    return pytest.param(path, id=str(path.relative_to(CHECKOUT)), marks=marks)


@pytest.mark.parametrize("path", [page(path) for path in DOCUMENTS])
def test_every_block_runs_and_prints_what_is_shown(path, request, tarash_sandbox, tmp_path, monkeypatch):
    if path.name in NEEDS:
        pytest.importorskip(NEEDS[path.name], reason=f"{NEEDS[path.name]} is not installed: scripts/setup scale")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # of the commands that a page runs
    monkeypatch.setenv("TARASH_SANDBOX_JOB_SECONDS", "0.2")
    monkeypatch.setattr(embedded_server(), "job_seconds", 0.2)
    monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)
    monkeypatch.setenv("OPENAI_API_KEY", tarash_sandbox.api_key)
    monkeypatch.setenv("OPENROUTER_BASE_URL", tarash_sandbox.openrouter_url)
    monkeypatch.setenv("OPENROUTER_API_KEY", tarash_sandbox.api_key)
    monkeypatch.setenv("TARASH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", tarash_sandbox.origin)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", tarash_sandbox.api_key)
    reader = Reader(request)
    document = Document.parse(str(path), *reader.parsers())

    for example in document.examples():
        example.evaluate()

    assert reader.blocks == len(re.findall(r"^\s*```+\s*python", document.text, re.MULTILINE))
