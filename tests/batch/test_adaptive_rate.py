"""How fast a vendor is asked, by a clock that is turned by hand."""

import heapq
import random

import pytest

from tarash_gateway_batch.adaptive_rate import ALIKE, ENOUGH, LATE, Pace


class Vendor:
    """Takes so many a second, and what it did not use for a moment; or works on so many at once."""

    def __init__(self, a_second=None, burst=1.0, at_once=None):
        self.a_second, self.most, self.at_once = a_second, max(burst * (a_second or 0), 1.0), at_once
        self.tokens, self.filled = self.most, 0.0

    def takes(self, now, busy):
        if self.at_once is not None:
            return busy < self.at_once
        self.tokens = min(self.tokens + (now - self.filled) * self.a_second, self.most)
        self.filled = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


def asked(vendor, seconds, work=14.0, rounds_last=0.2, most=200):
    """How many it took in the last half of that time, and how many it refused, where rows always wait."""
    pace, chance = Pace(), random.Random(1)
    now = closed = 0.0
    busy, ends, taken, refused = 0, [], [], 0
    while now < seconds:
        while ends and ends[0] <= now:
            heapq.heappop(ends)
            busy -= 1
        opens = max(closed, pace.opens(busy)) if busy < most else ends[0]
        if opens > now:
            now = min(opens, *ends[:1])
            continue
        pace.sent(now, waited=True)
        if vendor.takes(now, busy):
            busy += 1
            heapq.heappush(ends, now + work * chance.lognormvariate(0.0, 0.35))
            taken.append(now)
        else:
            refused += 1
            pace.refused(now, busy, again=True, away=False)
            closed = now + rounds_last
    return sum(at > seconds / 2 for at in taken), refused


@pytest.mark.parametrize("burst", [0.5, 1.0, 10.0], ids="bucket of {} s".format)
@pytest.mark.parametrize("a_second", [1.5, 5.0, 40.0], ids="{} a second".format)
def test_most_of_a_rate_is_used_and_few_are_refused(a_second, burst):
    seconds = 600 if a_second < 10 else 120
    taken, refused = asked(Vendor(a_second, burst), seconds, most=10_000)
    assert taken >= 0.87 * a_second * seconds / 2
    assert refused <= 0.25 * a_second * seconds


@pytest.mark.parametrize("at_once", [4, 20])
def test_a_vendor_that_counts_what_it_works_on_is_kept_busy(at_once):
    taken, refused = asked(Vendor(at_once=at_once), 1200)
    assert taken >= 0.9 * at_once / (14.0 * 1.063) * 600
    assert refused <= 0.25 * 2 * taken


def test_a_vendor_that_takes_more_again_is_asked_for_more():
    vendor = Vendor(2.0)
    pace, now = Pace(), 0.0
    for again in range(400):
        now = max(now, pace.opens(99))
        pace.sent(now, waited=True)
        if not vendor.takes(now, 0):
            now += 0.1
            pace.refused(now, 99 - again, again=True, away=False)
    before = pace.opens(99) - now
    for _ in range(300):
        now = max(now, pace.opens(99))
        pace.sent(now, waited=True)
    assert pace.opens(99) - now < before / 8


def test_an_hour_without_the_vendor_tells_nothing_of_its_pace():
    pace = Pace()
    for at in range(10):
        pace.sent(at / 10, waited=True)
    pace.refused(1.0, 9, again=True, away=False)
    for minute in range(60):
        now = 60.0 * minute + 60
        pace.sent(now, waited=True)
        pace.refused(now + 1, 0, again=True, away=True)
    now = 3700.0
    pace.sent(now, waited=False)
    assert pace.opens(0) - now < 0.3


def test_refusals_of_one_round_only_correct_what_was_taken():
    pace = Pace()
    for _ in range(8):
        pace.sent(0.0, waited=True)
    for left in range(7, 3, -1):
        pace.refused(1.0, left, again=left == 7, away=False)
    pace.sent(1.0, waited=False)
    assert pace.opens(4) == pytest.approx(1.25)  # four in a second


def test_fewer_than_it_ever_refused_at_go_at_once():
    pace = Pace()
    for at in range(ALIKE):
        pace.sent(float(at), waited=False)
        pace.refused(float(at) + 0.5, 4, again=True, away=False)
    for _ in range(int(ENOUGH) + 1):
        pace.sent(10.0, waited=False)
    pace.refused(10.5, 4, again=True, away=False)
    pace.sent(20.0, waited=False)
    assert pace.opens(4) > 20.0
    assert pace.opens(3) <= 20.0


def test_a_rate_of_our_own_is_kept_by_and_a_late_timer_loses_nothing_of_it():
    pace, now = Pace(600), 0.0
    for _ in range(100):
        pace.sent(now, waited=True)
        now = pace.opens(0) + LATE / 5
    assert now == pytest.approx(10.0, abs=0.2)
