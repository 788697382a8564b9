"""Google's face of the sandbox: the Gemini API and Vertex AI under `/google`, as strict as what is known of them."""

from __future__ import annotations

from tarash_gateway_sandbox.google.faults import FAULTS

__all__ = ["FAULTS", "PREFIX"]

PREFIX = "/google"
"""What its paths begin with; `SandboxServer.google_url` is the whole address, without a version."""
