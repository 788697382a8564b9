"""Texts for people: one line, a duration, the progress of a call, and pieces of HTML for a notebook.

Colours of the HTML are those of the notebook, so that light and dark both fit. Every text goes through `escaped`, and
bytes go in as base64: a prompt is free to hold a script.
"""

from __future__ import annotations

import base64
import html
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol, TextIO

if TYPE_CHECKING:
    from pathlib import Path


class ShownMedia(Protocol):
    """What is shown of an image or a video. `Media` has it; models show themselves, so nothing here imports them."""

    content_type: str
    data: bytes | None
    path: Path | None
    url: str | None
    size_bytes: int | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    revised_prompt: str | None

    @property
    def content(self) -> bytes:
        """The bytes, wherever they are."""


class ShownUpdate(Protocol):
    """What is shown of an update, of images or of videos."""

    request_id: str
    provider: str
    model: str
    elapsed_seconds: float
    wait_seconds: float | None
    message: str | None
    progress: float | None

    @property
    def status(self) -> str:
        """The step of the call."""


Rows = Sequence[tuple[str, Sequence[str]]]
"""A table: names, each with one or several lines."""

MUTED: Final = "opacity:.65"
FAINT: Final = "rgba(128,128,128,.25)"
"""The groove of a bar: half way between black and white, so seen on both."""


def one_line(text: object, most: int = 300) -> str:
    """Puts `text` on one line without control characters: a vendor's words must not steer a terminal.

    Args:
        text: anything that can be printed.
        most: characters that are kept.
    """
    clean = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def duration(seconds: float) -> str:
    """Formats seconds as `9 s`, `1 min 05 s` or `1 h 02 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def escaped(text: object, most: int = 300) -> str:
    """Makes one line of HTML of `text`, safe in an element and in an attribute."""
    return html.escape(one_line(text, most), quote=True)


def data_url(content_type: str, content: bytes) -> str:
    """Encodes bytes as a data URL. `content_type` must be one that we wrote ourselves."""
    return f"data:{content_type};base64,{base64.b64encode(content).decode('ascii')}"


def image(source: str, about: str, height: int = 512) -> str:
    """Makes an image that fits its place: never enlarged, and at most `height` pixels high."""
    style = f"display:block;max-width:100%;max-height:{height}px;width:auto;height:auto;border-radius:6px"
    return f'<img src="{source}" alt="{escaped(about)}" title="{escaped(about)}" style="{style}">'


def player(source: str, about: str, height: int = 480) -> str:
    """Makes a video with the browser's own controls."""
    style = f"display:block;max-width:100%;max-height:{height}px;border-radius:6px"
    return (
        f'<video controls preload="metadata" src="{source}" title="{escaped(about)}" '
        f'style="{style}">{escaped(about)}</video>'
    )


def line(text: str) -> str:
    """Makes one muted line."""
    return f'<div style="{MUTED};margin:4px 0">{escaped(text)}</div>'


def link(address: str) -> str:
    """Makes a link of an address of the web, and a line of any other."""
    if not address.startswith(("https://", "http://")):
        return line(address)
    safe = escaped(address, most=4000)
    where = f'href="{safe}" target="_blank" rel="noopener noreferrer" style="color:inherit;text-decoration:underline"'
    return f'<div style="margin:4px 0"><a {where}>{safe}</a></div>'


def side_by_side(pieces: Iterable[str]) -> str:
    """Puts pieces into a row that breaks where the window ends."""
    cells = "".join(f'<div style="flex:0 1 auto;min-width:0">{piece}</div>' for piece in pieces)
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start">{cells}</div>'


def table(rows: Rows) -> str:
    """Makes a table of names and their lines, in the notebook's own type."""
    cell = "text-align:left;vertical-align:top;border:0;padding:2px 16px 2px 0;background:none;white-space:normal"
    body = "".join(
        f'<tr style="background:none"><th scope="row" style="{cell};font-weight:normal;{MUTED}">{escaped(name)}</th>'
        f'<td style="{cell};overflow-wrap:anywhere">{"<br>".join(escaped(text) for text in lines)}</td></tr>'
        for name, lines in rows
    )
    style = "border-collapse:collapse;margin:8px 0 0;border:0;font-size:.9em"
    return f'<table style="{style}"><tbody>{body}</tbody></table>'


def bar(percent: float | None) -> str:
    """Makes a progress bar; without a percentage, an empty groove."""
    filled = min(100.0, max(0.0, percent or 0.0))
    inner = f'<div style="width:{filled:.0f}%;height:6px;border-radius:3px;background:currentColor;opacity:.7"></div>'
    return (
        f'<div role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{filled:.0f}" '
        f'style="width:240px;max-width:100%;height:6px;border-radius:3px;background:{FAINT};margin:4px 0">{inner}</div>'
    )


ENOUGH: Final = 5.0
"""Percent of a job after which its speed predicts its end."""

_FINAL: Final = ("completed", "failed")
_WORDS: Final = {"in_progress": "in progress", "partial": "drawing"}


