"""A plugin that is wrong in one thing fails one check, with a message that teaches; and no check is for nothing."""

from __future__ import annotations

import pytest
import wrong_answers
import wrong_image_jobs
import wrong_jobs
import wrong_loading
import wrong_manners
import wrong_money
import wrong_transfers

from tarash_gateway_testing import ProviderConformance

TABLES = (
    wrong_answers,
    wrong_loading,
    wrong_money,
    wrong_transfers,
    wrong_jobs,
    wrong_image_jobs,
    wrong_manners,
)
WRONG = {name: wrong for table in TABLES for name, wrong in table.WRONG.items()}
CHECKS = sorted(name for name in dir(ProviderConformance) if name.startswith("test_"))

# What a wrong plugin leaves open is found by whoever comes next.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]


@pytest.mark.parametrize("name", WRONG)
def test_it_is_told(name):
    WRONG[name].assert_told()


def test_no_two_mistakes_have_one_name():
    assert sum(len(table.WRONG) for table in TABLES) == len(WRONG)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_finds_a_mistake(check):
    assert check in {wrong.check for wrong in WRONG.values()}
