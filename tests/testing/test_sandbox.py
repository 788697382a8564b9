"""The sandbox passes the kit as well, with its own server in place of the fake vendor."""

from contextlib import contextmanager

import pytest
from openai_kit import OpenAIProtocol
from sandbox_vendor import SandboxVendor

from tarash_gateway_sandbox import SandboxServer


class TestSandbox(OpenAIProtocol):
    provider = "sandbox"
    image_models = ("gpt-image-1.5", "dall-e-2")
    values_per_field = 2

    @pytest.fixture
    def calls(self):
        """One flavour: both are tried with the OpenAI plugin, whose provider it is."""
        return self.calls_of("async")

    @contextmanager
    def open_vendor(self):
        with SandboxServer(quick=True, stream_pause=0) as server:
            yield SandboxVendor(server)
