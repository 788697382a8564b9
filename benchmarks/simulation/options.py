"""How a simulation is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a simulation is run. Times are seconds.

    Attributes:
        nodes: machines.
        in_flight: rows that each of them works on side by side.
        deaths: when each of them dies that does.
        deaths_after: the shares of the rows after which one dies.
        notices: how long it takes until somebody notices a death.
        seed: of everything that is drawn.
        rate: creating requests a minute for each vendor at the most, by ours; None for as many as it takes.
        max_cost: US dollars for the whole batch.
        max_retries: of a creating request that was refused.
        poll_interval: between two looks at a job; None is the library's own way.
        sync_seconds: what a sync of the journal takes.
        file_seconds: what writing a file takes.
        between_seconds: what a machine does between two rows, such as checking the next one.
        naive: whether the script that retries everything does it.
        keep_jobs: whether each job's times are kept.
    """

    nodes: int = 1
    in_flight: int = 16
    deaths: tuple[float, ...] = ()
    deaths_after: tuple[float, ...] = ()
    notices: float = 30.0
    seed: int = 1
    rate: float | None = None
    max_cost: float | None = None
    max_retries: int = 2
    poll_interval: float | None = None
    sync_seconds: float = 0.004
    file_seconds: float = 0.005
    between_seconds: float = 0.0
    naive: bool = False
    keep_jobs: bool = False
