"""What a plugin imports: the marker for its hooks, the spec it declares, and the provider it gives."""

from typing import Any

from tarash.tarash_gateway.environment import expand_home, read_variable
from tarash.tarash_gateway.media.base64 import decode_base64
from tarash.tarash_gateway.plugins.bridge import run_blocking
from tarash.tarash_gateway.plugins.hookspecs import hookimpl
from tarash.tarash_gateway.plugins.libraries import import_library
from tarash.tarash_gateway.plugins.observers import CallContext, CallOutcome
from tarash.tarash_gateway.plugins.provider import (
    ImageAnswer,
    ImageOutput,
    ImagePart,
    ImageStatus,
    InputFile,
    LostVideo,
    Prepared,
    PreparedRequest,
    Provider,
    UnconfirmedSubmit,
    VideoStatus,
)
from tarash.tarash_gateway.plugins.sink import Sink
from tarash.tarash_gateway.plugins.spec import API_VERSION, CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec
from tarash.tarash_gateway.plugins.status import error_for_status, seconds_to_wait
from tarash.tarash_gateway.redaction import Redaction, mask, mask_all

__all__ = [
    "API_VERSION",
    "CORE_SETTINGS",
    "HTTP_SETTINGS",
    "CallContext",
    "CallOutcome",
    "ImageAnswer",
    "ImageOutput",
    "ImagePart",
    "ImageStatus",
    "InputFile",
    "LostVideo",
    "Prepared",
    "PreparedRequest",
    "Provider",
    "ProviderSpec",
    "Redaction",
    "Sink",
    "UnconfirmedSubmit",
    "VideoStatus",
    "decode_base64",
    "error_for_status",
    "expand_home",
    "hookimpl",
    "import_library",
    "mask",
    "mask_all",
    "read_variable",
    "run_blocking",
    "seconds_to_wait",
]


def __getattr__(name: str) -> Any:
    if name == "EngineSpec":
        from tarash.tarash_gateway.companions import moved  # noqa: PLC0415 # for plugins of 1.0 only

        return moved(__name__, "tarash_gateway_batch", "batch", name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
