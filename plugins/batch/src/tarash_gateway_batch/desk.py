"""Where it is decided what is to be done about each row: the journal's history, the folder and the configs at hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.journal.group_commit import BatchedJournal
from tarash.tarash_gateway.models import GenerationJob
from tarash.tarash_gateway.plugins import normalize_name
from tarash_gateway_batch.accounts import Accounts, AnyConfig
from tarash_gateway_batch.deciding import Decision, decide
from tarash_gateway_batch.history import History
from tarash_gateway_batch.places import Places
from tarash_gateway_batch.recovering import recover_open
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.rows import Row, failure
from tarash_gateway_batch.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """What decisions are made with. It belongs to the process that reads the rows."""

    settings: Settings
    accounts: Accounts
    places: Places
    history: History
    journal: BatchedJournal

    def decide(self, row: Row) -> tuple[Row, Decision] | RowOutcome:
        """What is to be done about a row, with all that it takes; its outcome where there is nothing to do."""
        try:
            decision = decide(row, self.history.of_row(row.id), self.places, self.settings)
            match decision.step:
                case "send":
                    return row, decision
                case "resume" | "adopt":
                    return self._taken_up(row, decision)
                case status:
                    files, error = decision.files, decision.error
                    return RowOutcome(
                        id=row.id,
                        line=row.line,
                        status=status,
                        files=files,
                        error=error,
                        warning=decision.warning,
                    )
        except TarashError as error:
            return failure(row, error)

    async def recover(self) -> None:
        """Looks up every open request for a video at its vendor."""
        await recover_open(self.history, self.journal, self.accounts)

    async def decide_anew(
        self, rows: Iterable[Row], written: Iterable[Path]
    ) -> list[tuple[Row, Decision] | RowOutcome]:
        """What is to be done about rows whose worker died, by the files that it wrote into the journal."""
        for path in written:
            self.history.take_in(path)
        await self.recover()
        # What it remembers of the folder is from before that worker wrote into it.
        desk = replace(self, places=Places(self.settings.out))
        desk.places.prepare()
        return [desk.decide(row) for row in rows]

    def _taken_up(self, row: Row, decision: Decision) -> tuple[Row, Decision]:
        assert decision.past is not None  # noqa: S101 # what is resumed or adopted has one
        entry = self.history.entry(decision.past.intent)
        if entry.job is not None:
            row = replace(row, config=self._config_of(row, entry.job))
        return row, replace(decision, entry=entry)

    def _config_of(self, row: Row, job: GenerationJob) -> AnyConfig:
        if normalize_name(row.config.provider) == normalize_name(job.provider):
            return row.config
        return self.accounts.config(row.kind, job.provider, job.model)
