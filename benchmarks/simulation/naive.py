"""The script that everybody writes, for comparison: whatever goes wrong, the row is tried again from its beginning.

Its requests are repeated as a vendor's SDK repeats them; jobs are looked at every five seconds; a row whose file is
there is not done again after a crash. It writes nothing down.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from simulation.work import Ended
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.context import new_request_id
from tarash.tarash_gateway.flows.download import MemorySink
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.plugins import Prepared

if TYPE_CHECKING:
    from simulation.cluster import Cluster
    from simulation.node import Node
    from simulation.rows import Row

SDK_RETRIES: Final = 2
ROW_TRIES: Final = 12
POLL_SECONDS: Final = 5.0
TIMEOUT: Final = 300.0
"""Seconds that one request may take."""

LONGEST_PAUSE: Final = 8.0


class NaiveWork:
    """The same as `Work`, as that script does it."""

    def __init__(self, row: Row, node: Node, cluster: Cluster, decision: object = None) -> None:  # noqa: ARG002 # made as `Work` is
        self.row = row
        self._cluster = cluster
        self._vendor = cluster.vendors[row.vendor]
        self.stage = "creating"

    async def run(self) -> Ended:
        """Does it, and does it again."""
        if self.row.began is None:
            self.row.began = self._cluster.clock.time()
        for attempt in range(ROW_TRIES):
            try:
                await (self._picture() if self.row.kind == "image" else self._clip())
            except (TarashError, _FailedError) as error:
                last = error
                await self._cluster.clock.sleep(min(2.0**attempt, 60.0))
            else:
                await self._cluster.clock.sleep(self._cluster.options.file_seconds)
                return Ended("done")
        return Ended("failed", type(last).__name__)

    async def _picture(self) -> None:
        await self._repeated("generate_image", self._prepared())

    async def _clip(self) -> None:
        submitted = await self._repeated("submit_video", self._prepared())
        job = submitted.job
        self.stage = "made"
        while not job.finished:
            await self._cluster.clock.sleep(POLL_SECONDS)
            job = (await self._repeated("poll_video", job)).job
        if job.status != "completed":
            raise _FailedError
        sink = MemorySink()
        await self._repeated("download_video", job, sink)
        if not isinstance(sink.finish(), Media):
            raise _FailedError

    def _prepared(self) -> Prepared[Any]:
        return Prepared(self._cluster.config(self.row).model, self.row.request(), new_request_id())

    async def _repeated(self, name: str, *args: Any) -> Any:
        """One request as an SDK sends it: again after 408, 409, 429, any 5xx and whatever breaks the connection."""
        for tries in range(SDK_RETRIES + 1):
            try:
                return await getattr(self._vendor, f"{name}_async")(*args, timeout=TIMEOUT)
            except TarashError as error:
                if tries == SDK_RETRIES or not error.retryable:
                    raise
                pause = error.retry_after
                if pause is None or pause > 60:
                    pause = min(0.5 * 2.0**tries, LONGEST_PAUSE) * random.uniform(0.75, 1.0)  # noqa: S311 # spreads
                await self._cluster.clock.sleep(pause)
        raise AssertionError


class _FailedError(Exception):
    """A job came to nothing, or a clip was not whole."""
