"""Rows in, paths out: called again for the same rows, nothing is paid again, in whatever company they come."""

import asyncio
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tarash_gateway_ray import MakeFiles

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


class Cell:
    """A value as NumPy wraps it."""

    def __init__(self, value):
        self.value = value

    def tolist(self):
        return self.value


@pytest.fixture
def make(configs, out):
    def make(**options):
        return MakeFiles(out, configs=configs, defaults={"size": "256x256"}, **options)

    return make


@pytest.fixture
def columns():
    def columns(*names, kind="image"):
        return {
            "id": list(map(Cell, names)),
            "kind": [kind] * len(names),
            "prompt": [f"prompt of {name}" for name in names],
            "seed": [float("nan")] * len(names),  # an empty cell of a column of numbers
        }

    return columns


def test_it_gives_paths_and_digests_in_the_order_of_the_rows(make, columns, out):
    made = make()(columns("a", "b"))
    assert (made["id"], made["status"], made["error"]) == (["a", "b"], ["done", "done"], [None, None])
    assert [Path(path).name for path in made["path"]] == ["a.png", "b.png"]
    assert all(len(digest) == 64 for digest in made["sha256"])
    assert made["cost"] == [0.016, 0.016]


def test_the_same_rows_in_other_company_cost_nothing_again(make, columns, tarash_sandbox):
    make()(columns("a", "b"))
    again = make()(columns("c", "b"))
    assert again["status"] == ["done", "done"]
    assert len(tarash_sandbox.paid) == 3


def test_two_processes_never_pay_for_one_row(make, columns, tarash_sandbox):
    tarash_sandbox.slow_seconds = 0.2
    tarash_sandbox.fail("slow_first_byte", method="POST", times=1)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda item: item(columns("a")), [make(), make()]))
    assert [item["status"] for item in made] == [["done"], ["done"]]
    assert len(tarash_sandbox.paid) == 1


def test_a_lost_answer_is_not_sent_again(make, columns, tarash_sandbox):
    tarash_sandbox.fail("dropped_after_creation", times=1)
    assert make()(columns("a"))["status"] == ["unconfirmed"]
    assert make()(columns("a"))["status"] == ["unconfirmed"]
    assert len(tarash_sandbox.paid) == 1
    assert make(retry_unconfirmed=True)(columns("a"))["status"] == ["done"]


def test_a_video_is_made_and_its_job_resumed(configs, out, tarash_sandbox):
    clips = MakeFiles(out, configs=[configs[1].model_copy(update={"timeout": 0.3})])
    rows = {"id": ["v"], "kind": ["video"], "prompt": ["a lake"]}
    tarash_sandbox.fail("content_500", times=None)
    assert clips(rows)["status"] == ["failed"]
    tarash_sandbox._dispatcher.script.clear()
    made = MakeFiles(out, configs=[configs[1]])(rows)
    assert (made["status"], len(tarash_sandbox.paid)) == (["done"], 1)
    assert made["path"][0].endswith("v.mp4")


def test_a_wrong_row_is_told_and_the_others_go_on(make, columns):
    made = make()(columns("../x", "b"))
    assert made["status"] == ["failed", "done"]
    assert "holds '/'" in made["error"][0] or "'..'" in made["error"][0]


def test_it_travels_without_a_key_and_works_inside_an_event_loop(make, columns):
    arrived = pickle.loads(pickle.dumps(make()))

    async def called():
        return arrived(columns("a"))

    assert asyncio.run(called())["status"] == ["done"]
