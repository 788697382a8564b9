"""Pictures in the terminal itself, where it can show them and the library for it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tarash.tarash_gateway.plugins import install_command
from tarash_gateway_cli.output import Output

LIBRARY: Final = "textual_image"
"""Of the extra `cli-pictures`: it speaks to kitty and to every terminal with sixels, iTerm2 and Windows Terminal among
them."""

_SHOW: Final[Mapping[str, tuple[str, ...]]] = {
    "TERM": ("xterm-kitty", "xterm-ghostty", "foot", "foot-extra", "mlterm", "contour", "yaft-256color"),
    "TERM_PROGRAM": ("iTerm.app", "WezTerm", "ghostty", "vscode", "rio", "mintty"),
    "KITTY_WINDOW_ID": (),
    "KONSOLE_VERSION": (),
    "WT_SESSION": (),
    "WEZTERM_PANE": (),
}
"""Environment variables by which a terminal that shows pictures is known; without values, being there is enough."""

_MOST_COLUMNS: Final = 60


def can_show(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal says of itself that it shows pictures.

    Only then is the library imported: it asks the terminal, and waits for an answer.
    """
    return any(
        environment[name] in values if values else True for name, values in _SHOW.items() if environment.get(name)
    )


def show_pictures(output: Output, paths: Sequence[Path]) -> None:
    """Shows the first pictures below their paths; does nothing where the terminal cannot, and never fails."""
    if output.as_json or not (sys.stdout.isatty() and sys.stdin.isatty()) or not can_show():
        return
    if find_spec(LIBRARY) is None:
        output.note("  This terminal can show pictures: " + install_command("cli-pictures"))
        return
    try:
        shown = import_module(f"{LIBRARY}.renderable")  # here, since it asks the terminal when it is imported
        if shown.Image in (shown.SixelImage, shown.TGPImage):
            for path in paths:
                output.out.print(shown.Image(path, width=min(_MOST_COLUMNS, output.out.width), height="auto"))
    except Exception:  # noqa: BLE001 # the picture is saved; that it cannot be shown is no reason to fail
        output.note("  It cannot be shown here.")
