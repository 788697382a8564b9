"""Files that are either whole or not there: written beside their place under another name, then moved in one step."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from tarash.tarash_gateway.errors import SaveError, ValidationError

Exists = Literal["error", "replace", "skip"]
"""What becomes of a file that is already there: refuse, replace it, or leave it and write nothing."""


def as_place(save_to: Any) -> Path | None:
    """What a caller gave as the place of a file; None stays None.

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
    return Path(save_to)


def check_place(path: Path, exists: Exists) -> bool:
    """Tells before anything is paid whether `path` can be written.

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
def atomic_file(path: Path, exists: Exists) -> Iterator[BinaryIO]:
    """A file to write to that appears at `path` once the block ends well, and leaves nothing behind when it does not.

    Raises:
        SaveError: the disk is full, the folder is not there, or (with `exists="error"`) somebody else's file is.
    """
    try:
        with _temporary(path) as (temporary, file):
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            _move(temporary, path, exists)
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
    file = temporary.open("xb")
    try:
        yield temporary, file
    finally:
        with suppress(OSError):  # a full disk is told again at the close; what matters was told at the flush
            file.close()
        temporary.unlink(missing_ok=True)


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
    """What the operating system says of a file, as our error."""
    why = error.strerror or error
    msg = f"{path} cannot be written: {why}. Give a folder that exists, can be written to and has room."
    return SaveError(msg, errno=error.errno)
