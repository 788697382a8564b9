"""A new distribution: its templates filled in, and written into a new folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final, Literal

from tarash.tarash_gateway.errors import SaveError
from tarash_gateway_cli.scaffold.names import Names

Kind = Literal["image", "video", "both"]
"""What the new provider generates."""

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
"""The files of a distribution, and the template of each. The ending `.tmpl` keeps linters away from templates."""

LOCAL_FILES: Final[Mapping[str, str]] = {
    "src/{module}/provider.py": "local/provider.py",
    "tests/test_conformance.py": "local/test_conformance.py",
}
"""Files of a local provider that have a template of their own."""

LINE_LENGTH: Final = 120


@dataclass(frozen=True, slots=True)
class Design:
    """What the new provider is like.

    Args:
        kind: what it generates.
        jobs: whether the vendor makes images by jobs; videos are always jobs.
        local: whether it runs a model in this process, and talks to no vendor.

    Raises:
        ValueError: these do not go together.
    """

    kind: Kind = "both"
    jobs: bool = False
    local: bool = False

    def __post_init__(self) -> None:
        if self.local and (self.kind != "image" or self.jobs):
            msg = "a local provider makes images, without jobs: --local goes with neither --jobs nor another --kind"
            raise ValueError(msg)
        if self.jobs and self.kind == "video":
            msg = "videos are always jobs: --jobs is for images"
            raise ValueError(msg)

    def parts(self) -> frozenset[str]:
        """Returns the words of the template markers that hold, such as `#[image job]`."""
        parts = {"local" if self.local else "vendor", *(("image", "video") if self.kind == "both" else (self.kind,))}
        if "image" in parts and not self.local:
            parts.add("job" if self.jobs else "call")
        if "video" in parts or self.jobs:
            parts.add("jobs")
        return frozenset(parts)


def rendered(names: Names, design: Design | None = None, today: date | None = None) -> dict[str, str]:
    """Returns the files of a new plugin, by path.

    Args:
        names: the provider's name, and those that follow from it.
        design: what the provider is like; None for one of images and videos.
        today: the date of the rows; None for today.
    """
    design = design or Design()
    day = today or date.today()  # noqa: DTZ011 # the author's own day
    values = {
        name: getattr(names, name) for name in ("provider", "distribution", "module", "title", "prefix", "variable")
    }
    values |= {"year": day.year, "month": day.month, "day": day.day}
    folder = files("tarash_gateway_cli.scaffold") / "templates"
    texts: dict[str, str] = {}
    for path, template in {**FILES, **(LOCAL_FILES if design.local else {})}.items():
        text = (folder / f"{template}.tmpl").read_text(encoding="utf-8")
        text = Template(_select_parts(text, design.parts())).substitute(values)
        texts[path.format(module=names.module)] = _without_unused_imports(text) if path.endswith(".py") else text
    return texts


def write_plugin(names: Names, folder: Path, design: Design | None = None) -> list[Path]:
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
        paths = []
        for name, text in rendered(names, design).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
            paths.append(Path(name))
    except OSError as error:
        msg = f"the plugin cannot be written to {folder}: {error.strerror or error}"
        raise SaveError(msg, errno=error.errno) from error
    return paths


def _select_parts(text: str, parts: frozenset[str]) -> str:
    """Leaves out the lines behind a marker such as `#[image job]` whose words do not all hold; `#[end]` always does."""
    lines, shown = [], True
    for line in text.splitlines(keepends=True):
        marker = re.fullmatch(r"#\[([a-z ]+)\]\n", line)
        if marker:
            shown = marker[1] == "end" or parts.issuperset(marker[1].split())
        elif shown:
            lines.append(line)
    return "".join(lines)


_MODULE: Final = re.compile(r"^import (\w+)\n", re.MULTILINE)
_NAMES: Final = re.compile(r"^from (\S+) import \(\n((?:    \w+,\n)+)\)\n", re.MULTILINE)
_GAP: Final = re.compile(r"(\nfrom __future__ import annotations\n)\n+")


def _without_unused_imports(text: str) -> str:
    """Drops the imports that no line of the selected parts uses, and lays out the others as ruff does."""
    code = _MODULE.sub("", _NAMES.sub("", text))

    def keep_module(match: re.Match[str]) -> str:
        return match[0] if re.search(rf"\b{match[1]}\.", code) else ""

    def keep_names(match: re.Match[str]) -> str:
        names = [name for name in re.findall(r"\w+", match[2]) if re.search(rf"\b{name}\b", code)]
        line = f"from {match[1]} import {', '.join(names)}\n"
        if not names or len(line) <= LINE_LENGTH + 1:
            return line if names else ""
        return "\n".join([f"from {match[1]} import (", *(f"    {name}," for name in names), ")\n"])

    # Where all imports of a block went, its blank line goes too.
    return _GAP.sub(r"\1\n", _NAMES.sub(keep_names, _MODULE.sub(keep_module, text)))
