# ruff: noqa: I001, PLE0605 # each name stands twice, for type checkers and for `lazy_names`, and not a third time
"""What a plugin imports: the marker for its hooks, the spec it declares, and the provider it gives.

Each name is loaded when it is first used. `docs/provider-contract.md` explains all of them.
"""

from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway._lazy import lazy_names as lazy_names, names_in

if TYPE_CHECKING:
    from tarash.tarash_gateway._environment import (
        data_folder as data_folder,
        expand_home as expand_home,
        read_variable as read_variable,
    )
    from tarash.tarash_gateway._lazy import install_command as install_command
    from tarash.tarash_gateway._redaction import Redaction as Redaction, mask as mask, mask_all as mask_all
    from tarash.tarash_gateway.media.base64 import decode_base64 as decode_base64
    from tarash.tarash_gateway.plugins._bridge import run_blocking as run_blocking
    from tarash.tarash_gateway.plugins._discovery import (
        COMMANDS as COMMANDS,
        ENGINES as ENGINES,
        OBSERVERS as OBSERVERS,
        PROVIDERS as PROVIDERS,
        InstalledPlugin as InstalledPlugin,
        discover as discover,
        extras_of as extras_of,
        normalize_name as normalize_name,
    )
    from tarash.tarash_gateway.plugins._libraries import (
        hidden_library as hidden_library,
        import_library as import_library,
    )
    from tarash.tarash_gateway.plugins._observers import observers as observers
    from tarash.tarash_gateway.plugins._plugin import Plugin as Plugin
    from tarash.tarash_gateway.plugins._registry import registry as registry
    from tarash.tarash_gateway.plugins._report import PluginReport as PluginReport, plugin_report as plugin_report
    from tarash.tarash_gateway.plugins.exchange import (
        ImageAnswer as ImageAnswer,
        ImageOutput as ImageOutput,
        ImagePart as ImagePart,
        ImageStatus as ImageStatus,
        InputFile as InputFile,
        LostVideo as LostVideo,
        Prepared as Prepared,
        PreparedRequest as PreparedRequest,
        Sink as Sink,
        UnconfirmedSubmit as UnconfirmedSubmit,
        VideoStatus as VideoStatus,
    )
    from tarash.tarash_gateway.plugins.hookspecs import (
        CallContext as CallContext,
        CallOutcome as CallOutcome,
        hookimpl as hookimpl,
        hookspec as hookspec,
    )
    from tarash.tarash_gateway.plugins.http.errors import (
        error_for_status as error_for_status,
        seconds_to_wait as seconds_to_wait,
    )
    from tarash.tarash_gateway.plugins.provider import Provider as Provider
    from tarash.tarash_gateway.plugins.spec import (
        API_VERSION as API_VERSION,
        CORE_SETTINGS as CORE_SETTINGS,
        HTTP_SETTINGS as HTTP_SETTINGS,
        ProviderSpec as ProviderSpec,
    )

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

__all__ = names_in(_MODULES)

_find, __dir__ = lazy_names(__name__, _MODULES, __all__)


def __getattr__(name: str) -> Any:
    if name == "EngineSpec":
        from tarash.tarash_gateway._lazy import moved  # noqa: PLC0415 # for plugins of 1.0 only

        return moved(__name__, "tarash_gateway_batch", "batch", name)
    return _find(name)
