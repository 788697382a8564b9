"""OpenAI's face of the sandbox, and Azure's: their protocol under `/v1` and `/openai`, as strict as the vendor."""
