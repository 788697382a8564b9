"""What the ordinary tier takes of tests that have many cases."""

from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"


class Case:
    """A case of a test, as pytest collects it."""

    def __init__(self, *values, kit=None, sampled=False):
        self.nodeid = f"tests/test_it.py::test_it[{'-'.join(map(str, values))}]"
        self.callspec = SimpleNamespace(_idlist=list(values))
        self.cls = kit
        self.markers = {"sampled"} if sampled else set()

    def get_closest_marker(self, name):
        return name in self.markers

    def add_marker(self, marker):
        self.markers.add(marker.name)


def kit(name):
    return type(name, (), {"job_words": {}})


@pytest.fixture
def ordinary(pytestconfig):
    """Gives those of some cases that the ordinary tier takes."""
    tiers = pytestconfig.pluginmanager.get_plugin(str(CONFTEST))

    def ordinary(cases):
        tiers.pytest_collection_modifyitems(cases)
        return [case for case in cases if "slow" not in case.markers]

    return ordinary


def test_every_value_of_a_test_with_several_parameters_is_in_a_case(ordinary):
    values = range(50), ["sync", "async"], [1, 2, 3]
    left = ordinary([Case(*combination) for combination in product(*values)])
    assert 50 <= len(left) <= 60
    for at, several in enumerate(values):
        assert {case.callspec._idlist[at] for case in left} == set(several)


def test_all_cases_of_one_parameter_are_left(ordinary):
    assert len(ordinary([Case(number) for number in range(40)])) == 40


@pytest.mark.parametrize(
    ("marks", "fewest", "most"),
    [
        pytest.param({"sampled": True}, 30, 75, id="sampled"),
        pytest.param({"kit": kit("TestAcme")}, 30, 75, id="a kit"),
        pytest.param({"kit": kit("TestOpenAI")}, 200, 200, id="a kit that runs whole"),
    ],
)
def test_of_what_is_sampled_about_a_quarter_is_left_the_same_in_every_run(ordinary, marks, fewest, most):
    first, second = (ordinary([Case(number, **marks) for number in range(200)]) for _ in range(2))
    assert fewest <= len(first) <= most
    assert [case.nodeid for case in first] == [case.nodeid for case in second]
