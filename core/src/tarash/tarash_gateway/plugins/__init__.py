"""What a plugin imports: the marker for its hooks, the spec it declares, and the provider it gives.

Each name is loaded when it is first used. `docs/provider-contract.md` explains all of them.
"""

from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from tarash.tarash_gateway._environment import data_folder, expand_home, read_variable
    from tarash.tarash_gateway._lazy import install_command, lazy_names
    from tarash.tarash_gateway._redaction import Redaction, mask, mask_all
    from tarash.tarash_gateway.media.base64 import decode_base64
    from tarash.tarash_gateway.plugins._bridge import run_blocking
    from tarash.tarash_gateway.plugins._discovery import (
        COMMANDS,
        ENGINES,
        OBSERVERS,
        PROVIDERS,
        InstalledPlugin,
        discover,
        extras_of,
        normalize_name,
    )
    from tarash.tarash_gateway.plugins._libraries import hidden_library, import_library
    from tarash.tarash_gateway.plugins._observers import observers
    from tarash.tarash_gateway.plugins._plugin import Plugin
    from tarash.tarash_gateway.plugins._registry import registry
    from tarash.tarash_gateway.plugins._report import PluginReport, plugin_report
    from tarash.tarash_gateway.plugins.exchange import (
        ImageAnswer,
        ImageOutput,
        ImagePart,
        ImageStatus,
        InputFile,
        LostVideo,
        Prepared,
        PreparedRequest,
        Sink,
        UnconfirmedSubmit,
        VideoStatus,
    )
    from tarash.tarash_gateway.plugins.hookspecs import CallContext, CallOutcome, hookimpl, hookspec
    from tarash.tarash_gateway.plugins.http.errors import error_for_status, seconds_to_wait
    from tarash.tarash_gateway.plugins.provider import Provider
    from tarash.tarash_gateway.plugins.spec import API_VERSION, CORE_SETTINGS, HTTP_SETTINGS, ProviderSpec

__all__ = [
    "API_VERSION",
    "COMMANDS",
    "CORE_SETTINGS",
    "ENGINES",
    "HTTP_SETTINGS",
    "OBSERVERS",
    "PROVIDERS",
    "CallContext",
    "CallOutcome",
    "ImageAnswer",
    "ImageOutput",
    "ImagePart",
    "ImageStatus",
    "InputFile",
    "InstalledPlugin",
    "LostVideo",
    "Plugin",
    "PluginReport",
    "Prepared",
    "PreparedRequest",
    "Provider",
    "ProviderSpec",
    "Redaction",
    "Sink",
    "UnconfirmedSubmit",
    "VideoStatus",
    "data_folder",
    "decode_base64",
    "discover",
    "error_for_status",
    "expand_home",
    "extras_of",
    "hidden_library",
    "hookimpl",
    "hookspec",
    "import_library",
    "install_command",
    "lazy_names",
    "mask",
    "mask_all",
    "normalize_name",
    "observers",
    "plugin_report",
    "read_variable",
    "registry",
    "run_blocking",
    "seconds_to_wait",
]

_MODULES = {
    "._environment": "data_folder expand_home read_variable",
    "._lazy": "install_command lazy_names",
    "._redaction": "Redaction mask mask_all",
    ".media.base64": "decode_base64",
    "_bridge": "run_blocking",
    "_discovery": "COMMANDS ENGINES OBSERVERS PROVIDERS InstalledPlugin discover extras_of normalize_name",
    "_libraries": "hidden_library import_library",
    "_plugin": "Plugin",
    "_observers": "observers",
    "_registry": "registry",
    "_report": "PluginReport plugin_report",
    "exchange": (
        "ImageAnswer ImageOutput ImagePart ImageStatus InputFile LostVideo "
        "Prepared PreparedRequest Sink UnconfirmedSubmit VideoStatus"
    ),
    "hookspecs": "CallContext CallOutcome hookimpl hookspec",
    "provider": "Provider",
    "spec": "API_VERSION CORE_SETTINGS HTTP_SETTINGS ProviderSpec",
    "http.errors": "error_for_status seconds_to_wait",
}

_find, __dir__ = lazy_names(__name__, _MODULES, __all__)


def __getattr__(name: str) -> Any:
    if name == "EngineSpec":
        from tarash.tarash_gateway._lazy import moved  # noqa: PLC0415 # for plugins of 1.0 only

        return moved(__name__, "tarash_gateway_batch", "batch", name)
    return _find(name)
