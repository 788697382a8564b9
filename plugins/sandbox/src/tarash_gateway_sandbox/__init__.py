"""The sandbox: an embedded stand-in vendor. No key, no network, no cost; real HTTP, real images, real videos.

`provider="sandbox"` starts a server on loopback by itself and runs the OpenAI plugin and the official SDK against it,
with the same model names. Its jobs live as long as the process. `SandboxServer` is the same server for any other
client, `serve` runs one until it is interrupted, `FAULTS` is what it plays on demand, and the pytest fixture
`tarash_sandbox` gives one to tests.

pytest imports this package at each start, and a look at the rows does: importing it loads nothing of the gateway, and
no server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash_gateway_sandbox.faults import FAULTS, Fault
    from tarash_gateway_sandbox.foreground import serve
    from tarash_gateway_sandbox.memory import Paid
    from tarash_gateway_sandbox.replies import Answer, EventStream, RawBytes
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.server import SandboxServer

__all__ = ["FAULTS", "Answer", "EventStream", "Fault", "Paid", "RawBytes", "RecordedRequest", "SandboxServer", "serve"]

_HOMES = {
    "FAULTS": "faults",
    "Fault": "faults",
    "Answer": "replies",
    "EventStream": "replies",
    "RawBytes": "replies",
    "Paid": "memory",
    "RecordedRequest": "request",
    "SandboxServer": "server",
    "serve": "foreground",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
