"""The fixture `tarash_sandbox`, which pytest finds once the distribution is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tarash_gateway_sandbox.server import SandboxServer

JOB_SECONDS = 0.2
STREAM_PAUSE = 0.01
SLOW_SECONDS = 0.3


@pytest.fixture(scope="session")
def _tarash_sandbox_server() -> Iterator[SandboxServer]:
    # Here: this module is imported at every start of pytest, in projects that may never use the fixture.
    from tarash_gateway_sandbox.server import SandboxServer  # noqa: PLC0415

    with SandboxServer(job_seconds=JOB_SECONDS) as server:
        yield server


@pytest.fixture
def tarash_sandbox(_tarash_sandbox_server: SandboxServer) -> SandboxServer:
    """A running sandbox server without requests, scripted answers or jobs; its jobs take 0.2 seconds.

    With the environment variable TARASH_SANDBOX_QUICK=1, or after `tarash_sandbox.quick = True`, it draws nothing:
    images and videos have one colour, and the size, format and length that were asked for.
    """
    from tarash_gateway_sandbox.server import quick_by_default  # noqa: PLC0415 - as above

    _tarash_sandbox_server.clear()
    _tarash_sandbox_server.job_seconds = JOB_SECONDS
    _tarash_sandbox_server.stream_pause = STREAM_PAUSE
    _tarash_sandbox_server.slow_seconds = SLOW_SECONDS
    _tarash_sandbox_server.quick = quick_by_default()
    return _tarash_sandbox_server
