"""From what was typed to a config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import expand_home
from tarash_gateway_cli.defaults import Kind, choose
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from tarash_gateway_cli.options import Maker

ConfigT = TypeVar("ConfigT", ImageGenerationConfig, VideoGenerationConfig)


def config_of(kind_of_config: type[ConfigT], kind: Kind, maker: Maker, output: Output, **known: Any) -> ConfigT:
    """The config of a command; what was chosen for the user is told."""
    choice = choose(kind, maker.provider, maker.model, maker.base_url)
    for note in choice.notes:
        output.note(note, "cyan")
    options = said(
        base_model=maker.base_model,
        base_url=maker.base_url,
        timeout=maker.timeout,
        max_cost=maker.max_cost,
        unsupported_values="nearest" if maker.nearest else None,
        **known,
    )
    return kind_of_config(provider=choice.provider, model=choice.model, **options)


def said(**options: Any) -> dict[str, Any]:
    """Those options that were given."""
    return {name: value for name, value in options.items() if value is not None and value not in ([], ())}


def need_output(path: Path | None) -> Path:
    """The file to write to.

    Raises:
        CommandError: there is none.
    """
    if path is None:
        msg = "no file to write to: say -o FILE"
        raise CommandError(msg)
    return expand_home(path)
