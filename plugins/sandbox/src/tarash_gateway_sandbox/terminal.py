"""`tarash sandbox`: the server in a terminal, and the list of what it plays on demand."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from tarash.tarash_gateway.errors import ConfigurationError, ValidationError

if TYPE_CHECKING:
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.server import SandboxServer

PORT = 8765

EXAMPLES = """\
Examples:
  tarash sandbox serve
  tarash sandbox serve --port 0 --job-seconds 20
  tarash sandbox serve --fault rate_limited*2 --fault poll_500"""

app = App(name="sandbox", help="A stand-in vendor: no key, no network, no cost.", help_epilogue=EXAMPLES)


def _fault_names(_context: object) -> dict[str, str]:
    from tarash_gateway_sandbox.faults import FAULTS  # noqa: PLC0415 - when Tab is pressed

    return {name: fault.summary for name, fault in FAULTS.items()}


@app.command
def serve(
    *,
    host: Annotated[str, Parameter(metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, Parameter(metavar="NUMBER")] = PORT,
    fault: Annotated[
        tuple[str, ...], Parameter(metavar="NAME", negative=(), show_default=False, completer=_fault_names)
    ] = (),
    job_seconds: Annotated[float, Parameter(metavar="SECONDS")] = 1.5,
    profile: Literal["openai", "compatible"] = "openai",
    quick: Annotated[bool, Parameter(negative=())] = False,
    allow_host: Annotated[tuple[str, ...], Parameter(metavar="NAME", negative=(), show_default=False)] = (),
) -> None:
    """Serves the sandbox until Ctrl-C, with a line for each request.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        fault: What goes wrong, as tarash sandbox faults lists it; NAME*3 for three times. Give it again for more.
        job_seconds: How long a video takes.
        profile: As strict as the vendor, or lenient as a server that only speaks its protocol.
        quick: Draw nothing: images and videos of one colour, of the size and length asked for.
        allow_host: A further name that it answers to on this machine, as behind a proxy. Give it again for more.
    """
    from tarash_gateway_sandbox.foreground import serve as run  # noqa: PLC0415 - help needs no server

    try:
        run(
            on_start=_tell_address,
            on_request=_tell_request,
            host=host,
            port=port,
            faults=fault,
            job_seconds=job_seconds,
            profile=profile,
            quick=quick or None,
            allowed_hosts=allow_host,
        )
    except ValueError as error:
        # The text goes on with every name there is.
        msg = f"{str(error).partition(' There are')[0]} tarash sandbox faults lists them."
        raise ValidationError(msg) from error
    except OSError as error:
        msg = (
            f"{host}:{port} cannot be listened on: {error.strerror or error}. Give another --port, or 0 for a free one."
        )
        raise ConfigurationError(msg) from error
    print("\nThe sandbox has ended, and its jobs with it.", file=sys.stderr)  # noqa: T201 - a command's own words


@app.command
def faults() -> None:
    """Lists what the sandbox plays with --fault."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from tarash_gateway_sandbox.faults import FAULTS  # noqa: PLC0415 - for this command alone

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for fault in FAULTS.values():
        table.add_row(fault.name, Text(fault.summary))
    Console(highlight=False).print(table)


def _tell_address(server: SandboxServer) -> None:
    # The address alone on stdout, for a script; the rest for people.
    print(server.url, flush=True)  # noqa: T201 - a command's own words
    instructions = f"""\
  The key is {server.api_key}; any other works, too. Nothing costs anything.

  tarash image "A harbour at night" -o harbour.png -p sandbox --base-url {server.url}
  export OPENAI_BASE_URL={server.url} OPENAI_API_KEY={server.api_key}

  Ctrl-C ends it."""
    print(instructions, file=sys.stderr, flush=True)  # noqa: T201 - a command's own words


def _tell_request(request: RecordedRequest, status: int) -> None:
    from rich.console import Console
    from rich.text import Text

    fields = request.json if isinstance(request.json, dict) else request.fields
    # What a client sent must not steer the terminal.
    path, model = (
        "".join(char if char.isprintable() else "?" for char in str(text))[:100]
        for text in (request.path, fields.get("model") or "")
    )
    style = "red" if status == 0 or status >= 500 else "yellow" if status >= 400 else "green"
    time = f"{datetime.now().astimezone():%H:%M:%S}"
    line = Text.assemble(
        (time, "dim"), " ", (str(status or "cut"), style), f" {request.method:6} {path}", (f"  {model}", "dim")
    )
    Console(stderr=True, highlight=False).print(line, soft_wrap=True)
