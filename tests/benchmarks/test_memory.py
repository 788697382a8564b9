"""The memory of a clip and of a picture, in copies: what is held does not depend on how fast a machine is."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

CLIP_MB = 20


@pytest.fixture(scope="module")
def vendor_url():
    script = Path(__file__).resolve().parents[2] / "benchmarks" / "memory_vendor.py"
    command = [sys.executable, script, str(CLIP_MB), "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as vendor:
        yield vendor.stdout.readline().strip()
        vendor.communicate()


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")
@pytest.mark.parametrize(
    ("way", "most"),
    [
        ("tarash_file", 2.0),
        ("tarash_file_async", 2.0),
        ("tarash_memory", CLIP_MB * 1.5),
        ("tarash_memory_async", CLIP_MB * 1.5),
    ],
)
def test_a_clip_is_held_once_and_one_that_goes_to_a_file_not_at_all(bench, vendor_url, way, most):
    work = getattr(bench("memory_contenders"), way)(vendor_url)
    work("small")

    assert _peak(lambda: work("big")) <= most


def _peak(work):
    """MB that Python holds at the most."""
    tracemalloc.start()
    try:
        made = work()
        return tracemalloc.get_traced_memory()[1] / 1_000_000
    finally:
        del made
        tracemalloc.stop()


@pytest.mark.slow
def test_every_contender_takes_part(bench):
    memory = bench("memory")

    figures = memory.measure(1, clip_mb=1, picture_mb=0.1)

    assert {figure.contender for figure in figures} >= {"tarash", "openai SDK", "openai SDK, streamed", "httpx2"}
    assert {figure.unit for figure in figures} == {"MB", "ms CPU", "ms"}
    assert all(figure.runs == 1 and figure.topic == "memory" for figure in figures)
