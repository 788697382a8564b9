"""How an update shows itself: one line, a bar, and the partial picture where there is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tarash.tarash_gateway.showing import html
from tarash.tarash_gateway.showing.calls import CallProgress
from tarash.tarash_gateway.showing.media import media_html
from tarash.tarash_gateway.showing.response import response_bundle

PARTIAL_HEIGHT = 256
"""Pixels of a partial picture at the most."""


def update_bundle(update: Any) -> dict[str, Any]:
    """What a notebook is given for one update; the last one of a stream shows what came of it."""
    response = getattr(update, "response", None)
    if response is not None:
        return response_bundle(response)
    return calls_bundle([CallProgress.begun(update, 0.0)], 0.0)


def calls_bundle(calls: Iterable[CallProgress], now: float) -> dict[str, Any]:
    """What a notebook is given for calls, one below the other."""
    calls = list(calls)
    return {
        "text/html": f"<div>{''.join(_call_html(call, now) for call in calls)}</div>",
        "text/plain": "\n".join(call_line(call, now) for call in calls),
    }


def call_line(call: CallProgress, now: float) -> str:
    """One call in one line of text."""
    return f"{call.label}: {', '.join(call.words(now))}"


def _call_html(call: CallProgress, now: float) -> str:
    first, *rest = call.words(now)
    muted = f'<span style="{html.MUTED}">· {html.escaped(" · ".join(rest))}</span>' if rest else ""
    text = f"<div><b>{html.escaped(call.label)}</b> {html.escaped(first)} {muted}</div>"
    bar = "" if call.finished else html.bar(call.percent)
    shown = "" if call.finished or call.picture is None else media_html(call.picture, height=PARTIAL_HEIGHT)
    return f'<div style="margin:4px 0">{text}{bar}{shown}</div>'
