"""The interfaces of a batch: who works on its rows, what the rows of one process share, and engines by name.

Reading the rows, checking them, deciding and reporting stay in the process that was called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from tarash.tarash_gateway.errors import PluginConflictError, ValidationError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.plugins import ENGINES, InstalledPlugin, Plugin, discover, hookspec, normalize_name
from tarash_gateway_batch.folder import Places
from tarash_gateway_batch.settings import Settings

if TYPE_CHECKING:
    from tarash.tarash_gateway.budget import Budget
    from tarash.tarash_gateway.errors import TarashError
    from tarash_gateway_batch.results import RowOutcome
    from tarash_gateway_batch.resume import Decision, Desk
    from tarash_gateway_batch.rows import Row


class Working(Protocol):
    """The work on one row, wherever it is done."""

    on_answer: Callable[[], None] | None
    """Called once, when the row waits for no vendor any more."""

    @property
    def on_its_way(self) -> bool:
        """Whether to break it off now would cost money."""

    def answered(self) -> None:
        """Calls `on_answer`, if that was not done yet."""

    async def run(self) -> RowOutcome:
        """Does it. It raises nothing but a cancellation: whatever goes wrong is told by the outcome."""


MakeWork = Callable[["Row", "Decision"], Working]

BatchEngine = Callable[["Bench", "Desk"], AbstractAsyncContextManager[MakeWork]]
"""Entered once the journal can be written to, left when every row has its outcome, or is broken off.

It gets the bench of this process, and the desk for rows that have to be decided upon anew.
"""


class Gate(Protocol):
    """The rate limit of one account and model."""

    async def enter(self) -> int:
        """Waits until a request may be sent; gives the number of the turn.

        Raises:
            TarashError: the account was refused so often that no request is sent for it any more.
        """

    def leave(self) -> None:
        """A request is no longer on its way."""

    def succeeded(self) -> None:
        """The vendor took a request."""

    async def refused(self, error: TarashError, turn: int) -> bool:
        """Hears of a refusal by which nothing was created; whether the row waits for its next turn."""


class Gates(Protocol):
    """The gates of all accounts and models."""

    def gate(self, account: str, model: str) -> Gate:
        """The gate of one account, as `account_of` names it, and one model."""


@dataclass(slots=True)
class Payment:
    """What one call may cost, and what it did cost."""

    budgets: tuple[Budget, ...]
    """What the call is kept to."""

    cost: float | None = 0.0
    """US dollars, set before the end; None where the answer is lost: then all that was expected counts."""


class Purse(Protocol):
    """What a batch may spend."""

    def paying(self, dollars: float | None) -> AbstractAsyncContextManager[Payment]:
        """A call that may cost so much; waits while others have set aside what it may yet get."""

    def corrected(self, dollars: float) -> None:
        """What an earlier run had counted turned out to be more by so much, or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the rows of one process share."""

    settings: Settings
    journal: BatchedJournal
    places: Places
    purse: Purse
    gates: Gates
    threads: Executor
    """For writing files."""

    writing: asyncio.Semaphore
    """Rows that have their answer and write their files: they hold up no other row, as long as they are few."""

    on_news: Callable[[], None]
    """Called when it is known what became of some row's request."""

    on_trouble: Callable[[Exception], None]
    """Called when nothing more can be written: to go on would be to pay for what cannot be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """One engine."""

    name: str
    """What `run_batch(engine=…)` and `tarash batch --engine` call it."""

    make: Callable[..., BatchEngine]
    """Makes it, with its options as keywords; raises a `ValidationError` where one cannot be right."""

    options: tuple[str, ...] = ()
    """The options that it takes, such as `address`."""


LOCAL: Final = "local"
"""This process; it needs no plugin."""


def engine_named(name: str, options: Mapping[str, Any]) -> BatchEngine | None:
    """The engine of that name, set up with `options`; None for this process.

    Raises:
        ValidationError: there is none, or it takes no such options.
        PluginError: its plugin is broken, or two offer it.
    """
    if normalize_name(name) == LOCAL:
        _check(LOCAL, options, ())
        return None
    found = [one for one in discover(ENGINES) if not one.disabled]
    mine = [one for one in found if normalize_name(one.name) == normalize_name(name)]
    if not mine:
        names = sorted({LOCAL, *(one.name for one in found)})
        msg = f"there is no engine {name!r}; installed: {', '.join(names)}. ray comes with tarash-gateway[ray]."
        raise ValidationError(msg)
    if len(mine) > 1:
        msg = (
            f"{' and '.join(one.origin for one in mine)} both offer the engine {name!r}: uninstall one of them, or set "
            "TARASH_DISABLE_PLUGINS to the name of the distribution to leave out."
        )
        raise PluginConflictError(msg)
    spec = _spec(mine[0])
    _check(spec.name, options, spec.options)
    return spec.make(**options)


def _spec(found: InstalledPlugin) -> EngineSpec:
    plugin = Plugin.installed(found)
    plugin.load()
    if plugin.error is not None:
        raise plugin.error
    assert plugin.manager is not None  # noqa: S101 # a loaded plugin has one
    try:
        offered = [spec for given in plugin.manager.hook.tarash_batch_engines() for spec in given]
    except Exception as error:
        told = f"failed in tarash_batch_engines: {type(error).__name__}: {error}"
        raise plugin.broken(told) from error
    for spec in offered:
        if isinstance(spec, EngineSpec) and normalize_name(spec.name) == normalize_name(found.name):
            return spec
    told = "offers no EngineSpec of that name"
    raise plugin.broken(told)


def _check(name: str, options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = [option for option in options if option not in known]
    if unknown:
        takes = ", ".join(known) or "no options"
        msg = f"the engine {name!r} takes {takes}, and not {', '.join(unknown)}"
        raise ValidationError(msg)


@hookspec
def tarash_batch_engines() -> Iterable[EngineSpec]:  # type: ignore[empty-body] # a spec has no body
    """Offers an engine that works on the rows of a batch, such as one on a cluster.

    Called when a batch names the engine: the plugin's entry point in the group `tarash_gateway.engines` has its name.
    It must start nothing and touch no network; the engine does that when a batch enters it. Reading the rows, the
    checks, the decisions, the limits and the telling stay with the batch; `tarash_gateway_batch.interfaces` says
    what an engine gets and what it gives. What the hook raises is told when the engine is asked for.

    Returns:
        One spec for each engine.

    Example:
        ```python
        @hookimpl
        def tarash_batch_engines():
            yield EngineSpec(name="acme", make=acme_engine, options=("address",))
        ```
    """
