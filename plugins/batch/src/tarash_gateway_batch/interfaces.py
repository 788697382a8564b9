"""The interfaces of a batch: what an engine gets and returns, what rows share, and engines by name.

Reading and checking the rows, deciding on each, and reporting stay in the process that was called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from tarash.tarash_gateway.errors import PluginConflictError, ValidationError
from tarash.tarash_gateway.plugins import ENGINES, InstalledPlugin, Plugin, discover, hookspec, normalize_name

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Executor

    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.journal.group_commit import BatchedJournal
    from tarash_gateway_batch.folder import OutputFolder
    from tarash_gateway_batch.results import RowOutcome
    from tarash_gateway_batch.resume import Decision, ResumePlanner
    from tarash_gateway_batch.rows import Row
    from tarash_gateway_batch.settings import BatchSettings

LOCAL: Final = "local"
"""The engine that is this process; it needs no plugin."""


class RowTask(Protocol):
    """The work on one row, in this process or in another one."""

    on_answered: Callable[[], None] | None
    """Called once, when the row waits for no vendor any more."""

    @property
    def must_finish(self) -> bool:
        """Whether cancelling the row now could lose what was paid for."""

    def answered(self) -> None:
        """Calls `on_answered`, unless that was done already."""

    async def run(self) -> RowOutcome:
        """Does the work. It raises nothing but a cancellation: the outcome holds the error."""


MakeTask = Callable[["Row", "Decision"], RowTask]

BatchEngine = Callable[["WorkerContext", "ResumePlanner"], AbstractAsyncContextManager[MakeTask]]
"""Entered once the journal can be written to, left when every row has its outcome or is cancelled.

It gets the context of this process, and the planner for rows on which it has to decide again.
"""


class Limiter(Protocol):
    """The rate limiter of one account and model, in this process or in another one."""

    async def acquire(self) -> int:
        """Waits until a request may be sent, and returns the number of the permit.

        Raises:
            TarashError: the account was refused so often that no request is sent for it any more.
        """

    def release(self) -> None:
        """Records that a request is no longer in flight."""

    def succeeded(self) -> None:
        """Records that the vendor accepted a request."""

    async def refused(self, error: TarashError, permit: int) -> bool:
        """Records a refusal by which nothing was created; returns whether the row waits for its next permit."""


class Limiters(Protocol):
    """The rate limiters of all accounts and models."""

    def limiter(self, account: str, model: str) -> Limiter:
        """Returns the rate limiter of one account, by its `account_key`, and one model."""


@dataclass(slots=True)
class Payment:
    """What one call may cost, and what it cost."""

    budgets: tuple[Budget, ...]
    """The budgets that the call must fit into."""

    cost: float | None = 0.0
    """US dollars, set before the end; None where the answer is lost: then the expected maximum counts."""


class SharedBudget(Protocol):
    """The budget of the batch, in this process or in another one."""

    def reserve(self, dollars: float | None) -> AbstractAsyncContextManager[Payment]:
        """Opens the payment of a call; waits while other payments have reserved what it may still get."""

    def correct(self, dollars: float) -> None:
        """Adds the difference between what an earlier run counted and the real cost, in US dollars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What the rows of one process share."""

    settings: BatchSettings
    journal: BatchedJournal
    folder: OutputFolder
    budget: SharedBudget
    limiters: Limiters
    threads: Executor
    """For writing files."""

    writing: asyncio.Semaphore
    """Limits the rows that have their answer and write their files: while they are few, they block no other row."""

    on_request_end: Callable[[], None]
    """Called when the outcome of a request is known."""

    on_fatal: Callable[[Exception], None]
    """Called when nothing more can be written: going on would pay for results that cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """What a plugin declares about an engine of batches."""

    name: str
    """Its name in `run_batch(engine=…)` and `tarash batch --engine`."""

    make: Callable[..., BatchEngine]
    """Makes it, with its options as keywords; raises a `ValidationError` for an option that cannot be right."""

    options: tuple[str, ...] = ()
    """The names of its options, such as `address`."""


@hookspec
def tarash_batch_engines() -> Iterable[EngineSpec]:  # type: ignore[empty-body] # a spec has no body
    """Offers an engine that works on the rows of a batch, such as one on a cluster.

    Called when a batch names the engine: the plugin's entry point in the group `tarash_gateway.engines` has its name.
    It must start nothing and touch no network; the engine does that when a batch enters it. Reading the rows, the
    checks, the decisions, the limits and the reports stay with the batch; `tarash_gateway_batch.interfaces` says what
    an engine gets and what it returns. An error of the hook is reported when a batch names the engine.

    Returns:
        One spec for each engine.

    Example:
        ```python
        @hookimpl
        def tarash_batch_engines():
            yield EngineSpec(name="acme", make=acme_engine, options=("address",))
        ```
    """


def make_engine(name: str, options: Mapping[str, Any]) -> BatchEngine | None:
    """Makes the engine of that name with `options`; None for this process.

    Raises:
        ValidationError: there is no such engine, or it does not take these options.
        PluginError: its plugin is broken, or two plugins offer it.
    """
    if normalize_name(name) == LOCAL:
        _check_options(LOCAL, options, ())
        return None
    installed = [plugin for plugin in discover(ENGINES) if not plugin.disabled]
    matching = [plugin for plugin in installed if normalize_name(plugin.name) == normalize_name(name)]
    if not matching:
        names = sorted({LOCAL, *(plugin.name for plugin in installed)})
        msg = f"there is no engine {name!r}; installed: {', '.join(names)}. ray comes with tarash-gateway[ray]."
        raise ValidationError(msg)
    if len(matching) > 1:
        msg = (
            f"{' and '.join(plugin.origin for plugin in matching)} both offer the engine {name!r}: uninstall one of "
            "them, or set TARASH_DISABLE_PLUGINS to the name of the distribution to leave out."
        )
        raise PluginConflictError(msg)
    spec = _load_spec(matching[0])
    _check_options(spec.name, options, spec.options)
    return spec.make(**options)


def _load_spec(installed: InstalledPlugin) -> EngineSpec:
    plugin = Plugin.installed(installed)
    plugin.load()
    if plugin.error is not None:
        raise plugin.error
    assert plugin.manager is not None  # noqa: S101 # a loaded plugin has one
    try:
        specs = [spec for specs in plugin.manager.hook.tarash_batch_engines() for spec in specs]
    except Exception as error:
        problem = f"failed in tarash_batch_engines: {type(error).__name__}: {error}"
        raise plugin.broken(problem) from error
    for spec in specs:
        if isinstance(spec, EngineSpec) and normalize_name(spec.name) == normalize_name(installed.name):
            return spec
    problem = "offers no EngineSpec of that name"
    raise plugin.broken(problem)


def _check_options(name: str, options: Mapping[str, Any], valid: tuple[str, ...]) -> None:
    unknown = [option for option in options if option not in valid]
    if unknown:
        msg = f"the engine {name!r} takes {', '.join(valid) or 'no options'}, and not {', '.join(unknown)}"
        raise ValidationError(msg)
