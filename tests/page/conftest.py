"""The user's page, run: every block of it, in order."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass

import pytest

from tarash.tarash_gateway import ModelLifecycleWarning


@dataclass(frozen=True)
class Ran:
    """What a block left behind: its names, what it printed and what it sent."""

    names: dict
    printed: str
    requests: list


@pytest.fixture(scope="module")
def ran(blocks, sandbox, hosts):
    """Every block of the page, unchanged, run in order in one namespace, the environment pointing at the sandbox."""
    names, done = {"__name__": "the_page"}, []
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelLifecycleWarning)  # the page's models are retired
        patch.setenv("OPENAI_BASE_URL", sandbox.url)
        for block in blocks:
            sandbox.clear()
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                exec(compile(block.source, f"the page, line {block.first_line}", "exec"), names)
            done.append(Ran(dict(names), printed.getvalue(), sandbox.requests))
    return done
