"""Ctrl-C, SIGTERM and SIGHUP: nothing new is sent, what is on its way is kept, and a second one ends at once."""

import dataclasses
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PROGRAM = ("-m", "tarash_gateway_cli")
IMAGE = ("image", "a boat", "-o", "boat.png", "-m", "dall-e-2", "--size", "256x256")
VIDEO = ("video", "a boat", "-o", "boat.mp4", "-m", "sora-2", "--seconds", "4")
MOST = [signal.SIGTERM, *(pytest.param(number, marks=pytest.mark.slow) for number in (signal.SIGINT, signal.SIGHUP))]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def started(environment, warm_python):
    """Starts a process of its own: a command, or `python -c`."""
    running = []

    def started(*words, ignored=()):
        words = words if words[0] == "-c" else (*PROGRAM, *words)
        process = warm_python.open(words, env=environment, ignored=ignored)
        running.append(process)
        return process

    yield started
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


def until(condition, process):
    """Waits for something that the process is about to do."""
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)


def end(process):
    out, err = process.communicate(timeout=90)
    return process.returncode, out, err


@pytest.fixture
def entries(tarash):
    """What the journal says of each request."""
    return lambda: tarash("jobs", "--json").reported["jobs"]


@pytest.mark.parametrize("number", MOST)
def test_an_image_on_its_way_is_kept(started, tarash_sandbox, folder, paid, number):
    tarash_sandbox.fail("slow_first_byte")
    process = started(*IMAGE)
    until(lambda: tarash_sandbox.requests, process)
    process.send_signal(number)
    code, out, _err = end(process)
    assert (code, out, paid()) == (0, "boat.png\n", ["a boat"])
    assert (folder / "boat.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("number", MOST)
def test_a_second_one_ends_at_once_and_the_journal_names_the_request(started, tarash_sandbox, entries, number):
    tarash_sandbox.fail("never_answers", times=None)
    process = started(*IMAGE)
    until(lambda: tarash_sandbox.requests, process)
    process.send_signal(number)
    line = ""
    while "Interrupted" not in line:
        line = process.stderr.readline()
        assert line, "it ended before it said that it waits"
    assert line == "Interrupted: waiting for the answer to the request. A second signal ends at once.\n"
    process.send_signal(number)
    assert end(process)[0] == -number
    (entry,) = entries()
    assert (entry["status"], entry["request"]["prompt"]) == ("open", "a boat")


@pytest.fixture
def busy():
    """The requests that came to a server which asks each of them to come again in half a minute."""
    requests = []

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self):
            requests.append(self.path)
            self.send_response(429)
            self.send_header("Retry-After", "30")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", requests
        server.shutdown()


@pytest.mark.parametrize("number", MOST)
def test_nothing_is_sent_again_after_one(started, busy, folder, number):
    url, requests = busy
    process = started(*IMAGE, "-p", "openai", "--base-url", url)
    line = ""
    while "waiting" not in line:
        line = process.stderr.readline()
        assert line, "it ended before it waited"
    process.send_signal(number)
    code, out, err = end(process)
    assert (code, out, list(folder.iterdir())) == (128 + number, "", [])
    assert "Interrupted. Nothing was made.\n" in err
    assert len(requests) == 1


@pytest.mark.parametrize("number", MOST)
@pytest.mark.parametrize("when", ["on its way", pytest.param("being made", marks=pytest.mark.slow)])
def test_a_video_is_left_running_and_named(started, tarash, tarash_sandbox, folder, paid, monkeypatch, number, when):
    monkeypatch.setattr(tarash_sandbox, "job_seconds", 60.0)
    if when == "on its way":
        tarash_sandbox.fail("slow_first_byte")
    process = started(*VIDEO)
    requests = 1 if when == "on its way" else 2
    until(lambda: len(tarash_sandbox.requests) >= requests, process)
    process.send_signal(number)
    code, out, err = end(process)
    assert (code, out, paid()) == (128 + number, "", ["a boat"])
    (resume,) = [line.strip() for line in err.splitlines() if "tarash jobs resume" in line]
    assert "was left running.\n" in err
    (job,) = tarash_sandbox._vendor.jobs.all()
    tarash_sandbox._vendor.jobs.add(dataclasses.replace(job, duration=0.0))
    assert tarash(*resume.split()[1:]).code == 0
    assert paid() == ["a boat"]


