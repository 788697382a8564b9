"""How fast a vendor is asked, by a clock that is turned by hand."""

import heapq
import random

import pytest

from tarash_gateway_batch.adaptive_rate import MATCHING_REFUSALS, MIN_REQUESTS, TIMER_SLACK, AdaptiveRate


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


def wanted(vendor, seconds, work=14.0, rounds_last=0.2, most=200):
    """How many it took in the last half of that time, and how many it refused, where rows always wait."""
    rate, chance = AdaptiveRate(), random.Random(1)
    now = closed = 0.0
    busy, ends, taken, refused = 0, [], [], 0
    while now < seconds:
        while ends and ends[0] <= now:
            heapq.heappop(ends)
            busy -= 1
        opens = max(closed, rate.next_time(busy)) if busy < most else ends[0]
        if opens > now:
            now = min(opens, *ends[:1])
            continue
        rate.sent(now, waited=True)
        if vendor.takes(now, busy):
            busy += 1
            heapq.heappush(ends, now + work * chance.lognormvariate(0.0, 0.35))
            taken.append(now)
        else:
            refused += 1
            rate.refused(now, busy, is_new=True, is_outage=False)
            closed = now + rounds_last
    return sum(at > seconds / 2 for at in taken), refused


@pytest.mark.parametrize("burst", [0.5, 1.0, 10.0], ids="bucket of {} s".format)
@pytest.mark.parametrize("a_second", [1.5, 5.0, 40.0], ids="{} a second".format)
def test_most_of_a_rate_is_used_and_few_are_refused(a_second, burst):
    seconds = 600 if a_second < 10 else 120
    taken, refused = wanted(Vendor(a_second, burst), seconds, most=10_000)
    assert taken >= 0.87 * a_second * seconds / 2
    assert refused <= 0.25 * a_second * seconds


@pytest.mark.parametrize("at_once", [4, 20])
def test_a_vendor_that_counts_what_it_works_on_is_kept_busy(at_once):
    taken, refused = wanted(Vendor(at_once=at_once), 1200)
    assert taken >= 0.9 * at_once / (14.0 * 1.063) * 600
    assert refused <= 0.25 * 2 * taken


def test_a_vendor_that_takes_more_again_is_asked_for_more():
    vendor = Vendor(2.0)
    rate, now = AdaptiveRate(), 0.0
    for again in range(400):
        now = max(now, rate.next_time(99))
        rate.sent(now, waited=True)
        if not vendor.takes(now, 0):
            now += 0.1
            rate.refused(now, 99 - again, is_new=True, is_outage=False)
    before = rate.next_time(99) - now
    for _ in range(300):
        now = max(now, rate.next_time(99))
        rate.sent(now, waited=True)
    assert rate.next_time(99) - now < before / 8


def test_an_hour_without_the_vendor_tells_nothing_of_its_pace():
    rate = AdaptiveRate()
    for at in range(10):
        rate.sent(at / 10, waited=True)
    rate.refused(1.0, 9, is_new=True, is_outage=False)
    for minute in range(60):
        now = 60.0 * minute + 60
        rate.sent(now, waited=True)
        rate.refused(now + 1, 0, is_new=True, is_outage=True)
    now = 3700.0
    rate.sent(now, waited=False)
    assert rate.next_time(0) - now < 0.3


def test_refusals_of_one_round_only_correct_what_was_taken():
    rate = AdaptiveRate()
    for _ in range(8):
        rate.sent(0.0, waited=True)
    for left in range(7, 3, -1):
        rate.refused(1.0, left, is_new=left == 7, is_outage=False)
    rate.sent(1.0, waited=False)
    assert rate.next_time(4) == pytest.approx(1.25)  # four in a second


def test_fewer_than_it_ever_refused_at_go_at_once():
    rate = AdaptiveRate()
    for at in range(MATCHING_REFUSALS):
        rate.sent(float(at), waited=False)
        rate.refused(float(at) + 0.5, 4, is_new=True, is_outage=False)
    for _ in range(int(MIN_REQUESTS) + 1):
        rate.sent(10.0, waited=False)
    rate.refused(10.5, 4, is_new=True, is_outage=False)
    rate.sent(20.0, waited=False)
    assert rate.next_time(4) > 20.0
    assert rate.next_time(3) <= 20.0


def test_a_rate_of_our_own_is_kept_by_and_a_late_timer_loses_nothing_of_it():
    rate, now = AdaptiveRate(600), 0.0
    for _ in range(100):
        rate.sent(now, waited=True)
        now = rate.next_time(0) + TIMER_SLACK / 5
    assert now == pytest.approx(10.0, abs=0.2)
