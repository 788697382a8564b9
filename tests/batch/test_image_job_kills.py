"""`kill -9` at any moment of a batch whose images are jobs: nothing is paid for twice, and no job is lost."""

import json
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tarash.tarash_gateway import Journal
from tarash_gateway_testing import FakeVendor, Handler

ACME = Path(__file__).resolve().parents[1] / "testing" / "acme"
ROWS, CONCURRENCY, KILLS = 100, 16, 3

BATCH = """
import json, sys
sys.path.insert(0, {acme!r})
import acme_prints
from tarash.tarash_gateway import register_plugin, run_batch
from tarash.tarash_gateway.models import ImageGenerationConfig

register_plugin(acme_prints)
config = ImageGenerationConfig(
    provider="acme_prints", model="acme-print-1", base_url={url!r}, api_key={key!r}, poll_interval=0.02
)
rows = [{{"id": f"r{{number}}", "prompt": f"print number {{number}}"}} for number in range({rows})]
result = run_batch(rows, {out!r}, configs=config, concurrency={concurrency})
print(json.dumps({{"done": result.done, "unconfirmed": result.unconfirmed, "failed": result.failed}}))
"""


def shown(request):
    return {"print": request.job.id, "state": request.job.word}


def files(request):
    return {"files": [request.image_url()]}


@pytest.fixture
def vendor():
    """The vendor of `acme_prints`."""
    routes = {"image": "POST /prints", "poll": "GET /prints/{id}", "result": "GET /prints/{id}/files"}
    handlers = [Handler(role, route, files if role == "result" else shown) for role, route in routes.items()]
    with FakeVendor(handlers, base_path="/v1") as vendor:
        vendor.jobs_go("queued", "in_progress", "completed")
        yield vendor


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 21))])
def test_kills_lose_nothing_and_pay_for_nothing_twice(vendor, warm_python, tmp_path, seed):
    chance = random.Random(seed)
    settings = {"acme": str(ACME), "url": vendor.url, "key": vendor.key, "out": str(tmp_path / "out")}
    words = ["-c", BATCH.format(rows=ROWS, concurrency=CONCURRENCY, **settings)]
    for moment in sorted(chance.sample(range(1, ROWS - CONCURRENCY), KILLS)):
        with Path(os.devnull).open("r+b") as nothing:
            running = warm_python.start(words, files=[nothing.fileno()] * 3)
        while len(vendor.sent("image")) < moment and running.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.1))
        running.kill()
        running.wait()
    done = warm_python.run(words)
    assert done.returncode == 0, done.stderr[-3000:]
    counts = json.loads(done.stdout.splitlines()[-1])

    paid = Counter(request.json["text"] for request in vendor.sent("image"))
    made = {path.stem for path in (tmp_path / "out").rglob("*.png")}
    lost = {entry.label for entry in Journal(tmp_path / "out" / ".journal").entries()} - made
    assert max(paid.values()) == 1
    assert counts["failed"] == 0
    assert len(made) + counts["unconfirmed"] == ROWS
    assert len(lost) == counts["unconfirmed"] <= KILLS * CONCURRENCY
    jobs = [entry.job.id for entry in Journal(tmp_path / "out" / ".journal").entries() if entry.job is not None]
    assert len(jobs) == len(set(jobs)) == len(made)
