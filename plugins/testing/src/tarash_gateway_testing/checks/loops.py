"""Threads and event loops: a provider works wherever it is called from."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tarash import tarash_gateway
from tarash_gateway_testing.base import ROLE_OF, Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.faults import Hangs
from tarash_gateway_testing.rules import Rule

__all__ = ["LoopChecks"]

SIDE_BY_SIDE = 6
"""Calls at once."""

_ANYWHERE = Rule(
    "blocking calls work in every thread, and inside a running event loop too; async calls work in every event "
    "loop, one after the other and many at once. One flavour of a primitive is enough, core bridges the other.",
    "share a blocking client between threads only if it is made for that; keep an async client for the event loop "
    "that it was made in, and close it with it; call asyncio.run nowhere.",
    "Threads and event loops",
)
_FREE = Rule(
    "an async primitive never blocks the event loop.",
    "await in it, and do nothing blocking; or define the blocking flavour only: core runs it in a thread.",
    "Threads and event loops",
)


class LoopChecks(Case):
    """Threads and event loops."""

    def test_blocking_calls_work_inside_a_running_event_loop(self) -> None:
        """As in a notebook."""

        async def main() -> Outcome:
            return attempt(Calls("sync").create, kind, config, request)

        kind = self.kind()
        config, request = self.config(kind), self.request(kind)
        self._went_well([asyncio.run(main())], "a blocking call was made inside a running event loop")

    def test_blocking_calls_work_in_threads_side_by_side(self) -> None:
        """On one provider name, with one key."""
        kind = self.kind()

        def one(_: int) -> Outcome:
            return attempt(Calls("sync").create, kind, self.config(kind), self.request(kind))

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            outcomes = list(pool.map(one, range(2 * SIDE_BY_SIDE)))
        self._went_well(outcomes, "calls were made in threads side by side")
        self._all_arrived(2 * SIDE_BY_SIDE)

    def test_async_calls_work_side_by_side(self) -> None:
        """In one event loop."""
        outcomes = asyncio.run(self._gathered(2 * SIDE_BY_SIDE))
        self._went_well(outcomes, "async calls were made side by side")
        self._all_arrived(2 * SIDE_BY_SIDE)

    def test_async_calls_work_in_one_event_loop_after_the_other(self) -> None:
        """Two `asyncio.run`, as in a script."""
        outcomes = [outcome for _ in range(2) for outcome in asyncio.run(self._gathered(2))]
        self._went_well(outcomes, "async calls were made in one event loop and then in another")

    def test_an_async_call_does_not_block_the_event_loop(self) -> None:
        """While the vendor takes its time."""
        held = 0.4
        kind = self.kind()
        asyncio.run(self._gathered(1))  # what is slow once, such as an import, is over
        for _ in range(3):  # a machine that stands still now and then is not meant
            self.vendor.fail(Hangs(held), ROLE_OF[kind])
            longest = asyncio.run(self._longest_stall(timeout=2 * held))
            if longest <= held * 0.75:
                return
        self.broken(_FREE, f"the vendor was silent for {held:g} s, and the event loop stood still for {longest:.2f} s")

    async def _gathered(self, count: int) -> list[Outcome]:
        async def one() -> Outcome:
            try:
                return Outcome(await self._made())
            except Exception as error:  # noqa: BLE001 # told by the check
                return Outcome(error=error)

        return await asyncio.gather(*(one() for _ in range(count)))

    def _made(self, **settings: Any) -> Any:
        kind = self.kind()
        function: Any = tarash_gateway.generate_image_async if kind == "image" else tarash_gateway.submit_video_async
        return function(self.config(kind, **settings), self.request(kind))

    async def _longest_stall(self, timeout: float) -> float:
        """Makes one call, and gives the longest time that the event loop came to nothing else."""
        call = asyncio.ensure_future(self._made(timeout=timeout))
        longest, last = 0.0, time.monotonic()
        while not call.done():
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        await asyncio.gather(call, return_exceptions=True)
        return longest

    def _went_well(self, outcomes: list[Outcome], problem: str) -> None:
        failed = [str(outcome) for outcome in outcomes if outcome.error is not None]
        if failed:
            self.broken(_ANYWHERE, f"{problem}, {len(failed)} of {len(outcomes)} failed: {failed[0]}")

    def _all_arrived(self, count: int) -> None:
        arrived = len(self.vendor.sent(ROLE_OF[self.kind()]))
        if arrived != count:
            self.broken(_ANYWHERE, f"{count} calls were made, and {arrived} creating requests arrived")
