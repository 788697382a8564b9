"""What the shell offers when Tab is pressed after `--provider` or `--model`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cyclopts.completion import CompletionContext


def provider_names(_context: CompletionContext) -> Iterable[str]:
    """The providers that are installed."""
    from tarash.tarash_gateway import list_providers  # noqa: PLC0415 # when Tab is pressed

    return list_providers()


def model_names(context: CompletionContext) -> Mapping[str, str]:
    """The models of the provider that the line names, or of all, each with where it stands in its life."""
    from tarash.tarash_gateway import list_models  # noqa: PLC0415 # when Tab is pressed

    named = context.get("provider")
    rows = list_models(named.raw if named is not None else None)
    today = datetime.now(UTC).date()
    return {row.model: row.lifecycle.status_on(today) for row in reversed(rows)}


def job_ids(_context: CompletionContext) -> Mapping[str, str]:
    """The video jobs of the journal, those that wait first, each with its prompt."""
    from tarash_gateway_cli.journals import open_journal  # noqa: PLC0415 # when Tab is pressed

    known = [entry for entry in reversed(open_journal().entries()) if entry.job is not None]
    known.sort(key=lambda entry: entry.status != "submitted")
    return {entry.job.id: str(entry.asked.get("prompt", ""))[:60] for entry in known if entry.job is not None}
