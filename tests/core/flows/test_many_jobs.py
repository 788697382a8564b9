"""Many jobs in one event loop: few requests at a time, no file opened in the loop's thread, little memory for each."""

import asyncio
import sys
import threading
import tracemalloc

import pytest

from tarash.tarash_gateway import generate_video_async, register_plugin
from tarash.tarash_gateway.flows.concurrency import MAX_CONCURRENT
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, VideoStatus, hookimpl

LIMIT = 20_000
"""Bytes that a waiting job may take."""


class Vendor:
    """A vendor in the event loop, which counts what is on its way to it."""

    def __init__(self, clip, looks=2):
        self.clip, self.looks = clip, looks
        self.received, self.now, self.most = {}, {}, {}

    @hookimpl
    def tarash_provider_specs(self):
        return [ProviderSpec(name="acme", api_version=1)]

    @hookimpl
    def tarash_create_provider(self, config):
        return AcmeProvider(self)

    async def wanted(self, name):
        self.now[name] = self.now.get(name, 0) + 1
        self.most[name] = max(self.most.get(name, 0), self.now[name])
        for _ in range(30):
            await asyncio.sleep(0)
        self.now[name] -= 1

    def job(self, number, status):
        return VideoJob(provider="acme", model="m", id=number, endpoint="https://api.acme.test", status=status)


class AcmeProvider(Provider):
    endpoint = "https://api.acme.test"

    def __init__(self, vendor):
        self.vendor = vendor

    async def submit_video_async(self, prepared, *, timeout):
        await self.vendor.wanted("submit_video")
        number = f"job_{len(self.vendor.received)}"
        self.vendor.received[number] = 0
        return VideoStatus(self.vendor.job(number, "queued"))

    async def poll_video_async(self, job, *, timeout):
        await self.vendor.wanted("poll_video")
        self.vendor.received[job.id] += 1
        done = self.vendor.received[job.id] >= self.vendor.looks
        return VideoStatus(self.vendor.job(job.id, "completed" if done else "in_progress"), raw={"id": job.id})

    async def download_video_async(self, job, sink, *, timeout, index=0):
        await self.vendor.wanted("download_video")
        sink.begin(length=len(self.vendor.clip))
        sink.write(self.vendor.clip)


@pytest.fixture
def vendor(clip):
    made = Vendor(clip)
    registered = register_plugin(made)
    yield made
    registered.unregister()


async def make(number, folder, **settings):
    config = VideoGenerationConfig(**{"provider": "acme", "model": "m", "poll_interval": 0.01, **settings})
    return await generate_video_async(
        config, VideoGenerationRequest(prompt=f"job {number}"), save_to=folder / f"{number}.mp4"
    )


def test_two_hundred_jobs_side_by_side_send_few_requests_at_a_time(vendor, tmp_path):
    async def many():
        return await asyncio.gather(*(make(number, tmp_path) for number in range(200)))

    made = asyncio.run(many())
    assert {response.video.path for response in made} == set(tmp_path.iterdir())
    assert all(vendor.most[name] <= most for name, most in MAX_CONCURRENT.items())
    assert set(vendor.received.values()) == {2}


class Opened:
    """The files in a folder that were opened, each with its thread. A hook of the interpreter cannot be taken out."""

    def __init__(self):
        self.folder = None
        self.files = []
        sys.addaudithook(self._hook)

    def _hook(self, event, arguments):
        if event == "open" and self.folder is not None and str(arguments[0]).startswith(self.folder):
            self.files.append((threading.get_ident(), arguments[0]))


opened = Opened()


@pytest.mark.parametrize("exists", ["error", "replace", "skip"])
def test_no_file_is_opened_in_the_event_loops_thread(exists, vendor, clip, tmp_path):
    if exists != "error":
        (tmp_path / "0.mp4").write_bytes(clip)

    async def some():
        await asyncio.gather(
            *(
                generate_video_async(
                    VideoGenerationConfig(provider="acme", model="m", poll_interval=0.01),
                    VideoGenerationRequest(prompt="a cat"),
                    save_to=tmp_path / f"{number}.mp4",
                    exists=exists,
                )
                for number in range(4)
            )
        )

    opened.files.clear()
    opened.folder = str(tmp_path)
    try:
        asyncio.run(some())
    finally:
        opened.folder = None
    assert len(opened.files) >= 4
    assert [name for thread, name in opened.files if thread == threading.get_ident()] == []


def test_a_waiting_job_takes_little_memory(vendor, tmp_path):
    vendor.looks = 10

    async def seen_once(jobs):
        while sum(vendor.received.values()) < jobs or any(vendor.now.values()):  # noqa: ASYNC110 # no job tells
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)  # the last of them goes to sleep

    async def waiting():
        async with asyncio.TaskGroup() as group:
            jobs, each = [], []
            for first in range(0, 160, 40):
                before = tracemalloc.get_traced_memory()[0]
                numbers = range(first, first + 40)
                jobs += [group.create_task(make(number, tmp_path, poll_interval=3600)) for number in numbers]
                await seen_once(first + 40)
                each.append((tracemalloc.get_traced_memory()[0] - before) / 40)
            for job in jobs:
                job.cancel()
        # A table of the interpreter that happens to grow in between is no job's: its names alone take two megabytes.
        return min(each[1:])

    tracemalloc.start()
    try:
        each = asyncio.run(waiting())
    finally:
        tracemalloc.stop()
    assert 1000 < each < LIMIT
