"""One row, checked by itself: its id, its kind, who makes it, and the request that it comes to."""

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
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.models.fields import Word
from tarash.tarash_gateway.plugins import normalize_name
from tarash.tarash_gateway.records import StrictModel, shortened
from tarash_gateway_batch.formats import RawRow
from tarash_gateway_batch.ids import Seen, checked_id
from tarash_gateway_batch.results import RowOutcome
from tarash_gateway_batch.settings import Accounts, AnyConfig, Kind

AnyRequest = ImageGenerationRequest | VideoGenerationRequest

REQUESTS: Final[dict[Kind, type[ImageGenerationRequest] | type[VideoGenerationRequest]]] = {
    "image": ImageGenerationRequest,
    "video": VideoGenerationRequest,
}

MOST_SAID: Final = 1000
"""Characters of an error that are kept."""

_OWN: Final = ("id", "kind", "provider", "model")
"""Fields of a row that are not the request's."""


class _Maker(StrictModel):
    provider: Word | None = None
    model: Word | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be sent, as far as it can be told without its model's capability row."""

    id: str
    line: int
    kind: Kind
    config: AnyConfig
    request: AnyRequest


def row_digest(row: Row) -> str:
    """What tells one row from another under the same id: who makes it, and the request, media left out."""
    request = row.request.model_dump(mode="json", exclude_defaults=True, exclude={"image_list", "mask_image", "video"})
    names = [str(image.image) for image in row.request.image_list if isinstance(image.image, (str, Path))]
    facts = [normalize_name(row.config.provider), row.config.model, request, names]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:32]


class RowChecker:
    """Makes rows of what was read.

    Args:
        accounts: the configs.
        defaults: fields of the rows that do not have them themselves; those of pictures are for pictures only.

    Raises:
        ValidationError: there is a default that no row can have.
    """

    def __init__(self, accounts: Accounts, defaults: Mapping[str, Any]) -> None:
        self._accounts = accounts
        unknown = [name for name in defaults if not any(_takes(kind, name) for kind in REQUESTS)]
        if unknown:
            msg = f"defaults hold what no row has: {', '.join(map(shortened, map(str, unknown)))}"
            raise ValidationError(msg)
        self._kind = defaults.get("kind") or accounts.only_kind or "image"
        self._defaults = {
            kind: {name: value for name, value in defaults.items() if _takes(kind, name)} for kind in REQUESTS
        }
        self._seen = Seen()

    def check(self, raw: RawRow) -> Row | RowOutcome:
        """The row, or what is wrong with it: all of it at once."""
        if raw.problem is not None:
            return refusal(None, raw.line, [Problem("line", raw.problem)])
        problems = list(raw.problems)
        given = {name: value for name, value in raw.fields.items() if value is not None}
        kind = _kind(given.get("kind", self._kind), problems)
        fields = {**self._defaults[kind], **given}
        name = _id(fields, problems)
        config = self._config(kind, fields, problems)
        request = _request(kind, fields, problems)
        if name is not None and request is not None:
            first = self._seen.claim(name, raw.line, request.n)
            if first is not None:
                msg = f"line {first} has it already (ids that differ in upper and lower case only are the same)"
                problems.append(Problem("id", msg, value=name))
        if problems or name is None or config is None or request is None:
            return refusal(name, raw.line, problems)
        return Row(name, raw.line, kind, config, request)

    def close(self) -> None:
        """Lets go of what was remembered."""
        self._seen.close()

    def _config(self, kind: Kind, fields: Mapping[str, Any], problems: list[Problem]) -> AnyConfig | None:
        try:
            maker = _Maker(provider=fields.get("provider"), model=fields.get("model"))
            return self._accounts.config(kind, maker.provider, maker.model)
        except TarashError as error:
            problems += getattr(error, "problems", ()) or [Problem("provider", str(error))]
        return None


def refusal(name: str | None, line: int, problems: list[Problem]) -> RowOutcome:
    """The outcome of a row that cannot be right."""
    text = one_line("; ".join(map(str, problems)), MOST_SAID)
    return RowOutcome(id=name, line=line, status="failed", error=f"ValidationError: {text}")


def failure(row: Row, error: BaseException) -> RowOutcome:
    """The outcome of a row for which there was an error."""
    told = "; ".join(map(str, getattr(error, "problems", ()))) or str(error)
    text = one_line(f"{type(error).__name__}: {told}", MOST_SAID)
    return RowOutcome(id=row.id, line=row.line, status="failed", error=text)


def _id(fields: Mapping[str, Any], problems: list[Problem]) -> str | None:
    if "id" not in fields:
        problems.append(Problem("id", "is required: the files are named after it, and a rerun knows the row by it"))
        return None
    try:
        return checked_id(fields["id"])
    except ValueError as error:
        value = fields["id"]
        problems.append(Problem("id", str(error), value=shortened(value) if isinstance(value, str) else None))
    return None


def _kind(value: Any, problems: list[Problem]) -> Kind:
    if value in ("image", "video"):
        return value  # type: ignore[no-any-return] # one of the two
    told = shortened(value) if isinstance(value, str) else None
    problems.append(Problem("kind", "is neither", value=told, allowed=("image", "video")))
    return "image"


def _request(kind: Kind, fields: Mapping[str, Any], problems: list[Problem]) -> AnyRequest | None:
    known = REQUESTS[kind].model_fields
    given = {name: value for name, value in fields.items() if name not in _OWN}
    problems += _unknown(kind, given)
    try:
        return REQUESTS[kind](**{name: value for name, value in given.items() if name in known})
    except ValidationError as error:
        problems += error.problems or [Problem("request", str(error))]
    return None


def _unknown(kind: Kind, given: Mapping[str, Any]) -> Iterator[Problem]:
    for name in given:
        if _takes(kind, name):
            continue
        told = shortened(str(name))
        near = difflib.get_close_matches(told, [*_OWN, *REQUESTS[kind].model_fields], n=1)
        if near:
            yield Problem(told, f"unknown field (did you mean {near[0]}?)")
        elif any(_takes(other, name) for other in REQUESTS):
            yield Problem(told, f"unknown field of a row of the kind {kind!r}; the other kind has it")
        else:
            yield Problem(told, "unknown field")


def _takes(kind: Kind, name: object) -> bool:
    return name in _OWN or name in REQUESTS[kind].model_fields
