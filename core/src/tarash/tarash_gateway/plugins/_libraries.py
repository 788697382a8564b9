"""Libraries that are imported when they are first used, and files of the user that hide them.

A script named `openai.py` is what `import openai` gives to everything beside it. The SDK's own modules then come from
there, or the script runs once more inside its own call.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tarash.tarash_gateway._metadata import PackageNotFoundError, distribution
from tarash.tarash_gateway.errors import Billable, ConfigurationError

HTTP_LIBRARY: Final = "httpx2"
"""What every call needs."""


def import_library(name: str) -> Any:
    """Imports a library that a call needs, such as a vendor's SDK. Call it while no lock is held.

    An import runs foreign code, of the library and of whatever hides a part of it: with a lock of ours held, that code
    would wait for itself.

    Args:
        name: the module, such as `openai`.

    Returns:
        The module.

    Raises:
        ConfigurationError: a file of the user hides the library, or one that it needs; the text names the file.
        ImportError: it is not installed.
    """
    _check(name.partition(".")[0])
    try:
        return import_module(name)
    except Exception as error:
        hidden = hidden_library(error)
        if hidden is not None:
            raise hidden from error
        raise


@cache
def _check(name: str) -> None:
    """Looks for files that hide a library, before it is imported: an import would run them."""
    home = _home_of(name)
    if home is None:
        return
    for place in _before(home):
        # A package may be hidden by a newer copy of itself, which is the user's right; a single file is no copy of it.
        names = {path.stem for path in place.glob("*.py")} & {path.name for path in home.iterdir() if path.is_dir()}
        for hidden in sorted(names & _needs(name)) if names else ():
            raise _hides(place / f"{hidden}.py", hidden)


def _home_of(name: str) -> Path | None:
    """Finds the folder that a library is installed in; None where it is not a folder of files."""
    try:
        home = Path(str(distribution(name).locate_file("")))
    except PackageNotFoundError:
        return None
    return home if (home / name).is_dir() else None


def _before(home: Path) -> Iterator[Path]:
    """Yields the folders that are searched for modules before `home`."""
    for entry in sys.path:
        place = Path(entry or ".").absolute()
        if place == home:
            return
        if place.is_dir():
            yield place


def _needs(name: str) -> set[str]:
    """Returns the names of a distribution and of all that it requires, as those of modules."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        found.add(each)
        try:
            requires = distribution(each).requires or ()
        except PackageNotFoundError:
            continue
        plain = (text for text in requires if "extra ==" not in text)
        waiting += [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0].lower().replace("-", "_") for text in plain]
    return found


def hidden_library(error: BaseException, billable: Billable = "no") -> ConfigurationError | None:
    """Explains an error that comes from a file of the user which hides a library; None where it does not.

    Args:
        error: what was raised.
        billable: whether something may have been paid for when it was raised.
    """
    visited: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in visited:
        visited.add(id(each))
        module = _module_of(each)
        file = _hiding_file(module)
        if module is not None and file is not None:
            return _hides(file, module.__name__, billable)
        each = each.__cause__ or each.__context__
    # A module that needs the HTTP library may be the one that is not whole: in a script that hides it and runs again.
    return _hidden_http(billable)


def _hidden_http(billable: Billable) -> ConfigurationError | None:
    try:
        _check(HTTP_LIBRARY)
    except ConfigurationError as found:
        found.billable = billable
        return found
    return None


def _module_of(error: BaseException) -> ModuleType | None:
    """Returns the module that lacks what was wanted of it."""
    if isinstance(error, AttributeError):
        return error.obj if isinstance(error.obj, ModuleType) else None
    if isinstance(error, ImportError) and error.name:
        return sys.modules.get(error.name.partition(".")[0])
    return None


def _hiding_file(module: ModuleType | None) -> Path | None:
    """Finds the file of a module that is the user's and hides a library or the standard library; else None."""
    name, file = getattr(module, "__name__", ""), getattr(module, "__file__", None)
    if not name or "." in name or not isinstance(file, str):
        return None
    own = Path(file).absolute()
    place = own.parent.parent if own.name == "__init__.py" else own.parent
    entries = [Path(entry or ".").absolute() for entry in sys.path]
    if place not in entries or any(place.glob(f"{name}-*.dist-info")):
        return None
    other = PathFinder.find_spec(name, [str(entry) for entry in entries[entries.index(place) + 1 :]])
    return own if other is not None and other.origin is not None else None


def _hides(file: Path, name: str, billable: Billable = "no") -> ConfigurationError:
    msg = (
        f"{file} hides the library {name!r}: Python imports that file in its place. "
        "Rename it and remove its __pycache__, or start Python in another folder."
    )
    return ConfigurationError(msg, billable=billable)
