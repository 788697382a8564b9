"""Shows media, responses and progress in a notebook."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.display import text
from tarash.tarash_gateway.display.text import CallProgress, ShownMedia, call_line, one_line
from tarash.tarash_gateway.errors import DownloadError


class ShownResponse(Protocol):
    """What is shown of a response, of images or of videos. `GenerationResponse` has it."""

    provider: str
    model: str
    request: dict[str, Any]
    warnings: list[str]
    cost: float | None

    @property
    def cost_source(self) -> str | None:
        """`vendor` or `computed`."""

    @property
    def media(self) -> Sequence[ShownMedia]:
        """The images, or the videos."""

    @property
    def adjustments(self) -> Sequence[object]:
        """Values that were changed, each of which prints as one line."""

    @property
    def attempts(self) -> Sequence[Any]:
        """The configs that were tried."""


INLINE_LIMIT: Final = 8_000_000
"""Bytes of one image or video that go into a notebook's file; a larger one is shown as a line."""

_IMAGES: Final = {kind: kind for kind in ("image/png", "image/jpeg", "image/gif", "image/webp")}
"""What a notebook shows by itself."""

_VIDEOS: Final = {
    "video/mp4": "video/mp4",
    "video/x-m4v": "video/mp4",
    "video/webm": "video/webm",
    "video/quicktime": "video/quicktime",
}
"""Videos that browsers play, and the type under which they do."""

_ELEMENTS: Final[Mapping[str, tuple[Callable[[str, str, int], str], str]]] = {
    **{kind: (text.image, kind) for kind in _IMAGES},
    # An SVG may hold scripts; inside an <img> they do not run.
    "image/svg+xml": (text.image, "image/svg+xml"),
    **{kind: (text.player, played_as) for kind, played_as in _VIDEOS.items()},
}
"""What goes into a page, how, and under which type: never under one that came from elsewhere."""


def media_bundle(media: ShownMedia) -> dict[str, Any]:
    """Makes the MIME bundle of media: an image as it is, anything else as HTML, and a line of text."""
    text = {"text/plain": repr(media)}
    if media.content_type in _IMAGES and _fits(media, INLINE_LIMIT):
        with suppress(DownloadError):  # then the HTML says why
            return {_IMAGES[media.content_type]: base64.b64encode(media.content).decode("ascii"), **text}
    return {"text/html": media_html(media), **text}


def media_html(media: ShownMedia, *, about: str = "", height: int = 512, limit: int = INLINE_LIMIT) -> str:
    """Makes HTML of media: an image, a player, a link or a line.

    Args:
        media: the image or video.
        about: the alternative text.
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


def _fits(media: ShownMedia, limit: int) -> bool:
    return (len(media.data) if media.data is not None else media.size_bytes or 0) <= limit


def _too_large(media: ShownMedia, about: str, height: int) -> str:
    """Plays a video in a file below the notebook's folder from there; makes a line of anything else."""
    if media.path is None:
        return text.line(f"{media}: save it to look at it")
    line = text.line(f"{media} {media.path}")
    address = _address(media.path)
    if media.content_type not in _VIDEOS or address is None:
        return line
    return text.player(address, about, height) + line


def _address(path: Path) -> str | None:
    """Returns the file's address on a notebook's page: relative to the folder that the notebook runs in."""
    try:
        below = path.resolve().relative_to(Path.cwd())
        return quote(below.as_posix()) if path.is_file() else None
    except (OSError, ValueError):
        return None


TOTAL_LIMIT: Final = 24_000_000
"""Bytes of all the media of one response that go into a notebook's file."""

_SOURCES: Final = {"vendor": "as the vendor says", "computed": "computed from the price list"}


def response_bundle(response: ShownResponse) -> dict[str, Any]:
    """Makes the MIME bundle of a response."""
    rows = response_rows(response)
    return {
        "text/html": f"<div>{_media_html(response)}{text.table(rows)}</div>",
        "text/plain": _text(response, rows),
    }


