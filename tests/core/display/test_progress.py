"""The progress object: one line a call, several calls, never an error, and nothing left open at the end."""

import io
import logging
import subprocess
import sys
import threading

import pytest

from tarash.tarash_gateway import generate_image, generate_video, progress, stream_image
from tarash.tarash_gateway.display.progress import Progress, in_terminal, view_of_this_process
from tarash.tarash_gateway.display.text import LineView
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)


class Watched:
    """A place to show progress at that remembers what it was given."""

    def __init__(self):
        self.shown = []
        self.closed = []

    def show(self, changed, running, now):
        self.shown.append((changed.request_id, changed.status, [call.request_id for call in running], now))

    def close(self, left):
        self.closed.append([call.request_id for call in left])


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def view():
    return Watched()


@pytest.fixture
def bar(view, clock):
    return Progress(view, clock)


def test_the_last_update_of_a_call_closes_its_place(bar, view, video_update):
    bar(video_update("submitting"))
    assert (view.shown, view.closed) == ([("req_video00001", "submitting", ["req_video00001"], 1000.0)], [])
    bar(video_update("completed"))
    assert view.shown[-1] == ("req_video00001", "completed", [], 1000.0)
    assert view.closed == [[]]


@pytest.mark.parametrize("last", ["completed", "failed"])
def test_calls_follow_each_other(last, bar, view, video_update):
    for name in ("req_a", "req_b"):
        bar(video_update("submitting", request_id=name))
        bar(video_update(last, request_id=name))
    assert [shown[0] for shown in view.shown] == ["req_a", "req_a", "req_b", "req_b"]
    assert view.closed == [[], []]


def test_calls_side_by_side_share_a_place_that_the_last_one_closes(bar, view, video_update, image_update):
    bar(video_update("submitting"))
    bar(image_update())
    assert view.shown[-1][2] == ["req_video00001", "req_image00001"]
    bar(video_update("completed"))
    assert view.closed == []
    bar(image_update("completed"))
    assert view.closed == [[]]


def test_leaving_the_block_closes_what_was_broken_off(bar, view, video_update):
    with pytest.raises(KeyboardInterrupt), bar as same:
        assert same is bar
        bar(video_update("submitting"))
        raise KeyboardInterrupt
    assert view.closed == [["req_video00001"]]
    bar(video_update("submitting", request_id="req_next"))
    assert view.shown[-1][2] == ["req_next"]


def test_a_place_that_fails_harms_nobody(clock, video_update, caplog):
    class Broken:
        def show(self, changed, running, now):
            raise OSError("the terminal is gone")

        def close(self, left):
            raise OSError("the terminal is gone")

    caplog.set_level(logging.DEBUG, "tarash.progress")
    with Progress(Broken(), clock) as bar:
        bar(video_update("submitting"))
        bar(None)
    assert [record.message for record in caplog.records] == [
        "progress could not be shown",
        "progress could not be shown",
        "progress could not be closed",
    ]


def test_an_object_that_was_never_used_is_closed_without_a_word(capsys):
    with progress():
        pass
    assert capsys.readouterr() == ("", "")


