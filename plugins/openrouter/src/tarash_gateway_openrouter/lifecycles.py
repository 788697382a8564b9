"""Models that the vendor's list still has although the one behind it has shut them down."""

from __future__ import annotations

from datetime import date

from tarash.tarash_gateway.capabilities import Lifecycle

_OPENAI = "https://developers.openai.com/api/docs/deprecations"
_SORA = Lifecycle(status="retired", shutdown=date(2026, 9, 24), source=_OPENAI)

LIFECYCLES: dict[str, Lifecycle] = {
    "openai/sora-2": _SORA,
    "openai/sora-2-pro": _SORA,
    "openai/gpt-image-1-mini": Lifecycle(status="deprecated", shutdown=date(2026, 12, 1), source=_OPENAI),
}
"""Name to where it stands; checked on 2026-11-22. A model that is not here is taken as current."""
