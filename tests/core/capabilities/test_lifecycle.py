"""Where a model stands, and what its caller should know."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import Lifecycle, ModelLifecycleWarning
from tarash.tarash_gateway.errors import ValidationError

END = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("lifecycle", "day", "status"),
    [
        (Lifecycle(), END, "current"),
        (Lifecycle(shutdown=END), date(2026, 5, 31), "current"),
        (Lifecycle(shutdown=END), END, "retired"),
        (Lifecycle(status="deprecated", shutdown=END), date(2026, 5, 31), "deprecated"),
        (Lifecycle(status="deprecated", shutdown=END), END, "retired"),
        (Lifecycle(status="deprecated"), date(2099, 1, 1), "deprecated"),
        (Lifecycle(status="retired", shutdown=END), date(2020, 1, 1), "retired"),
    ],
    ids=["current", "current with a date", "its last day is over", "day before", "the day", "no date", "retired"],
)
def test_a_model_is_retired_from_its_shutdown_day_on(lifecycle, day, status):
    assert lifecycle.status_on(day) == status


@pytest.mark.parametrize(
    ("lifecycle", "text"),
    [
        (Lifecycle(), None),
        (Lifecycle(status="deprecated"), "acme-1 is deprecated at its vendor"),
        (
            Lifecycle(status="deprecated", shutdown=date(2026, 9, 1), replacement="acme-2"),
            "acme-1 is deprecated at its vendor and will be shut down on 2026-09-01; use acme-2 instead",
        ),
        (Lifecycle(status="retired"), "acme-1 is retired at its vendor"),
        (
            Lifecycle(status="deprecated", shutdown=date(2026, 1, 1), replacement="acme-2"),
            "acme-1 is retired at its vendor since 2026-01-01; use acme-2 instead",
        ),
    ],
    ids=["current", "deprecated", "with a date", "retired", "past its date"],
)
def test_the_notice_names_date_and_replacement(lifecycle, text):
    assert lifecycle.notice("acme-1", END) == text


@pytest.mark.parametrize(
    ("shutdown", "left"), [(None, None), (END, 0), (date(2026, 6, 11), 10), (date(2026, 5, 31), -1)]
)
def test_days_left(shutdown, left):
    assert Lifecycle(shutdown=shutdown).days_left(END) == left


def test_a_lifecycle_warning_can_be_filtered_as_a_user_warning():
    assert issubclass(ModelLifecycleWarning, UserWarning)


def test_an_unknown_status_is_refused():
    with pytest.raises(ValidationError, match="status"):
        Lifecycle(status="tired")
