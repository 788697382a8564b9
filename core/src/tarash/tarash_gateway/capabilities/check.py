"""Checks a request against a capability row: what is refused, what is sent instead, and what is left out.

Pure: it looks at data and returns data. Nothing is fetched, sent or logged here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tarash.tarash_gateway.capabilities.columns import AUTO, column_problems, nearest_tier, own_word, shown
from tarash.tarash_gateway.capabilities.rows import VALUE_COLUMNS, ImageModel, ModelRow, VideoModel
from tarash.tarash_gateway.capabilities.rules import SAME_SHAPE, SizeRule, nearest_ratio, parse_size, ratio_distance
from tarash.tarash_gateway.errors import Problem
from tarash.tarash_gateway.models.fields import Unsupported, UnsupportedValues
from tarash.tarash_gateway.models.request import ImageGenerationRequest, VideoGenerationRequest
from tarash.tarash_gateway.models.response import Adjustment
from tarash.tarash_gateway.records import field_of, shortened

RequestT = TypeVar("RequestT", ImageGenerationRequest, VideoGenerationRequest)


@dataclass(slots=True)
class Checked(Generic[RequestT]):
    """The result of checking a request."""

    request: RequestT
    """The request as it goes out."""

    problems: list[Problem] = field(default_factory=list)
    adjustments: list[Adjustment] = field(default_factory=list)

    left_out: list[str] = field(default_factory=list)
    """Fields that the model does not have and that are not sent; `extra_params.NAME` is one of the vendor's own."""

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
    unsupported_values: UnsupportedValues = "error",
    fan_out: bool = False,
    stream: bool = False,
) -> Checked[RequestT]:
    """Checks `request` against `row`.

    Args:
        request: the caller's request.
        row: the capability row, or None where nothing is known of the model.
        refuses: whether the row may refuse a value; a default row only converts.
        model: the model's name, for the texts.
        unsupported: how to treat a parameter that the model does not have.
        unsupported_values: how to treat a value that the model does not take.
        fan_out: whether more results than one request gives may be made with several requests.
        stream: whether partial images are requested.
    """
    nearest = refuses and unsupported_values == "nearest"
    checker = _Checker(request, row, model, unsupported, refuses, nearest, Checked(request))
    return checker.run(fan_out=fan_out and not stream, stream=stream)


