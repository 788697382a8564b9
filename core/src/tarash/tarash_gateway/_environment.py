"""What the machine gives a process: its environment variables, and the user's home folder, where there is one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tarash.tarash_gateway.errors import ConfigurationError, ValidationError

_QUOTES = "\"'"


def read_variable(name: str) -> str | None:
    """Reads an environment variable: without the white space around it, None where nothing is left.

    Args:
        name: the variable.

    Raises:
        ConfigurationError: it holds a line break or another control character, or is in quotes. The value, which may
            be a key, is not shown.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        return None
    at = next((i for i, char in enumerate(value) if char < " " or char == "\x7f"), None)
    if at is not None:
        kind = "a line break" if value[at] in "\r\n" else "a control character"
        msg = f"{name} holds {kind} at position {at + 1} of {len(value)}. Set the variable again, to one line of text."
        raise ConfigurationError(msg)
    if len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]:
        msg = (
            f"{name} holds quotes around its value. A shell takes them off, a file of variables such as that of "
            "docker --env-file keeps them: set the variable again, without quotes."
        )
        raise ConfigurationError(msg)
    return value


def home_folder() -> Path | None:
    """Finds the user's home folder; None where there is none, as for a user without a passwd entry."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def expand_home(path: str | os.PathLike[str]) -> Path:
    """Puts the home folder in place of a leading `~`, as a shell does where a word begins with it.

    Raises:
        ValidationError: there is no such home folder.
    """
    place = Path(path)
    if not str(os.fspath(path)).startswith("~"):
        return place
    try:
        return place.expanduser()
    except RuntimeError as error:
        msg = f"{place}: there is no home folder for {place.parts[0]}. Set HOME, or give the path in full."
        raise ValidationError(msg) from error


def cache_folder() -> Path | None:
    """Finds the folder for what can be fetched again: the one of `TARASH_CACHE`, else in the user's cache folder.

    Returns:
        None where no variable names a folder and the user has no home: nothing is kept then.
    """
    chosen = read_variable("TARASH_CACHE")
    if chosen:
        return expand_home(chosen)
    return _user_folder("XDG_CACHE_HOME", linux=".cache", mac="Library/Caches", windows="tarash/Cache")


def data_folder() -> Path | None:
    """Finds the folder for what is to be kept, such as the journal of the command line, in the user's data folder.

    Returns:
        None where the user has no home and `XDG_DATA_HOME` names none.
    """
    return _user_folder("XDG_DATA_HOME", linux=".local/share", mac="Library/Application Support", windows="tarash")


def _user_folder(variable: str, *, linux: str, mac: str, windows: str) -> Path | None:
    home = home_folder()
    if sys.platform == "win32":
        local = read_variable("LOCALAPPDATA")
        base = Path(local) if local else home and home / "AppData" / "Local"
        return base and base / windows
    if sys.platform == "darwin":
        return home and home / mac / "tarash"
    named = Path(read_variable(variable) or "")
    base = named if named.is_absolute() else home and home / linux  # a relative one is invalid, by its specification
    return base and base / "tarash"
