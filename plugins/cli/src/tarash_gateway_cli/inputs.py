"""What is typed, made into what a request takes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.plugins import expand_home
from tarash.tarash_gateway.text_encoding import decode_text
from tarash_gateway_cli.errors import CommandError


def prompt_of(text: str) -> str:
    """The prompt; `-` reads it from stdin, in whatever encoding a program has saved it.

    Raises:
        ValidationError: stdin holds no text.
    """
    if text != "-":
        return text
    data = getattr(sys.stdin, "buffer", None)
    return (sys.stdin.read() if data is None else decode_text(data.read(), "the prompt on stdin")).strip()


def picture_of(text: str) -> str | Path:
    """A picture's address, or its file.

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


def video_of(text: str) -> str | Path:
    """A clip's file where there is one of that name, else the id of a job."""
    path = expand_home(text)
    return path if path.is_file() else text


def params_of(pairs: Iterable[str]) -> dict[str, Any]:
    """`KEY=VALUE`, each value as JSON where it is JSON: `partial_images=2` is a number, `style=vivid` a word.

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
