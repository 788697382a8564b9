"""What runs in another process: it reads an order from stdin and writes a report to stdout, both JSON.

Nothing but the standard library is imported at the top: what is imported after it is what is looked at.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

__all__ = ["main"]

_CONNECTS = ("socket.connect", "socket.getaddrinfo", "socket.bind", "socket.sendto", "subprocess.Popen", "os.system")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib", ".zip", ".pth")
_ON_THE_WAY = (__name__, "os", "collections.abc", "_collections_abc")
_ACCESS = os.O_WRONLY | os.O_RDWR


def main() -> None:
    """Does what stdin says."""
    order = json.load(sys.stdin)
    sys.path[:] = order["path"]
    report = {"listing": _listing, "resuming": _resuming}[order["task"]](order)
    json.dump(report, sys.stdout)


def _listing(order: dict[str, Any]) -> dict[str, Any]:
    """Imports a plugin and asks for its specs."""
    from tarash.tarash_gateway import catalog, images, videos  # noqa: F401, PLC0415 # not the plugin's doing
    from tarash.tarash_gateway.models import ImageGenerationConfig  # noqa: PLC0415
    from tarash.tarash_gateway.plugins import ProviderSpec  # noqa: PLC0415

    # The schemas of rows and specs are built with the first of them, by a library that reads a variable for each.
    ImageGenerationConfig(provider="none", model="none")
    ProviderSpec(name="none", api_version=1)
    sys.dont_write_bytecode = True  # the import system's own writing is nobody's doing
    before = set(sys.modules)
    watch = _Watch(before)
    sys.addaudithook(watch.record)
    environment, os.environ = os.environ, watch.environment()  # reads are written down
    target = importlib.import_module(order["module"])
    for part in order["attribute"].split(".") if order["attribute"] else ():
        target = getattr(target, part)
    rows = sum(len(spec.image_models) + len(spec.video_models) for spec in target.tarash_provider_specs())
    watch.over = True
    os.environ = environment  # noqa: B003 # put back what was there
    return {
        "modules": sorted(set(sys.modules) - before),
        "connections": watch.connections,
        "files": watch.files,
        "variables": watch.variables,
        "rows": rows,
    }


class _Watch:
    """Writes down what a plugin does besides importing."""

    def __init__(self, modules: set[str]) -> None:
        self.over = False
        self.modules = modules
        self.connections: list[str] = []
        self.files: list[str] = []
        self.variables: list[str] = []

    def record(self, event: str, args: tuple[Any, ...]) -> None:
        if self.over:
            return
        if event in _CONNECTS:
            self.connections.append(f"{event} {args[1:] or args}")
        elif event == "open":
            path, _, flags = args
            written = isinstance(flags, int) and bool(flags & _ACCESS)
            if isinstance(path, (str, bytes)) and (written or not _is_code(os.fsdecode(path))):
                self.files.append(os.fsdecode(path))

    def environment(self) -> Any:
        """`os.environ`, which tells of reads."""
        watch = self

        class Watched(type(os.environ)):  # type: ignore[misc] # its class has no public name
            def __getitem__(self, key: str) -> str:
                place = _reader(watch.modules)
                if not watch.over and place is not None:
                    watch.variables.append(f"{key} ({place})")
                return str(super().__getitem__(key))

        # The same table, so that what is set in one is seen in the other.
        watched = Watched.__new__(Watched)
        watched.__dict__.update(os.environ.__dict__)
        return watched


def _is_code(path: str) -> bool:
    return path.endswith(_CODE) or ".dist-info" in path or ".egg-info" in path or os.path.isdir(path)  # noqa: PTH112 # of whatever is opened


def _reader(modules: set[str]) -> str | None:
    """Returns the line that reads the environment; None where it is in a module that was there before the plugin."""
    frame: Any = sys._getframe(1)  # noqa: SLF001 # the documented way to a frame
    while frame.f_globals.get("__name__") in _ON_THE_WAY and frame.f_back is not None:
        frame = frame.f_back
    name = str(frame.f_globals.get("__name__"))
    standard = name.partition(".")[0] in sys.stdlib_module_names
    return None if standard or name in modules else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _resuming(order: dict[str, Any]) -> dict[str, Any]:
    """Fetches the video of a job."""
    from tarash.tarash_gateway import register_plugin, resume_video  # noqa: PLC0415 # after the path is set
    from tarash.tarash_gateway.models import VideoGenerationConfig, VideoJob  # noqa: PLC0415 # see above

    if order["plugin"]:
        register_plugin(importlib.import_module(order["plugin"]), replace=True)
    config = VideoGenerationConfig.model_validate({**order["config"], "api_key": order["key"]})
    response = resume_video(config, VideoJob.model_validate_json(order["job"]))
    return {"sha256": response.video.sha256}
