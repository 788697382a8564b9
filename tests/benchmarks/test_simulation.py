"""The simulator: the library's flows in virtual time. What it counts must add up, and depend on its seed alone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
ROWS = 120


@pytest.fixture
def simulate(bench):
    """Runs a small batch on three machines; gives what is to be looked at."""
    cluster = bench("simulation.cluster")
    profiles, rows = bench("simulation.profiles"), bench("simulation.rows")

    def run(vendors=None, *, mix=None, **options):
        vendors = profiles.profiles(3) if vendors is None else vendors
        settings = {"nodes": 3, "in_flight": 8, **options}
        mixed = rows.Mix(**{"rows": ROWS, "videos": 0.1, "faults": 0.3, **(mix or {})})
        return cluster.Cluster(vendors, mixed, cluster.Options(**settings)).run()

    return run


def test_every_row_is_accounted_for_and_none_is_paid_twice(simulate, bench):
    found = bench("simulation.report").figures(simulate(deaths_after=(0.2, 0.5)))

    assert sum(found["ends"].values()) == ROWS
    assert found["paid_twice"] == 0
    assert found["ends"]["done"] <= found["paid"] <= found["ends"]["done"] + found["ends"]["unconfirmed"] + 20
    # Eight wait for a vendor; others have their answer and are being written.
    assert [6 <= death["in_flight"] <= 10 for death in found["deaths"]] == [True, True]


def test_a_script_that_retries_everything_pays_for_rows_twice(simulate):
    assert simulate(naive=True, deaths_after=(0.5,)).book.twice > 0


def test_the_same_seed_gives_the_same_run_and_another_one_does_not(simulate, bench):
    figures = bench("simulation.report").figures

    first, again, other = (figures(simulate(seed=seed, deaths_after=(0.4,))) for seed in (7, 7, 8))

    assert first == again
    assert first != other


def test_a_day_of_virtual_time_takes_no_day(simulate, bench):
    slow = bench("simulation.profiles").Profile(
        "slow", *([bench("simulation.profiles").Spread(86_400.0)] * 2), 0.01, 0.1
    )

    cluster = simulate((slow,), mix={"rows": 3, "videos": 0.0, "faults": 0.0})

    assert cluster.clock.time() >= 300  # the calls' own deadline
    assert dict(cluster.ends) == {"unconfirmed": 3}


def test_rows_of_a_dead_machine_are_resumed_or_unconfirmed_and_sent_only_where_nothing_was(simulate):
    cluster = simulate(mix={"videos": 0.3, "faults": 0.0}, deaths_after=(0.3,))
    (death,) = cluster.deaths

    assert sum(death.steps.values()) == death.in_flight
    assert death.steps["resume"] > 0
    assert death.steps["unconfirmed"] == cluster.ends["unconfirmed"] > 0
    assert cluster.book.twice == 0
    assert cluster.book.paid == ROWS


def test_a_submit_that_a_death_cut_off_is_found_in_the_vendors_list(simulate, bench):
    profiles = bench("simulation.profiles")
    # The creation of a job takes so long that a machine dies in the middle of it.
    vendor = replace(profiles.PROFILES[0], accepting=profiles.Spread(20.0), creating_a_minute=None)

    cluster = simulate((vendor,), mix={"rows": 24, "videos": 1.0, "faults": 0.0}, deaths=(10.0,))

    assert cluster.deaths[0].stages["creating"] == 8
    assert cluster.deaths[0].steps["resume"] == 8
    assert dict(cluster.ends) == {"done": 24}
    assert cluster.book.paid == 24


def test_a_budget_is_kept(simulate):
    cluster = simulate(mix={"videos": 0.0, "faults": 0.0}, max_cost=2.0)

    assert 1.5 < cluster.book.dollars <= 2.0 + 1e-9
    assert cluster.errors["ValidationError"] == cluster.ends["failed"] > 0


def test_a_vendors_limit_is_kept_and_every_row_made(simulate, bench):
    vendor = replace(bench("simulation.profiles").PROFILES[0], creating_a_minute=60.0)

    cluster = simulate((vendor,), mix={"rows": 100, "videos": 0.0, "faults": 0.0})

    assert dict(cluster.ends) == {"done": 100}
    assert cluster.clock.time() >= 90  # ten of the hundred at once
    assert cluster.vendors[0].refused["limit"] > 0


def test_a_vendor_that_is_away_costs_nothing(simulate, bench):
    vendors = bench("simulation.profiles").profiles(2)
    gone = replace(vendors[1], gone=((0.0, 3600.0),), gone_as="unreachable")

    cluster = simulate((vendors[0], gone), mix={"faults": 0.0, "videos": 0.0})

    assert cluster.errors["ConnectionFailedError"] == cluster.ends["failed"] > 0
    assert cluster.book.paid == cluster.ends["done"] == ROWS - cluster.ends["failed"]


def test_somebody_who_waits_for_nothing_is_told(bench):
    clock = bench("simulation.clock")
    loop = clock.VirtualLoop()

    async def wait():
        await asyncio.Event().wait()

    with pytest.raises(clock.StandstillError, match="somebody still waits"):
        loop.run(wait())


def test_timers_run_in_the_order_of_their_times(bench):
    loop = bench("simulation.clock").VirtualLoop()
    received = []

    async def note(seconds):
        await loop.sleep(seconds)
        received.append((seconds, loop.time()))

    async def main():
        await asyncio.gather(*(note(seconds) for seconds in (3.0, 1.0, 86_400.0, 2.0)))

    loop.run(main())

    assert received == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (86_400.0, 86_400.0)]


def test_the_command_tells_both_sides_and_its_own_speed():
    command = [sys.executable, BENCHMARKS / "simulate.py", "--rows", "60", "--nodes", "3", "--json"]

    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert report["tarash batch"]["paid_twice"] == 0
    assert sum(report["retry everything"]["ends"].values()) == 60
    assert report["simulation"]["tarash batch"]["rows_a_second"] > 0
