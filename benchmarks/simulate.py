# ruff: noqa: INP001 # a script is in no package
"""A batch of a million rows in minutes: the library's own flows, in virtual time, against a model of the vendors.

    .venv/bin/python benchmarks/simulate.py --rows 1000000 --vendors 3 --faults 0.02 --nodes 50
    .venv/bin/python benchmarks/simulate.py --calibrate 5000
    .venv/bin/python benchmarks/simulate.py --plots docs/pictures

The first one tells time, requests, cost, queues, and what machines that die come to, beside a script that retries
everything. The second one holds the simulation against a real batch at the sandbox. The third one draws the pictures of
docs/scale/simulator.md, for which matplotlib has to be there.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulation.cluster import Cluster
from simulation.options import Options
from simulation.profiles import profiles
from simulation.report import duration, figures, queues, table
from simulation.rows import Mix


def simulated(arguments: argparse.Namespace) -> dict[str, Any]:
    """Both sides, with what the simulation itself took."""
    rows = arguments.sample or arguments.rows
    vendors = profiles(arguments.vendors, arguments.rate_factor)
    mix = Mix(rows, videos=arguments.videos, faults=arguments.faults)
    chance = random.Random(arguments.seed)  # noqa: S311 # the same run for the same seed
    ours = Options(
        nodes=arguments.nodes,
        in_flight=arguments.in_flight,
        deaths_after=tuple(chance.uniform(0.05, 0.9) for _ in range(arguments.deaths)),
        seed=arguments.seed,
        rate=arguments.rate,
    )
    sides = {"tarash batch": ours, "retry everything": replace(ours, naive=True)}
    report: dict[str, Any] = {"asked_rows": arguments.rows, "simulated_rows": rows, "seed": arguments.seed}
    report["settings"] = {"nodes": ours.nodes, "in_flight": ours.in_flight, "vendors": len(vendors)}
    report["simulation"] = {}
    for name, options in sides.items():
        began = time.process_time()
        cluster = Cluster(vendors, mix, options).run()
        cpu = time.process_time() - began
        report[name] = figures(cluster)
        report["simulation"][name] = {"cpu_seconds": round(cpu, 1), "rows_a_second": round(rows / cpu)}
    report["simulation"]["peak_memory_mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return report


def reported(report: dict[str, Any]) -> str:
    """The report for people."""
    sides = {name: report[name] for name in ("tarash batch", "retry everything")}
    settings, rows = report["settings"], report["simulated_rows"]
    head = f"{rows:,} rows, {settings['nodes']} machines with {settings['in_flight']} rows each, seed {report['seed']}"
    parts = [head, table(sides), "The queues of tarash batch", queues(sides["tarash batch"])]
    if rows != report["asked_rows"]:
        factor = report["asked_rows"] / rows
        seconds = sides["tarash batch"]["seconds"] * factor
        parts.append(
            f"Simulated are {rows:,} of {report['asked_rows']:,} rows. Times {factor:g}, all of them take about "
            f"{duration(seconds)}: too much by what its beginning and its end weigh in a small run."
        )
    costs = report["simulation"]
    parts.append(
        "The simulation took "
        + " and ".join(
            f"{costs[name]['cpu_seconds']:,} s of CPU ({costs[name]['rows_a_second']:,} rows/s)" for name in sides
        )
        + f", {costs['peak_memory_mib']} MiB at the most."
    )
    return "\n\n".join(parts)


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--sample", type=int, help="simulate so many rows, and say what that means for all")
    parser.add_argument("--vendors", type=int, default=3)
    parser.add_argument("--faults", type=float, default=0.02, help="the share of rows that meet a fault")
    parser.add_argument("--videos", type=float, default=0.05, help="the share of rows that are videos")
    parser.add_argument("--nodes", type=int, default=50, help="machines")
    parser.add_argument("--in-flight", type=int, default=20, help="rows that each of them works on side by side")
    parser.add_argument("--deaths", type=int, default=3, help="machines that die, at random moments")
    parser.add_argument("--rate", type=float, help="requests a minute for each vendor at the most, by ours")
    parser.add_argument("--rate-factor", type=float, default=1.0, help="times what the vendors take in a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--calibrate", type=int, metavar="ROWS", help="hold it against a real batch of so many rows")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the pictures of the findings")
    arguments = parser.parse_args()
    if arguments.plots is not None:
        from simulation.plots import draw_all  # noqa: PLC0415 # matplotlib is no dependency of anything

        draw_all(arguments.plots, arguments.seed)
        return
    if arguments.calibrate is not None:
        from simulation.calibration import calibrated, compared  # noqa: PLC0415 # it loads an SDK

        report = calibrated(arguments.calibrate, arguments.faults, arguments.seed)
        text = compared(report)
    else:
        report = simulated(arguments)
        text = reported(report)
    sys.stdout.write((json.dumps(report, indent=2) if arguments.json else text) + "\n")


if __name__ == "__main__":
    main()
