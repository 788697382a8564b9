"""Names that are resolved when they are first used: a package's own, and those of distributions beside this one."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def names_in(modules: Mapping[str, str], *others: str) -> list[str]:
    """Returns `__all__` of a package with these lazy names, and others that it has itself; constants come first."""
    names = [*others, *(name for listed in modules.values() for name in listed.split())]
    return sorted(names, key=lambda name: (not name.isupper(), name))


def lazy_names(
    package: str, modules: Mapping[str, str], names: list[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Makes `__getattr__` and `__dir__` of a package.

    Args:
        package: its full name.
        modules: the names of each module, separated by spaces; `.` in front of a module leads out of the package.
        names: what the package exports.
    """
    homes = {name: module for module, listed in modules.items() for name in listed.split()}

    def find(name: str) -> Any:
        if name not in homes:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(import_module(f".{homes[name]}", package), name)
        vars(sys.modules[package])[name] = value
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *names})

    return find, listed


def install_command(*extras: str) -> str:
    """Returns the command that installs extras of this distribution from the wheels of `scripts/build`."""
    return f'pip install --find-links dist "tarash-gateway[{",".join(extras)}]"'


def import_companion(module: str, extra: str, name: str) -> ModuleType:
    """Imports a module of another distribution.

    Args:
        module: its full name.
        extra: the extra that brings the distribution.
        name: what is asked for, for the message.

    Raises:
        ImportError: the distribution is not installed; the message says how to install it.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        msg = (
            f"{name} is in the distribution {package.replace('_', '-')}, which is not installed. In a checkout: "
            f"scripts/build, then {install_command(extra)}"
        )
        raise ImportError(msg, name=package) from error


def moved(old: str, new: str, extra: str, name: str) -> Any:
    """Gives a name that is at home in another distribution now, with a warning.

    Args:
        old: the module that it was in.
        new: the module that it is in.
        extra: the extra that brings it.
        name: the name.
    """
    if name.startswith("__"):
        msg = f"module {old!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_companion(new, extra, f"{old}.{name}"), name)
    msg = f"{old}.{name} has moved: import it from {new}"
    warnings.warn(msg, DeprecationWarning, stacklevel=3)
    return value
