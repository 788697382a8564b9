# ruff: noqa: INP001 # a script is in no package
"""Writes the generated parts of the documentation: what comes from the capability rows and from the code.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`. Run it after a change of a row:

    .venv/bin/python scripts/tables.py

The tests compare the documents with what this would write.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import runpy
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tarash.tarash_gateway import errors, list_models, list_providers
from tarash.tarash_gateway.capabilities import DurationRule, ImageModel, Lifecycle, Price, SizeRule, VideoModel
from tarash.tarash_gateway.capabilities.check import check
from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType, VideoGenerationRequest

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md")))

_GENERATED = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


_portability = runpy.run_path(str(Path(__file__).with_name("portability.py")))


def render(text: str) -> str:
    """A document with every generated part written anew."""
    return _GENERATED.sub(lambda match: f"{match[1]}\n{_PARTS[match['name']]()}\n\n{match[3]}", text)


def image_models() -> str:
    """The image models of OpenAI and what each takes."""
    rows = [row for row in list_models("openai") if isinstance(row, ImageModel)]
    return _table(
        ("Model", "Images in one request", "Sizes", "Quality", "Style", "Input images", "Prompt, characters"),
        (
            (
                _name(row),
                str(row.max_images),
                _values(row.sizes),
                _values(row.qualities),
                _values(row.styles),
                "-" if row.max_input_images == 0 else str(row.max_input_images or "any"),
                f"{row.prompt_max_chars:,}" if row.prompt_max_chars else "any",
            )
            for row in rows
        ),
    )


def video_models() -> str:
    """The video models of OpenAI and what each takes."""
    rows = [row for row in list_models("openai") if isinstance(row, VideoModel)]
    return _table(
        ("Model", "Seconds", "Sizes", "Input images", "Sound", "Operations"),
        (
            (
                _name(row),
                _durations(row),
                _values(row.sizes),
                str(row.max_input_images),
                row.audio or "-",
                _values(row.operations),
            )
            for row in rows
        ),
    )


def lifecycles() -> str:
    """Where each model of OpenAI stands."""
    return _table(
        ("Model", "At OpenAI", "Last day", "Named replacement", "Checked on"),
        (
            (
                _name(row),
                row.lifecycle.status,
                str(row.lifecycle.shutdown or "-"),
                f"`{row.lifecycle.replacement}`" if row.lifecycle.replacement else "-",
                str(row.checked_on),
            )
            for row in list_models("openai")
        ),
    )


def openai_today() -> str:
    """Which models of OpenAI are current, and on which day the others end."""
    rows = list_models("openai")
    current = [_name(row) for row in rows if row.lifecycle.shutdown is None]
    ends: dict[Any, list[str]] = {}
    for row in sorted(rows, key=lambda row: str(row.lifecycle.shutdown)):
        if row.lifecycle.shutdown is not None:
            ends.setdefault(row.lifecycle.shutdown, []).append(_name(row))
    return "\n".join(
        [
            f"OpenAI's models, as of {max(row.checked_on for row in rows)}:",
            "",
            f"- Current: {', '.join(current)}.",
            *(f"- Last day {day}: {', '.join(names)}." for day, names in ends.items()),
        ]
    )


def azure_models() -> str:
    """The models of Azure OpenAI and where each stands."""
    return _table(
        ("Model", "On Azure", "Last day", "Checked on"),
        (
            (_name(row), row.lifecycle.status, str(row.lifecycle.shutdown or "-"), str(row.checked_on))
            for row in list_models("azure_openai")
        ),
    )


def ratios() -> str:
    """The size that goes out for each aspect ratio."""
    rows = [row for row in list_models("openai") if _sizes_for(row)]
    asked = list(dict.fromkeys(ratio for row in rows for ratio in _sizes_for(row)))
    return _table(
        ("Model", *asked),
        ((_name(row), *(_sizes_for(row).get(ratio, "-") for ratio in asked)) for row in rows),
    )


def formats() -> str:
    """What each image model puts out, and its own parameters."""
    rows = [row for row in list_models("openai") if isinstance(row, ImageModel)]
    return _table(
        ("Model", "Formats", "Background", "Mask", "Partial pictures", "Its own parameters (`extra_params`)"),
        (
            (
                _name(row),
                _values(row.output_formats),
                _values(row.backgrounds),
                "yes" if row.mask else "-",
                "yes" if row.streaming else "-",
                ", ".join(f"`{name}`" for name in row.extra_params or ()),
            )
            for row in rows
        ),
    )


def rules() -> str:
    """Rules across fields."""
    told: dict[str, list[str]] = {}
    for row in list_models("openai"):
        for rule in row.rules:
            told.setdefault(rule.because, []).append(f"`{row.model}`")
    return _table(("Rule", "Models"), ((because, ", ".join(models)) for because, models in told.items()))


def prices() -> str:
    """Prices, as far as they are known."""
    return _table(
        ("Model", "US dollars", "Basis", "Checked on"),
        (
            (_name(row), _dollars(row.price), row.price.basis, str(row.price.checked_on))
            for row in list_models("openai")
            if row.price is not None
        ),
    )


def substitutes() -> str:
    """Values that are replaced by the nearest one that the service has."""
    return _table(
        ("Model", "Field", "Asked for", "Sent"),
        (
            (_name(row), f"`{field}`", asked, sent)
            for row in list_models("openai")
            for field, table in row.substitutes.items()
            for asked, sent in table.items()
        ),
    )


def not_there() -> str:
    """Request fields that each model does not have."""
    return _table(("Model", "Does not have"), ((_name(row), _values(row.lacking())) for row in list_models("openai")))


VENDORS = ("openai", "azure_openai", "google", "google-vertex", "openrouter", "xai", "fal")
"""Providers of the comparison, as far as they are installed."""

_SAME_IMAGE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("size", {"size": "1024x1024"}),
    ("aspect_ratio", {"aspect_ratio": "16:9"}),
    ("resolution", {"resolution": "1K"}),
    ("quality", {"quality": "high"}),
    ("style", {"style": "vivid"}),
    ("n", {"n": 2}),
    ("seed", {"seed": 7}),
    ("negative_prompt", {"negative_prompt": "fog"}),
    ("background", {"background": "opaque"}),
    ("output_format", {"output_format": "png"}),
    ("image_list", {"image_list": [b"picture"]}),
    ("mask_image", {"image_list": [b"picture"], "mask_image": b"picture"}),
)
_SAME_VIDEO: tuple[tuple[str, dict[str, Any]], ...] = (
    ("duration_seconds", {"duration_seconds": 8}),
    ("size", {"size": "1280x720"}),
    ("aspect_ratio", {"aspect_ratio": "16:9"}),
    ("resolution", {"resolution": "720p"}),
    ("n", {"n": 2}),
    ("seed", {"seed": 7}),
    ("negative_prompt", {"negative_prompt": "fog"}),
    ("generate_audio=True", {"generate_audio": True}),
    ("generate_audio=False", {"generate_audio": False}),
    ("image_list: reference", {"image_list": [ImageType(image=b"picture")]}),
    ("image_list: first_frame", {"image_list": [ImageType(image=b"picture", type="first_frame")]}),
    (
        "image_list: first and last frame",
        {"image_list": [ImageType(image=b"picture", type=role) for role in ("first_frame", "last_frame")]},
    ),
    ("operation: remix", {"operation": "remix", "video": "job"}),
    ("operation: edit", {"operation": "edit", "video": "job"}),
    ("operation: extend", {"operation": "extend", "video": "job"}),
)
"""A field as the table names it, and a request with nothing else in it; of a closed column, a value of its own."""

_COLUMNS = {"size": "sizes", "resolution": "resolutions", "quality": "qualities", "style": "styles"}


def same_image() -> str:
    """What becomes of each field of an image request, by vendor."""
    return _same(_SAME_IMAGE, ImageModel, ImageGenerationRequest)


def same_video() -> str:
    """What becomes of each field of a video request, by vendor."""
    return _same(_SAME_VIDEO, VideoModel, VideoGenerationRequest)


def _same(fields: Iterable[tuple[str, dict[str, Any]]], kind: type[Any], request: type[Any]) -> str:
    installed = [name for name in VENDORS if name in list_providers()]
    rows = {name: _alive([row for row in list_models(name) if isinstance(row, kind)]) for name in installed}
    return _table(
        ("Field", *(f"`{name}`" for name in installed)),
        ((f"`{title}`", *(_fates(rows[name], given, request) for name in installed)) for title, given in fields),
    )


def _alive(rows: list[Any]) -> list[Any]:
    """The rows that are not retired; all of them where nothing is left."""
    return [row for row in rows if row.lifecycle.status != "retired"] or rows


def _fates(rows: list[Any], given: dict[str, Any], request: type[Any]) -> str:
    """What becomes of a field with each of the models, the most frequent first."""
    counted = Counter(_fate(row, given, request) for row in rows).most_common()
    if len(counted) < 2:
        return counted[0][0] if counted else "no such model"
    return ", ".join(f"{fate} ({count} of {len(rows)})" for fate, count in counted)


def _fate(row: Any, given: dict[str, Any], request: type[Any]) -> str:
    name = next(reversed(given)) if "operation" not in given else "operation"
    listed = getattr(row, _COLUMNS.get(name, ""), None)
    values = dict(given)
    if isinstance(listed, tuple) and listed and given.get(name) not in listed:
        values[name] = listed[0]
    asked = request(prompt="x", **values)
    seen: Any = check(asked, row, refuses=True, model=row.model)
    if any(problem.field.partition(".")[0] == name for problem in seen.problems):
        return "refused"
    if any(warning.startswith(f"{name}:") for warning in seen.warnings):
        return "left out"
    sent = getattr(seen.request, name)
    if sent == getattr(asked, name):
        return "taken"
    told = {adjustment.field: adjustment.sent for adjustment in seen.adjustments}
    return "adjusted" if name in told or name == "aspect_ratio" else "always so"


def openrouter_models() -> str:
    """The models of OpenRouter that are known without asking it."""
    return _table(
        ("Model", "Makes", "Seconds", "Tiers", "Sound", "US dollars a second", "Read on"),
        (
            (
                _name(row),
                "pictures" if isinstance(row, ImageModel) else "videos",
                _durations(row) if isinstance(row, VideoModel) else "-",
                _values(row.resolutions),
                (row.audio or "not known") if isinstance(row, VideoModel) else "-",
                _tiers(row),
                str(row.checked_on),
            )
            for row in list_models("openrouter")
            if row.lifecycle.status != "retired"
        ),
    )


def _tiers(row: ImageModel | VideoModel) -> str:
    """Prices by tier; those of sizes are the same ones again."""
    prices = row.price.per_second if row.price is not None else {}
    return "; ".join(f"{key} {cost:g}" for key, cost in prices.items() if "x" not in key) or "not known"


def columns(kind: type[Any]) -> str:
    """The columns of a kind of row, as their docstrings explain them."""
    source = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(source, ast.ClassDef)  # noqa: S101 # it is the source of a class
    rows: list[tuple[str, ...]] = []
    for field, told in itertools.pairwise(source.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            missing = f"{kind.__name__}.{field.target.id} has no docstring"
            assert isinstance(told, ast.Expr), missing  # noqa: S101 # our own source
            assert isinstance(told.value, ast.Constant)  # noqa: S101 # a text behind a field
            meaning = " ".join(str(told.value.value).split())
            info = kind.model_fields[field.target.id]
            default = "required" if info.is_required() else _default(info.get_default(call_default_factory=True))
            rows.append((f"`{field.target.id}`", default, meaning))
    return _table(("Column", "Without it", "Meaning"), rows)


def _default(value: Any) -> str:
    if value is None:
        return "not known"
    return "-" if value in ((), {}) else f"`{value.status if isinstance(value, Lifecycle) else value!r}`"


def error_tree() -> str:
    """The tree of errors, as the module draws it."""
    tree = (errors.__doc__ or "").split("\n\n", 1)[1].strip()
    return f"```\n{tree}\n```"


_PARTS: dict[str, Callable[[], str]] = {
    "image-models": image_models,
    "video-models": video_models,
    "lifecycles": lifecycles,
    "openai-today": openai_today,
    "portable-images": _portability["image_table"],
    "portable-videos": _portability["video_table"],
    "azure-models": azure_models,
    "ratios": ratios,
    "substitutes": substitutes,
    "not-there": not_there,
    "error-tree": error_tree,
    "columns": lambda: columns(ModelRow),
    "image-columns": lambda: columns(ImageModel),
    "video-columns": lambda: columns(VideoModel),
    "price-columns": lambda: columns(Price),
    "lifecycle-columns": lambda: columns(Lifecycle),
    "formats": formats,
    "prices": prices,
    "rules": rules,
    "same-image": same_image,
    "same-video": same_video,
    "openrouter-models": openrouter_models,
}


def _name(row: ImageModel | VideoModel) -> str:
    return f"`{row.model}`"


def _sizes_for(row: ImageModel | VideoModel) -> dict[str, str]:
    return row.aspect_ratios if isinstance(row.aspect_ratios, dict) else {}


def _values(values: Iterable[str] | SizeRule | None) -> str:
    if values is None:
        return "any"
    return str(values) if isinstance(values, SizeRule) else ", ".join(values) or "-"


def _durations(row: VideoModel) -> str:
    if row.durations is None or isinstance(row.durations, DurationRule):
        return str(row.durations or "any")
    return ", ".join(f"{seconds:g}" for seconds in sorted(row.durations))


def _dollars(price: Price) -> str:
    parts = []
    if price.per_image:
        parts.append(f"{min(price.per_image.values()):g} to {max(price.per_image.values()):g} an image")
    if price.per_megapixel:
        first = f"{price.per_megapixel['first']:g}, then " if "first" in price.per_megapixel else ""
        parts.append(f"{first}{price.per_megapixel['each']:g} a megapixel")
    if price.per_second:
        figures = sorted(set(price.per_second.values()))
        parts.append(f"{' to '.join(f'{figure:g}' for figure in figures)} a second")
    if price.per_million_tokens:
        each = ", ".join(f"{kind.replace('_', ' ')} {figure:g}" for kind, figure in price.per_million_tokens.items())
        parts.append(f"a million tokens: {each}")
    return "; ".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    for document in DOCUMENTS:
        old = document.read_text(encoding="utf-8")
        new = render(old)
        if new != old:
            document.write_text(new, encoding="utf-8")
