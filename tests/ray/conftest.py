"""A quick vendor, rows for it, and workers that live in this process and die when a test says so."""

import asyncio
import json
import pickle
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("tarash_gateway_ray", reason="tarash-gateway-ray is not installed: scripts/setup dev")

from tarash.tarash_gateway import run_batch
from tarash.tarash_gateway.flows import recovery
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash_gateway_ray.remote_row import RemoteRow
from tarash_gateway_ray.worker import Worker, release
from tarash_gateway_ray.worker_pool import WorkerLostError, WorkerPool
from tarash_gateway_sandbox import SandboxServer

KEY = "sk-of-the-node-0123456789"


@pytest.fixture(scope="session")
def quick_server():
    with SandboxServer(quick=True, job_seconds=0.05) as server:
        yield server


@pytest.fixture
def tarash_sandbox(quick_server):
    quick_server.clear()
    return quick_server


@pytest.fixture(autouse=True)
def _jobs_show_soon(retry_policy):
    # A vendor may show a job half a minute late, and who looks it up waits for it; the sandbox shows it at once.
    retry_policy(listed_within=0.05)


@pytest.fixture
def configs(tarash_sandbox, monkeypatch):
    """Configs without keys: a worker has them in its environment."""
    monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return [
        ImageGenerationConfig(provider="openai", model="dall-e-2"),
        VideoGenerationConfig(provider="openai", model="sora-2", poll_interval=0.02),
    ]


class NearActor:
    """A worker in this process: what it is told and what it says is pickled, and dead it writes nothing more."""

    def __init__(self, name, settings):
        self.worker = Worker(name, settings, release())
        self.dead = asyncio.Event()
        self.calls = []

    async def call(self, method, *args):
        if self.dead.is_set():
            raise WorkerLostError
        packed = pickle.dumps(args)
        assert KEY.encode() not in packed
        self.calls.append(method)
        answering = asyncio.create_task(getattr(self.worker, method)(*pickle.loads(packed)))
        dying = asyncio.create_task(self.dead.wait())
        await asyncio.wait([answering, dying], return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if self.dead.is_set():
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            raise WorkerLostError
        return pickle.loads(pickle.dumps(answering.result()))

    def cast(self, method, *args):
        self.casting = asyncio.ensure_future(getattr(self.worker, method)(*args))

    def kill(self):
        if self.worker._shared:
            self.worker._shared["journal"]._appender.append = lambda *lines: None
            self.worker._shared["threads"].shutdown(wait=False)
        for task in self.worker._tasks.values():
            task.cancel()
        recovery._claimed.clear()  # what it knew of jobs dies with a process
        self.dead.set()


@pytest.fixture
def actors():
    """The workers of the test's batches, in the order in which they began."""
    return []


@pytest.fixture
def spawn(actors):
    def spawn(name, settings):
        actors.append(NearActor(name, settings))
        return actors[-1]

    return spawn


@pytest.fixture
def near(spawn):
    """The engine with workers in this process."""

    def near(workers=2):
        @asynccontextmanager
        async def engine(context, planner):
            pool = WorkerPool(context, planner, spawn, workers)
            try:
                await pool.start()
                yield lambda row, decision: RemoteRow(row, decision, pool)
            finally:
                await pool.close()

        return engine

    return near


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def run(configs, out, near):
    """Runs a batch of rows into `out`, with workers in this process."""

    def run(rows, workers=2, **options):
        fixed = {"configs": configs, "engine": near(workers)}
        return run_batch(rows, options.pop("out", out), **{**fixed, **options})

    return run


@pytest.fixture
def outcomes(out):
    """The file of results, by id."""

    def outcomes():
        lines = map(json.loads, (out / "results.jsonl").read_text().splitlines())
        return {line["id"]: line for line in lines}

    return outcomes


@pytest.fixture
def image():
    def image(name, **fields):
        return {"id": name, "kind": "image", "prompt": f"prompt of {name}", "size": "256x256", **fields}

    return image


@pytest.fixture
def video():
    def video(name, **fields):
        return {"id": name, "kind": "video", "prompt": f"prompt of {name}", **fields}

    return video
