"""When a job is looked at next: soon enough to know that it is done, seldom enough to cost few requests."""

from bisect import bisect_left

import pytest

from tarash.tarash_gateway.flows.retry import LONGEST_PAUSE, pause_at, pause_before
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import VideoStatus

ANSWER = 0.15
"""Seconds that a status request takes here, there and back."""

JOB = VideoJob(provider="acme", model="m", id="job_1", endpoint="https://api.acme.test/v1")


def looks(chance=0.0, until=3700.0):
    """The ages, in seconds, at which the vendor tells the status of a job."""
    reported, age, first = [], 0.0, True
    while age < until:
        pause = pause_before(VideoStatus(JOB), age, chance, interval=None, first=first)
        reported.append(age + pause + ANSWER / 2)
        age, first = reported[-1] + ANSWER / 2, False
    return reported


def known_at(done, reported):
    """When it is known here that a job was done, and after how many requests."""
    at = bisect_left(reported, done)
    return reported[at] + ANSWER / 2, at + 1


AGES = [*(tenth / 10 for tenth in range(1, 1200)), *range(120, 3600, 7)]
"""Seconds after which a vendor may be done."""


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_a_job_that_is_done_is_known_to_be_done_in_time(chance):
    reported = looks(chance)
    late = {done: known_at(done, reported)[0] - done for done in AGES}
    assert {done: seconds for done, seconds in late.items() if seconds > (1.0 if done < 30 else done / 20)} == {}


@pytest.mark.parametrize(
    ("seconds", "fewest", "most"), [(5, 7, 10), (30, 35, 42), (180, 75, 90), (1200, 135, 160)], ids=str
)
def test_how_many_status_requests_a_job_costs(seconds, fewest, most):
    requests = [known_at(seconds, looks(chance))[1] for chance in (0.0, 0.5, 0.999)]
    assert fewest <= min(requests) <= max(requests) <= most


def test_an_older_job_is_never_looked_at_more_often_than_a_younger_one():
    pauses = [pause_at(age / 10) for age in range(20_000)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (0.5, LONGEST_PAUSE)


def test_jobs_that_were_submitted_together_are_not_asked_for_together():
    jobs = [looks(number / 100, until=10) for number in range(100)]
    assert all(len({round(reported[at], 4) for reported in jobs}) == 100 for at in range(10))


def test_the_callers_interval_and_the_vendors_hint_are_kept_to_the_second():
    hinted = VideoStatus(JOB, poll_after=3)
    for chance in (0.0, 0.9):
        assert pause_before(hinted, 100, chance, interval=None, first=False) == 3
        assert pause_before(hinted, 100, chance, interval=7, first=False) == 7
