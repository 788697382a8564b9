"""A server in the foreground, as a command line runs it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.server import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Callable


def serve(
    *, on_start: Callable[[SandboxServer], None] | None = None, until: threading.Event | None = None, **options: Any
) -> None:
    """Runs a server until Ctrl-C.

    Args:
        on_start: Called with the server when it listens, to show its `url`.
        until: Ends it, too, when set.
        **options: What `SandboxServer` takes: `host`, `port`, `faults`, `on_request` and more.

    Raises:
        OSError: The address cannot be listened on.
        ValueError: An option is wrong, such as a fault that does not exist.
    """
    stop = until or threading.Event()
    with SandboxServer(**options) as server:
        if on_start is not None:
            on_start(server)
        with contextlib.suppress(KeyboardInterrupt):
            stop.wait()
