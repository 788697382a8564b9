"""The pictures of `docs/scale/simulator.md`. They need matplotlib, which is a dependency of nothing here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt  # after the backend is chosen

from simulation import questions  # as above

OURS, NAIVE, THIRD, FOURTH = "#1f5fa8", "#c8553d", "#4c956c", "#8a6fb0"
INK, FAINT = "#22303c", "#d9dee3"
WIDE: Final = (7.6, 4.2)
TWO: Final = (10.4, 4.2)
THREE: Final = (12.4, 4.0)

STYLE: Final = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.labelsize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "savefig.bbox": "tight",
    "font.family": ["DejaVu Sans"],
}


def nodes(seed: int) -> Any:
    """Hours of a million rows by machines."""
    figure, axes = plt.subplots(figsize=WIDE)
    found = questions.reach_of_nodes(seed)
    for (factor, points), colour in zip(found.items(), (NAIVE, OURS, THIRD), strict=True):
        a_minute = questions.a_minute(factor)
        axes.plot(*zip(*points, strict=True), "o-", color=colour, label=f"vendors take {a_minute:,.0f} a minute in all")
        axes.axhline(questions.floor_of(factor), color=colour, linestyle=":", linewidth=1.4)
    axes.set(
        xscale="log", yscale="log", xlabel="machines, with 20 rows in flight each", ylabel="hours for 1,000,000 rows"
    )
    axes.set_xticks([2, 5, 10, 20, 50, 100, 150], ["2", "5", "10", "20", "50", "100", "150"])
    axes.set_yticks([2, 5, 10, 20, 50], ["2", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.set_title("More machines help until the vendors' limits are reached")
    axes.text(2, questions.floor_of(1.0) * 1.05, "dotted: the limit itself", fontsize=9, va="bottom")
    axes.legend(loc="upper right")
    return figure


def faults(seed: int) -> Any:
    """What faults cost."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=THREE)
    found = questions.price_of_faults(seed)
    shares = [100 * item["faults"] for item in found]
    rows = found[0]["ours"]["rows"]
    for axes, what, title, unit in (
        (left, lambda side: 1000 * side["paid_twice"] / rows, "Paid for twice", "rows of 1,000"),
        (
            middle,
            lambda side: 1000 * side["requests_by_kind"]["create"] / rows - 1000,
            "Creating requests",
            "more than one each, per 1,000 rows",
        ),
        (right, lambda side: side["seconds_to_99_percent"] / 60, "Time to 99 % of the rows", "minutes"),
    ):
        axes.plot(shares, [what(item["naive"]) for item in found], "o-", color=NAIVE, label="retries everything")
        axes.plot(shares, [what(item["ours"]) for item in found], "o-", color=OURS, label="tarash batch")
        axes.set(xlabel="rows that meet a fault, %", ylabel=unit, title=title)
        axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])
    unconfirmed = [1000 * item["ours"]["ends"].get("unconfirmed", 0) / rows for item in found]
    left.plot(shares, unconfirmed, "--", color=OURS, label="tarash: named unconfirmed")
    left.set_ylim(-2, 1.35 * max(unconfirmed))
    left.legend(loc="upper left", fontsize=9)
    figure.tight_layout(w_pad=2.5)
    return figure


def away(seed: int) -> Any:
    """Queues while one vendor of three is away for an hour."""
    figure, panels = plt.subplots(2, 1, figsize=(8.6, 6.4), sharex=True)
    for axes, how, title in zip(
        panels,
        ("unavailable", "unreachable"),
        (
            "Away with 503: a few of its rows wait for 15 minutes and then fail, the others go on",
            "Away without a connection: the same",
        ),
        strict=True,
    ):
        cluster = questions.vendor_away(seed, how, 24_000)
        minutes = [sample[0] / 60 for sample in cluster.samples]
        names = [vendor.profile.name for vendor in cluster.vendors]
        for number, colour in enumerate((OURS, NAIVE, THIRD)):
            fixed = "away for an hour" if number == 1 else "there"
            waiting = [sample[1][number] + sample[2][number] for sample in cluster.samples]
            axes.plot(minutes, waiting, color=colour, label=f"{names[number]} ({fixed})")
        axes.axvspan(*(edge / 60 for edge in questions.AWAY), color=FAINT, alpha=0.6, linewidth=0)
        axes.set(ylabel="rows waiting or at work", title=title, ylim=(0, 245), xlim=(0, 95))
        failed = cluster.ends.get("failed", 0)
        axes.text(94, 222, f"{failed:,} of {cluster.mix.rows:,} rows failed, none was paid", ha="right", fontsize=9)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=3, bbox_to_anchor=(0.5, -0.04))
    panels[1].set_xlabel("minutes since the batch began; 10 machines with 20 rows each, 200 in flight in all")
    figure.tight_layout(h_pad=2)
    return figure


