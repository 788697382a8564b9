"""Checks one row by itself: its id, its kind, its config and its request."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tarash.tarash_gateway.display.text import one_line
from tarash.tarash_gateway.errors import Problem, TarashError, ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest, MediaKind, VideoGenerationRequest
from tarash.tarash_gateway.models.fields import Word
from tarash.tarash_gateway.plugins import normalize_name
from tarash.tarash_gateway.records import StrictModel, shortened
from tarash_gateway_batch.formats import RawRow
from tarash_gateway_batch.ids import IdIndex, check_id
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.settings import AnyConfig, ConfigResolver

AnyRequest = ImageGenerationRequest | VideoGenerationRequest

REQUESTS: Final[dict[MediaKind, type[ImageGenerationRequest] | type[VideoGenerationRequest]]] = {
    "image": ImageGenerationRequest,
    "video": VideoGenerationRequest,
}

MAX_ERROR_CHARACTERS: Final = 1000
"""Characters of an error that are kept."""

_ROW_FIELDS: Final = ("id", "kind", "provider", "model")
"""Fields of a row that are not fields of the request."""


class _ModelName(StrictModel):
    provider: Word | None = None
    model: Word | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is valid by itself; its model's capability row has not been compared yet."""

    id: str
    line: int
    kind: MediaKind
    config: AnyConfig
    request: AnyRequest


def row_digest(row: Row) -> str:
    """Returns a digest that tells one row from another under the same id: its model and request, without media."""
    request = row.request.model_dump(mode="json", exclude_defaults=True, exclude={"image_list", "mask_image", "video"})
    names = [str(image.image) for image in row.request.image_list if isinstance(image.image, (str, Path))]
    facts = [normalize_name(row.config.provider), row.config.model, request, names]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:32]


class RowChecker:
    """Checks what was read, and makes rows of it.

    Args:
        configs: the configs.
        defaults: fields of the rows that do not have them themselves; fields of images are for images only.

    Raises:
        ValidationError: a default is no field of any row.
    """

    def __init__(self, configs: ConfigResolver, defaults: Mapping[str, Any]) -> None:
        self._configs = configs
        unknown = [name for name in defaults if not any(_has_field(kind, name) for kind in REQUESTS)]
        if unknown:
            msg = f"defaults hold what no row has: {', '.join(map(shortened, map(str, unknown)))}"
            raise ValidationError(msg)
        self._kind = defaults.get("kind") or configs.only_kind or "image"
        self._defaults = {
            kind: {name: value for name, value in defaults.items() if _has_field(kind, name)} for kind in REQUESTS
        }
        self._ids = IdIndex()

    def check(self, raw: RawRow) -> Row | RowOutcome:
        """Returns the row, or an outcome with all its problems."""
        if raw.problem is not None:
            return refused_outcome(None, raw.line, [Problem("line", raw.problem)])
        problems = list(raw.problems)
        own_fields = {name: value for name, value in raw.fields.items() if value is not None}
        kind = _kind(own_fields.get("kind", self._kind), problems)
        fields = {**self._defaults[kind], **own_fields}
        name = _id(fields, problems)
        config = self._config(kind, fields, problems)
        request = _request(kind, fields, problems)
        if name is not None and request is not None:
            first = self._ids.claim(name, raw.line, request.n)
            if first is not None:
                msg = f"line {first} has it already (ids that differ in upper and lower case only are the same)"
                problems.append(Problem("id", msg, value=name))
        if problems or name is None or config is None or request is None:
            return refused_outcome(name, raw.line, problems)
        return Row(name, raw.line, kind, config, request)

    def close(self) -> None:
        """Forgets the ids."""
        self._ids.close()

    def _config(self, kind: MediaKind, fields: Mapping[str, Any], problems: list[Problem]) -> AnyConfig | None:
        try:
            name = _ModelName(provider=fields.get("provider"), model=fields.get("model"))
            return self._configs.config(kind, name.provider, name.model)
        except TarashError as error:
            problems += getattr(error, "problems", ()) or [Problem("provider", str(error))]
        return None


def refused_outcome(name: str | None, line: int, problems: list[Problem]) -> RowOutcome:
    """Returns the outcome of a row that cannot be right."""
    text = one_line("; ".join(map(str, problems)), MAX_ERROR_CHARACTERS)
    return RowOutcome(id=name, line=line, status="failed", error=f"ValidationError: {text}")


def failed_outcome(row: Row, error: BaseException) -> RowOutcome:
    """Returns the outcome of a row that ended with an error."""
    message = "; ".join(map(str, getattr(error, "problems", ()))) or str(error)
    text = one_line(f"{type(error).__name__}: {message}", MAX_ERROR_CHARACTERS)
    return RowOutcome(id=row.id, line=row.line, status="failed", error=text)


def _id(fields: Mapping[str, Any], problems: list[Problem]) -> str | None:
    if "id" not in fields:
        problems.append(Problem("id", "is required: the files are named after it, and a rerun knows the row by it"))
        return None
    try:
        return check_id(fields["id"])
    except ValueError as error:
        value = fields["id"]
        problems.append(Problem("id", str(error), value=shortened(value) if isinstance(value, str) else None))
    return None


def _kind(value: Any, problems: list[Problem]) -> MediaKind:
    if value in ("image", "video"):
        return value  # type: ignore[no-any-return] # one of the two
    text = shortened(value) if isinstance(value, str) else None
    problems.append(Problem("kind", "is neither", value=text, allowed=("image", "video")))
    return "image"


def _request(kind: MediaKind, fields: Mapping[str, Any], problems: list[Problem]) -> AnyRequest | None:
    valid = REQUESTS[kind].model_fields
    problems += _unknown_fields(kind, fields)
    try:
        return REQUESTS[kind](**{name: value for name, value in fields.items() if name in valid})
    except ValidationError as error:
        problems += error.problems or [Problem("request", str(error))]
    return None


def _unknown_fields(kind: MediaKind, fields: Mapping[str, Any]) -> Iterator[Problem]:
    for name in fields:
        if _has_field(kind, name):
            continue
        text = shortened(str(name))
        near = difflib.get_close_matches(text, [*_ROW_FIELDS, *REQUESTS[kind].model_fields], n=1)
        if near:
            yield Problem(text, f"unknown field (did you mean {near[0]}?)")
        elif any(_has_field(other, name) for other in REQUESTS):
            yield Problem(text, f"unknown field of a row of the kind {kind!r}; the other kind has it")
        else:
            yield Problem(text, "unknown field")


def _has_field(kind: MediaKind, name: object) -> bool:
    return name in _ROW_FIELDS or name in REQUESTS[kind].model_fields
