"""Holds a request against a capability row: what cannot be right, what is sent instead, and what is left out.

Pure: it looks at data and returns data. Nothing is fetched, sent or logged here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tarash.tarash_gateway.capabilities.columns import column_problems
from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import parse_ratio, parse_size
from tarash.tarash_gateway.models.fields import Unsupported
from tarash.tarash_gateway.models.request import ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.models.response import Adjustment
from tarash.tarash_gateway.problems import Problem
from tarash.tarash_gateway.records import held

RequestT = TypeVar("RequestT", ImageGenerationRequest, VideoGenerationRequest)

CLOSE_ENOUGH = 0.02
"""A size whose shape is within this of the asked ratio is the same to the eye, and is not told as an adjustment."""


@dataclass(slots=True)
class Checked(Generic[RequestT]):
    """What became of a request."""

    request: RequestT
    """The request as it goes out."""

    problems: list[Problem] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    batches: list[int] = field(default_factory=list)
    """How many results each creating request asks for; more than one entry where the request is fanned out."""


def check(
    request: RequestT,
    row: ModelRow | None,
    *,
    refuses: bool,
    model: str,
    unsupported: Unsupported = "warn",
    fan_out: bool = False,
    stream: bool = False,
) -> Checked[RequestT]:
    """Holds `request` against `row`.

    Args:
        request: what the caller asked for.
        row: the capability row, or None where nothing is known of the model.
        refuses: whether the row may refuse a value; a default row only converts.
        model: the model's name, for the texts.
        unsupported: what becomes of a parameter that the model does not have.
        fan_out: whether more results than one request gives may be made with several requests.
        stream: whether partial pictures are asked for.
    """
    checker: _Checker[RequestT] = _Checker(request, row, model, unsupported)
    return checker.run(refuses=refuses, fan_out=fan_out and not stream, stream=stream)


class _Checker(Generic[RequestT]):
    """One pass over one request; `changes` collects what the outgoing request has otherwise than the asked one."""

    def __init__(self, request: RequestT, row: ModelRow | None, model: str, unsupported: Unsupported) -> None:
        self.asked: RequestT = request
        self.row = row
        self.refuses = True
        self.model = model
        self.unsupported = unsupported
        self.changes: dict[str, Any] = {}
        self.checked: Checked[RequestT] = Checked(request)

    def run(self, *, refuses: bool, fan_out: bool, stream: bool) -> Checked[RequestT]:
        self.refuses = refuses
        if self.row is not None:
            self._operation(self.row)
            self._audio(self.row)
            self._left_out(self.row)
            self._input_images(self.row)
            self._substitutes(self.row)
            self._ratio(self.row)
        self._source()
        self._mask()
        if self.changes:
            self.checked.request = self.asked.model_copy(update=self.changes)
        if self.row is not None and refuses:
            self.checked.problems += column_problems(self.checked.request, self.row, self.model, stream=stream)
        self._count(fan_out=fan_out)
        return self.checked

    def value(self, name: str) -> Any:
        """The field as it stands now."""
        return self.changes[name] if name in self.changes else held(self.asked, name)

    def refuse(self, name: str, message: str, **known: Any) -> None:
        if self.refuses:
            self.checked.problems.append(Problem(name, message, **known))

    def adjust(self, name: str, asked: Any, sent: Any, reason: str) -> None:
        self.checked.adjustments.append(Adjustment(field=name, asked=asked, sent=sent, reason=reason))

    def leave_out(self, name: str, empty: Any, why: str) -> None:
        """What becomes of a parameter that the model does not have."""
        if self.unsupported == "error":
            self.checked.problems.append(Problem(name, f"{why}; leave it out, or take unsupported='warn'"))
            return
        self.changes[name] = empty
        if self.unsupported == "warn":
            self.checked.warnings.append(f"{name}: {why}; it was left out")

    def _operation(self, row: ModelRow) -> None:
        if not isinstance(row, VideoModel) or not isinstance(self.asked, VideoGenerationRequest):
            return
        for param, operation in row.operation_params.items():
            if param in self.asked.extra_params:
                self.changes["operation"] = operation
        operation = self.value("operation")
        if operation not in row.operations:
            self.refuse("operation", f"{self.model} cannot {operation}", value=operation, allowed=row.operations)

    def _source(self) -> None:
        operation = self.value("operation")
        if operation == "generate" and self.value("video") is not None:
            told = "is given, and nothing says what is to become of it; give operation='remix', 'edit' or 'extend'"
            self.checked.problems.append(Problem("video", told))
        if operation in (None, "generate") or self.value("video") is not None:
            return
        params = self.row.operation_params if isinstance(self.row, VideoModel) else {}
        if not any(param in self.asked.extra_params for param in params):
            self.checked.problems.append(Problem("video", f"is required: what is the {operation} of?"))

    def _audio(self, row: ModelRow) -> None:
        wanted = self.value("generate_audio")
        if wanted is None or not isinstance(row, VideoModel) or row.audio in (None, "optional"):
            return
        if wanted is (row.audio == "always"):
            self.changes["generate_audio"] = None  # what is asked for happens anyway
        else:
            self.leave_out("generate_audio", None, f"{self.model} {row.audio} makes sound")

    def _left_out(self, row: ModelRow) -> None:
        for name in row.unsupported:
            if self._given(name):
                self.leave_out(name, _EMPTY.get(name), f"{self.model} has no such parameter")
        operation = self.value("operation")
        takes: tuple[str, ...] | None = row.operation_fields.get(operation) if isinstance(row, VideoModel) else None
        if takes is not None:
            for name in type(self.asked).model_fields:
                if name not in takes and name not in _ALWAYS and self._given(name):
                    self.leave_out(name, _EMPTY.get(name), f"a {operation} takes no such parameter")

    def _given(self, name: str) -> bool:
        return bool(self.value(name) != _EMPTY.get(name)) if name != "n" else self.value("n") != 1

    def _input_images(self, row: ModelRow) -> None:
        images, limit = self.value("image_list"), row.max_input_images
        if images and limit == 0:
            self.refuse("image_list", f"{self.model} takes no input images")
        elif limit and len(images) > limit:
            taken = "only the first is used" if limit == 1 else f"only the first {limit} are used"
            self.checked.warnings.append(f"image_list: {self.model} takes {limit} of {len(images)} images; {taken}")
            if self.unsupported == "error":
                self.checked.warnings.pop()
                self.refuse("image_list", f"{len(images)} images, {self.model} takes {limit}", value=len(images))
            else:
                self.changes["image_list"] = images[:limit]

    def _mask(self) -> None:
        if self.value("mask_image") is not None and not self.value("image_list"):
            self.checked.problems.append(
                Problem("mask_image", "is given without an input image; put the image into image_list")
            )
        elif self.value("mask_image") is not None and isinstance(self.row, ImageModel) and self.row.mask is False:
            self.refuse("mask_image", f"{self.model} takes no mask")

    def _substitutes(self, row: ModelRow) -> None:
        for name, table in row.substitutes.items():
            asked = self.value(name)
            if asked in table:
                self.changes[name] = table[asked]
                self.adjust(name, asked, table[asked], f"{self.model} has no {asked}, this is its nearest")

    def _ratio(self, row: ModelRow) -> None:
        asked = self.value("aspect_ratio")
        if asked is None or row.aspect_ratios is None:
            return
        if asked not in row.aspect_ratios:
            self.refuse(
                "aspect_ratio",
                f"{asked!r} is not taken by {self.model}",
                value=asked,
                allowed=tuple(row.aspect_ratios),
                nearest=_nearest_ratio(asked, row.aspect_ratios),
            )
            return
        if not isinstance(row.aspect_ratios, dict):
            return
        size, given = row.aspect_ratios[asked], self.value("size")
        if given is not None and parse_size(given):
            if _apart(asked, given) > CLOSE_ENOUGH and given != size:
                self.refuse("aspect_ratio", f"{asked} contradicts size {given}; give one of the two", value=asked)
            size = given
        elif _apart(asked, size) > CLOSE_ENOUGH:
            self.adjust("aspect_ratio", asked, size, f"the nearest shape that {self.model} makes")
        self.changes.update(size=size, aspect_ratio=None)

    def _count(self, *, fan_out: bool) -> None:
        wanted = int(self.value("n"))
        most = wanted
        way_out = ""
        if self.refuses and isinstance(self.row, ImageModel):
            most = self.row.max_images
            way_out = "; fan_out=True in the config sends several requests"
        elif self.refuses and isinstance(self.row, VideoModel):
            most, fan_out = self.row.max_videos, False
        if wanted > most and not fan_out:
            self.refuse(
                "n",
                f"{wanted} in one request, {self.model} makes at most {most}{way_out}",
                value=wanted,
                allowed=f"1 to {most}" if most > 1 else "1",
                nearest=most,
            )
        whole, rest = divmod(wanted, most)
        self.checked.batches = [most] * whole + ([rest] if rest else [])


_EMPTY: dict[str, Any] = {"image_list": [], "extra_params": {}, "operation": "generate", "n": 1}
"""What a field holds when it is not given; None where it is not named here."""

_ALWAYS = ("prompt", "operation", "extra_params", "video")
"""Fields that say which operation it is."""


def _apart(ratio: str, size: str) -> float:
    """How far the shape of `size` is from `ratio`: 0.02 is two percent; 0 where either is a word."""
    wanted, made = parse_ratio(ratio), parse_size(size)
    if wanted is None or made is None:
        return 0.0
    actual = made[0] / made[1]
    return max(wanted / actual, actual / wanted) - 1


def _nearest_ratio(asked: str, allowed: dict[str, str] | tuple[str, ...]) -> str | None:
    wanted = parse_ratio(asked)
    known = [(ratio, parsed) for ratio in allowed if (parsed := parse_ratio(ratio))]
    if wanted is None or not known:
        return None
    return min(known, key=lambda item: max(item[1] / wanted, wanted / item[1]))[0]