def deaths(seed: int) -> Any:
    """What one dying machine costs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=TWO)
    found = questions.price_of_a_death(seed)
    counts = sorted({item["in_flight"] for item in found})

    def means(of: Callable[[dict[str, Any]], float]) -> list[float]:
        every = [[of(item) for item in found if item["in_flight"] == count] for count in counts]
        return [sum(some) / len(some) for some in every]

    def step(item: dict[str, Any], name: str) -> int:
        return sum(death["steps"].get(name, 0) for death in item["ours"]["deaths"])

    bottom = [0.0] * len(counts)
    places = range(len(counts))
    for name, colour, label in (
        ("resume", THIRD, "job taken up again: nothing is lost"),
        ("unconfirmed", NAIVE, "picture on its way: unconfirmed, not sent again"),
    ):
        heights = means(lambda item, name=name: step(item, name))  # type: ignore[misc] # bound at once
        left.bar(places, heights, 0.62, bottom, color=colour, label=label)
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    left.set_xticks(places, [str(count) for count in counts])
    left.set(
        xlabel="rows in flight on the machine",
        ylabel="rows, mean of 8 deaths",
        title="What becomes of a dead machine's rows",
    )
    left.legend(loc="upper left", fontsize=9)
    for side, colour, label in (
        ("naive", NAIVE, "a script that begins them anew: paid twice"),
        ("ours", OURS, "tarash batch: unconfirmed pictures"),
    ):

        def lost(item: dict[str, Any], side: str = side) -> float:
            return float(sum(death["orphan_dollars"] for death in item[side]["deaths"]))

        each = [item["in_flight"] for item in found]
        right.scatter(each, list(map(lost, found)), s=14, color=colour, alpha=0.4, linewidth=0)
        right.plot(counts, means(lost), "o-", color=colour, label=label)
    right.set(
        xlabel="rows in flight on the machine",
        ylabel="US dollars (dots: each death)",
        title="Paid, and the result is lost",
    )
    right.legend(loc="upper left", fontsize=9)
    figure.tight_layout(w_pad=3)
    return figure


def polling(seed: int) -> Any:
    """Status requests against the delay of knowing."""
    figure, (left, right) = plt.subplots(1, 2, figsize=TWO)
    found = questions.ways_of_polling(seed)
    for (name, jobs), colour in zip(found.items(), (OURS, NAIVE, THIRD, FOURTH), strict=True):
        lengths, delays, polls = zip(*sorted(jobs), strict=True)
        if colour == OURS:
            left.scatter(lengths, delays, s=9, color=colour, alpha=0.35, linewidth=0)
        left.plot(*_means(lengths, delays), "o-", color=colour, markersize=4, label=name)
        right.plot(*_means(lengths, polls), "o-", color=colour, markersize=4, label=name)
    left.plot([5, 30, 30, 1000], [1, 1, 1.5, 50], color=INK, linestyle=":", linewidth=1.4)
    left.annotate("our promise", (500, 25), (120, 32), fontsize=9, arrowprops={"arrowstyle": "-", "color": INK})
    left.set(
        xscale="log",
        yscale="log",
        ylim=(0.03, 60),
        xlabel="length of the job, seconds",
        ylabel="seconds (lines: mean)",
        title="From done to known",
    )
    right.set(
        xscale="log",
        yscale="log",
        xlabel="length of the job, seconds",
        ylabel="requests",
        title="Status requests per job",
    )
    right.legend(loc="upper left")
    for axes in (left, right):
        axes.set_xticks([5, 10, 30, 100, 300, 1000], ["5", "10", "30", "100", "300", "1,000"])
        axes.minorticks_off()
    left.set_yticks([0.1, 1, 10], ["0.1", "1", "10"])
    right.set_yticks([1, 10, 100], ["1", "10", "100"])
    figure.tight_layout(w_pad=3)
    return figure


def _means(lengths: Sequence[float], values: Sequence[float], groups: int = 14) -> tuple[list[float], list[float]]:
    """The mean of each group of neighbours."""
    size = max(len(lengths) // groups, 1)
    edges = range(0, len(lengths) - size + 1, size)
    return tuple([sum(some[at : at + size]) / size for at in edges] for some in (lengths, values))  # type: ignore[return-value] # two of them


def rate(seed: int) -> Any:
    """How much of a vendor's rate is used."""
    figure, axes = plt.subplots(figsize=WIDE)
    found = questions.use_of_a_rate(seed)
    for (name, points), colour, mark in zip(found.items(), (OURS, NAIVE, THIRD), ("o-", "s--", "o-"), strict=True):
        axes.plot([burst for burst, _ in points], [100 * share for _, share in points], mark, color=colour, label=name)
    axes.set(
        xscale="log",
        ylim=(0, 105),
        xlabel="seconds of its rate that the vendor takes at once",
        ylabel="% of the vendor's rate that is used",
    )
    axes.set_xticks([0.5, 1, 2, 5, 10, 30, 60], ["0.5", "1", "2", "5", "10", "30", "60"])
    axes.minorticks_off()
    axes.set_title("A vendor's rate is used, whatever it counts by")
    axes.legend(loc="lower right")
    return figure


PICTURES: Final[dict[str, Callable[[int], Any]]] = {
    "nodes": nodes,
    "faults": faults,
    "vendor-away": away,
    "deaths": deaths,
    "polling": polling,
    "rate": rate,
}


def draw_all(folder: Path, seed: int, names: tuple[str, ...] = tuple(PICTURES)) -> None:
    """Draws them into a folder, as `simulator-NAME.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(STYLE):
        for name in names:
            figure = PICTURES[name](seed)
            figure.savefig(folder / f"simulator-{name}.png", dpi=130, metadata={"Software": None})
            plt.close(figure)
