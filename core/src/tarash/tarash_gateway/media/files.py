"""Files that are either whole or not there: written beside their place under another name, then moved in one step."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, get_args

from tarash.tarash_gateway._environment import expand_home
from tarash.tarash_gateway.errors import SaveError, ValidationError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

Target = Path | str | os.PathLike[str]
"""A file's place."""

Exists = Literal["error", "replace", "skip"]
"""What to do about a file that is already there: refuse, replace it, or leave it and write nothing."""


def numbered(stem: str, index: int) -> str:
    """Returns the name of one of several results: `city`, `city-2`, `city-3`.

    Args:
        stem: the name of the first one.
        index: which one, from 0.
    """
    return stem if index == 0 else f"{stem}-{index + 1}"


def as_place(save_to: Any) -> Path | None:
    """Reads a caller's path of a file; None stays None.

    Raises:
        ValidationError: it is no path.
    """
    if save_to is None:
        return None
    try:
        text = os.fspath(save_to)
        usable = isinstance(text, str) and bool(text) and b"\0" not in os.fsencode(text)
    except (TypeError, ValueError):
        usable = False
    if not usable:
        msg = "save_to is no path of a file: give it as text or as a Path"
        raise ValidationError(msg)
    return expand_home(save_to)


def check_place(path: Path, exists: Exists) -> bool:
    """Checks before anything is paid whether `path` can be written.

    Returns:
        False where the file is there and `exists` is `skip`, True where a file is to be written.

    Raises:
        SaveError: the folder is missing or cannot be written to, or the file is there and `exists` is `error`.
        ValidationError: `exists` is none of the three words.
    """
    if exists not in get_args(Exists):
        msg = f"exists={exists!r} is none of {', '.join(get_args(Exists))}"
        raise ValidationError(msg)
    try:
        if path.is_dir():
            msg = f"{path} is a folder: give the name of a file."
            raise SaveError(msg)
        if path.exists():
            if not path.is_file():
                msg = f"{path} is no file: give the name of one."
                raise SaveError(msg)
            if exists == "skip":
                return False
            if exists == "error":
                raise _already_there(path)
        with _temporary(path):
            pass
    except OSError as error:
        raise cannot_write(path, error) from error
    return True


@contextmanager
def atomic_file(path: Path, exists: Exists, *, private: bool = False) -> Iterator[BinaryIO]:
    """Opens a file that appears at `path` if the block succeeds, and leaves nothing behind if it fails.

    A link at `path`, or in place of the unfinished file, is never followed.

    Args:
        path: its place.
        exists: what to do about a file that is already there.
        private: whether only its owner may read it (0600), as what holds prompts; otherwise the umask says.

    Raises:
        SaveError: the disk is full, the folder is not there, or (with `exists="error"`) somebody else's file is.
    """
    try:
        with _temporary(path) as (temporary, file):
            if private and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)
            yield file
            file.flush()
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()  # there an open file cannot be moved; elsewhere it keeps its lock until it has its name
            _move(temporary, path, exists)
    except OSError as error:
        raise cannot_write(path, error) from error


def keep_part(part: Path, file: BinaryIO, place: Path) -> Path:
    """Gives the unfinished file of `atomic_file` a name of its own, so that it outlives the block.

    Args:
        part: where it is.
        file: what the block writes to; on Windows it is closed.
        place: its new name. A file of that name is replaced; what a link there leads to is not touched.

    Returns:
        `place`.

    Raises:
        OSError: it cannot be moved.
    """
    if fcntl is None:
        file.close()
    part.replace(place)
    return place


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    temporary, file = _claimed(path)
    try:
        yield temporary, file
    finally:
        if fcntl is None:
            _close(file)
        if file.closed or _is_at(temporary, file):  # once it was moved, the name may be another download's
            temporary.unlink(missing_ok=True)
        _close(file)