def test_calls_of_many_threads_keep_apart(bar, view, video_update):
    def call(name):
        for status in ("submitting", "queued", "in_progress", "completed"):
            bar(video_update(status, request_id=name))

    threads = [threading.Thread(target=call, args=(f"req_{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(view.shown) == 32
    assert view.shown[-1][2] == []


class TestLines:
    """What a log, a pipe, or a terminal without rich gets."""

    @pytest.fixture
    def out(self):
        return io.StringIO()

    @pytest.fixture
    def bar(self, out, clock):
        return Progress(LineView(out), clock)

    def test_a_line_comes_with_each_new_status(self, bar, out, video_update):
        bar(video_update("submitting"))
        bar(video_update("queued", 0, 1))
        bar(video_update("in_progress", 30, 2))
        bar(video_update("downloading", 100, 3))
        bar(video_update("completed", 100, 4))
        assert out.getvalue().splitlines() == [
            "acme/film: submitting",
            "acme/film: queued, 1 s, job job_7",
            "acme/film: in progress 30 %, 2 s, job job_7",
            "acme/film: downloading, 3 s, job job_7",
            "acme/film: completed in 4 s, job job_7",
        ]

    def test_the_same_status_is_told_again_after_some_seconds_only(self, bar, out, clock, video_update):
        for second in range(12):
            clock.now = 1000.0 + second
            bar(video_update("in_progress", 5 * second, second))
        assert out.getvalue().splitlines() == [
            "acme/film: in progress 0 %, job job_7",
            "acme/film: in progress 25 %, 5 s of about 20 s, job job_7",
            "acme/film: in progress 50 %, 10 s of about 20 s, job job_7",
        ]

    def test_every_wait_with_a_reason_of_its_own_is_told(self, bar, out, video_update):
        bar(video_update("waiting", wait_seconds=1, message="429"))
        bar(video_update("waiting", wait_seconds=2, message="429"))
        bar(video_update("waiting", wait_seconds=4, message="503"))
        assert out.getvalue().splitlines() == ["acme/film: waiting 1 s: 429", "acme/film: waiting 4 s: 503"]

    def test_calls_side_by_side_are_told_apart_by_their_ids(self, bar, out, video_update, image_update):
        bar(video_update("submitting"))
        bar(image_update())
        bar(video_update("completed", 100))
        bar(image_update("completed"))
        bar(image_update(request_id="req_alone"))
        assert out.getvalue().splitlines() == [
            "acme/film: submitting",
            "req_image000 acme/brush: submitting",
            "req_video000 acme/film: completed in 0 s, job job_7",
            "req_image000 acme/brush: completed in 0 s",
            "acme/brush: submitting",
        ]

    def test_lines_go_to_what_stderr_is_at_that_time(self, capsys, video_update):
        Progress(LineView())(video_update("submitting"))
        assert capsys.readouterr() == ("", "acme/film: submitting\n")


class TestPlace:
    """Which place a process has."""

    def test_a_pipe_gets_lines(self, capsys):
        assert isinstance(view_of_this_process(), LineView)

    def test_a_terminal_gets_bars(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("TERM", "xterm")
        assert type(view_of_this_process()).__name__ == "TerminalView"

    def test_lines_are_written_wherever_they_are_asked_for(self, monkeypatch, capsys, video_update):
        monkeypatch.setattr("tarash.tarash_gateway.display.progress.view_of_this_process", None)
        progress(lines=True)(video_update("submitting"))

        assert "submitting" in capsys.readouterr().err

    def test_a_terminal_without_rich_gets_lines(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setattr("tarash.tarash_gateway.display.progress.find_spec", lambda name: None)
        assert isinstance(view_of_this_process(), LineView)

    def test_a_terminal_that_cannot_redraw_gets_lines(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("TERM", "dumb")
        assert not in_terminal()

    def test_a_process_without_stderr_has_no_terminal(self, monkeypatch, video_update):
        monkeypatch.setattr(sys, "stderr", None)
        assert not in_terminal()
        progress()(video_update("submitting"))


def test_rich_and_ipython_are_not_loaded_for_lines():
    code = """
import sys
from tarash.tarash_gateway import progress
from tarash.tarash_gateway.models import ImageGenerationUpdate
progress()(ImageGenerationUpdate(status="submitting", request_id="r", provider="acme", model="m"))
assert not {"rich", "IPython"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "acme/m: submitting\n")


class TestCalls:
    """Real calls, at the sandbox."""

    @pytest.fixture
    def place(self, tarash_sandbox):
        return {"provider": "openai", "api_key": "sk-of-the-tests", "base_url": tarash_sandbox.url}

    @pytest.fixture
    def out(self):
        return io.StringIO()

    @pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")
    def test_a_video_tells_its_job_and_its_end(self, place, out):
        config = VideoGenerationConfig(model="sora-2", poll_interval=0.02, **place)
        response = generate_video(
            config, VideoGenerationRequest(prompt="a lake", duration_seconds=4), on_progress=Progress(LineView(out))
        )
        first, *_, last = out.getvalue().splitlines()
        assert first == "openai/sora-2: submitting"
        assert last.startswith("openai/sora-2: completed in ")
        assert last.endswith(f", job {response.job.id}")

    def test_a_picture_tells_its_end(self, place, out):
        config = ImageGenerationConfig(model="gpt-image-2", **place)
        generate_image(config, ImageGenerationRequest(prompt="a cat"), on_progress=Progress(LineView(out)))
        first, *_, last = out.getvalue().splitlines()
        assert first == "openai/gpt-image-2: submitting"
        assert last.startswith("openai/gpt-image-2: completed in ")

    def test_a_stream_counts_its_partial_pictures(self, place, out):
        config = ImageGenerationConfig(model="gpt-image-2", **place)
        bar = Progress(LineView(out))
        request = ImageGenerationRequest(prompt="a cat", extra_params={"partial_images": 2})
        for update in stream_image(config, request):
            bar(update)
        assert out.getvalue().splitlines()[-1].endswith(", 2 partial images")