def rows(folder, count):
    lines = ({"id": f"row-{at}", "prompt": f"row-{at}", "model": "dall-e-2", "size": "256x256"} for at in range(count))
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))


def saved(folder):
    return sorted(path.stem for path in folder.rglob("row-*.png"))


@pytest.mark.parametrize("number", MOST)
def test_a_batch_keeps_what_it_has_paid_for(started, tarash, tarash_sandbox, folder, paid, number):
    rows(folder, 20)
    tarash_sandbox.fail("slow_first_byte", times=None)
    process = started("batch", "rows.jsonl", "-o", "out", "-j", "3")
    until(lambda: len(tarash_sandbox.requests) >= 3, process)
    process.send_signal(number)
    code, _out, err = end(process)
    why = "interrupted" if number == signal.SIGINT else f"interrupted by {number.name}"
    assert f"Stopped: {why}. The same command continues.\n" in err
    assert code == 128 + number
    assert 3 <= len(paid()) < 20
    assert saved(folder) == paid()
    before = paid()
    tarash_sandbox.clear()
    assert tarash("batch", "rows.jsonl", "-o", "out").code == 0
    assert sorted(before + paid()) == saved(folder) == sorted(f"row-{at}" for at in range(20))


@pytest.mark.slow
def test_a_second_one_ends_a_batch_and_the_next_run_names_what_was_on_its_way(
    started, tarash, tarash_sandbox, folder, paid
):
    rows(folder, 5)
    tarash_sandbox.fail("never_answers", times=None)
    process = started("batch", "rows.jsonl", "-o", "out", "-j", "2")
    until(lambda: len(tarash_sandbox.requests) >= 2, process)
    process.send_signal(signal.SIGTERM)
    line = ""
    while "stopping, waits for requests on their way" not in line:  # two of them at once would be one
        line = process.stderr.readline()
        assert line, "it ended before it said that it waits"
    process.send_signal(signal.SIGTERM)
    assert end(process)[0] == -signal.SIGTERM
    tarash_sandbox.clear()
    done = tarash("batch", "rows.jsonl", "-o", "out", "--json")
    assert (done.code, done.reported["unconfirmed"], done.reported["done"]) == (3, 2, 3)


def test_a_signal_that_is_ignored_stays_so(started, tarash_sandbox, folder, paid):
    """As under nohup."""
    tarash_sandbox.fail("slow_first_byte")
    process = started(*IMAGE, ignored=[signal.SIGHUP])
    until(lambda: tarash_sandbox.requests, process)
    process.send_signal(signal.SIGHUP)
    code, _, err = end(process)
    assert (code, "Interrupted" in err, paid()) == (0, False, ["a boat"])


BATCH = """
import signal, sys
from tarash.tarash_gateway import run_batch
from tarash.tarash_gateway.models import ImageGenerationConfig

def mine(number, frame):
    print("mine", flush=True)

if sys.argv[1] == "own":
    signal.signal(signal.SIGTERM, mine)
try:
    result = run_batch("rows.jsonl", "out", configs=ImageGenerationConfig(provider="openai", model="dall-e-2"),
                       concurrency=3)
    print(result.done, flush=True)
finally:
    print("cleaned up", flush=True)
"""


def test_run_batch_ends_the_script_after_sigterm(started, tarash_sandbox, folder, paid):
    rows(folder, 20)
    tarash_sandbox.fail("slow_first_byte", times=None)
    process = started("-c", BATCH, "default")
    until(lambda: len(tarash_sandbox.requests) >= 3, process)
    process.send_signal(signal.SIGTERM)
    code, out, _err = end(process)
    assert (code, out) == (143, "cleaned up\n")
    assert saved(folder) == paid()
    assert len(paid()) < 20


def test_a_handler_of_the_script_stays_its_own(started, tarash_sandbox, folder, paid):
    rows(folder, 4)
    tarash_sandbox.fail("slow_first_byte", times=2)
    process = started("-c", BATCH, "own")
    until(lambda: len(tarash_sandbox.requests) >= 1, process)
    process.send_signal(signal.SIGTERM)
    assert end(process)[:2] == (0, "mine\n4\ncleaned up\n")
