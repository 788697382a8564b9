"""`scripts/check-rows`: which capability rows are no longer fresh."""

import runpy
from datetime import date
from pathlib import Path

findings = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "rows.py"))["findings"]


def test_an_old_row_is_listed_with_its_age():
    found = list(findings(date(2027, 6, 1)))
    assert any(
        "openai/gpt-image-2: compared with its source on " in line and line.endswith("days ago") for line in found
    )


def test_a_model_that_ends_within_thirty_days_is_listed():
    assert "openai/gpt-image-1.5: it ends on 2026-12-01" in list(findings(date(2026, 11, 20)))


def test_an_end_that_is_past_is_listed_until_the_row_says_so():
    found = list(findings(date(2026, 12, 20)))
    assert "openai/gpt-image-1.5: its end (2026-12-01) is past, and the row says deprecated" in found