def response_rows(response: ShownResponse) -> text.Rows:
    """Lists the facts of a response, as names with one or several lines each; empty ones are left out."""
    prompt = response.request.get("prompt")
    job = getattr(response, "job", None)
    rows: dict[str, list[str]] = {
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
    return [(name, lines) for name, lines in rows.items() if lines]


def _size(media: ShownMedia) -> str:
    pixels = f"{media.width}x{media.height}" if media.width and media.height else ""
    return ", ".join(filter(None, (pixels, f"{media.duration_seconds:g} s" if media.duration_seconds else "")))


def _cost(response: ShownResponse) -> str:
    if response.cost is None:
        return "not known"
    each = f" for {len(response.media)}" if len(response.media) > 1 else ""
    return f"{as_dollars(response.cost)}{each}, {_SOURCES.get(response.cost_source or '', 'source not known')}"


def _attempts(response: ShownResponse) -> list[str]:
    """Lists the attempts of a fallback chain; empty for a single config."""
    if len(response.attempts) < 2:
        return []
    return [
        f"{each.provider}/{each.model} {each.outcome}" + (f": {each.error}" if each.error else "")
        for each in response.attempts
    ]


def _media_html(response: ShownResponse) -> str:
    shown = []
    left = TOTAL_LIMIT
    height = 512 if len(response.media) == 1 else 256
    for media in response.media:
        about = media.revised_prompt or response.request.get("prompt") or ""
        shown.append(media_html(media, about=str(about), height=height, limit=min(INLINE_LIMIT, left)))
        left = max(0, left - (media.size_bytes or 0))
    return text.side_by_side(shown)


def _text(response: ShownResponse, rows: text.Rows) -> str:
    wide = max(len(name) for name, _ in rows)
    lines = [type(response).__name__, *(f"  {media}" for media in response.media)]
    for name, texts in rows:
        lines += [f"  {name if at == 0 else '':<{wide}}  {one_line(text)}" for at, text in enumerate(texts)]
    return "\n".join(lines)


PARTIAL_HEIGHT = 256
"""Pixels of a partial image at the most."""


def update_bundle(update: Any) -> dict[str, Any]:
    """Makes the MIME bundle of one update; that of the last one of a stream is its response's."""
    response = getattr(update, "response", None)
    if response is not None:
        return response_bundle(response)
    return calls_bundle([CallProgress.begun(update, 0.0)], 0.0)


def calls_bundle(calls: Iterable[CallProgress], now: float) -> dict[str, Any]:
    """Makes the MIME bundle of calls, one below the other."""
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
    shown = "" if call.finished or call.image is None else media_html(call.image, height=PARTIAL_HEIGHT)
    return f'<div style="margin:4px 0">{line}{bar}{shown}</div>'


KEPT: Final = 20
"""Finished calls that stay in the display of many."""


class NotebookView:
    """Shows progress in the cell that runs; a later cell gets a display of its own."""

    def __init__(self) -> None:
        self._display: Any = None
        self._cell: object = None
        self._calls: dict[str, CallProgress] = {}

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Changes the display, or makes it."""
        if changed.request_id not in self._calls and _cell() != self._cell:
            # A call that was interrupted in an earlier cell stays as it was there.
            self._cell, self._display, self._calls = _cell(), None, {}
        self._calls[changed.request_id] = changed
        finished = [call_id for call_id in self._calls if call_id not in {call.request_id for call in running}]
        for call_id in finished[: max(0, len(finished) - KEPT)]:
            del self._calls[call_id]
        bundle = calls_bundle(self._calls.values(), now)
        if self._display is None:
            # This view is made in a kernel of IPython only.
            self._display = import_module("IPython.display").display(bundle, raw=True, display_id=True)
        else:
            self._display.update(bundle, raw=True)

    def close(self, _left: Sequence[CallProgress]) -> None:
        """Leaves the display as it is: a later call of the same cell is added to it."""


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook. IPython is not imported to find out."""
    return getattr(_shell(), "kernel", None) is not None


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def _cell() -> object:
    return getattr(_shell(), "execution_count", None)
