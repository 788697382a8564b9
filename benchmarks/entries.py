# ruff: noqa: INP001 # a script is in no package
"""How many functions of ours one image call enters, and how many files they are in.

    .venv/bin/python benchmarks/entries.py [--files] [--functions]

Counted are entries of Python functions that belong to this repository, resumed generators and comprehensions included,
of a call in a process that made one before and has no observer. The figures depend on the code alone, not on the
machine. `null` is a provider that answers at once, `openai` the OpenAI plugin before a server of canned bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from calls import ASKED, KEY, MODEL
from canned_server import picture, serving

from tarash.tarash_gateway import generate_image, register_plugin
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider, ProviderSpec, hookimpl

ROOT = Path(__file__).resolve().parent.parent
ANSWER = ImageAnswer([ImageOutput(content=picture(100))])


class Null(Provider):
    """A provider whose answer is there at once."""

    endpoint = "null://"

    def generate_image(self, prepared: Any, *, timeout: float) -> ImageAnswer:  # noqa: ARG002 # as a provider has it
        """Sends nothing."""
        return ANSWER


class NullPlugin:
    """Offers it as `null`."""

    @hookimpl
    def tarash_provider_specs(self) -> list[ProviderSpec]:
        """One provider without rows."""
        return [ProviderSpec(name="null", api_version=1)]

    @hookimpl
    def tarash_create_provider(self, config: Any) -> Provider:  # noqa: ARG002 # the hook's name for it
        """It has no state."""
        return Null()


def image_calls(base: str) -> dict[str, Callable[[], Any]]:
    """Gives an image call for each provider, by its name."""
    request = ImageGenerationRequest(**ASKED)
    null = ImageGenerationConfig(provider="null", model="null")
    openai = ImageGenerationConfig(provider="openai", model=MODEL, api_key=KEY, base_url=f"{base}/v1")
    return {"null": lambda: generate_image(null, request), "openai": lambda: generate_image(openai, request)}


def count_entries(call: Callable[[], Any]) -> Counter[CodeType]:
    """Counts how often a second call enters each function of ours."""
    counted: Counter[CodeType] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            counted[frame.f_code] += 1

    call()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    own = (str(ROOT / "core"), str(ROOT / "plugins"))
    return Counter({code: times for code, times in counted.items() if code.co_filename.startswith(own)})


def report(name: str, counted: Counter[CodeType], *, by_file: bool, by_function: bool) -> Iterator[str]:
    """The lines about one call."""
    files: Counter[str] = Counter()
    for code, times in counted.items():
        files[str(Path(code.co_filename).relative_to(ROOT))] += times
    yield f"{name}: {counted.total()} function entries in {len(files)} files"
    if by_file:
        yield from (f"{times:6}  {file}" for file, times in files.most_common())
    if by_function:
        yield from (
            f"{times:6}  {code.co_qualname}  {Path(code.co_filename).name}:{code.co_firstlineno}"
            for code, times in counted.most_common()
        )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="show the entries of each file")
    parser.add_argument("--functions", action="store_true", help="show the entries of each function")
    options = parser.parse_args()
    os.environ["TARASH_DISABLE_PLUGINS"] = "ledger,opentelemetry"
    register_plugin(NullPlugin())
    with serving() as server:
        for name, call in image_calls(f"{server}/small").items():
            lines = report(name, count_entries(call), by_file=options.files, by_function=options.functions)
            sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