@dataclass(frozen=True, slots=True)
class CallProgress:
    """One call after its last update. Times are seconds; `updated_at` is on the clock of the receiver."""

    request_id: str
    provider: str
    model: str
    status: str
    percent: float | None = None
    """0 to 100, as far as the vendor reports it."""

    partials: int = 0
    """Partial images that have come."""

    image: ShownMedia | None = None
    """The last of them."""

    wait_seconds: float | None = None
    reason: str | None = None
    """Why it waits or has failed."""

    job_id: str | None = None
    elapsed_seconds: float = 0.0
    updated_at: float = 0.0
    since: tuple[float, float] | None = None
    """Seconds and percent when the job began to run: its speed is counted from there."""

    @classmethod
    def begun(cls, update: ShownUpdate, now: float) -> CallProgress:
        """Begins the progress of a call with its first update."""
        return cls(update.request_id, update.provider, update.model, update.status).after(update, now)

    def after(self, update: ShownUpdate, now: float) -> CallProgress:
        """Returns the progress after one more update."""
        image = getattr(update, "image", None)
        job = getattr(update, "job", None)
        return replace(
            self,
            # Another config of a fallback chain may have taken over.
            provider=update.provider,
            model=update.model,
            status=update.status,
            percent=update.progress,
            partials=self.partials + (image is not None),
            image=image or self.image,
            wait_seconds=update.wait_seconds,
            reason=one_line(update.message) if update.message else None,
            job_id=self.job_id if job is None else one_line(job.id),
            # An update about a wait for the vendor has no time: the clock goes on.
            elapsed_seconds=max(update.elapsed_seconds, self.elapsed(now)),
            updated_at=now,
            since=self._speed_since(update.status, update.progress, update.elapsed_seconds),
        )

    @property
    def label(self) -> str:
        """Provider and model, at most 60 characters."""
        return one_line(f"{self.provider}/{self.model}", 60)

    @property
    def finished(self) -> bool:
        """Whether no update follows."""
        return self.status in _FINAL

    def elapsed(self, now: float) -> float:
        """Computes the seconds since the call began."""
        return self.elapsed_seconds + (max(0.0, now - self.updated_at) if self.updated_at else 0.0)

    def expected(self, now: float) -> float | None:
        """Predicts the seconds of the whole call by the job's speed so far; None while that says nothing."""
        if self.since is None or self.percent is None or self.status != "in_progress":
            return None
        began, first = self.since
        percent, seconds = self.percent - first, self.elapsed_seconds - began
        if percent < ENOUGH or seconds <= 0:
            return None
        total = self.elapsed_seconds + (100.0 - self.percent) * seconds / percent
        # A job that is later than predicted is not at its end: the prediction was wrong.
        return total if self.elapsed(now) <= total else None

    def words(self, now: float, *, job: bool = True) -> Iterator[str]:
        """Yields the parts of a line: status, partial images, times, and the job's id."""
        yield self._status(now)
        if self.partials:
            yield "1 partial image" if self.partials == 1 else f"{self.partials} partial images"
        times = "" if self.finished else self.times(now)
        if times:
            yield times
        if self.job_id and job:
            yield f"job {self.job_id}"

    def times(self, now: float) -> str:
        """Formats how long it has taken and how long it may take; empty in the first second."""
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
            left = None if self.wait_seconds is None else max(0.0, self.wait_seconds - (now - self.updated_at))
            return ("waiting" if left is None else f"waiting {duration(left)}") + (
                f": {self.reason}" if self.reason else ""
            )
        word = _WORDS.get(self.status, one_line(self.status, 20))
        # Before and after the work, the percentage is a bare 0 or 100.
        shows_percent = self.percent is not None and self.status == "in_progress"
        return f"{word} {self.percent:.0f} %" if shows_percent else word

    def _speed_since(self, status: str, percent: float | None, elapsed: float) -> tuple[float, float] | None:
        if status != "in_progress" or percent is None:
            return None if status in ("submitting", "queued") else self.since
        if self.since is None or percent < self.since[1]:
            return elapsed, percent
        return self.since


def call_line(call: CallProgress, now: float) -> str:
    """Makes one line of text of one call."""
    return f"{call.label}: {', '.join(call.words(now))}"


EVERY: Final = 5.0
"""Seconds at least between two lines of one call whose status is the same."""


class LineView:
    """Writes plain lines, for a log, a pipe, or a terminal without rich.

    Args:
        stream: where to; without one, to what `sys.stderr` is at that time.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._several = False
        self._written: dict[str, tuple[tuple[str, str | None], float]] = {}

    def show(self, changed: CallProgress, running: Sequence[CallProgress], now: float) -> None:
        """Writes a line where there is news, or enough time has passed."""
        news = (changed.status, changed.reason)
        written, when = self._written.get(changed.request_id, (None, now))
        if written == news and now - when < EVERY:
            return
        self._written[changed.request_id] = (news, now)
        self._several = self._several or len(running) > 1
        self._write(changed, now)
        if changed.finished:
            del self._written[changed.request_id]

    def close(self, left: Sequence[CallProgress]) -> None:
        """Writes nothing: the last line of each call stands there."""
        self._several = False
        for call in left:
            self._written.pop(call.request_id, None)

    def _write(self, call: CallProgress, now: float) -> None:
        stream = self._stream or sys.stderr
        # The id tells concurrent calls apart; the log lines have it too.
        name = f"{call.request_id[:12]} " if self._several else ""
        print(f"{name}{call_line(call, now)}", file=stream, flush=True)
