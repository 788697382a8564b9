"""The two bases of every model: frozen records, and the strict ones that a caller fills in.

They are no part of `models`, since `models.config` has capability rows as fields, and rows are such records too.
Modules of models do without `from __future__ import annotations`: pydantic compiles each text again for its class.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Self, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict

from tarash.tarash_gateway.errors import Problem, TarashError, ValidationError

MadeT = TypeVar("MadeT")

_SHOWN = 120
"""Characters of a refused value that a message may show."""

_LARGEST = 10**_SHOWN
"""A whole number that a message may show is below it."""

_LISTED = 40
"""Problems of one input that are listed; of a thousand mistyped fields the first ones suffice."""


SHOWN_LIMIT = 4000
"""Characters of a message, a warning, a repr or an error's `raw`, whatever a vendor's answer quotes."""


def clip(text: str, limit: int = SHOWN_LIMIT) -> str:
    """Returns `text` itself, or its first characters with an ellipsis as the last of `limit`."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


class FrozenModel(BaseModel):
    """A frozen record; it survives `model_dump_json()` and `model_validate_json()`."""

    model_config = ConfigDict(
        frozen=True,
        # The schema is built when a class is first used: importing the models costs little.
        defer_build=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        ser_json_inf_nan="null",
    )

    def __repr__(self) -> str:
        return clip(super().__repr__())

    def __str__(self) -> str:
        return clip(super().__str__())


def field_of(record: FrozenModel, name: str) -> Any:
    """Returns the value of a field; None for a missing one, which takes pydantic ten times as long."""
    return record.__dict__.get(name)


class StrictModel(FrozenModel):
    """What a caller fills in: an unknown field is refused with a suggestion, and all problems come at once.

    Raises:
        ValidationError: ours, for every problem of the input; values of secrets and prompts are not in it.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def __init__(self, /, **data: Any) -> None:
        build = super().__init__
        self._checked(lambda: build(**data))

    # Tells pydantic that this is still its own constructor, so that nested models keep their place in a problem's path.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Validates `obj`, as pydantic does, and raises our `ValidationError`."""
        build = super().model_validate
        return cls._checked(lambda: build(obj, **options))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:
        """Validates JSON text, as pydantic does, and raises our `ValidationError`."""
        build = super().model_validate_json
        return cls._checked(lambda: build(json_data, **options))

    @classmethod
    def _checked(cls, build: Callable[[], MadeT]) -> MadeT:
        try:
            try:
                return build()
            except pydantic.ValidationError as error:
                refused = ValidationError.of(cls.__name__, _problems(cls, error))
        except (TarashError, pydantic.PydanticUserError):
            raise
        except Exception as error:
            # A property or method of the caller's object raised; its text is not ours.
            msg = f"{cls.__name__}: a value raised {type(error).__name__} when it was read, nothing was sent"
            raise ValidationError(msg) from error
        # Out here, where pydantic's error with all its values is no context of ours.
        raise refused from None


def _problems(model: type[StrictModel], error: pydantic.ValidationError) -> list[Problem]:
    # A union reports once for each of its members: one problem with all that would do is enough.
    found: dict[str, Problem] = {}
    details = error.errors(include_url=False, include_context=True)
    for at, detail in enumerate(details):
        if len(found) == _LISTED:
            rest = f"and {len(details) - at:,} more problems"
            return [*found.values(), Problem(model.__name__, rest)]
        path, owner = _place(model, detail["loc"])
        message = _message(owner, detail)
        earlier = found.get(path)
        if earlier is None:
            found[path] = Problem(path, message, value=_shown(path, detail))
        elif message not in earlier.message:
            found[path] = replace(earlier, message=f"{earlier.message}, or {message.removeprefix('input ')}")
    return list(found.values())


def _place(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[str, type[BaseModel] | None]:
    """Returns the field's path as a caller would write it, and the model that has its last part.

    pydantic puts the names of a union's members into the path; they mean nothing to a caller.
    """
    kept: list[str] = []
    owner: type[BaseModel] | None = model
    inner: Any = None
    for at, part in enumerate(loc):
        fields = owner.model_fields if owner is not None else {}
        if isinstance(part, int):
            kept.append(str(part))
        elif part in fields:
            kept.append(part)
            inner = fields[part].annotation
        elif inner is None or (at == len(loc) - 1 and part.isidentifier() and not hasattr(builtins, part)):
            kept.append(part)
            break
        if inner is not None and at < len(loc) - 1:
            owner = next(_models_in(inner), owner)
    return shortened(".".join(kept)) or model.__name__, owner


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models_in(part)


def _message(owner: type[BaseModel] | None, detail: Any) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        near = _near(str(detail["loc"][-1]), list(owner.model_fields)) if owner else None
        return f"unknown field (did you mean {near}?)" if near else "unknown field"
    if kind == "missing":
        return "is required"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    # What an object of the caller's says of its own trouble comes last, and may be anything.
    text: str = detail["msg"].partition(", error: ")[0]
    return text[0].lower() + text[1:]


def _near(name: str, fields: list[str]) -> str | None:
    """Finds the field that was meant: one that begins with the name, or one of nearly the same spelling."""
    if len(name) > _SHOWN:
        return None
    import difflib  # noqa: PLC0415 # 1 ms, for a mistyped name only

    longer = [field for field in fields if field.startswith(f"{name}_")]
    close = longer or difflib.get_close_matches(name, fields, n=1)
    return close[0] if close else None


_NEVER_SHOWN = {
    "prompt",
    "negative_prompt",
    "api_key",
    "provider_config",
    "image_list",
    "mask_image",
    "image",
    "video",
    "data",
}


def _shown(path: str, detail: Any) -> Any:
    """Returns the refused value, unless it may be a secret, a prompt or an image, as in a mistyped field."""
    value = detail.get("input")
    if detail["type"] in ("missing", "extra_forbidden") or not _NEVER_SHOWN.isdisjoint(path.split(".")):
        return None
    if isinstance(value, str):
        return shortened(value)
    # A subclass may show itself as it likes, and a number of thousands of digits not at all.
    if value is None or type(value) is float or (type(value) in (bool, int) and abs(value) < _LARGEST):
        return value
    return None if isinstance(value, Mapping) else type(value).__name__


def shortened(text: str) -> str:
    """Cuts `text` to what a message may show."""
    plain = str.__str__(text)  # a subclass may show itself otherwise
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
