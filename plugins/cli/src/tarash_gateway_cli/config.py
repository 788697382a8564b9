"""From the words of a command line to a config and to the values of a request."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, MediaKind, VideoGenerationConfig
from tarash.tarash_gateway.plugins import expand_home
from tarash.tarash_gateway.text_encoding import decode_text
from tarash_gateway_cli.defaults import choose
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from tarash_gateway_cli.options import OutputOptions, ProviderOptions

ConfigT = TypeVar("ConfigT", ImageGenerationConfig, VideoGenerationConfig)


def build_config(
    config_class: type[ConfigT], kind: MediaKind, options: ProviderOptions, output: Output, **settings: Any
) -> ConfigT:
    """Builds the config of a command, and prints which defaults were chosen."""
    choice = choose(kind, options.provider, options.model, options.base_url)
    for note in choice.notes:
        output.note(note, "cyan")
    fields = without_unset(
        base_model=options.base_model,
        base_url=options.base_url,
        timeout=options.timeout,
        max_cost=options.max_cost,
        unsupported_values="nearest" if options.nearest else None,
        **settings,
    )
    return config_class(provider=choice.provider, model=choice.model, **fields)


def without_unset(**options: Any) -> dict[str, Any]:
    """Returns the options that were set: without None and empty lists."""
    return {name: value for name, value in options.items() if value is not None and value not in ([], ())}


def require_output(options: OutputOptions) -> Path:
    """Returns the file to write to.

    Raises:
        CommandError: `-o` is missing.
    """
    if options.output is None:
        msg = "no file to write to: add -o FILE"
        raise CommandError(msg)
    return expand_home(options.output)


def read_prompt(text: str) -> str:
    """Returns the prompt; `-` reads it from stdin, in any encoding that can be recognized.

    Raises:
        ValidationError: stdin holds no text.
    """
    if text != "-":
        return text
    data = getattr(sys.stdin, "buffer", None)
    return (sys.stdin.read() if data is None else decode_text(data.read(), "the prompt on stdin")).strip()


def find_image(text: str) -> str | Path:
    """Returns the address of an image, or its file.

    Raises:
        ValidationError: there is no such file.
    """
    if "://" in text or text.startswith("data:"):
        return text
    path = expand_home(text)
    if not path.is_file():
        msg = f"{text} is neither a file nor an address; nothing was sent"
        raise ValidationError(msg)
    return path


def find_video(text: str) -> str | Path:
    """Returns the file of a video if there is one of that name, else the text as the id of a job."""
    path = expand_home(text)
    return path if path.is_file() else text


def parse_params(pairs: Iterable[str]) -> dict[str, Any]:
    """Parses `KEY=VALUE`, each value as JSON if possible: `partial_images=2` is a number, `style=vivid` a text.

    Raises:
        CommandError: one has no `=`.
    """
    params: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            msg = f"--param {pair} is not KEY=VALUE"
            raise CommandError(msg)
        try:
            params[name] = json.loads(value)
        except ValueError:
            params[name] = value
    return params
