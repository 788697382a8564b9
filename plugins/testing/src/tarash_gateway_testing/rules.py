"""What a check says when it fails: what was seen, what the contract says, what to do, and where to read on."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import NoReturn

import pytest

__all__ = ["PAGE", "Rule"]

PAGE = "docs/conformance.md"


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the contract, and how it is kept."""

    contract: str
    remedy: str
    section: str
    """The heading of the page where more is said."""

    def broken(self, problem: str) -> NoReturn:
        """Fails the check.

        Args:
            problem: what happened instead.
        """
        pytest.fail(self.text(problem), pytrace=False)

    def text(self, problem: str) -> str:
        """Returns the message."""
        parts = [("Contract", self.contract), ("What to do", self.remedy), ("Read", f'{PAGE}, "{self.section}"')]
        paragraphs = [textwrap.fill(f"{name}: {text}", 112, subsequent_indent="    ") for name, text in parts]
        return "\n".join([problem, "", *paragraphs])
