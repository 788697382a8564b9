"""`tarash sandbox`: a stand-in vendor for any client, in a process of its own."""

import contextlib
import os
import signal
import tempfile
import urllib.request
from pathlib import Path

import pytest

from tarash_gateway_sandbox import FAULTS

PROGRAM = ("-m", "tarash_gateway_cli")


@pytest.fixture
def serving(folder, warm_python):
    """Starts a server process; gives its address, and what it has told at its end."""
    with contextlib.ExitStack() as stack:

        def serving(*words):
            reading, writing = os.pipe()
            reported = stack.enter_context(tempfile.TemporaryFile())
            nothing = stack.enter_context(Path(os.devnull).open())
            files = [nothing.fileno(), writing, reported.fileno()]
            process = warm_python.start([*PROGRAM, "sandbox", "serve", "--port", "0", *words], files=files)
            stack.callback(process.kill)
            os.close(writing)
            url = stack.enter_context(os.fdopen(reading)).readline().strip()

            def end():
                process.send_signal(signal.SIGINT)
                code = process.wait(60)
                reported.seek(0)
                return code, reported.read().decode()

            return url, end

        yield serving


def test_it_serves_other_processes_until_ctrl_c(serving, typed):
    url, end = serving()
    done = typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "-p", "sandbox", "--base-url", url)
    assert done.code == 0, done.err
    code, reported = end()
    assert code == 0
    assert f"export OPENAI_BASE_URL={url} OPENAI_API_KEY=sk-sandbox" in reported
    assert "200 POST   /v1/images/generations  gpt-image-2" in reported
    assert reported.endswith("The sandbox has ended, and its jobs with it.\n")


def test_the_line_that_it_tells_works_for_the_openai_provider(serving, typed, monkeypatch):
    url, end = serving()
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sandbox")
    words = ("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "--json")
    done = typed(*words)
    assert done.code == 0, done.err
    assert done.reported["provider"] == "openai"
    end()


def test_it_plays_the_faults_that_are_named(serving, typed):
    url, end = serving("--fault", "unauthorized*1", "--fault", "moderation_blocked*1")
    words = ("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", "-p", "sandbox", "--base-url", url)
    assert {typed(*words).code, typed(*words).code} <= {10, 12}
    assert "40" in end()[1]


def test_what_a_client_sends_does_not_steer_the_terminal(serving):
    url, end = serving()
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{url}/%1b%5d0;owned%07", timeout=60)
    reported = end()[1]
    assert "\x1b" not in reported
    assert "/v1/?]0;owned?" in reported


def test_an_unknown_fault_is_told(typed):
    done = typed("sandbox", "serve", "--fault", "bogus")
    assert (done.code, done.out) == (3, "")
    assert done.err == "error: There is no sandbox fault 'bogus'. tarash sandbox faults lists them.\n"


def test_a_port_that_is_taken_is_told(typed, tarash_sandbox):
    port = tarash_sandbox.origin.rpartition(":")[2]
    done = typed("sandbox", "serve", "--port", port)
    assert (done.code, done.out) == (4, "")
    assert f"error: 127.0.0.1:{port} cannot be listened on:" in done.err
    assert done.err.endswith("Give another --port, or 0 for a free one.\n")


def test_every_fault_is_listed(typed):
    listed = [line.split()[0] for line in typed("sandbox", "faults").out.splitlines() if line[:1].strip()]
    assert listed == list(FAULTS)
