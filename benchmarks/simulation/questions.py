"""What a person would ask before a large batch, each as runs of the simulation and their figures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from simulation.cluster import Cluster
from simulation.options import Options
from simulation.profiles import PROFILES, Profile, Spread, profiles
from simulation.report import figures
from simulation.rows import Mix

MILLION: Final = 1_000_000
IN_FLIGHT: Final = 20
AWAY: Final = (1200.0, 4800.0)
"""The hour in which a vendor is away."""


def reach_of_nodes(
    seed: int, factors: Sequence[float] = (0.5, 1.0, 2.0), nodes: Sequence[int] = (2, 5, 10, 20, 35, 50, 75, 100, 150)
) -> dict[float, list[tuple[int, float]]]:
    """How many hours a million rows take, by what the vendors take in a minute and by machines.

    The pace is that of the middle of a smaller run: its beginning and its end weigh nothing in a million rows.
    """
    found: dict[float, list[tuple[int, float]]] = {}
    for factor in factors:
        found[factor] = []
        for count in nodes:
            rows = max(count * IN_FLIGHT * 6, 2500)
            cluster = Cluster(
                profiles(3, factor), Mix(rows), Options(nodes=count, in_flight=IN_FLIGHT, seed=seed)
            ).run()
            found[factor].append((count, MILLION / _pace(cluster) / 3600))
    return found


def floor_of(factor: float) -> float:
    """Hours that a million rows take where every vendor is kept as busy as it lets itself be."""
    return MILLION / a_minute(factor) / 60


def a_minute(factor: float) -> float:
    """What all vendors take in a minute."""
    return sum(item.creating_a_minute or 0.0 for item in profiles(3, factor))


def _pace(cluster: Cluster) -> float:
    """Rows a second, between a fifth and four fifths of them."""
    ended = cluster.ended
    first, last = len(ended) // 5, 4 * len(ended) // 5
    return (last - first) / (ended[last] - ended[first])


def price_of_faults(
    seed: int, shares: Sequence[float] = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2), rows: int = 4000
) -> list[dict[str, Any]]:
    """What a share of faults costs: us, and the script that retries everything. No vendor limits anything."""
    free = tuple(replace(item, creating_a_minute=None, at_once=None) for item in PROFILES)
    found = []
    for share in shares:
        mix, options = Mix(rows, videos=0.2, faults=share), Options(nodes=10, in_flight=IN_FLIGHT, seed=seed)
        sides = {"ours": options, "naive": replace(options, naive=True)}
        found.append(
            {"faults": share, **{name: figures(Cluster(free, mix, item).run()) for name, item in sides.items()}}
        )
    return found


def vendor_away(seed: int, how: str, rows: int = 16_000) -> Cluster:
    """A batch in which one vendor of three is away for an hour."""
    # A row for each vendor at the same pace: what one of them loses is easy to see.
    pictures = (Spread(14.0, 0.35), Spread(6.0, 0.4), Spread(25.0, 0.5))
    vendors = tuple(
        replace(item, picture=picture, creating_a_minute=90.0, at_once=None)
        for item, picture in zip(PROFILES, pictures, strict=True)
    )
    gone = replace(vendors[1], gone=(AWAY,), gone_as=how)
    return Cluster(
        (vendors[0], gone, vendors[2]),
        Mix(rows, videos=0.0, faults=0.0),
        Options(nodes=10, in_flight=IN_FLIGHT, seed=seed),
    ).run()


def price_of_a_death(seed: int, in_flight: Sequence[int] = (5, 10, 20, 40, 80), runs: int = 8) -> list[dict[str, Any]]:
    """What one machine of ten costs that dies, by the rows that it had in flight."""
    free = tuple(replace(item, creating_a_minute=None, at_once=None) for item in PROFILES)
    found = []
    for count in in_flight:
        mix = Mix(count * 10 * 4, videos=0.2, faults=0.0)
        for run in range(runs):
            chance = random.Random(f"{seed} {count} {run}")  # noqa: S311 # the same runs for the same seed
            options = Options(
                nodes=10, in_flight=count, seed=seed + run, deaths_after=(chance.uniform(0.1, 0.7),), max_cost=None
            )
            ours, naive = (Cluster(free, mix, each).run() for each in (options, replace(options, naive=True)))
            twice = (
                naive.book.twice - Cluster(free, mix, replace(options, naive=True, deaths_after=())).run().book.twice
            )
            found.append({"in_flight": count, "ours": figures(ours), "naive": figures(naive), "naive_twice": twice})
    return found


def ways_of_polling(
    seed: int, jobs: int = 500, shortest: float = 5.0, longest: float = 1000.0
) -> dict[str, list[tuple[float, float, int]]]:
    """Of each way to look at a job: its length, the seconds until its end was known, and the requests that it took."""
    ways: dict[str, float | None] = {"tarash, adaptive": None, "every 2 s": 2.0, "every 5 s": 5.0, "every 20 s": 20.0}
    even = _even(seed, jobs, shortest, longest)
    vendor = Profile(
        "studio", Spread(1.0), Spread(0.0, measured=even), 0.0, 0.1, reach=Spread(0.05, 0.3), download=Spread(0.1)
    )
    found = {}
    for name, interval in ways.items():
        options = Options(in_flight=jobs, seed=seed, keep_jobs=True, poll_interval=interval)
        cluster = Cluster((vendor,), Mix(jobs, videos=1.0, faults=0.0), options).run()
        found[name] = [
            (job.ends - job.created, job.fixed - job.ends, job.polls) for job in cluster.jobs if job.fixed is not None
        ]
    return found


def _even(seed: int, count: int, shortest: float, longest: float) -> list[float]:
    """Lengths that are spread evenly over the orders of magnitude."""
    chance = random.Random(seed)  # noqa: S311 # the same for the same seed
    return [shortest * (longest / shortest) ** chance.random() for _ in range(count)]


def use_of_a_rate(
    seed: int, bursts: Sequence[float] = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0), a_minute: float = 300.0
) -> dict[str, list[tuple[float, float]]]:
    """The share of a vendor's rate that is used, by the seconds of it that the vendor takes at once."""
    vendor = replace(PROFILES[0], at_once=None, creating_a_minute=a_minute)
    ways: dict[str, tuple[bool, float | None]] = {
        "its 429 says when": (True, None),
        "its 429 says nothing": (False, None),
        "with rate= set to it": (False, a_minute),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for name, (tells, rate) in ways.items():
        for burst in bursts:
            kind = replace(vendor, tells_when=tells, burst=burst)
            options = Options(nodes=10, in_flight=IN_FLIGHT, seed=seed, rate=rate)
            cluster = Cluster((kind,), Mix(3000, videos=0.0, faults=0.0), options).run()
            found[name].append((burst, _pace(cluster) * 60 / a_minute))
    return found
