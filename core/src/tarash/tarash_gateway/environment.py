"""What the machine gives a process: its environment variables, and the user's home folder, where there is one."""

from __future__ import annotations

import os
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
    """The user's home folder; None where there is none, as for a user without a passwd entry in a container."""
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
    if not place.parts or not place.parts[0].startswith("~"):
        return place
    try:
        return place.expanduser()
    except RuntimeError as error:
        msg = f"{place}: there is no home folder for {place.parts[0]}. Set HOME, or give the path in full."
        raise ValidationError(msg) from error
