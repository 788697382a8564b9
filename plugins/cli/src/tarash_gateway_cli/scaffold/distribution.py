"""Fills in the templates, and writes them into a new folder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final, Literal

from tarash.tarash_gateway.errors import SaveError
from tarash_gateway_cli.scaffold.names import Names

Kind = Literal["image", "video", "both"]
"""What the new provider makes."""

FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "LICENSE": "LICENSE",
    ".gitignore": "gitignore",
    "src/{module}/__init__.py": "package/__init__.py",
    "src/{module}/rows.py": "package/rows.py",
    "src/{module}/provider.py": "package/provider.py",
    "src/{module}/py.typed": "package/py.typed",
    "tests/test_conformance.py": "tests/test_conformance.py",
}
"""What is written, and the template that it is made of. The ending `.tmpl` keeps linters away from them."""

_PARTS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "#[image]": ("image", "both"),
    "#[video]": ("video", "both"),
    "#[only image]": ("image",),
    "#[only video]": ("video",),
    "#[only both]": ("both",),
    "#[end]": ("image", "video", "both"),
}
"""Lines of a template after which it goes on for some kinds only."""


def rendered(names: Names, kind: Kind = "both", today: date | None = None) -> dict[str, str]:
    """The files of a new plugin, by path.

    Args:
        names: what everything is called.
        kind: what the provider makes.
        today: the day that the rows are dated; without it, today.
    """
    day = today or date.today()  # noqa: DTZ011 # the author's own day
    values = {
        name: getattr(names, name) for name in ("provider", "distribution", "module", "title", "prefix", "variable")
    }
    values |= {"year": day.year, "month": day.month, "day": day.day}
    folder = files("tarash_gateway_cli.scaffold") / "templates"
    return {
        path.format(module=names.module): Template(
            _of_kind((folder / f"{template}.tmpl").read_text(encoding="utf-8"), kind)
        ).substitute(values)
        for path, template in FILES.items()
    }


def write_plugin(names: Names, folder: Path, kind: Kind = "both") -> list[Path]:
    """Writes a new plugin into `folder`, which is made.

    Returns:
        The files, as paths below `folder`.

    Raises:
        SaveError: something is there already, or the disk does not take it.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            msg = f"{folder} is there already and is not empty; nothing was written. Give another place with --folder."
            raise SaveError(msg)
        written = []
        for name, text in rendered(names, kind).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            written.append(Path(name))
    except OSError as error:
        msg = f"the plugin cannot be written to {folder}: {error.strerror or error}"
        raise SaveError(msg, errno=error.errno) from error
    return written


def _of_kind(text: str, kind: Kind) -> str:
    """The template without the parts of other kinds."""
    kept, shown = [], True
    for line in text.splitlines(keepends=True):
        kinds = _PARTS.get(line.strip())
        if kinds is not None:
            shown = kind in kinds
        elif shown:
            kept.append(line)
    return "".join(kept)