def _claimed(path: Path) -> tuple[Path, BinaryIO]:
    """Makes a file of our own beside `path`.

    Its name says where it belongs, and it is locked as long as it is written to: what a killed process left behind is
    taken over by the next one that goes to the same place. While another process writes there, ours has a random name.
    """
    stem = "." + os.fsencode(path.name)[:80].decode(errors="ignore")
    if fcntl is not None:
        file = _locked(path.with_name(f"{stem}.part"))
        if file is not None:
            return Path(file.name), file
    temporary = path.with_name(f"{stem}.{secrets.token_hex(4)}.part")
    return temporary, temporary.open("xb")


def _locked(temporary: Path) -> BinaryIO | None:
    """Opens the file of that name, empty and locked; None where another process holds it."""
    try:
        file: BinaryIO = temporary.open("xb")
    except FileExistsError:
        return _left_behind(temporary)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # taken over in the moment between the two steps
        file.close()
        return None
    except OSError:
        pass  # a file system without locks: a new file is ours all the same
    return file


def _left_behind(temporary: Path) -> BinaryIO | None:
    """Takes over a file that nobody holds any more; never what a link in its place leads to."""
    try:
        file: BinaryIO = open(temporary, "r+b", opener=_no_link)  # noqa: SIM115 # a Path has no opener
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(file.fileno())
        ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid()
        # Whoever held it may have given it its name meanwhile: then it is a finished file, and no more ours to empty.
        if ours and _is_at(temporary, file):
            file.truncate()
            return file
    except OSError:
        pass
    file.close()
    return None


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether the name still is the open file's."""
    try:
        return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(file.fileno()))  # noqa: PTH116
    except OSError:
        return False


def _close(file: BinaryIO) -> None:
    with suppress(OSError):  # the close of a full disk fails again; the flush has raised already
        file.close()


def _move(temporary: Path, path: Path, exists: Exists) -> None:
    if exists == "replace":
        temporary.replace(path)
        return
    try:
        # A link, unlike a rename, never overwrites a file that appeared in the meantime.
        path.hardlink_to(temporary)
    except FileExistsError:
        if exists == "error":
            raise _already_there(path) from None
    except OSError:
        # A file system without links: claim the name first, then move over the empty file that is ours.
        try:
            path.open("xb").close()
        except FileExistsError:
            if exists == "error":
                raise _already_there(path) from None
            return
        try:
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise


def _already_there(path: Path) -> SaveError:
    msg = (
        f"{path} is already there. Give another name, or exists='replace' to overwrite it, or exists='skip' to keep it."
    )
    return SaveError(msg)


def cannot_write(path: Path, error: OSError) -> SaveError:
    """Makes our error of an error of the operating system."""
    why = error.strerror or error
    msg = f"{path} cannot be written: {why}. Give a folder that exists, can be written to and has room."
    return SaveError(msg, errno=error.errno)


# The first ending of a type is the one that files get; the others are read too.
_ENDINGS: Final = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/svg+xml": (".svg",),
    "image/avif": (".avif",),
    "image/heic": (".heic",),
    "image/heif": (".heif",),
    "image/tiff": (".tif", ".tiff"),
    "image/bmp": (".bmp",),
    "image/jxl": (".jxl",),
    "image/jp2": (".jp2",),
    "video/mp4": (".mp4",),
    "video/quicktime": (".mov",),
    "video/x-m4v": (".m4v",),
    "video/webm": (".webm",),
    "video/x-matroska": (".mkv",),
    "video/x-msvideo": (".avi",),
    "video/mp2t": (".ts",),
    "audio/mp4": (".m4a",),
}
_TYPES: Final = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}


def ending_of(content_type: str) -> str:
    """Returns the ending of a file of that type, with its dot; `.bin` for a type that is not in the table."""
    return _ENDINGS.get(content_type, (".bin",))[0]


def content_type_of(ending: str) -> str | None:
    """Returns the type that files with that ending have; None for an ending that is not in the table.

    Args:
        ending: with its dot, in any case: `.png`, `.JPEG`.
    """
    return _TYPES.get(ending.lower())
