"""The Azure OpenAI plugin passes the kit that is for everybody."""

from openai_kit import OpenAIProtocol


class TestAzureOpenAI(OpenAIProtocol):
    provider = "azure_openai"
    base_path = "/openai/v1"
    # The rows are those of the OpenAI plugin, as far as Azure offers the models.
    image_models = ("gpt-image-2", "gpt-image-1.5")
    values_per_field = 2
