"""The embedded server: one for the process, started when it is first needed."""

from __future__ import annotations

import os
import threading

from tarash.tarash_gateway.plugins import read_variable
from tarash_gateway_sandbox.server import SandboxServer

JOB_SECONDS = 1.5
"""Seconds that a video job of the embedded server takes: long enough to see its progress."""

SECONDS_VARIABLE = "TARASH_SANDBOX_JOB_SECONDS"
"""Takes the place of `JOB_SECONDS`, for tests that are in a hurry."""

_lock = threading.Lock()
_server: SandboxServer | None = None


def embedded_server() -> SandboxServer:
    """Returns the server of this process, running."""
    global _server  # noqa: PLW0603 - one for the process
    with _lock:
        if _server is None:
            _server = SandboxServer(job_seconds=float(read_variable(SECONDS_VARIABLE) or JOB_SECONDS))
        return _server.start()


def _forget() -> None:
    """Forgets the server: its thread did not come along into a forked child, which starts its own."""
    global _lock, _server  # noqa: PLW0603 - see above
    _lock = threading.Lock()
    _server = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
