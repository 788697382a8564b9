"""Options that several commands take, with their help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Group, Parameter, Token

from tarash_gateway_cli.completing import model_names, provider_names

PICTURE = Group("What is to be seen", sort_key=1)
MAKER = Group("Who makes it", sort_key=2)
RESULT = Group("What becomes of it", sort_key=3)

Flag = Parameter(negative=(), show_default=False)
"""An option without a `--no-…` twin, whose default goes without saying."""

Prompt = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""What is to be seen; `-` is a file's name to many commands, and here it is stdin."""

Json = Annotated[bool, Parameter(name="--json", negative=(), show_default=False, group=RESULT)]


def _provider(_kind: object, tokens: Sequence[Token]) -> str | None:
    """Reads a provider's name; None where TARASH_PROVIDER is set to nothing, which is not to choose one."""
    name = tokens[-1].value.strip()
    return name if name or tokens[-1].source != "env" else None


ProviderName = Annotated[
    str | None,
    Parameter(
        alias="-p",
        metavar="NAME",
        env_var="TARASH_PROVIDER",
        group=MAKER,
        completer=provider_names,
        converter=_provider,
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Maker:
    """Who makes it."""

    provider: ProviderName = None
    """The vendor. Without it: the one whose key is in the environment, else the sandbox."""

    model: Annotated[str | None, Parameter(alias="-m", metavar="NAME", group=MAKER, completer=model_names)] = None
    """The model or deployment. Without it: the provider's first one that is current."""

    base_model: Annotated[str | None, Parameter(metavar="NAME", group=MAKER)] = None
    """The model that a deployment or an alias stands for."""

    base_url: Annotated[str | None, Parameter(metavar="URL", group=MAKER)] = None
    """Another address that speaks the provider's protocol."""

    timeout: Annotated[float | None, Parameter(metavar="SECONDS", group=MAKER)] = None
    """Seconds for the whole call; a video that takes longer is left running."""

    max_cost: Annotated[float | None, Parameter(metavar="DOLLARS", group=MAKER)] = None
    """US dollars; what may cost more, or has no known price, is not sent."""

    nearest: Annotated[bool, Flag, Parameter(group=MAKER)] = False
    """Send the nearest value in place of a size, ratio, duration or tier that the model does not take, and say so."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Result:
    """What becomes of it."""

    output: Annotated[Path | None, Parameter(alias="-o", metavar="FILE", group=RESULT)] = None
    """The file to write. Beside it lies a .json with prompt, parameters and cost."""

    exists: Annotated[Literal["error", "replace", "skip"], Parameter(group=RESULT)] = "error"
    """When the file is there already: stop, replace it, or keep it and send nothing."""

    dry_run: Annotated[bool, Flag, Parameter(group=RESULT)] = False
    """Show what would be sent, the checks and the cost; nothing leaves this machine."""

    as_json: Json = False
    """Print one JSON object on stdout, errors too."""


UNSAID_MAKER: Final = Maker()
UNSAID_RESULT: Final = Result()
"""What a command line that says nothing comes to."""
