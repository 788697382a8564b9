"""What the rows of a batch are worked on with, all of them together."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from tarash.tarash_gateway.batch.accounts import Accounts
from tarash.tarash_gateway.batch.gates import Gate
from tarash.tarash_gateway.batch.history import History
from tarash.tarash_gateway.batch.places import Places
from tarash.tarash_gateway.batch.purse import Purse
from tarash.tarash_gateway.batch.settings import Settings
from tarash.tarash_gateway.discovery import same_name
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.journal.grouping import GroupedJournal
from tarash.tarash_gateway.models.config import GenerationConfig


@dataclass(slots=True, kw_only=True)
class Bench:
    """What all rows share."""

    settings: Settings
    accounts: Accounts
    journal: GroupedJournal
    history: History
    places: Places
    purse: Purse
    threads: Executor
    """For writing files."""

    writing: asyncio.Semaphore
    """Rows that have their answer and write their files: they hold up no other row, as long as they are few."""

    on_news: Callable[[], None]
    """Called when it is known what became of some row's request."""

    on_trouble: Callable[[Exception], None]
    """Called when nothing more can be written: to go on would be to pay for what cannot be kept."""

    _gates: dict[tuple[str, str], Gate] = field(default_factory=dict)

    def gate(self, plan: Plan[Any]) -> Gate:
        """The gate of a plan's account and model."""
        key = (_account(plan.config), plan.model)
        if key not in self._gates:
            self._gates[key] = Gate(self.settings.concurrency, self.settings.rate)
        return self._gates[key]

    def pause(self) -> float:
        """Seconds until the first gate opens, where all are closed; 0 where one is open."""
        return min((gate.pause for gate in self._gates.values()), default=0.0)


def _account(config: GenerationConfig) -> str:
    """What two configs of one account have in common; no key can be read from it."""
    key = config.api_key
    secret = key.get_secret_value() if isinstance(key, SecretStr) else f"function {id(key)}" if key else ""
    return hashlib.sha256(repr((same_name(config.provider), config.base_url, secret)).encode()).hexdigest()
