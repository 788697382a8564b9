"""How media, responses and progress show themselves in a notebook."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.display import text
from tarash.tarash_gateway.display.text import CallProgress, call_line, one_line
from tarash.tarash_gateway.errors import DownloadError

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.media import Media
    from tarash.tarash_gateway.models.response import GenerationResponse

INLINE_LIMIT: Final = 8_000_000
"""Bytes of one picture or clip that go into a notebook's file; a larger one is shown as a line."""

_PICTURES: Final = {kind: kind for kind in ("image/png", "image/jpeg", "image/gif", "image/webp")}
"""What a notebook shows by itself."""

_CLIPS: Final = {
    "video/mp4": "video/mp4",
    "video/x-m4v": "video/mp4",
    "video/webm": "video/webm",
    "video/quicktime": "video/quicktime",
}
"""Clips that browsers play, and the name under which they do."""

_ELEMENTS: Final[Mapping[str, tuple[Callable[[str, str, int], str], str]]] = {
    **{kind: (text.picture, kind) for kind in _PICTURES},
    # A drawing may hold scripts; inside an <img> they do not run.
    "image/svg+xml": (text.picture, "image/svg+xml"),
    **{kind: (text.player, played_as) for kind, played_as in _CLIPS.items()},
}
"""What goes into a page, how, and under which name: never under one that came from elsewhere."""


def media_bundle(media: Media) -> dict[str, Any]:
    """What a notebook is given for `media`: a picture as it is, anything else as HTML, and a line of text."""
    text = {"text/plain": repr(media)}
    if media.content_type in _PICTURES and _fits(media, INLINE_LIMIT):
        with suppress(DownloadError):  # then the HTML tells of it
            return {_PICTURES[media.content_type]: base64.b64encode(media.content).decode("ascii"), **text}
    return {"text/html": media_html(media), **text}


def media_html(media: Media, *, about: str = "", height: int = 512, limit: int = INLINE_LIMIT) -> str:
    """`media` as HTML: a picture, a player, a link or a line.

    Args:
        media: the picture or clip.
        about: what is to be seen, for who cannot see it.
        height: pixels at the most.
        limit: bytes that may go into the page.
    """
    about = about or str(media)
    if media.data is None and media.path is None:
        return text.link(media.url) if media.url else text.line(str(media))
    if not _fits(media, limit):
        return _too_large(media, about, height)
    kind = _ELEMENTS.get(media.content_type)
    if kind is None:
        return text.line(" ".join(filter(None, (str(media), str(media.path or "")))))
    element, content_type = kind
    try:
        return element(text.data_url(content_type, media.content), about, height)
    except DownloadError as error:
        return text.line(str(error))


def _fits(media: Media, limit: int) -> bool:
    return (len(media.data) if media.data is not None else media.size_bytes or 0) <= limit


def _too_large(media: Media, about: str, height: int) -> str:
    """A clip in a file below the notebook's folder plays from there; of anything else there is a line."""
    if media.path is None:
        return text.line(f"{media}: save it to look at it")
    told = text.line(f"{media} {media.path}")
    address = _address(media.path)
    if media.content_type not in _CLIPS or address is None:
        return told
    return text.player(address, about, height) + told


def _address(path: Path) -> str | None:
    """The file as a notebook's page reaches it: relative to the folder that the notebook runs in."""
    try:
        below = path.resolve().relative_to(Path.cwd())
        return quote(below.as_posix()) if path.is_file() else None
    except (OSError, ValueError):
        return None


TOTAL_LIMIT: Final = 24_000_000
"""Bytes of all the media of one response that go into a notebook's file."""

_SOURCES: Final = {"vendor": "as the vendor says", "computed": "computed from the price list"}


def response_bundle(response: GenerationResponse) -> dict[str, Any]:
    """What a notebook is given for `response`."""
    rows = response_rows(response)
    return {
        "text/html": f"<div>{_media_html(response)}{text.table(rows)}</div>",
        "text/plain": _text(response, rows),
    }


def response_rows(response: GenerationResponse) -> text.Rows:
    """What to know of a response, as names with one or several lines each; a name without a line is left out."""
    prompt = response.request.get("prompt")
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
        about = media.revised_prompt or response.request.get("prompt") or ""
        shown.append(media_html(media, about=str(about), height=height, limit=min(INLINE_LIMIT, left)))
        left = max(0, left - (media.size_bytes or 0))
    return text.side_by_side(shown)


def _text(response: GenerationResponse, rows: text.Rows) -> str:
    wide = max(len(name) for name, _ in rows)
    lines = [type(response).__name__, *(f"  {media}" for media in response.media)]
    for name, told in rows:
        lines += [f"  {name if at == 0 else '':<{wide}}  {one_line(text)}" for at, text in enumerate(told)]
    return "\n".join(lines)


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


def _call_html(call: CallProgress, now: float) -> str:
    first, *rest = call.words(now)
    muted = f'<span style="{text.MUTED}">· {text.escaped(" · ".join(rest))}</span>' if rest else ""
    line = f"<div><b>{text.escaped(call.label)}</b> {text.escaped(first)} {muted}</div>"
    bar = "" if call.finished else text.bar(call.percent)
    shown = "" if call.finished or call.picture is None else media_html(call.picture, height=PARTIAL_HEIGHT)
    return f'<div style="margin:4px 0">{line}{bar}{shown}</div>'


KEPT: Final = 20
"""Finished calls that stay in the display of many."""


class NotebookView:
    """A display in the cell that runs; a later cell gets one of its own."""

    def __init__(self) -> None:
        self._display: Any = None
        self._cell: object = None
        self._calls: dict[str, CallProgress] = {}

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Changes the display, or makes it."""
        if changed.request_id not in self._calls and _cell() != self._cell:
            # A call that broke off in an earlier cell stays as it was there.
            self._cell, self._display, self._calls = _cell(), None, {}
        self._calls[changed.request_id] = changed
        finished = [known for known in self._calls if known not in {call.request_id for call in running}]
        for known in finished[: max(0, len(finished) - KEPT)]:
            del self._calls[known]
        bundle = calls_bundle(self._calls.values(), now)
        if self._display is None:
            # Here it is: this view is made in a kernel of IPython only.
            self._display = import_module("IPython.display").display(bundle, raw=True, display_id=True)
        else:
            self._display.update(bundle, raw=True)

    def close(self, _left: Sequence[CallProgress]) -> None:
        """Leaves the display as it is: a call that is begun later in the same cell is added to it."""


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not imported to find out."""
    return getattr(_shell(), "kernel", None) is not None


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _cell() -> object:
    return getattr(_shell(), "execution_count", None)
