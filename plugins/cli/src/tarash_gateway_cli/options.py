"""The options that several commands share, their help, and what Tab offers for them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Group, Parameter, Token

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

REQUEST_GROUP: Final = Group("Request", sort_key=1)
PROVIDER_GROUP: Final = Group("Provider", sort_key=2)
OUTPUT_GROUP: Final = Group("Output", sort_key=3)

Flag = Parameter(negative=(), show_default=False)
"""An option without a `--no-…` form and without a default in the help."""

Prompt = Annotated[str, Parameter(allow_leading_hyphen=True)]
"""The prompt; `-` reads it from stdin."""

Json = Annotated[bool, Parameter(name="--json", negative=(), show_default=False, group=OUTPUT_GROUP)]


def provider_names(_context: CompletionContext) -> Iterable[str]:
    """Completes the name of a provider: those that are installed."""
    from tarash.tarash_gateway import list_providers  # noqa: PLC0415 # when Tab is pressed

    return list_providers()


def model_names(context: CompletionContext) -> Mapping[str, str]:
    """Completes the name of a model, of the provider on the line or of all, each with its lifecycle status."""
    from tarash.tarash_gateway import list_models  # noqa: PLC0415 # when Tab is pressed

    provider = context.get("provider")
    rows = list_models(provider.raw if provider is not None else None)
    today = datetime.now(UTC).date()
    return {row.model: row.lifecycle.status_on(today) for row in reversed(rows)}


def _provider(_kind: object, tokens: Sequence[Token]) -> str | None:
    """Reads the name of a provider; None where TARASH_PROVIDER is set to nothing, which chooses none."""
    name = tokens[-1].value.strip()
    return name if name or tokens[-1].source != "env" else None


ProviderName = Annotated[
    str | None,
    Parameter(
        alias="-p",
        metavar="NAME",
        env_var="TARASH_PROVIDER",
        group=PROVIDER_GROUP,
        completer=provider_names,
        converter=_provider,
    ),
]


def _set_tag(_kind: object, tokens: Sequence[Token]) -> str:
    """Sets the tag of this process: an observer reads it from the environment."""
    from tarash_gateway_ledger import TAG  # noqa: PLC0415 # --help needs none of it

    os.environ[TAG] = tokens[-1].value
    return tokens[-1].value


Tag = Annotated[str | None, Parameter(metavar="NAME", group=PROVIDER_GROUP, converter=_set_tag)]
"""The project that the cost of a command belongs to; TARASH_TAG is the same."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ProviderOptions:
    """The provider and the limits of the call."""

    provider: ProviderName = None
    """The vendor. Default: the one whose key is in the environment, else the sandbox."""

    model: Annotated[str | None, Parameter(alias="-m", metavar="NAME", group=PROVIDER_GROUP, completer=model_names)] = (
        None
    )
    """The model or deployment. Default: the provider's first current model."""

    base_model: Annotated[str | None, Parameter(metavar="NAME", group=PROVIDER_GROUP)] = None
    """The model behind a deployment or an alias."""

    base_url: Annotated[str | None, Parameter(metavar="URL", group=PROVIDER_GROUP)] = None
    """Another address that speaks the provider's protocol."""

    timeout: Annotated[float | None, Parameter(metavar="SECONDS", group=PROVIDER_GROUP)] = None
    """Seconds for the whole call; a video that takes longer is left running."""

    max_cost: Annotated[float | None, Parameter(metavar="DOLLARS", group=PROVIDER_GROUP)] = None
    """US dollars; what may cost more, or has no known price, is not sent."""

    tag: Tag = None
    """The project that the cost belongs to, in `tarash costs`."""

    nearest: Annotated[bool, Flag, Parameter(group=PROVIDER_GROUP)] = False
    """Replace a size, ratio, duration or tier that the model does not take by the nearest one, and say so."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """The file and the form of the output."""

    output: Annotated[Path | None, Parameter(alias="-o", metavar="FILE", group=OUTPUT_GROUP)] = None
    """The file to write. A .json beside it has the prompt, the parameters and the cost."""

    exists: Annotated[Literal["error", "replace", "skip"], Parameter(group=OUTPUT_GROUP)] = "error"
    """If the file exists: stop, replace it, or keep it and send nothing."""

    dry_run: Annotated[bool, Flag, Parameter(group=OUTPUT_GROUP)] = False
    """Show what would be sent, the checks and the cost; nothing leaves this machine."""

    as_json: Json = False
    """Print one JSON object on stdout, errors too."""


DEFAULT_PROVIDER: Final = ProviderOptions()
DEFAULT_OUTPUT: Final = OutputOptions()
"""What a command line without options means."""
