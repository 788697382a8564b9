"""xAI's face of the sandbox: Grok Imagine's REST protocol under `/xai/v1`, as strict as what is known of the vendor."""

from __future__ import annotations

__all__ = ["PREFIX"]

PREFIX = "/xai/v1"
"""What its paths begin with; `SandboxServer.xai_url` is the whole address."""
