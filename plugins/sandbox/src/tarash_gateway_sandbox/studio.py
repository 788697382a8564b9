"""Where images and videos are made: in threads of their own, beside the event loop."""

from __future__ import annotations

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from tarash_gateway_sandbox.artwork.orders import ImageOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tarash_gateway_sandbox.artwork.orders import VideoOrder

Result = TypeVar("Result")


class Studio:
    """Draws, encodes and decodes.

    Args:
        quick: Whether images and videos have one colour, instead of a landscape with the prompt on it.
    """

    def __init__(self, *, quick: bool = False) -> None:
        self.quick = quick
        self._threads: ThreadPoolExecutor | None = None

    def open(self) -> None:
        """Gets the threads."""
        # Drawing holds the processor for up to seconds: the event loop answers polls meanwhile.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tarash-sandbox-studio")

    def close(self) -> None:
        """Lets go of the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Runs something that draws, decodes or encodes, outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def images(self, orders: Sequence[ImageOrder]) -> list[bytes]:
        """Draws images."""
        return await self.run(_images, orders, self.quick)

    async def partial_images(self, order: ImageOrder, count: int) -> list[bytes]:
        """Draws the partial images that come before an image."""
        return await self.run(_partial_images, order, count, self.quick)

    async def video(self, order: VideoOrder) -> bytes:
        """Draws and encode a video."""
        return await self.run(_video, order, self.quick)

    async def poster(self, order: VideoOrder) -> bytes:
        """Draws the first frame of a video, half as wide."""
        return await self.run(_poster, order, self.quick)


def _images(orders: Sequence[ImageOrder], quick: bool) -> list[bytes]:  # noqa: FBT001 - by position, to a thread
    if quick and all(order.format != "svg" for order in orders):
        from tarash_gateway_sandbox.artwork.flat import flat_image as draw  # noqa: PLC0415 - brings Pillow
    else:
        from tarash_gateway_sandbox.artwork.image import draw  # noqa: PLC0415 - as above
    return [draw(order) for order in orders]


def _partial_images(order: ImageOrder, count: int, quick: bool) -> list[bytes]:  # noqa: FBT001 - as above
    if quick:  # images of other colours
        numbers = range(order.number + 1, order.number + 1 + count)
        return _images([dataclasses.replace(order, number=number) for number in numbers], quick)
    from tarash_gateway_sandbox.artwork.image import unfinish  # noqa: PLC0415 - brings Pillow

    [finished] = _images([order], quick)
    return [unfinish(finished, (number + 1) / (count + 1)) for number in range(count)]


def _video(order: VideoOrder, quick: bool) -> bytes:  # noqa: FBT001 - as above
    if quick:
        from tarash_gateway_sandbox.artwork.flat import flat_video as encode_video  # noqa: PLC0415 - brings Pillow and PyAV
    else:
        from tarash_gateway_sandbox.artwork.video import encode_video  # noqa: PLC0415 - as above
    return encode_video(order)


def _poster(order: VideoOrder, quick: bool) -> bytes:  # noqa: FBT001 - as above
    from tarash_gateway_sandbox.artwork.video import poster  # noqa: PLC0415 - brings Pillow and PyAV

    if not quick:
        return poster(order)
    half = ImageOrder(order.prompt, order.width // 2, order.height // 2, format="webp")
    return _images([half], quick)[0]
