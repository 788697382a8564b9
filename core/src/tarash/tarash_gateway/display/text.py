"""Texts for people: one line, a duration, what there is to say of a call, and pieces of HTML for a notebook.

Colours of the HTML are those of the notebook, so that light and dark both fit. Every text goes through `escaped`, and
bytes go in as base64: a prompt is free to hold a script.
"""

from __future__ import annotations

import base64
import html
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias

if TYPE_CHECKING:
    from tarash.tarash_gateway.models.media import Media
    from tarash.tarash_gateway.models.update import ImageGenerationUpdate, VideoGenerationUpdate

    AnyUpdate: TypeAlias = ImageGenerationUpdate | VideoGenerationUpdate

Rows = Sequence[tuple[str, Sequence[str]]]
"""A table: names, each with one or several lines."""

MUTED: Final = "opacity:.65"
FAINT: Final = "rgba(128,128,128,.25)"
"""The groove of a bar: half way between black and white, so seen on both."""


def one_line(text: object, most: int = 300) -> str:
    """`text` on one line without control characters: a vendor's words must not steer a terminal.

    Args:
        text: anything that can be printed.
        most: characters that are kept.
    """
    clean = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def duration(seconds: float) -> str:
    """Seconds as `9 s`, `1 min 05 s` or `1 h 02 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def escaped(text: object, most: int = 300) -> str:
    """`text` as one line of HTML, safe in an element and in an attribute."""
    return html.escape(one_line(text, most), quote=True)


def data_url(content_type: str, content: bytes) -> str:
    """The bytes as an address. `content_type` must be one that we wrote ourselves."""
    return f"data:{content_type};base64,{base64.b64encode(content).decode('ascii')}"


def picture(source: str, about: str, height: int = 512) -> str:
    """A picture that fits its place; it is never larger than it is, and `height` pixels high at the most."""
    style = f"display:block;max-width:100%;max-height:{height}px;width:auto;height:auto;border-radius:6px"
    return f'<img src="{source}" alt="{escaped(about)}" title="{escaped(about)}" style="{style}">'


def player(source: str, about: str, height: int = 480) -> str:
    """A clip with the browser's own controls."""
    style = f"display:block;max-width:100%;max-height:{height}px;border-radius:6px"
    return (
        f'<video controls preload="metadata" src="{source}" title="{escaped(about)}" '
        f'style="{style}">{escaped(about)}</video>'
    )


def line(text: str) -> str:
    """One muted line."""
    return f'<div style="{MUTED};margin:4px 0">{escaped(text)}</div>'


def link(address: str) -> str:
    """A link, where it is one to the web; the text of it anywhere else."""
    if not address.startswith(("https://", "http://")):
        return line(address)
    safe = escaped(address, most=4000)
    where = f'href="{safe}" target="_blank" rel="noopener noreferrer" style="color:inherit;text-decoration:underline"'
    return f'<div style="margin:4px 0"><a {where}>{safe}</a></div>'


def side_by_side(pieces: Iterable[str]) -> str:
    """Pieces in a row that breaks where the window ends."""
    cells = "".join(f'<div style="flex:0 1 auto;min-width:0">{piece}</div>' for piece in pieces)
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">{cells}</div>'


def table(rows: Rows) -> str:
    """Names and their lines, in the notebook's own type."""
    cell = "text-align:left;vertical-align:top;border:0;padding:2px 16px 2px 0;background:none;white-space:normal"
    body = "".join(
        f'<tr style="background:none"><th scope="row" style="{cell};font-weight:normal;{MUTED}">{escaped(name)}</th>'
        f'<td style="{cell};overflow-wrap:anywhere">{"<br>".join(escaped(text) for text in lines)}</td></tr>'
        for name, lines in rows
    )
    style = "border-collapse:collapse;margin:8px 0 0;border:0;font-size:.9em"
    return f'<table style="{style}"><tbody>{body}</tbody></table>'


def bar(percent: float | None) -> str:
    """A progress bar; without a percentage, an empty groove."""
    filled = min(100.0, max(0.0, percent or 0.0))
    inner = f'<div style="width:{filled:.0f}%;height:6px;border-radius:3px;background:currentColor;opacity:.7"></div>'
    return (
        f'<div role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{filled:.0f}" '
        f'style="width:240px;max-width:100%;height:6px;border-radius:3px;background:{FAINT};margin:4px 0">{inner}</div>'
    )


ENOUGH: Final = 5.0
"""Percent that a job must have made before its speed says anything about its end."""

_FINAL: Final = ("completed", "failed")
_WORDS: Final = {"in_progress": "in progress", "partial": "drawing"}


