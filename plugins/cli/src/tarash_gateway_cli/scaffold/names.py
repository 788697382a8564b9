"""The names of a new plugin: one that its author chooses, and those that follow from it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tarash.tarash_gateway.plugins import extras_of, normalize_name

DISTRIBUTION: Final = "tarash-gateway"

LONGEST: Final = 30
"""Characters; what is longer fits no line."""

_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_OURS: Final = ("core", "gateway", "new", "plugin", "plugins", "provider", "tarash", "testing")


class NotANameError(ValueError):
    """A provider cannot be named so.

    Args:
        message: what is wrong with it, and what would be right.
    """


@dataclass(frozen=True, slots=True)
class Names:
    """What everything in the new distribution is called."""

    provider: str
    """In a config, and of the entry point: `acme-films`."""

    @property
    def distribution(self) -> str:
        """What pip installs: `tarash-gateway-acme-films`."""
        return f"{DISTRIBUTION}-{self.provider.replace('_', '-')}"

    @property
    def module(self) -> str:
        """What Python imports: `tarash_gateway_acme_films`."""
        return self.distribution.replace("-", "_")

    @property
    def title(self) -> str:
        """The vendor's name for people: `Acme Films`."""
        return " ".join(self._words())

    @property
    def prefix(self) -> str:
        """The beginning of the class's name: `AcmeFilms`."""
        return "".join(self._words())

    @property
    def variable(self) -> str:
        """The environment variable of the key: `ACME_FILMS_API_KEY`."""
        return f"{normalize_name(self.provider).upper()}_API_KEY"

    def _words(self) -> list[str]:
        return [word.capitalize() for word in re.split("[_-]", self.provider)]

    @classmethod
    def of(cls, name: str, installed: Iterable[str] = ()) -> Names:
        """The names that follow from the provider's.

        Args:
            name: the provider's name, as it will stand in configs.
            installed: names of providers that are there already.

        Raises:
            NotANameError: it cannot be one, or is taken.
        """
        why = _not_a_word(name) or _taken(name, installed)
        if why is not None:
            raise NotANameError(why)
        return cls(name)


def _not_a_word(name: str) -> str | None:
    if _is_word(name) and not normalize_name(name).startswith(normalize_name(DISTRIBUTION)):
        return None
    near = _near(name)
    meant = f" Did you mean {near!r}?" if near else ""
    return (
        f"{name!r} cannot be a provider's name: it is at most {LONGEST} lower-case letters and digits, begins with a "
        f"letter, has single hyphens or underscores between its words, and does not begin with {DISTRIBUTION!r}.{meant}"
    )


def _taken(name: str, installed: Iterable[str]) -> str | None:
    if normalize_name(name) in {normalize_name(other) for other in installed}:
        return (
            f"a provider {name!r} is installed already (tarash plugins shows from where); two of one name exclude each "
            "other. Choose another name, or uninstall that one first."
        )
    if normalize_name(name) in {normalize_name(other) for other in (*extras_of(DISTRIBUTION), *_OURS)}:
        return f"{name!r} is taken: {DISTRIBUTION} has something of that name. Choose another."
    return None


def _is_word(name: str) -> bool:
    return len(name) <= LONGEST and _NAME.fullmatch(name) is not None


def _near(name: str) -> str | None:
    """What was probably meant, where that can be said."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1-\2", plain).lower())
    near = "-".join(words).removeprefix(DISTRIBUTION).lstrip("0123456789-")
    return near if _is_word(near) else None
