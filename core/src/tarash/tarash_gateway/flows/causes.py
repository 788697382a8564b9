"""What an exception of a plugin itself says, as far as a user may read it.

A local model's "CUDA out of memory" is all that helps. A vendor's SDK may quote the key, the prompt or a whole request.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from tarash.tarash_gateway._redaction import Redaction
from tarash.tarash_gateway.errors import GenerationFailedError, PluginError, TarashError
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.request import GenerationRequest
from tarash.tarash_gateway.plugins.spec import ProviderSpec

QUOTED = 300
"""Characters of a foreign exception that a message shows."""

_DATA = re.compile(r"[A-Za-z0-9+/_-]{60,}={0,2}")
"""Base64, or something as long: nobody reads it."""


def local_failure(error: TarashError) -> TarashError:
    """Names the error of a provider that works in this process for what it is: nothing was paid."""
    cause = error.__cause__
    if isinstance(error, PluginError) and cause is not None and not isinstance(cause, TarashError):
        failed = GenerationFailedError(f"the local model failed: {type(cause).__name__}", billable="no")
        failed.__cause__ = cause
        return failed
    error.billable = "no"
    return error


def quote_cause(error: TarashError, config: GenerationConfig, spec: ProviderSpec, request: GenerationRequest) -> None:
    """Adds to the error of a plugin what the exception behind it says, keys, prompts and data masked."""
    cause = error.__cause__
    if not isinstance(error, (PluginError, GenerationFailedError)) or cause is None or isinstance(cause, TarashError):
        return
    redaction = Redaction(_secrets(config, spec), (request.prompt, request.negative_prompt))
    words = redaction.text(_DATA.sub("[data]", _text_of(cause)), QUOTED)
    if words and words not in error.message:
        kind = type(cause).__name__
        error.message = error.message.replace(kind, f"{kind} ({words})", 1)
        error.args = (error.message,)


def _text_of(cause: BaseException) -> str:
    try:
        return str(cause)
    except Exception:  # noqa: BLE001 # whatever a stranger's exception raises
        return ""


def _secrets(config: GenerationConfig, spec: ProviderSpec) -> Iterator[str]:
    if config.api_key is not None and hasattr(config.api_key, "get_secret_value"):
        yield config.api_key.get_secret_value()
    yield from (value for value in config.provider_config.values() if isinstance(value, str))
    yield from (os.environ[name] for name in spec.key_variables if os.environ.get(name))
