"""The options of `tarash batch`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Group, Parameter

from tarash_gateway_cli.options import OUTPUT_GROUP, PROVIDER_GROUP, Flag, Json, ProviderName, Tag, model_names

ROWS: Final = Group("What is in the rows", sort_key=0)
RUN: Final = Group("How fast, and how much", sort_key=2)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RowOptions:
    """What is in the rows."""

    form: Annotated[Literal["jsonl", "csv"] | None, Parameter(name="--format", group=ROWS)] = None
    """Their format. Without it, the file's ending decides; stdin is JSON lines."""

    kind: Annotated[Literal["image", "video"], Parameter(group=ROWS)] = "image"
    """What a row is for that has no kind of its own."""

    default: Annotated[tuple[str, ...], Flag, Parameter(name="--set", metavar="KEY=VALUE", group=ROWS)] = ()
    """A field of every row that does not have it itself, as KEY=VALUE. Can be given several times."""

    inputs: Annotated[tuple[Path, ...], Parameter(metavar="FOLDER", group=ROWS, negative=())] = ()
    """A folder out of which rows may name input images, besides the folder of the rows. Can be given several times."""

    strict: Annotated[bool, Flag, Parameter(group=ROWS)] = False
    """Send nothing unless every row can be right."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """The model of rows that do not name one."""

    provider: ProviderName = None
    """The vendor. Without it: the one whose key is in the environment, else the sandbox."""

    model: Annotated[str | None, Parameter(alias="-m", metavar="NAME", group=PROVIDER_GROUP, completer=model_names)] = (
        None
    )
    """The model, for rows of the kind of --kind. Without it: the provider's first one that is current."""

    base_model: Annotated[str | None, Parameter(metavar="NAME", group=PROVIDER_GROUP)] = None
    """The model that a deployment or an alias stands for."""

    base_url: Annotated[str | None, Parameter(metavar="URL", group=PROVIDER_GROUP)] = None
    """Another server that speaks the provider's protocol."""

    timeout: Annotated[float | None, Parameter(metavar="SECONDS", group=PROVIDER_GROUP)] = None
    """Seconds for one row; a video that takes longer is left running, and the next run fetches it."""

    tag: Tag = None
    """The project that the cost belongs to, in `tarash costs`."""

    nearest: Annotated[bool, Flag, Parameter(group=PROVIDER_GROUP)] = False
    """Send the nearest value in place of a size, ratio, duration or tier that a model does not take."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How fast, and how much."""

    concurrency: Annotated[int, Parameter(alias="-j", metavar="ROWS", group=RUN)] = 16
    """Maximum rows at the same time."""

    rate: Annotated[float | None, Parameter(metavar="REQUESTS", group=RUN)] = None
    """Maximum requests a minute of one account and model. Without it, only the vendor limits the rate."""

    max_cost: Annotated[float | None, Parameter(metavar="DOLLARS", group=RUN)] = None
    """US dollars for the whole batch, earlier runs included; checked before each request."""

    retry_failed: Annotated[bool, Flag, Parameter(group=RUN)] = False
    """Send rows again that failed in an earlier run."""

    retry_unconfirmed: Annotated[bool, Flag, Parameter(group=RUN)] = False
    """Send rows again that may have been billed."""

    changed: Annotated[Literal["keep", "refuse", "redo"], Parameter(group=RUN)] = "keep"
    """When an earlier run sent another request under a row's id: keep its result, refuse the row, or make it again."""

    engine: Annotated[str, Parameter(metavar="NAME", group=RUN)] = "local"
    """Who works on the rows: this machine, or an engine of a plugin, such as ray."""

    address: Annotated[str | None, Parameter(metavar="ADDRESS", group=RUN)] = None
    """The address of the engine."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Where the files go."""

    output: Annotated[Path, Parameter(alias="-o", metavar="FOLDER", group=OUTPUT_GROUP)]
    """The folder of the files: ab/cd/<id>.png, each with a .json beside it."""

    exists: Annotated[Literal["error", "replace", "skip"], Parameter(group=OUTPUT_GROUP)] = "error"
    """For a row whose file is there and was not made by this batch: fail, replace it, or keep it."""

    journal: Annotated[Path | None, Parameter(metavar="FOLDER", group=OUTPUT_GROUP)] = None
    """The journal's folder. Without it: .journal in the folder of the files."""

    gallery: Annotated[bool, Flag, Parameter(group=OUTPUT_GROUP)] = False
    """Make a page of all files at the end."""

    dry_run: Annotated[bool, Flag, Parameter(group=OUTPUT_GROUP)] = False
    """Check every row and add up what they may cost; nothing is sent or written."""

    as_json: Json = False
    """Print one JSON object on stdout, errors too."""
