"""A quick vendor, configs for it, and batches in a folder of their own."""

import json

import pytest

from tarash.tarash_gateway import Journal, run_batch
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash_gateway_sandbox import SandboxServer


@pytest.fixture(scope="session")
def quick_server():
    with SandboxServer(quick=True, job_seconds=0.05, slow_seconds=0.5) as server:
        yield server


@pytest.fixture
def tarash_sandbox(quick_server):
    """The sandbox of this page's tests: it draws next to nothing."""
    quick_server.clear()
    return quick_server


@pytest.fixture(autouse=True)
def _jobs_show_soon(retry_policy):
    # A vendor may show a job half a minute late, and a rerun waits for it; the sandbox shows it at once.
    retry_policy(listed_within=0.05)


@pytest.fixture
def configs(tarash_sandbox):
    """A config for pictures and one for clips."""
    settings = {"provider": "openai", "api_key": "sk-of-the-tests-0123456789", "base_url": tarash_sandbox.url}
    return [
        ImageGenerationConfig(model="dall-e-2", **settings),
        VideoGenerationConfig(model="sora-2", poll_interval=0.02, **settings),
    ]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def journal(out):
    return Journal(out / ".journal")


@pytest.fixture
def run(configs, out):
    """Runs a batch of rows into `out`."""

    def run(rows, **options):
        return run_batch(rows, options.pop("out", out), **{"configs": configs, **options})

    return run


@pytest.fixture
def image():
    """A row of a small picture."""

    def row(name="a", **fields):
        return {"id": name, "prompt": f"prompt of {name}", "size": "256x256", **fields}

    return row


@pytest.fixture
def video():
    """A row of a clip."""

    def row(name="a", **fields):
        return {"id": name, "kind": "video", "prompt": f"prompt of {name}", "duration_seconds": 4, **fields}

    return row


@pytest.fixture
def written(tmp_path):
    """Writes a file of rows."""

    def write(*lines, name="rows.jsonl"):
        path = tmp_path / name
        texts = [line if isinstance(line, (str, bytes)) else json.dumps(line) for line in lines]
        path.write_bytes(b"".join((text if isinstance(text, bytes) else text.encode()) + b"\n" for text in texts))
        return path

    return write


@pytest.fixture
def files(out):
    """The names of the pictures and clips that are there."""
    return lambda: sorted(
        path.name for path in out.rglob("*") if path.suffix in {".png", ".jpg", ".webp", ".mp4"} and path.is_file()
    )


@pytest.fixture
def lines(out):
    """What the file of results tells, line by line."""
    return lambda: [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


@pytest.fixture
def outcomes(lines):
    """The same, by id."""
    return lambda: {line["id"]: line for line in lines()}


@pytest.fixture
def paid(tarash_sandbox):
    """The prompts that were paid for."""
    return lambda: sorted(item.prompt for item in tarash_sandbox.paid)
