"""fal's face of the sandbox: one queue for every model under `/fal`, and its platform under `/fal-platform/v1`."""

from __future__ import annotations

__all__ = ["PLATFORM", "PREFIX"]

PREFIX = "/fal"
"""What the queue's paths begin with; `SandboxServer.fal_url` is the whole address."""

PLATFORM = "/fal-platform/v1"
"""What the platform's paths begin with; `SandboxServer.fal_platform_url` is the whole address."""
