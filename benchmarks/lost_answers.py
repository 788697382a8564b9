# ruff: noqa: INP001 # a script is in no package
"""Counts the creating requests that each library sends when every answer is lost: `python benchmarks/lost_answers.py`.

A server on loopback reads each request to its end and closes the connection. Each library that is installed makes one
image call with its defaults. `docs/comparison.md` has the figures.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

MODEL = "gpt-image-2"
PROMPT = "A tram in the rain"


class SilentServer:
    """Reads requests and closes the connection; `requests` counts them."""

    def __init__(self) -> None:
        """Listens on a free port of loopback."""
        self.requests = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                received = b""
                while b"\r\n\r\n" not in received and (piece := connection.recv(65_536)):
                    received += piece
                self.requests += bool(received)


def call_gateway(url: str) -> None:
    """Calls `generate_image` of this project."""
    from tarash.tarash_gateway import generate_image  # noqa: PLC0415 # only what is installed is measured
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest  # noqa: PLC0415 # as above

    config = ImageGenerationConfig(provider="openai", model=MODEL, base_url=url, api_key="any")
    generate_image(config, ImageGenerationRequest(prompt=PROMPT))


def call_openai(url: str) -> None:
    """Calls the vendor's own SDK."""
    from openai import OpenAI

    OpenAI(api_key="any", base_url=url).images.generate(model=MODEL, prompt=PROMPT)


def call_litellm(url: str) -> None:
    """Calls LiteLLM."""
    from litellm import image_generation  # noqa: PLC0415 # as above

    image_generation(prompt=PROMPT, model=f"openai/{MODEL}", api_base=url, api_key="any")


CONTENDERS: dict[str, Callable[[str], None]] = {
    "tarash-gateway": call_gateway,
    "openai": call_openai,
    "litellm": call_litellm,
}


def count_requests(call: Callable[[str], None]) -> int | None:
    """Counts the creating requests of one call; None where the library is not installed."""
    server = SilentServer()
    with contextlib.suppress(Exception):
        try:
            call(server.url)
        except ModuleNotFoundError:
            return None
    return server.requests


def main() -> None:
    """Prints a line for each library."""
    for name, call in CONTENDERS.items():
        requests = count_requests(call)
        print(f"{name}: {'not installed' if requests is None else f'{requests} creating requests'}")  # noqa: T201 # a script


if __name__ == "__main__":
    main()
