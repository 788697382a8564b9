"""The Azure OpenAI plugin passes the kit that is for everybody."""

import pytest
from openai_kit import OpenAIProtocol


class TestAzureOpenAI(OpenAIProtocol):
    provider = "azure_openai"
    base_path = "/openai/v1"
    key_header = "api-key"
    # The rows are those of the OpenAI plugin, as far as Azure offers the models.
    image_models = ("gpt-image-2", "gpt-image-1.5")
    values_per_field = 2

    # What Azure changes is the address, the key and the rows, for both flavours in one place; the requests are sent by the
    # OpenAI plugin's provider, which is tried in both flavours at each commit.
    @pytest.fixture(params=[pytest.param("sync", marks=pytest.mark.slow), "async"])
    def calls(self, request):
        return self.calls_of(request.param)