@dataclass(slots=True)
class _Checker(Generic[RequestT]):
    """Checks one request once."""

    requested: RequestT
    row: ModelRow | None
    model: str
    unsupported: Unsupported
    refuses: bool
    nearest: bool
    """Whether the nearest valid value is sent in place of one that the model does not take."""

    checked: Checked[RequestT]

    changes: dict[str, Any] = field(default_factory=dict)
    """Field to the value that goes out in place of the requested one."""

    sent: dict[str, tuple[Any, str]] = field(default_factory=dict)
    """Field to the value that is sent, with the reason, for the adjustments."""

    def run(self, *, fan_out: bool, stream: bool) -> Checked[RequestT]:
        if self.row is not None:
            self._operation(self.row)
            self._audio(self.row)
            self._size_as_shape(self.row)
            self._left_out(self.row)
            self._unknown_params(self.row)
            self._input_images(self.row)
            self._substitutes(self.row)
            self._words(self.row)
            self._ratio(self.row)
        self._source()
        self._mask()
        if self.row is not None and self.refuses:
            self._columns(self.row, stream=stream)
        self._count(fan_out=fan_out)
        self.checked.request = self._outgoing()
        self.checked.adjustments = list(self._adjustments())
        return self.checked

    def value(self, name: str) -> Any:
        """Returns the current value of a field; `extra_params.NAME` is one of the vendor's own parameters."""
        name, dot, param = name.partition(".")
        value: Any = self.changes.get(name, self.requested.__dict__.get(name))
        return value.get(param) if dot else value

    def change(self, name: str, value: Any) -> None:
        """Has the outgoing request hold another value; None takes one of the vendor's own parameters out."""
        name, dot, param = name.partition(".")
        if not dot:
            self.changes[name] = value
            return
        params = {key: kept for key, kept in self.value(name).items() if key != param}
        self.changes[name] = params if value is None else {**params, param: value}

    def refuse(self, name: str, message: str, **details: Any) -> None:
        if self.refuses:
            self.checked.problems.append(Problem(name, message, **details))

    def adjust(self, name: str, sent: Any, reason: str) -> None:
        """Sends another value than the requested one, and records it as an adjustment."""
        self.change(name, sent)
        self.sent[name] = sent, reason

    def leave_out(self, name: str, why: str, hint: str = "", **details: Any) -> None:
        """Refuses or leaves out a parameter that the model does not have, as `unsupported` says."""
        if name in _IN_KIND:
            self.refuse(name, why)
            return
        label = shortened(name)
        if self.unsupported == "error":
            value = None if name.partition(".")[0] in _NOT_SHOWN else shown(self.value(name))
            message = f"{why}{hint}; leave it out, or take unsupported='warn'"
            self.checked.problems.append(Problem(label, message, value=value, **details))
            return
        self.change(name, _EMPTY.get(name))
        self.checked.left_out.append(label)
        if self.unsupported == "warn":
            self.checked.warnings.append(f"{label}: {why}{hint}; it was left out")

    def _outgoing(self) -> RequestT:
        return self.requested.model_copy(update=self.changes) if self.changes else self.requested

    def _adjustments(self) -> Iterator[Adjustment]:
        for name, (sent, reason) in self.sent.items():
            field_name, dot, param = name.partition(".")
            requested: Any = field_of(self.requested, field_name)
            if dot:
                requested = requested.get(param)
            if requested != sent:
                yield Adjustment(field=name, asked=requested, sent=sent, reason=reason)

    def _operation(self, row: ModelRow) -> None:
        if not isinstance(row, VideoModel) or not isinstance(self.requested, VideoGenerationRequest):
            return
        for param, operation in {**OPERATION_PARAMS, **row.operation_params}.items():
            if param in self.requested.extra_params:
                self.changes["operation"] = operation
        operation = self.value("operation")
        if operation not in row.operations:
            self.refuse("operation", f"{self.model} cannot {operation}", value=operation, allowed=row.operations)

    def _source(self) -> None:
        operation = self.value("operation")
        if operation == "generate" and self.value("video") is not None:
            message = "is given without an operation; give operation='remix', 'edit' or 'extend'"
            self.checked.problems.append(Problem("video", message))
        if operation in (None, "generate") or self.value("video") is not None:
            return
        params = self.row.operation_params if isinstance(self.row, VideoModel) else {}
        if not any(param in self.requested.extra_params for param in params):
            self.checked.problems.append(Problem("video", f"is required: what is the {operation} of?"))

    def _audio(self, row: ModelRow) -> None:
        wanted = self.value("generate_audio")
        if wanted is None or not isinstance(row, VideoModel) or row.audio in (None, "optional"):
            return
        if wanted is (row.audio == "always"):
            self.changes["generate_audio"] = None  # the model does this anyway
        else:
            self.leave_out("generate_audio", f"{self.model} {row.audio} makes sound")

    def _size_as_shape(self, row: ModelRow) -> None:
        """With `nearest`, sends the shape and the tier of a size to a model that has ratios and tiers instead."""
        pixels = parse_size(self.value("size") or "")
        if not self.nearest or pixels is None or not row.aspect_ratios or "size" not in row.lacking():
            return
        size, (width, height) = self.value("size"), pixels
        if self.value("aspect_ratio") is None:
            ratio = nearest_ratio(f"{width}:{height}", row.aspect_ratios)
            self.adjust("aspect_ratio", ratio, f"the shape of {size}: {self.model} has no size")
        if self.value("resolution") is None and row.resolutions:
            tier = nearest_tier(width * height, row.resolutions, video=isinstance(row, VideoModel))
            self.adjust("resolution", tier, f"the tier of {size}: {self.model} has no size")
        self.adjust("size", None, f"{self.model} has no size, it has a shape and tiers")

    def _left_out(self, row: ModelRow) -> None:
        for name in row.lacking():
            if self._is_set(name):
                self.leave_out(name, f"{self.model} has no such parameter")
        operation = self.value("operation")
        takes: tuple[str, ...] | None = row.operation_fields.get(operation) if isinstance(row, VideoModel) else None
        if takes is not None:
            for name in type(self.requested).model_fields:
                if name not in takes and name not in _ALWAYS and self._is_set(name):
                    self.leave_out(name, f"a {operation} takes no such parameter")

    def _is_set(self, name: str) -> bool:
        return bool(self.value(name) != _EMPTY.get(name))

    def _unknown_params(self, row: ModelRow) -> None:
        allowed: tuple[str, ...] | None = row.extra_params
        if not self.refuses or allowed is None:
            return
        accepted = set(allowed).union(OPERATION_PARAMS, row.operation_params if isinstance(row, VideoModel) else ())
        unknown = [name for name in self.value("extra_params") if name not in accepted]
        for name in unknown[:_LISTED]:
            near = difflib.get_close_matches(shortened(name), allowed, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            self.leave_out(
                f"extra_params.{name}", f"{self.model} has no such parameter", hint, allowed=tuple(allowed) or None
            )
        rest = unknown[_LISTED:]
        if rest:
            kept = {name: value for name, value in self.value("extra_params").items() if name not in rest}
            self.leave_out("extra_params", f"the rest, {len(rest):,} more parameters that {self.model} does not have")
            if self.unsupported != "error":
                self.changes["extra_params"] = kept

    def _input_images(self, row: ModelRow) -> None:
        images, limit = self.value("image_list"), row.max_input_images
        if len(images) < row.min_input_images:
            message = f"has {len(images)} of the {row.min_input_images} input images that {self.model} needs"
            self.refuse("image_list", message, value=len(images))
        if images and limit == 0:
            self.refuse("image_list", f"{self.model} takes no input images")
        elif limit and len(images) > limit:
            taken = "only the first is used" if limit == 1 else f"only the first {limit} are used"
            if self.unsupported == "error":
                self.refuse("image_list", f"{len(images)} images, {self.model} takes {limit}", value=len(images))
                return
            self.changes["image_list"] = images[:limit]
            self.checked.warnings.append(f"image_list: {self.model} takes {limit} of {len(images)} images; {taken}")

    def _mask(self) -> None:
        if self.value("mask_image") is not None and not self.value("image_list"):
            self.checked.problems.append(
                Problem("mask_image", "is given without an input image; put the image into image_list")
            )
        elif self.value("mask_image") is not None and isinstance(self.row, ImageModel) and self.row.mask is False:
            self.refuse("mask_image", f"{self.model} takes no mask")

    def _substitutes(self, row: ModelRow) -> None:
        for name, table in row.substitutes.items():
            requested = self.value(name)
            if requested in table:
                self.adjust(name, table[requested], f"{self.model} has no {requested}, this is its nearest")

    def _words(self, row: ModelRow) -> None:
        """Sends a word in the model's own language: another word of the same step, or nothing in place of `auto`."""
        for name, column in VALUE_COLUMNS.items():
            requested = self.value(name)
            if requested is None or name in self.sent:
                continue
            allowed = field_of(row, column)
            if not allowed or requested in allowed:
                continue
            if requested == AUTO:
                self._left_to_the_model(name)
                continue
            own = own_word(name, requested, row, allowed)
            if own is not None:
                self.adjust(name, own, f"{self.model} has no {requested}, this is its nearest")
        if self.value("size") == AUTO and row.sizes:
            words = row.sizes.words if isinstance(row.sizes, SizeRule) else row.sizes
            if AUTO not in words:
                self._left_to_the_model("size")

    def _left_to_the_model(self, name: str) -> None:
        self.adjust(name, None, f"{self.model} has no such word; it chooses where the field is left out")

    def _ratio(self, row: ModelRow) -> None:
        requested, table = self.value("aspect_ratio"), row.aspect_ratios
        if requested is None or not table:
            return
        if requested not in table:
            requested = self._ratio_of(requested, table)
        if requested is None or not isinstance(table, dict):
            return
        size, requested_size = table[requested], self.value("size")
        if requested_size is not None and parse_size(requested_size):
            if ratio_distance(self.requested.aspect_ratio, self.requested.size) > SAME_SHAPE and requested_size != size:
                self.refuse(
                    "aspect_ratio",
                    f"{requested} contradicts size {requested_size}; give one of the two",
                    value=requested,
                )
            size = requested_size
        elif ratio_distance(requested, size) > SAME_SHAPE:
            self.sent["size"] = size, f"for {requested}, the nearest shape that {self.model} makes"
        self.changes.update(size=size, aspect_ratio=None)

    def _ratio_of(self, requested: str, table: dict[str, str] | tuple[str, ...]) -> str | None:
        """Returns the ratio that is sent for one that the model does not list; None where no ratio is sent."""
        if requested == AUTO:
            self._left_to_the_model("aspect_ratio")
            return None
        size = self.value("size")
        if (
            isinstance(table, dict)
            and parse_size(size or "")
            and ratio_distance(requested, self.requested.size) <= SAME_SHAPE
        ):
            self.adjust("aspect_ratio", None, "the size has this shape")
            return None
        nearest = nearest_ratio(requested, table)
        if self.nearest and nearest is not None:
            self.adjust("aspect_ratio", nearest, f"{self.model} has no {requested}, this is its nearest")
            return nearest
        self.refuse(
            "aspect_ratio",
            f"{requested!r} is not taken by {self.model}",
            value=requested,
            allowed=tuple(table),
            nearest=nearest,
        )
        return None

    def _columns(self, row: ModelRow, *, stream: bool) -> None:
        problems = list(column_problems(self._outgoing(), row, self.model, stream=stream))
        adjustable = [problem for problem in problems if self.nearest and problem.nearest is not None]
        for problem in adjustable:
            value = f"{problem.value:g}" if isinstance(problem.value, float) else problem.value
            self.adjust(problem.field, problem.nearest, f"{self.model} has no {value}, this is its nearest")
        if adjustable:
            problems = list(column_problems(self._outgoing(), row, self.model, stream=stream))
        self.checked.problems += problems

    def _count(self, *, fan_out: bool) -> None:
        wanted = int(self.value("n"))
        most = wanted
        way_out = ""
        if self.refuses and isinstance(self.row, ImageModel):
            most = self.row.max_images
            way_out = "; fan_out=True in the config sends several requests"
        elif self.refuses and isinstance(self.row, VideoModel):
            most, fan_out = self.row.max_videos, False
        if wanted > most and not fan_out and self.nearest:
            self.adjust("n", most, f"{self.model} makes at most {most} in one request")
            wanted = most
        elif wanted > most and not fan_out:
            self.refuse(
                "n",
                f"{wanted} in one request, {self.model} makes at most {most}{way_out}",
                value=wanted,
                allowed=f"1 to {most}" if most > 1 else "1",
                nearest=most,
            )
        whole, rest = divmod(wanted, most)
        self.checked.batches = [most] * whole + ([rest] if rest else [])


_IN_KIND = ("image_list", "mask_image", "n", "operation", "video")
"""Fields that change what is made: a model that lacks them cannot do the request, and refuses it."""

OPERATION_PARAMS: dict[str, str] = {"video_id": "remix"}
"""Extra parameters that ask for an operation at every vendor: left out, another video would be made and paid."""

_EMPTY: dict[str, Any] = {"image_list": [], "extra_params": {}, "operation": "generate", "n": 1}
"""What a field holds when it is not given; None where it is not named here."""

_NOT_SHOWN = ("negative_prompt", "extra_params")
"""Fields whose value no message shows: a prompt, or anything at all."""

_ALWAYS = ("prompt", "operation", "extra_params", "video")
"""Fields that say which operation it is."""

_LISTED = 20
"""Unknown parameters that are reported one by one."""
