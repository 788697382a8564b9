"""The functions of the package: one set of arguments for both twins, and rows that share no process."""

import asyncio
import inspect

import pytest

import tarash_gateway_batch
from tarash.tarash_gateway.errors import ValidationError
from tarash_gateway_batch import SeparateRows, run_batch, run_batch_async

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.mark.parametrize("name", tarash_gateway_batch.__all__)
def test_every_exported_name_is_there(name):
    assert getattr(tarash_gateway_batch, name) is not None
    assert name in dir(tarash_gateway_batch)


def test_the_async_twin_takes_the_same_arguments():
    assert inspect.signature(run_batch_async) == inspect.signature(run_batch)
    assert inspect.iscoroutinefunction(run_batch_async)
    assert run_batch_async.__name__ == "run_batch_async"


def test_an_unknown_argument_is_refused_by_both(out):
    with pytest.raises(TypeError, match="colour"):
        run_batch([], out, colour="red")
    with pytest.raises(TypeError, match="colour"):
        asyncio.run(run_batch_async([], out, colour="red"))


class TestSeparateRows:
    @pytest.fixture
    def make(self, configs, out):
        return lambda *rows, **options: asyncio.run(SeparateRows(out, configs=configs, **options).run(rows))

    def test_a_row_is_paid_once_in_whatever_company_it_comes_back(self, make, image, files, paid):
        assert [outcome.status for outcome in make(image("a"), image("b"))] == ["done", "done"]
        assert [outcome.status for outcome in make(image("b"), image("c"))] == ["done", "done"]
        assert files() == ["a.png", "b.png", "c.png"]
        assert len(paid()) == 3

    def test_a_lost_answer_is_unconfirmed_until_the_caller_decides(self, make, image, paid, tarash_sandbox):
        tarash_sandbox.fail("dropped_after_creation", times=1)
        assert [make(image("a"))[0].status for _ in range(2)] == ["unconfirmed", "unconfirmed"]
        assert make(image("a"), retry_unconfirmed=True)[0].status == "done"
        assert len(paid()) == 2

    def test_a_wrong_row_stops_no_other(self, make, image):
        wrong, right = make(image("../x"), image("b"))
        assert (wrong.status, right.status) == ("failed", "done")
        assert "holds '..'" in wrong.error

    def test_an_option_that_cannot_be_right_is_refused_at_once(self, out):
        with pytest.raises(ValidationError, match="concurrency=0 is not a whole number"):
            SeparateRows(out, concurrency=0)
