"""OpenRouter's face of the sandbox: its protocol under `/api/v1`, as strict as the vendor's own description of it."""

from __future__ import annotations

from tarash_gateway_sandbox.openrouter.faults import FAULTS

__all__ = ["FAULTS", "PREFIX"]

PREFIX = "/api/v1"
"""What its paths begin with; `SandboxServer.openrouter_url` is the whole address."""
