"""Progress in a terminal: a bar that is redrawn, a line that stays, and a cursor that is there at the end."""

import io
import os
import pty
import re
import select
import subprocess
import sys
import textwrap

import pytest
from rich.console import Console

from tarash.tarash_gateway.display.progress import Progress
from tarash.tarash_gateway.display.terminal import TerminalView
from tarash.tarash_gateway.models import Media

SHOW, HIDE = "\x1b[?25h", "\x1b[?25l"


def received(text):
    """The lines that were drawn, without their colours; a redrawn line is there as often as it was drawn."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    return [line.strip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def bar_of(out, clock):
    def bar(width=100):
        console = Console(file=out, force_terminal=True, width=width, color_system=None, legacy_windows=False)
        return Progress(TerminalView(console, clock), clock)

    return bar


def test_a_video_is_a_bar_and_then_a_line_that_stays(bar_of, out, clock, video_update):
    bar = bar_of()
    bar(video_update("submitting"))
    for status, percent, elapsed in [("queued", 0, 1), ("in_progress", 0, 5), ("in_progress", 50, 15)]:
        clock.now = 1000.0 + elapsed
        bar(video_update(status, percent, elapsed))
    drawn = received(out.getvalue())
    assert "acme/film job job_7" in drawn
    assert re.fullmatch(r"acme/film [━╸╺]+ +in progress 50 % · 15 s of about 25 s", drawn[-1])
    bar(video_update("completed", 100, 25))
    assert "✓ acme/film completed in 25 s, job job_7" in received(out.getvalue())
    assert out.getvalue().count(HIDE) == out.getvalue().count(SHOW) == 1
    assert out.getvalue().rindex(SHOW) > out.getvalue().rindex("acme")


def test_a_job_is_told_once_and_in_full(bar_of, out, video_update, job):
    bar = bar_of(60)
    long = job.model_copy(update={"id": "video_" + "0" * 64})
    bar(video_update("queued", job=long))
    bar(video_update("in_progress", 10, job=long))
    bar(video_update("in_progress", 20, job=long))
    assert [line for line in received(out.getvalue()) if long.id in line] == [f"acme/film job {long.id}"]
    bar.close()


def test_a_narrow_terminal_has_words_only(bar_of, out, video_update):
    bar = bar_of(40)
    bar(video_update("in_progress", 50, 15, job=None))
    assert received(out.getvalue())[-1] == "acme/film in progress 50 % · 15 s"
    bar.close()


def test_a_stream_counts_its_partial_pictures(bar_of, out, image_update, png):
    bar = bar_of()
    bar(image_update("partial", 1, image=Media.from_bytes(png)))
    assert received(out.getvalue())[-1].endswith("drawing · 1 partial image · 1 s")
    bar(image_update("completed", 2))
    assert "✓ acme/brush completed in 2 s, 1 partial image" in received(out.getvalue())


def test_a_wait_is_told_with_its_reason(bar_of, out, video_update):
    bar = bar_of()
    bar(video_update("waiting", wait_seconds=30, message="429: [red]slow down[/red]"))
    assert received(out.getvalue())[-1].endswith("waiting 30 s: 429: [red]slow down[/red]")
    bar.close()


def test_a_failure_leaves_its_reason(bar_of, out, video_update):
    bar = bar_of()
    bar(video_update("queued"))
    bar(video_update("failed", elapsed=5, message="moderation"))
    assert "✗ acme/film failed after 5 s: moderation, job job_7" in received(out.getvalue())
    assert out.getvalue().rindex(SHOW) > out.getvalue().rindex(HIDE)


def test_a_call_that_was_broken_off_leaves_a_line(bar_of, out, video_update):
    with bar_of() as bar:
        bar(video_update("in_progress", 40, 12))
    assert received(out.getvalue())[-1] == "… acme/film interrupted: in progress 40 %, 12 s, job job_7"
    assert out.getvalue().rindex(SHOW) > out.getvalue().rindex(HIDE)


def test_finished_calls_move_up_and_the_others_stay(bar_of, out, video_update):
    bar = bar_of()
    for number in range(3):
        bar(video_update("in_progress", 10, request_id=f"req_{number}", model=f"film-{number}", job=None))
    bar(video_update("completed", 100, 7, request_id="req_1", model="film-1", job=None))
    drawn = received(out.getvalue())
    assert "✓ acme/film-1 completed in 7 s" in drawn
    assert [line.split()[0] for line in drawn[-2:]] == ["acme/film-0", "acme/film-2"]
    bar.close()


def test_a_terminal_that_knows_ascii_only_gets_marks_of_ascii(clock, video_update):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="backslashreplace", write_through=True)
    bar = Progress(TerminalView(Console(file=out, force_terminal=True, width=80, color_system=None), clock), clock)
    bar(video_update("completed", 100, 7))
    assert received(raw.getvalue().decode()) == ["+ acme/film completed in 7 s, job job_7"]


def in_a_terminal(code, *, stdout=None):
    """What a fresh process draws into a terminal that is its stderr, and its stdout unless that is given."""
    ours, its = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=its,
        stdout=stdout or its,
        stderr=its,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(its)
    drawn = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        drawn += part
    child.wait(60)
    os.close(ours)
    return drawn.decode()


BEGIN = """
    from tarash.tarash_gateway import progress
    from tarash.tarash_gateway.models import VideoGenerationUpdate
    bar = progress()
    bar(VideoGenerationUpdate(status="in_progress", progress=40, request_id="r", provider="acme", model="film"))
"""


def test_a_script_that_ends_in_an_error_gives_the_cursor_back():
    drawn = in_a_terminal(BEGIN + "    raise RuntimeError('of the script')")
    assert "RuntimeError: of the script" in received(drawn)
    assert received(drawn)[-1].startswith("… acme/film interrupted: in progress 40 %")
    assert drawn.rindex(SHOW) > drawn.rindex(HIDE)


def test_what_is_printed_to_the_terminal_appears_above_the_bar():
    drawn = in_a_terminal(BEGIN + "    print('hello from the script')\n    bar.close()")
    assert "hello from the script" in received(drawn)


def test_what_is_printed_to_a_pipe_stays_in_the_pipe(tmp_path):
    with (tmp_path / "out").open("wb") as file:
        drawn = in_a_terminal(BEGIN + "    print('{\"json\": 1}')\n    bar.close()", stdout=file)
    assert (tmp_path / "out").read_text() == '{"json": 1}\n'
    assert "json" not in drawn
