"""Which provider and which model, if the command line names none. Each choice comes with a note to print."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.models import MediaKind
from tarash.tarash_gateway.plugins import ProviderSpec, install_command, normalize_name, registry
from tarash_gateway_cli.errors import CommandError

SANDBOX: Final = "sandbox"
"""The provider that needs no key and makes no real images."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider, a model, and the notes to print about them."""

    provider: str
    model: str
    notes: tuple[str, ...] = ()


def choose(
    kind: MediaKind,
    provider: str | None,
    model: str | None,
    base_url: str | None = None,
    *,
    override: str = "-m names another",
) -> Choice:
    """Chooses the provider and the model.

    Args:
        kind: what to generate.
        provider: None for the one whose key is in the environment.
        model: None for the provider's first current model.
        base_url: the address of the provider; None for its own.
        override: how to name another model, for the note.

    Raises:
        CommandError: several providers have a key, or no provider can be used.
        PluginError: the provider is not installed, or its plugin is broken.
    """
    if provider is None:
        if base_url is not None:
            msg = "--base-url needs a provider: add -p openai, or the one whose protocol the server speaks"
            raise CommandError(msg)
        spec, notes = _by_key(kind, model)
    else:
        spec, notes = registry.spec(provider), []
    if model is None:
        row = _default_row(kind, spec, base_url)
        model = row.model
        notes.append(f"The model is {model}: {override}, tarash models lists them.")
    return Choice(spec.name, model, tuple(notes))


def split_model(text: str) -> tuple[str | None, str]:
    """Splits PROVIDER/MODEL; a model that stands alone, or whose first word is no provider, has none."""
    first, slash, rest = text.partition("/")
    if slash and normalize_name(first) in map(normalize_name, registry.names()):
        return first, rest
    return None, text


def _by_key(kind: MediaKind, model: str | None) -> tuple[ProviderSpec, list[str]]:
    specs = list(_installed_specs())
    keyed = [(spec, name) for spec in specs if (name := _key_of(spec)) is not None]
    serving = [(spec, name) for spec, name in keyed if any(model in row.names() for row in _rows(kind, spec))]
    if len(keyed) > 1 and len(serving) == 1:
        keyed = serving
    if len(keyed) > 1:
        names = ", ".join(f"{spec.name} ({name})" for spec, name in keyed)
        msg = f"there are keys of more than one provider: {names}"
        raise CommandError(msg, hints=(f"Choose one: -p {keyed[0][0].name}, or TARASH_PROVIDER={keyed[0][0].name}",))
    if keyed:
        spec, name = keyed[0]
        return spec, [f"{spec.title or spec.name} makes this {kind}, since {name} is set."]
    # The example is the provider with the most models.
    specs.sort(key=lambda spec: -len(_rows(kind, spec)))
    first = next((spec.key_variables[0] for spec in specs if spec.key_variables and _rows(kind, spec)), None)
    hint = [] if first is None else [f"For a real one: export {first}=…; tarash providers lists every key."]
    sandbox = next((spec for spec in specs if normalize_name(spec.name) == SANDBOX), None)
    if sandbox is None:
        msg = "no key is set, and the sandbox is not installed"
        raise CommandError(msg, code=4, hints=(*hint, f"For the sandbox: {install_command('sandbox')}"))
    return sandbox, [f"No key is set: the sandbox draws this {kind}, free and not a real one.", *hint]


def _default_row(kind: MediaKind, spec: ProviderSpec, base_url: str | None) -> ModelRow:
    """Returns the first current row, or an older one for the sandbox and for servers of your own, which serve them."""
    rows = sorted(_rows(kind, spec), key=lambda row: _ORDER[row.lifecycle.status_on(_today())])
    if not rows:
        msg = f"{spec.name} names no {kind} models: name one with -m"
        raise CommandError(msg)
    retired = rows[0].lifecycle.status_on(_today()) == "retired"
    if retired and spec.key_variables and base_url is None:
        msg = f"{spec.name} has no {kind} model that its vendor still serves"
        hints = (
            f"tarash models --kind {kind} lists them; -m names one that a server at --base-url still serves.",
            "To try it out: -p sandbox",
        )
        raise CommandError(msg, hints=hints)
    return rows[0]


_ORDER: Final = {"current": 0, "deprecated": 1, "retired": 2}


def _rows(kind: MediaKind, spec: ProviderSpec) -> tuple[ModelRow, ...]:
    return spec.image_models if kind == "image" else spec.video_models


def _installed_specs() -> Iterable[ProviderSpec]:
    for name in registry.names():
        try:
            yield registry.spec(name)
        except PluginError:  # reported when it is used, and by `tarash plugins`
            continue


def _key_of(spec: ProviderSpec) -> str | None:
    """Returns the environment variable that holds a key of this provider, or None."""
    return next((name for name in spec.key_variables if os.environ.get(name, "").strip()), None)


def _today() -> date:
    return datetime.now(UTC).date()
