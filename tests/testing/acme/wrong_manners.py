"""A plugin that does not end in time, or works in one thread or event loop only, is told so."""

from __future__ import annotations

import asyncio
import time

import httpx2
from acme_by_hand import AcmeProvider, _trusted
from wrong import Wrong

from tarash.tarash_gateway.errors import ConnectionFailedError
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider
from tarash_gateway_testing import Hangs

LONG = 60.0


class Endless(AcmeProvider):
    """Does not look at its timeout."""

    def request(self, method, path, timeout, body=None, headers=None):
        return super().request(method, path, LONG, body, headers)


class Blocking(AcmeProvider):
    """Blocking only, and limits single reads only."""

    generate_image_async = Provider.generate_image_async

    def generate_image(self, prepared, *, timeout):
        with httpx2.Client(verify=_trusted(), timeout=timeout) as client:
            return self.made(client, prepared)

    def made(self, client, prepared):
        fixed = {"x-acme-key": self.key}
        answer = client.post(f"{self.endpoint}/pictures", json=self.picture_body(prepared), headers=fixed).json()
        return ImageAnswer([ImageOutput(url=entry["at"]) for entry in answer["pictures"]])


class Free(AcmeProvider):
    """Thinks that an answer that comes late was not billed."""

    async def call(self, method, path, timeout, body=None):
        try:
            return await super().call(method, path, timeout, body)
        except ConnectionFailedError as error:
            error.billable, error.retryable = "no", False
            raise


class Foreign(AcmeProvider):
    """Lets its library's exceptions out while it looks at a job."""

    async def poll_video_async(self, job, *, timeout):
        try:
            return await super().poll_video_async(job, timeout=timeout)
        except ConnectionFailedError:
            raise RuntimeError("late") from None


class Swallowing(AcmeProvider):
    async def poll_video_async(self, job, *, timeout):
        try:
            return await super().poll_video_async(job, timeout=timeout)
        except asyncio.CancelledError:
            raise RuntimeError("cancelled") from None


class Shielded(AcmeProvider):
    """Goes on with a request that nobody waits for."""

    kept = set()

    async def poll_video_async(self, job, *, timeout):
        task = asyncio.ensure_future(super().poll_video_async(job, timeout=timeout))
        self.kept.add(task)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)


class Running(Blocking):
    """Runs a loop of its own."""

    def generate_image(self, prepared, *, timeout):
        made = AcmeProvider.generate_image_async(self, prepared, timeout=timeout)
        try:
            return asyncio.run(made)
        finally:
            made.close()


class Sharing(Blocking):
    """Keeps what it is about to send where all threads see it."""

    prepared = None

    def generate_image(self, prepared, *, timeout):
        if Sharing.prepared is not None:
            raise RuntimeError("there is another call")
        Sharing.prepared = prepared
        try:
            time.sleep(0.02)
            return super().generate_image(prepared, timeout=timeout)
        finally:
            Sharing.prepared = None


class OneAtATime(AcmeProvider):
    busy = False

    async def generate_image_async(self, prepared, *, timeout):
        if OneAtATime.busy:
            raise RuntimeError("there is another call")
        OneAtATime.busy = True
        try:
            return await super().generate_image_async(prepared, timeout=timeout)
        finally:
            OneAtATime.busy = False


class OneLoop(AcmeProvider):
    """Keeps something of the event loop that it was first called in."""

    turn = None

    async def generate_image_async(self, prepared, *, timeout):
        loop = asyncio.get_running_loop()
        OneLoop.turn = OneLoop.turn or loop.create_future()
        if OneLoop.turn.get_loop() is not loop:
            raise RuntimeError("this belongs to another event loop")
        return await super().generate_image_async(prepared, timeout=timeout)


class Standing(Blocking):
    """An async primitive that blocks."""

    async def generate_image_async(self, prepared, *, timeout):
        with httpx2.Client(verify=_trusted(), timeout=timeout) as client:
            try:
                return self.made(client, prepared)
            except httpx2.HTTPError as error:
                raise ConnectionFailedError("no answer", billable="unknown") from error


DEADLINE = "test_a_call_ends_at_its_deadline"
WAIT = "test_a_wait_ends_at_the_deadline_with_the_job"

WRONG = {
    "does not look at the time": Wrong(
        DEADLINE,
        "an image request got no answer: with timeout=0.3 the call took",
        Endless,
        params={"slow": "no answer"},
    ),
    "limits single reads": Wrong(
        DEADLINE,
        "an image request got a byte at a time: with timeout=0.3 the call took",
        Blocking,
        params={"slow": "a byte at a time", "flavour": "sync"},
    ),
    "thinks that a late answer is free": Wrong(
        DEADLINE,
        "an image request got no answer: it was sent 1 times, and ConnectionFailedError",
        Free,
        params={"slow": "no answer"},
    ),
    "lets a foreign error out of a wait": Wrong(
        WAIT,
        "a poll request was not answered by the deadline: PluginError",
        Foreign,
        params={"role": "poll", "fault": Hangs()},
    ),
    "swallows a cancellation": Wrong(
        "test_a_cancelled_call_names_its_job", "a call was cancelled while it waited for job job-", Swallowing
    ),
    "goes on after a cancellation": Wrong(
        "test_a_cancelled_call_closes_its_connection", "and its connection stayed open for 1.5 s", Shielded
    ),
    "runs a loop of its own": Wrong(
        "test_blocking_calls_work_inside_a_running_event_loop",
        "a blocking call was made inside a running event loop, 1 of 1 failed: PluginError",
        Running,
    ),
    "shares between threads": Wrong(
        "test_blocking_calls_work_in_threads_side_by_side",
        "calls were made in threads side by side, ",
        Sharing,
    ),
    "does one at a time": Wrong(
        "test_async_calls_work_side_by_side", "async calls were made side by side, 11 of 12 failed", OneAtATime
    ),
    "belongs to one event loop": Wrong(
        "test_async_calls_work_in_one_event_loop_after_the_other", "this belongs to another event loop", OneLoop
    ),
    "blocks the event loop": Wrong(
        "test_an_async_call_does_not_block_the_event_loop", "and the event loop stood still for 0.4", Standing
    ),
}
