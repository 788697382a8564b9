"""Where the files of a row are: their names come from its id alone, and never lead out of the folder.

out/ab/cd/<id>.png, with `ab/cd` the beginning of the id's digest: a folder of a million names is slow on most disks.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Final

LONGEST_ID: Final = 100
"""Bytes of an id in UTF-8: with a number, an ending and the sidecar's, a name has no more than 120."""

_SIGNS: Final = frozenset("-_.+=@, ()")
"""Signs that an id may hold besides letters and digits of any script."""

_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that are devices on Windows, whatever their ending."""

_ENDINGS: Final = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/svg+xml": ".svg",
    "image/avif": ".avif",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}


def checked_id(value: object) -> str:
    """The id of a row, fit to be the name of a file on every system.

    Raises:
        ValueError: it is not; the text says why.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        msg = f"is a {type(value).__name__}; it must be text, since the files are named after it"
        raise ValueError(msg)
    name = unicodedata.normalize("NFC", value)
    problem = _problem(name)
    if problem is not None:
        msg = f"{problem}; the files are named after it: letters, digits and - _ . + = @ , ( ) fit"
        raise ValueError(msg)
    return name


def _problem(name: str) -> str | None:
    if not name:
        return "is empty"
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > LONGEST_ID:
        return f"has {size} bytes, the limit is {LONGEST_ID}"
    strange = next((char for char in name if not _fits(char)), None)
    if strange is not None:
        return f"holds {strange!r}" if strange.isprintable() else f"holds the character U+{ord(strange):04X}"
    if not (_fits(name[0]) and name[0] not in _SIGNS) and name[0] != "_":
        return f"begins with {name[0]!r}"
    if name[-1] in ". ":
        return f"ends with {name[-1]!r}"
    if ".." in name:
        return "holds '..'"
    return "is the name of a device on Windows" if _RESERVED.match(name) else None


def _fits(char: str) -> bool:
    return char in _SIGNS or unicodedata.category(char)[0] in "LNM"


def same_id(name: str) -> str:
    """What two ids have in common that are one name on some system."""
    return unicodedata.normalize("NFC", name.casefold())


def numbered(name: str, count: int) -> list[str]:
    """`city`, `city-2`, `city-3`: the names of the results of one row."""
    return [name if at == 0 else f"{name}-{at + 1}" for at in range(count)]


def leaf(name: str) -> str:
    """The folder of a row's files, from the batch's own: `ab/cd`."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:2]}/{digest[2:4]}"


def ending(content_type: str) -> str:
    """The ending of a file that holds this."""
    return _ENDINGS.get(content_type, ".bin")
