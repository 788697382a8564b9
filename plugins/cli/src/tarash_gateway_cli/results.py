"""The files of a result: their names, checked before anything is paid; saving them; and what is printed about them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.media.files import Exists, check_place, content_type_of, numbered
from tarash.tarash_gateway.media.sidecar import check_sidecar, sidecar_path
from tarash.tarash_gateway.models import ImageGenerationResponse, Media, VideoGenerationResponse
from tarash.tarash_gateway.models.rescue import save_paid
from tarash.tarash_gateway.plugins import install_command
from tarash_gateway_cli.output import Output

Response = ImageGenerationResponse | VideoGenerationResponse


def format_of(path: Path) -> str | None:
    """Returns the image format that the ending of `path` stands for, or None."""
    family, _, name = (content_type_of(path.suffix) or "").partition("/")
    return name.partition("+")[0] if family == "image" else None


def numbered_paths(path: Path, count: int) -> list[Path]:
    """Returns `city.png`, `city-2.png`, `city-3.png`."""
    return [path.with_stem(numbered(path.stem, index)) for index in range(count)]


def check_paths(paths: Sequence[Path], exists: Exists) -> bool:
    """Checks, before anything is paid, whether the files and their sidecars can be written.

    Returns:
        False if all of them exist and are kept, so that nothing has to be sent.

    Raises:
        SaveError: one cannot be written, or exists and `exists` is `error`.
    """
    to_write = [path for path in paths if check_place(path, exists)]
    for path in to_write:
        check_sidecar(path, exists)
    return bool(to_write)


@dataclass(frozen=True, slots=True)
class Saved:
    """The files of one call."""

    files: list[tuple[Media, Path]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why a file is missing, is in another place, or has no sidecar."""


def note_saved(journal: Journal, response: Response, files: Sequence[tuple[Media, Path]]) -> list[str]:
    """Records in the journal which files hold the images of a response; returns what could not be written.

    The image is there, and that is what counts: a journal that cannot be written fails no call.
    """
    # The journal has a resumed job under the request that submitted it.
    request_id = (response.job and response.job.request_id) or response.request_id
    problems = []
    for media, path in files:
        try:
            journal.note_saved(request_id, path, media.sha256)
        except SaveError as error:
            problems.append(str(error))
    return problems


def save_images(images: Sequence[Media], paths: Sequence[Path], exists: Exists) -> Saved:
    """Writes images that were paid for; an error with one of them does not stop the others.

    An image that cannot be written to its path goes to the folder for temporary files.
    """
    saved = Saved()
    for number, (image, target) in enumerate(zip(images, paths, strict=False), start=1):
        if exists == "skip" and target.exists():
            saved.files.append((image, target))
            continue
        try:
            path, problem = save_paid(image, target, exists)
        except Exception as error:  # noqa: BLE001 # the other images are paid for as well
            saved.problems.append(f"image {number} of {len(images)} is paid for and could not be saved: {error}")
            continue
        saved.files.append((image, path))
        if problem is not None:
            saved.problems.append(str(problem))
    return saved


def save_sidecars(videos: Sequence[Media], path: Path, exists: Exists) -> Saved:
    """Writes the sidecars of videos that the download has written already, to `path` or beside it."""
    saved = Saved([(video, video.path or path) for video in videos])
    for video in videos:
        try:
            video.write_sidecar(exists)
        except SaveError as error:  # the video is there: that is what counts
            saved.problems.append(str(error))
    return saved


def print_result(output: Output, response: Response, saved: Saved) -> None:
    """Prints the paths on stdout and the rest on stderr, or one JSON object."""
    warnings = [*saved.problems, *response.warnings, *_mismatches(saved)]
    cost = _cost(response)
    for media, path in saved.files:
        output.path(path)
        output.note(f"  {str(media).strip('<>')}{f', {cost}' if cost and len(response.media) == 1 else ''}")
    if cost and len(response.media) > 1:
        output.note(f"  total {cost}")
    for adjustment in response.adjustments:
        output.note(f"  {adjustment}")
    for warning in warnings:
        output.warn(warning)
    files = [file_as_json(media, path) for media, path in saved.files]
    fields = response.model_dump(mode="json", exclude=_LEFT_OUT, exclude_none=True)
    output.object({"files": files, **fields, "warnings": warnings})


_LEFT_OUT: Final = {"images", "videos", "raw_response", "request", "warnings"}


def print_skipped(output: Output, paths: Sequence[Path]) -> None:
    """Prints that all files exist and nothing was sent."""
    for path in paths:
        output.path(path)
    output.note("  already exists; nothing was sent")
    output.object({"files": [{"path": str(path)} for path in paths], "skipped": True})


def _cost(response: Response) -> str | None:
    if response.cost is None:
        return None
    source = "as the vendor says" if response.cost_source == "vendor" else "by its price list"
    return f"{as_dollars(response.cost)} {source}" if response.cost else "free"


def _mismatches(saved: Saved) -> Iterator[str]:
    """Yields a warning for each file whose ending is that of another format."""
    for media, path in saved.files:
        expected = content_type_of(path.suffix)
        if expected not in (None, media.content_type):
            yield f"{path.name} contains {media.content_type}, which its ending does not say"


def file_as_json(media: Media, path: Path) -> dict[str, Any]:
    """Returns a saved file for `--json`."""
    sidecar = sidecar_path(path)
    return {
        "path": str(path),
        "sidecar": str(sidecar) if sidecar.exists() else None,
        "sha256": media.sha256,
        "content_type": media.content_type,
        "width": media.width,
        "height": media.height,
        "duration_seconds": media.duration_seconds,
        "size_bytes": media.size_bytes,
        "verified": media.verified,
        "revised_prompt": media.revised_prompt,
    }


LIBRARY: Final = "textual_image"
"""The library of the extra `cli-pictures`: it draws in kitty and in terminals with sixels, such as iTerm2 and Windows
Terminal."""

_GRAPHICS_TERMINALS: Final[Mapping[str, tuple[str, ...]]] = {
    "TERM": ("xterm-kitty", "xterm-ghostty", "foot", "foot-extra", "mlterm", "contour", "yaft-256color"),
    "TERM_PROGRAM": ("iTerm.app", "WezTerm", "ghostty", "vscode", "rio", "mintty"),
    "KITTY_WINDOW_ID": (),
    "KONSOLE_VERSION": (),
    "WT_SESSION": (),
    "WEZTERM_PANE": (),
}
"""Environment variables of terminals that show images; without values, any value counts."""

_MAX_COLUMNS: Final = 60


def _shows_images() -> bool:
    """Whether the environment names a terminal that shows images.

    Only then is the library imported: its import asks the terminal and waits for an answer.
    """
    found = ((os.environ.get(name), values) for name, values in _GRAPHICS_TERMINALS.items())
    return any(value in values if values else True for value, values in found if value)


def show_images(output: Output, paths: Sequence[Path]) -> None:
    """Shows images in a terminal that can; does nothing elsewhere, and never fails."""
    if output.as_json or not (sys.stdout.isatty() and sys.stdin.isatty()) or not _shows_images():
        return
    if find_spec(LIBRARY) is None:
        output.note("  This terminal can show images: " + install_command("cli-pictures"))
        return
    try:
        library = import_module(f"{LIBRARY}.renderable")  # here, since the import asks the terminal
        if library.Image in (library.SixelImage, library.TGPImage):
            for path in paths:
                output.out.print(library.Image(path, width=min(_MAX_COLUMNS, output.out.width), height="auto"))
    except Exception:  # noqa: BLE001 # the image is saved: that it cannot be shown is no error
        output.note("  The image cannot be shown here.")
