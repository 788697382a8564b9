"""`tarash models`: lists capability rows; models that accept the same share one description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import App, Parameter

from tarash_gateway_cli.options import Flag, Json, provider_names

if TYPE_CHECKING:
    from datetime import date

    from rich.table import Table
    from rich.text import Text

    from tarash.tarash_gateway.capabilities.rows import ImageModel, VideoModel
    from tarash.tarash_gateway.models import MediaKind
    from tarash_gateway_cli.output import Output

    Row = ImageModel | VideoModel
    Status = Literal["current", "deprecated", "retired"]

app = App(name="models")


@app.default
def models(
    *,
    kind: Literal["image", "video"] | None = None,
    provider: Annotated[str | None, Parameter(alias="-p", metavar="NAME", completer=provider_names)] = None,
    status: Literal["current", "deprecated", "retired"] | None = None,
    live: Annotated[bool, Flag] = False,
    refresh: Annotated[bool, Flag] = False,
    as_json: Json = False,
) -> int:
    """Lists the models: what each one accepts, costs, and when it retires.

    Args:
        kind: Only image models, or only video models.
        provider: Only the models of this provider.
        status: Only models with this status today.
        live: Only models that their vendor serves today.
        refresh: Ask the vendors that publish what their models accept; keep it for a day.
        as_json: Print one JSON object on stdout, errors too.
    """
    from datetime import UTC, datetime

    from tarash_gateway_cli.output import Output

    output = Output(as_json=as_json)
    today = datetime.now(UTC).date()
    if refresh:
        _refresh(provider, output)
    rows: dict[MediaKind, dict[str, list[Row]]] = {"image": {}, "video": {}}
    fields: list[dict[str, Any]] = []
    for name, row_kind, row in _rows(provider, kind, status, output):
        if not live or row.lifecycle.status_on(today) != "retired":
            rows[row_kind].setdefault(name, []).append(row)
            fields.append(_as_json(name, row_kind, row, today))
    output.object({"models": fields})
    tables = [table for row_kind, by_provider in rows.items() for table in _tables(row_kind, by_provider, today)]
    for table in tables:
        output.show(table)
    if not tables:
        what = f"{kind or 'image or video'} model"
        output.note(f"No {what} is served by its vendor today." if live else f"There is no such {what}.")
    return 0


def _refresh(provider: str | None, output: Output) -> None:
    """Fetches the rows of the vendors that publish them; after an error the earlier rows stay, with a warning."""
    from tarash.tarash_gateway.catalog import list_providers, refresh_models
    from tarash.tarash_gateway.errors import TarashError
    from tarash.tarash_gateway.models import ImageGenerationConfig
    from tarash.tarash_gateway.plugins import registry

    for name in [provider] if provider is not None else list_providers():
        try:
            if not registry.spec(name).live_models:
                if provider is not None:
                    output.warn(f"{name} publishes no rows; these are the rows of its plugin")
                continue
            rows = refresh_models(ImageGenerationConfig(provider=name, model="any"))
        except TarashError as error:
            output.warn(f"{name} could not be asked: {error}")
        else:
            output.note(f"{name}: {len(rows)} rows, kept for a day")


def _rows(
    provider: str | None, kind: MediaKind | None, status: Status | None, output: Output
) -> Iterator[tuple[str, MediaKind, Row]]:
    """Yields each row with the name of its provider and its kind; a broken provider is named in a warning."""
    from tarash.tarash_gateway.capabilities.rows import ImageModel
    from tarash.tarash_gateway.catalog import list_models, list_providers
    from tarash.tarash_gateway.errors import PluginError

    for name in [provider] if provider is not None else list_providers():
        try:
            rows = list_models(name, kind=kind, status=status)
        except PluginError:
            if provider is not None:
                raise
            output.warn(f"{name} cannot be listed; tarash plugins says why")
            continue
        for row in rows:
            yield name, "image" if isinstance(row, ImageModel) else "video", row


def _as_json(provider: str, kind: MediaKind, row: Row, today: date) -> dict[str, Any]:
    fields = row.model_dump(mode="json", exclude_none=True)
    return {"provider": provider, "kind": kind, "status": row.lifecycle.status_on(today), **fields}


def _tables(kind: MediaKind, rows: Mapping[str, list[Row]], today: date) -> Iterator[Table]:
    groups: list[tuple[list[str], list[Row]]] = []
    for name, provider_rows in rows.items():
        # The sandbox serves the models of another provider: one table with both names.
        same = (names for names, other in groups if _without_price(other) == _without_price(provider_rows))
        names = next(same, None) if _is_free(provider_rows) else None
        if names is not None:
            names.append(f"{name} (free)")
        else:
            groups.append(([name], provider_rows))
    for names, provider_rows in groups:
        yield _table(f"{', '.join(names)}: {kind}s", provider_rows, today)


def _without_price(rows: list[Row]) -> list[Row]:
    return [row.model_copy(update={"price": None}) for row in rows]


def _is_free(rows: list[Row]) -> bool:
    tables = (table for row in rows if row.price for table in row.price.tables().values())
    return not any(dollars for table in tables for dollars in table.values())


_UNITS: Final = {
    "per_image": "per image",
    "per_megapixel": "per megapixel",
    "per_second": "per second",
    "per_million_tokens": "per million tokens",
}

_LEFT_WIDTH: Final = 27
"""Columns of names, lifecycles and prices, so that the tables of several providers are aligned."""


def _table(title: str, rows: list[Row], today: date) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title, "bold underline"), title_justify="left", box=None, show_header=False)
    table.add_column(overflow="fold", min_width=_LEFT_WIDTH)
    table.add_column()
    table.padding = (0, 2, 1, 0)
    # Models that accept the same share one description.
    families: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in rows:
        families.setdefault(tuple(_description(row)), []).append(row)
    for description, family in families.items():
        right = Table.grid(padding=(0, 1))
        right.add_column(style="dim", no_wrap=True)
        right.add_column()
        for label, value in description:
            right.add_row(label, Text(value))
        table.add_row(Text("\n").join(_heading(row, today) for row in family), right)
    return table


COLOURS: Final = {"current": "green", "deprecated": "yellow", "retired": "red"}


def _heading(row: Row, today: date) -> Text:
    """Returns the name of a model, its lifecycle status and its price."""
    from rich.text import Text

    status = row.lifecycle.status_on(today)
    shutdown = row.lifecycle.shutdown
    until = "" if shutdown is None else f" {'since' if status == 'retired' else 'until'} {shutdown}"
    prices = ((f"\n  {line}", "dim") for line in _prices(row))
    return Text.assemble((row.model, "bold"), "\n  ", (status, COLOURS[status]), (until, "dim"), *prices)


def _prices(row: Row) -> Iterator[str]:
    from tarash.tarash_gateway.capabilities.price import as_dollars

    tables = {} if row.price is None else row.price.tables()
    for name, unit in _UNITS.items():
        dollars = tables.get(name, {}).values()
        if not dollars or (name == "per_million_tokens" and tables["per_image"]):
            continue
        low, high = as_dollars(min(dollars)), as_dollars(max(dollars))
        single = low == high or name == "per_million_tokens"
        yield f"{high} {unit}" if single else f"{low} to {high} {unit}"


def _description(row: Row) -> Iterator[tuple[str, str]]:
    """Yields what a model accepts, each with a label; columns without a value are left out."""
    from tarash.tarash_gateway.capabilities.rows import ImageModel

    if row.sizes:
        yield "sizes", _listed_sizes(row.sizes) if isinstance(row.sizes, tuple) else str(row.sizes)
    if row.resolutions:
        yield "tiers", " ".join(row.resolutions)
    if row.aspect_ratios:
        yield "ratios", " ".join(row.aspect_ratios)
    yield from _image_description(row) if isinstance(row, ImageModel) else _video_description(row)


def _image_description(row: ImageModel) -> Iterator[tuple[str, str]]:
    columns = (("quality", row.qualities), ("style", row.styles), ("format", row.output_formats))
    yield from ((label, " ".join(values)) for label, values in columns if values)
    count = f"1 to {row.max_images} at once" if row.max_images > 1 else "one at a time"
    yield "makes", f"{count}, can be streamed" if row.streaming else count
    if row.max_input_images:
        yield "edits", _count(row.max_input_images, "image") + (" and a mask" if row.mask else "")


def _video_description(row: VideoModel) -> Iterator[tuple[str, str]]:
    if isinstance(row.durations, tuple):
        yield "seconds", " ".join(f"{seconds:g}" for seconds in sorted(row.durations))
    elif row.durations is not None:
        yield "seconds", str(row.durations)
    if row.max_videos > 1:
        yield "makes", f"1 to {row.max_videos} at once"
    if row.max_input_images:
        yield "from", _count(row.max_input_images, "image")
    operations = [operation for operation in row.operations if operation != "generate"]
    if operations:
        yield "also", " ".join(operations)
    if row.audio is not None:
        yield "sound", row.audio


def _listed_sizes(sizes: tuple[str, ...]) -> str:
    from tarash.tarash_gateway.capabilities.rules import parse_size

    return " ".join(sorted(sizes, key=lambda size: parse_size(size) is None))


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"up to {number} {noun}s"
