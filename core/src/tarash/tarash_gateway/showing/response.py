"""How responses show themselves: what was made, and a small table of what to know about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.showing import html
from tarash.tarash_gateway.showing.media import INLINE_LIMIT, media_html
from tarash.tarash_gateway.showing.wording import one_line

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.media import Media
    from tarash.tarash_gateway.models.response import GenerationResponse

TOTAL_LIMIT: Final = 24_000_000
"""Bytes of all the media of one response that go into a notebook's file."""

_SOURCES: Final = {"vendor": "as the vendor says", "computed": "computed from the price list"}


def response_bundle(response: GenerationResponse) -> dict[str, Any]:
    """What a notebook is given for `response`."""
    rows = response_rows(response)
    return {
        "text/html": f"<div>{_media_html(response)}{html.table(rows)}</div>",
        "text/plain": _text(response, rows),
    }


def response_rows(response: GenerationResponse) -> html.Rows:
    """What to know of a response, as names with one or several lines each; a name without a line is left out."""
    prompt = response.asked.get("prompt")
    job = getattr(response, "job", None)
    found: dict[str, list[str]] = {
        "model": [f"{response.provider} / {response.model}"],
        "size": list(dict.fromkeys(filter(None, map(_size, response.media)))),
        "cost": [_cost(response)],
        "prompt": [prompt] if isinstance(prompt, str) else [],
        "rewritten as": list(dict.fromkeys(media.revised_prompt for media in response.media if media.revised_prompt)),
        "changed": [str(each) for each in response.adjustments],
        "warning": list(response.warnings),
        "tried": _attempts(response),
        "job": [job.id] if job is not None else [],
    }
    return [(name, lines) for name, lines in found.items() if lines]


def _size(media: Media) -> str:
    pixels = f"{media.width}x{media.height}" if media.width and media.height else ""
    return ", ".join(filter(None, (pixels, f"{media.duration_seconds:g} s" if media.duration_seconds else "")))


def _cost(response: GenerationResponse) -> str:
    if response.cost is None:
        return "not known"
    each = f" for {len(response.media)}" if len(response.media) > 1 else ""
    return f"{as_dollars(response.cost)}{each}, {_SOURCES.get(response.cost_source or '', 'source not known')}"


def _attempts(response: GenerationResponse) -> list[str]:
    """The chain, where there was more than one config to try."""
    if len(response.attempts) < 2:
        return []
    return [
        f"{each.provider}/{each.model} {each.outcome}" + (f": {each.error}" if each.error else "")
        for each in response.attempts
    ]


def _media_html(response: GenerationResponse) -> str:
    shown = []
    left = TOTAL_LIMIT
    height = 512 if len(response.media) == 1 else 256
    for media in response.media:
        about = media.revised_prompt or response.asked.get("prompt") or ""
        shown.append(media_html(media, about=str(about), height=height, limit=min(INLINE_LIMIT, left)))
        left = max(0, left - (media.size_bytes or 0))
    return html.side_by_side(shown)


def _text(response: GenerationResponse, rows: html.Rows) -> str:
    wide = max(len(name) for name, _ in rows)
    lines = [type(response).__name__, *(f"  {media}" for media in response.media)]
    for name, told in rows:
        lines += [f"  {name if at == 0 else '':<{wide}}  {one_line(text)}" for at, text in enumerate(told)]
    return "\n".join(lines)
