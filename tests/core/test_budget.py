"""A budget: dollars that calls share, across threads, processes and days."""

import subprocess
import sys
import threading

import pytest

from tarash.tarash_gateway import Budget
from tarash.tarash_gateway.errors import SaveError, ValidationError


def test_what_is_taken_is_spent_and_what_does_not_fit_is_not():
    budget = Budget(1.0)
    assert budget.take(0.6)
    assert not budget.take(0.6)
    assert (budget.spent, budget.left) == (0.6, 0.4)
    budget.give_back(0.5)
    assert budget.spent == pytest.approx(0.1)


@pytest.mark.parametrize("dollars", [0, -1, float("nan"), float("inf"), True, "5", None])
def test_a_budget_is_a_positive_number(dollars):
    with pytest.raises(ValidationError, match="a budget is a positive number of US dollars"):
        Budget(dollars)


def test_the_period_is_one_of_two_words():
    with pytest.raises(ValidationError, match="neither 'process' nor 'day'"):
        Budget(1, per="week")


def test_the_last_dollar_goes_to_one_thread_only():
    budget = Budget(1.0)
    took = []
    threads = [threading.Thread(target=lambda: took.append(budget.take(0.1))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert took.count(True) == 10


def test_a_new_day_has_its_dollars(monkeypatch):
    budget = Budget(1.0, per="day")
    budget.take(1.0)
    monkeypatch.setattr(Budget, "_period", lambda self: "2031-01-01")
    assert budget.left == 1.0


def test_a_file_keeps_it_for_other_processes(tmp_path):
    budget = Budget(1.0, path=tmp_path / "budget.jsonl")
    budget.take(0.5)
    code = f"from tarash.tarash_gateway import Budget; b = Budget(1.0, path={str(tmp_path / 'budget.jsonl')!r}); print(b.take(0.4), b.take(0.4))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
    assert budget.spent == pytest.approx(0.9)


def test_a_torn_line_of_the_file_is_waited_for(tmp_path):
    path = tmp_path / "budget.jsonl"
    path.write_text('{"period": "process", "dollars": 0.25}\nrubbish\n{"period": "proc')
    assert Budget(1.0, path=path).spent == 0.25


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError):
        Budget(1.0, path=tmp_path / "file" / "budget.jsonl").take(0.1)


def test_it_is_shown_in_one_line():
    assert repr(Budget(2.5, per="day")) == "Budget(2.5, per='day', spent=0.0000)"
