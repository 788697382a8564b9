"""`tarash mcp`: its options, and how the server runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from tarash.tarash_gateway.plugins import data_folder, expand_home
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.generation import journal_folder
from tarash_gateway_cli.options import ProviderName, Tag
from tarash_gateway_ledger import turn_on

EXAMPLES: Final = """\
Examples:
  tarash mcp                                   for a client that starts it and speaks over stdio
  tarash mcp -o ~/pictures --inputs ~/photos   where results go, and what may be edited
  tarash mcp --budget 20/day
  tarash mcp --http 8765                       over HTTP on this machine, with the token of TARASH_MCP_TOKEN"""

app = App(name="mcp", help_epilogue=EXAMPLES)


@app.default
def serve(
    *,
    output: Annotated[Path | None, Parameter(alias="-o", metavar="FOLDER")] = None,
    inputs: Annotated[tuple[Path, ...], Parameter(metavar="FOLDER", negative=())] = (),
    budget: Annotated[str, Parameter(metavar="DOLLARS/day")] = "5/day",
    unpriced: Annotated[float, Parameter(metavar="DOLLARS")] = 0.5,
    provider: ProviderName = None,
    tag: Tag = None,  # noqa: ARG001 # reading it sets it
    http: Annotated[int | None, Parameter(metavar="PORT")] = None,
) -> int:
    """Serves agents that speak the Model Context Protocol: they make images and videos, within a budget.

    Args:
        output: The one folder of the results. Without it: mcp in the user's data folder.
        inputs: A folder whose images may be edited, besides the folder of the results. Give it again for more.
        budget: US dollars that agents may spend: 5/day for all servers of this user, 5/session for this one, or none.
        unpriced: US dollars that are set aside for an image, or for a second of video, whose price is known only
            afterwards.
        provider: The vendor where an agent names none. Without it: the one whose key is in the environment, else the
            sandbox.
        tag: The project that the costs belong to, in `tarash costs`.
        http: Serve HTTP on this port of 127.0.0.1 in place of stdio; 0 takes a free port.
    """
    from tarash_gateway_mcp.reservation import read_budget  # noqa: PLC0415 # help needs none of it
    from tarash_gateway_mcp.server import run  # noqa: PLC0415 # as above
    from tarash_gateway_mcp.tools import Settings, Tools  # noqa: PLC0415 # as above

    home = data_folder()
    if output is None and home is None:
        msg = "there is no home folder to keep results in: say -o FOLDER"
        raise CommandError(msg)
    folder = expand_home(output) if output is not None else (home or Path()) / "mcp"
    # Observers and calls read where they write from the environment: what a client set there stays.
    os.environ.setdefault("TARASH_JOURNAL", str(journal_folder()))
    turn_on()
    settings = Settings(
        folder=folder.absolute(),  # an agent lives in another folder
        inputs=tuple(expand_home(place) for place in inputs),
        budget=read_budget(budget, None if home is None else home / "mcp-budget.jsonl"),
        unpriced=unpriced,
        provider=provider,
    )
    run(Tools(settings), http)
    return 0
