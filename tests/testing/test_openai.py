"""The OpenAI plugin passes the kit that is for everybody."""

from openai_kit import OpenAIProtocol


class TestOpenAI(OpenAIProtocol):
    provider = "openai"
