"""Rows that come slowly, such as those of a pipe: read in a thread, so that nobody else waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import Any, Final

AHEAD: Final = 64
"""Rows that are read before somebody wants them."""

_END: Final = object()


class InThread:
    """The items of a blocking iterable, for one `async for`.

    Whoever leaves the loop early leaves the thread waiting for its next item; it ends with the process.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items

    async def __aiter__(self) -> AsyncIterator[Any]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Any] = asyncio.Queue()
        room = threading.Semaphore(AHEAD)

        def read() -> None:
            last: Any = _END
            try:
                for item in self._items:
                    room.acquire()
                    loop.call_soon_threadsafe(queue.put_nowait, item)
            except BaseException as error:  # noqa: BLE001 # raised where the items are wanted
                last = error
            with suppress(RuntimeError):  # the loop is closed: nobody wants them any more
                loop.call_soon_threadsafe(queue.put_nowait, last)

        threading.Thread(target=read, name="tarash-rows", daemon=True).start()
        while (item := await queue.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
            room.release()