@dataclass(frozen=True, slots=True)
class CallProgress:
    """One call as its last update left it. Times are seconds; `heard_at` is on the clock of who heard."""

    request_id: str
    provider: str
    model: str
    status: str
    percent: float | None = None
    """0 to 100, as far as the vendor tells."""

    partials: int = 0
    """Partial pictures that have come."""

    picture: Media | None = None
    """The last of them."""

    wait_seconds: float | None = None
    reason: str | None = None
    """Why it waits or has failed."""

    job_id: str | None = None
    elapsed_seconds: float = 0.0
    heard_at: float = 0.0
    since: tuple[float, float] | None = None
    """Seconds and percent when the job was first seen at work: its speed is counted from there."""

    @classmethod
    def begun(cls, update: AnyUpdate, now: float) -> CallProgress:
        """The call that `update` is the first word of."""
        return cls(update.request_id, update.provider, update.model, update.status).after(update, now)

    def after(self, update: AnyUpdate, now: float) -> CallProgress:
        """The call after one more update."""
        percent = getattr(update, "progress", None)
        picture = getattr(update, "image", None)
        job = getattr(update, "job", None)
        return replace(
            self,
            # Another config of a fallback chain may have taken over.
            provider=update.provider,
            model=update.model,
            status=update.status,
            percent=percent,
            partials=self.partials + (picture is not None),
            picture=picture or self.picture,
            wait_seconds=update.wait_seconds,
            reason=one_line(update.message) if update.message else None,
            job_id=self.job_id if job is None else one_line(job.id),
            # A wait for the vendor is told without a time: the clock goes on.
            elapsed_seconds=max(update.elapsed_seconds, self.elapsed(now)),
            heard_at=now,
            since=self._speed_since(update.status, percent, update.elapsed_seconds),
        )

    @property
    def label(self) -> str:
        """Who makes it."""
        return one_line(f"{self.provider}/{self.model}", 60)

    @property
    def finished(self) -> bool:
        """Whether no update follows."""
        return self.status in _FINAL

    def elapsed(self, now: float) -> float:
        """Seconds since the call began."""
        return self.elapsed_seconds + (max(0.0, now - self.heard_at) if self.heard_at else 0.0)

    def expected(self, now: float) -> float | None:
        """Seconds that the whole call may take by the job's speed so far; None while nobody can tell."""
        if self.since is None or self.percent is None or self.status != "in_progress":
            return None
        began, first = self.since
        made, took = self.percent - first, self.elapsed_seconds - began
        if made < ENOUGH or took <= 0:
            return None
        whole = self.elapsed_seconds + (100.0 - self.percent) * took / made
        # A job that is later than expected is not at its end: then there is nothing to say.
        return whole if self.elapsed(now) <= whole else None

    def words(self, now: float, *, job: bool = True) -> Iterator[str]:
        """What there is to say, part by part: status, partial pictures, times, and the job's id."""
        yield self._status(now)
        if self.partials:
            yield "1 partial picture" if self.partials == 1 else f"{self.partials} partial pictures"
        times = "" if self.finished else self.times(now)
        if times:
            yield times
        if self.job_id and job:
            yield f"job {self.job_id}"

    def times(self, now: float) -> str:
        """How long it has taken and how long it may take; nothing in the first moment."""
        elapsed, expected = self.elapsed(now), self.expected(now)
        if expected is not None:
            return f"{duration(elapsed)} of about {duration(expected)}"
        return duration(elapsed) if elapsed >= 1 else ""

    def _status(self, now: float) -> str:
        if self.status == "completed":
            return f"completed in {duration(self.elapsed_seconds)}"
        if self.status == "failed":
            why = f": {self.reason}" if self.reason else ""
            return f"failed after {duration(self.elapsed_seconds)}{why}"
        if self.status == "waiting":
            left = None if self.wait_seconds is None else max(0.0, self.wait_seconds - (now - self.heard_at))
            return ("waiting" if left is None else f"waiting {duration(left)}") + (
                f": {self.reason}" if self.reason else ""
            )
        word = _WORDS.get(self.status, one_line(self.status, 20))
        # Before and after the work, the percentage is a bare 0 or 100.
        known = self.percent is not None and self.status == "in_progress"
        return f"{word} {self.percent:.0f} %" if known else word

    def _speed_since(self, status: str, percent: float | None, elapsed: float) -> tuple[float, float] | None:
        if status != "in_progress" or percent is None:
            return None if status in ("submitting", "queued") else self.since
        if self.since is None or percent < self.since[1]:
            return elapsed, percent
        return self.since


def call_line(call: CallProgress, now: float) -> str:
    """One call in one line of text."""
    return f"{call.label}: {', '.join(call.words(now))}"


EVERY: Final = 5.0
"""Seconds between two lines of one call whose status is the same, at the least."""


class LineView:
    """Plain lines, for a log, a pipe, or a terminal without rich.

    Args:
        stream: where to; without one, to what `sys.stderr` is at that time.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._several = False
        self._told: dict[str, tuple[tuple[str, str | None], float]] = {}

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Writes a line where there is news, or enough time has passed."""
        news = (changed.status, changed.reason)
        told, when = self._told.get(changed.request_id, (None, now))
        if told == news and now - when < EVERY:
            return
        self._told[changed.request_id] = (news, now)
        self._several = self._several or len(running) > 1
        self._write(changed, now)
        if changed.finished:
            del self._told[changed.request_id]

    def close(self, left: Sequence[CallProgress]) -> None:
        """Writes nothing: the last line of each call stands there."""
        self._several = False
        for call in left:
            self._told.pop(call.request_id, None)

    def _write(self, call: CallProgress, now: float) -> None:
        stream = self._stream or sys.stderr
        # Calls side by side are told apart by the id that is in the log lines too.
        name = f"{call.request_id[:12]} " if self._several else ""
        print(f"{name}{call_line(call, now)}", file=stream, flush=True)
