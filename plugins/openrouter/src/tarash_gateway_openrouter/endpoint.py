"""Where the vendor is, and the environment variables that name a key and another address."""

from typing import Final

OPENROUTER_URL: Final = "https://openrouter.ai/api/v1"
KEY_VARIABLE: Final = "OPENROUTER_API_KEY"
URL_VARIABLE: Final = "OPENROUTER_BASE_URL"
