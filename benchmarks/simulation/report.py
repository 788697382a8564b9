"""What a simulation came to: figures for JSON, and a table for people."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from simulation.cluster import Cluster
from simulation.node import Death


def figures(cluster: Cluster) -> dict[str, Any]:
    """All that there is to tell of a run. Times are seconds, money is US dollars."""
    done = sorted(cluster.seconds)
    requests = sum((vendor.requests for vendor in cluster.vendors), Counter())
    return {
        "rows": cluster.mix.rows,
        "seconds": round(cluster.clock.time(), 1),
        "seconds_to_99_percent": round(_at(cluster.ended, 0.99), 1),
        "ends": dict(sorted(cluster.ends.items())),
        "errors": dict(cluster.errors.most_common()),
        "p50_seconds": round(_at(done, 0.5), 3),
        "p95_seconds": round(_at(done, 0.95), 3),
        "requests": sum(requests.values()),
        "requests_by_kind": dict(sorted(requests.items())),
        "requests_per_row": round(sum(requests.values()) / max(cluster.mix.rows, 1), 3),
        "paid": cluster.book.paid,
        "paid_twice": cluster.book.twice,
        "dollars": round(cluster.book.dollars, 2),
        "dollars_counted": round(cluster.budget.spent, 2),
        "vendors": [_vendor(cluster, number) for number in range(len(cluster.vendors))],
        "deaths": [_death(death) for death in cluster.deaths],
        "journal_lines": cluster.ledger.lines,
    }


def _at(values: Sequence[float], share: float) -> float:
    return values[min(int(share * len(values)), len(values) - 1)] if values else 0.0


def _vendor(cluster: Cluster, number: int) -> dict[str, Any]:
    vendor = cluster.vendors[number]
    waiting = [sample[1][number] for sample in cluster.samples]
    busy = [sample[2][number] for sample in cluster.samples]
    return {
        "name": vendor.profile.name,
        "requests": dict(vendor.requests),
        "refused": dict(vendor.refused.most_common()),
        "waiting_mean": round(statistics.fmean(waiting or [0])),
        "waiting_most": max(waiting or [0]),
        "busy_mean": round(statistics.fmean(busy or [0])),
        "busy_most": max(busy or [0]),
    }


def _death(death: Death) -> dict[str, Any]:
    return {
        "at": round(death.at, 1),
        "in_flight": death.in_flight,
        "stages": dict(sorted(death.stages.items())),
        "steps": dict(sorted(death.steps.items())),
        "row_seconds_lost": round(death.seconds_thrown_away),
        "orphans": death.orphans,
        "orphan_dollars": round(death.orphan_dollars, 2),
    }


_LINES: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("virtual time", lambda found: duration(found["seconds"])),
    ("99 % of the rows", lambda found: duration(found["seconds_to_99_percent"])),
    ("rows", lambda found: listed(found["ends"])),
    ("errors", lambda found: listed(found["errors"])),
    ("a row: half, 95 %", lambda found: f"{found['p50_seconds']:.1f} s, {found['p95_seconds']:.1f} s"),
    ("requests", lambda found: f"{found['requests']:,} ({listed(found['requests_by_kind'])})"),
    ("requests per row", lambda found: f"{found['requests_per_row']:.2f}"),
    ("paid requests", lambda found: f"{found['paid']:,}, ${found['dollars']:,.2f}"),
    ("rows paid twice", lambda found: f"{found['paid_twice']:,}"),
    ("machines that died", lambda found: str(len(found["deaths"]))),
    ("- rows in flight", lambda found: str(_sum(found, "in_flight"))),
    ("- taken up as", lambda found: listed(_all(found, "steps"))),
    ("- paid for nothing", lambda found: f"{_sum(found, 'orphans')}, ${_sum(found, 'orphan_dollars'):,.2f}"),
    ("- row-hours lost", lambda found: f"{_sum(found, 'row_seconds_lost') / 3600:.1f}"),
)


def table(sides: dict[str, dict[str, Any]]) -> str:
    """The figures of several runs side by side."""
    head = ["", *sides]
    rows = [[name, *(tell(found) for found in sides.values())] for name, tell in _LINES]
    return text_table([head, *rows])


def queues(found: dict[str, Any]) -> str:
    """How many rows waited for each vendor, and how many it worked on."""
    head = ["vendor", "waiting: mean", "most", "at work: mean", "most", "creating", "refused for the limit"]
    rows = [
        [
            item["name"],
            *(f"{item[name]:,}" for name in ("waiting_mean", "waiting_most", "busy_mean", "busy_most")),
            f"{item['requests'].get('create', 0):,}",
            f"{item['refused'].get('limit', 0):,}",
        ]
        for item in found["vendors"]
    ]
    return text_table([head, *rows])


def text_table(rows: list[list[str]]) -> str:
    """Columns of equal width, the first to the left."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def duration(seconds: float) -> str:
    """Such as `5 h 12 min`."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def listed(counts: dict[str, Any]) -> str:
    """Such as `done 12, failed 3`."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"


def _sum(found: dict[str, Any], name: str) -> Any:
    return sum(death[name] for death in found["deaths"])


def _all(found: dict[str, Any], name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for death in found["deaths"]:
        total.update(death[name])
    return dict(sorted(total.items()))
