"""What `tarash models` shows: one row a model, providers with the same models together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import parse_size
from tarash.tarash_gateway.catalog import list_models, list_providers, refresh_models
from tarash.tarash_gateway.errors import PluginError, TarashError
from tarash.tarash_gateway.models import ImageGenerationConfig
from tarash.tarash_gateway.plugins import registry
from tarash_gateway_cli.defaults import Kind
from tarash_gateway_cli.exit_codes import OK
from tarash_gateway_cli.output import Output

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_LEFT: Final = 27
"""Columns of names, lives and prices, so that the tables of several providers stand in line."""

COLOURS: Final = {"current": "green", "deprecated": "yellow", "retired": "red"}

Row = ImageModel | VideoModel


def show_models(
    kind: Kind | None, provider: str | None, status: Any, *, live: bool, as_json: bool, refresh: bool = False
) -> int:
    """Shows capability rows.

    Returns:
        The exit code.
    """
    output = Output(as_json=as_json)
    today = datetime.now(UTC).date()
    if refresh:
        _refresh(provider, output)
    found: dict[str, list[Row]] = {}
    for name in [provider] if provider is not None else list_providers():
        try:
            rows = list_models(name, kind=kind, status=status)
        except PluginError:
            if provider is not None:
                raise
            output.warn(f"{name} cannot be listed; tarash plugins says why")
            continue
        found[name] = [row for row in rows if not live or row.lifecycle.status_on(today) != "retired"]
    output.object({"models": [_as_json(name, row, today) for name, rows in found.items() for row in rows]})
    shown = list(_tables(found, today))
    for table in shown:
        output.show(table)
    if not shown:
        what = f"{kind or 'image or video'} model"
        output.note(f"No {what} is served by its vendor today." if live else f"There is no such {what}.")
    return OK


def _refresh(provider: str | None, output: Output) -> None:
    """Fetches the rows of the vendors that publish them; one that cannot be asked is told, and its old rows stay."""
    for name in [provider] if provider is not None else list_providers():
        try:
            if not registry.spec(name).live_models:
                if provider is not None:
                    output.warn(f"{name} publishes no rows: what its plugin brings is shown")
                continue
            rows = refresh_models(ImageGenerationConfig(provider=name, model="any"))
        except TarashError as error:
            output.warn(f"{name} could not be asked: {error}")
        else:
            output.note(f"{name}: {len(rows)} rows, kept for a day")


def _as_json(provider: str, row: Row, today: date) -> dict[str, Any]:
    kind = "image" if isinstance(row, ImageModel) else "video"
    known = row.model_dump(mode="json", exclude_none=True)
    return {"provider": provider, "kind": kind, "status": row.lifecycle.status_on(today), **known}


def _tables(found: dict[str, list[Row]], today: date) -> Iterator[Table]:
    for kind, kind_of_row in (("images", ImageModel), ("videos", VideoModel)):
        groups: list[tuple[list[str], list[Row]]] = []
        for name, rows in found.items():
            mine = [row for row in rows if isinstance(row, kind_of_row)]
            # The sandbox serves another provider's models: told once, under both names.
            same = next(
                (names for names, others in groups if _free(mine) and _priceless(others) == _priceless(mine)), None
            )
            if same is not None:
                same.append(f"{name} (free)")
            elif mine:
                groups.append(([name], mine))
        for names, rows in groups:
            yield _table(f"{', '.join(names)}: {kind}", rows, today)


def _priceless(rows: list[Row]) -> list[Row]:
    return [row.model_copy(update={"price": None}) for row in rows]


def _free(rows: list[Row]) -> bool:
    """Whether nothing of it costs anything."""
    return not any(
        dollars for row in rows if row.price for table in row.price.tables().values() for dollars in table.values()
    )


def _table(title: str, rows: list[Row], today: date) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title, "bold underline"), title_justify="left", box=None, show_header=False)
    table.add_column(overflow="fold", min_width=_LEFT)
    table.add_column()
    table.padding = (0, 2, 1, 0)
    # Models of one family take the same: told once, beside all of them.
    families: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in rows:
        families.setdefault(tuple(_takes(row)), []).append(row)
    for takes, family in families.items():
        right = Table.grid(padding=(0, 1))
        right.add_column(style="dim", no_wrap=True)
        right.add_column()
        for label, value in takes:
            right.add_row(label, Text(value))
        table.add_row(Text("\n").join(_name(row, today) for row in family), right)
    return table


def _name(row: Row, today: date) -> Text:
    from rich.text import Text

    lines = ((f"\n  {line}", "dim") for line in _price(row))
    return Text.assemble((row.model, "bold"), "\n  ", *_life(row, today), *lines)


def _life(row: ModelRow, today: date) -> Iterator[tuple[str, str]]:
    status = row.lifecycle.status_on(today)
    yield status, COLOURS[status]
    if row.lifecycle.shutdown is not None:
        yield f" {'since' if status == 'retired' else 'until'} {row.lifecycle.shutdown}", "dim"


def _takes(row: Row) -> Iterator[tuple[str, str]]:
    """What the columns of a row come to, each with its label; what is not known is left out."""
    if row.sizes:
        yield "sizes", _listed(row.sizes) if isinstance(row.sizes, tuple) else str(row.sizes)
    if row.resolutions:
        yield "tiers", " ".join(row.resolutions)
    if row.aspect_ratios:
        yield "ratios", " ".join(row.aspect_ratios)
    yield from _picture_takes(row) if isinstance(row, ImageModel) else _clip_takes(row)


def _picture_takes(row: ImageModel) -> Iterator[tuple[str, str]]:
    columns = (("quality", row.qualities), ("style", row.styles), ("format", row.output_formats))
    yield from ((label, " ".join(values)) for label, values in columns if values)
    count = f"1 to {row.max_images} at once" if row.max_images > 1 else "one at a time"
    yield "makes", f"{count}, can be streamed" if row.streaming else count
    if row.max_input_images:
        yield "edits", _count(row.max_input_images, "picture") + (" and a mask" if row.mask else "")


def _clip_takes(row: VideoModel) -> Iterator[tuple[str, str]]:
    if row.durations is not None:
        seconds = row.durations
        yield "seconds", " ".join(f"{one:g}" for one in sorted(seconds)) if isinstance(seconds, tuple) else str(seconds)
    if row.max_videos > 1:
        yield "makes", f"1 to {row.max_videos} at once"
    if row.max_input_images:
        yield "from", _count(row.max_input_images, "picture")
    more = [operation for operation in row.operations if operation != "generate"]
    if more:
        yield "also", " ".join(more)
    if row.audio is not None:
        yield "sound", row.audio


def _listed(sizes: tuple[str, ...]) -> str:
    return " ".join(sorted(sizes, key=lambda size: parse_size(size) is None))


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"up to {number} {noun}s"


def _price(row: Row) -> Iterator[str]:
    if row.price is None:
        return
    tables: tuple[tuple[Mapping[Any, float], str], ...] = (
        (row.price.per_image, "a picture"),
        (row.price.per_megapixel, "a megapixel"),
        (row.price.per_second, "a second"),
    )
    for values, unit in tables:
        if values:
            low, high = as_dollars(min(values.values())), as_dollars(max(values.values()))
            yield f"{low if low == high else f'{low} to {high}'} {unit}"
    if row.price.per_million_tokens and not row.price.per_image:
        yield f"{as_dollars(max(row.price.per_million_tokens.values()))} a million tokens"
