"""How a batch is run: its settings, the configs of its rows, and the limit on open files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tarash.tarash_gateway.descriptors import KEPT, free_descriptors
from tarash.tarash_gateway.errors import ConfigurationError, Problem, ValidationError
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import expand_home, normalize_name

MOST_IN_FLIGHT: Final = 10_000
"""Rows side by side at the most; more would only wait for one another."""

Changed = Literal["keep", "refuse", "redo"]
"""What becomes of a row whose id an earlier run sent with another request: its result is kept, with a warning; or it
fails; or it is made again, and paid again."""

JOURNAL: Final = ".journal"
"""The journal's folder in that of the files: hidden, and beside what it is about."""

RESULTS: Final = "results.jsonl"

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""What `s3://bucket` begins with, also after a `Path` made of it what it makes; a drive has one letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a batch is run.

    Raises:
        ValidationError: one of them cannot be right.
    """

    out: Path
    journal: Path
    defaults: dict[str, Any] = field(default_factory=dict)
    concurrency: int = 16
    exists: Exists = "error"
    max_cost: float | None = None
    rate: float | None = None
    retry_failed: bool = False
    retry_unconfirmed: bool = False
    changed: Changed = "keep"
    strict: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        for name in ("out", "journal"):
            object.__setattr__(self, name, expand_home(getattr(self, name)))
        if not _whole(self.concurrency) or not 1 <= self.concurrency <= MOST_IN_FLIGHT:
            msg = f"concurrency={self.concurrency!r} is not a whole number from 1 to {MOST_IN_FLIGHT:,}"
            raise ValidationError(msg)
        if self.exists not in get_args(Exists):
            msg = f"exists={self.exists!r} is none of {', '.join(get_args(Exists))}"
            raise ValidationError(msg)
        if self.changed not in get_args(Changed):
            msg = f"changed={self.changed!r} is none of {', '.join(get_args(Changed))}"
            raise ValidationError(msg)
        for name in ("out", "journal"):
            if _ADDRESS.match(str(getattr(self, name))):
                msg = (
                    f"{name}={str(getattr(self, name))!r} is an address. A batch writes to folders, since a journal is "
                    "appended to and synced: give one, such as that at which a bucket is mounted."
                )
                raise ValidationError(msg)
        for name, unit in (("max_cost", "US dollars"), ("rate", "requests a minute")):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and not (number and 0 < value < float("inf")):
                msg = f"{name}={value!r} is not a positive number of {unit}"
                raise ValidationError(msg)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


OF_A_BATCH: Final = 16
"""Descriptors of the batch itself: journal, lock, results, history, event loop, name look-ups."""

OF_A_ROW: Final = 2
"""Descriptors of a row: its connection, and the one over which its result is fetched or the file of a video."""


def fitted(settings: Settings, writers: int) -> tuple[Settings, int, str | None]:
    """Fits the concurrency into what this process may still open, so that what is paid for can be saved.

    Args:
        settings: as the caller wants them.
        writers: threads that write files, each of which has one open.

    Returns:
        The settings and writers that fit, and what to tell where they are fewer.

    Raises:
        ConfigurationError: not a single row fits; nothing was sent.
    """
    free = free_descriptors()
    if free is None:
        return settings, writers, None
    room = free - KEPT - OF_A_BATCH
    writers = min(writers, max(room // 8, 1))
    rows = (room - writers) // OF_A_ROW
    if rows >= settings.concurrency:
        return settings, writers, None
    if rows < 1:
        msg = (
            f"this process may open {free} more files and connections, and a batch needs "
            f"{KEPT + OF_A_BATCH + 1 + OF_A_ROW}. Raise the limit, as with ulimit -n 1024. Nothing was sent."
        )
        raise ConfigurationError(msg)
    notice = (
        f"{rows} rows at the same time instead of {settings.concurrency}: this process may open {free} more files and "
        f"connections. A higher limit takes more, such as ulimit -n {_needed(settings.concurrency)}."
    )
    return replace(settings, concurrency=rows), writers, notice


def _needed(rows: int) -> int:
    """A limit that is enough for so many rows, in the powers of two that people type."""
    return 1 << (rows * OF_A_ROW + KEPT + OF_A_BATCH + 64).bit_length()


Kind = Literal["image", "video"]
AnyConfig = ImageGenerationConfig | VideoGenerationConfig

MakeDefault = Callable[[Kind, "str | None", "str | None"], "AnyConfig | None"]
"""Gives the config of a row, by its provider and its model as far as it names them, where no given one fits."""

CONFIGS: Final[dict[Kind, type[ImageGenerationConfig] | type[VideoGenerationConfig]]] = {
    "image": ImageGenerationConfig,
    "video": VideoGenerationConfig,
}

MOST_MODELS: Final = 1000
"""Configs that are kept; of a provider's models a batch names a few."""

_OF_ONE_MODEL: Final = {"base_model": None, "capabilities": None}
"""What a config says of its own model, and of no other."""


class Accounts:
    """The configs of a batch.

    Args:
        configs: for each kind, the first is for the rows that name no provider; a row that names one gets the first
            config of that provider. Of a provider without a config, the environment knows the key.
        default: asked for a config where none was given.
        nearest: whether every config, fallbacks included, sends the nearest value in place of one that its model does
            not take.
    """

    def __init__(
        self,
        configs: AnyConfig | Iterable[AnyConfig] = (),
        default: MakeDefault | None = None,
        *,
        nearest: bool = False,
    ) -> None:
        given = (configs,) if isinstance(configs, tuple(CONFIGS.values())) else tuple(configs)
        for config in given:
            if not isinstance(config, tuple(CONFIGS.values())):
                msg = f"configs are ImageGenerationConfig and VideoGenerationConfig, not {type(config).__name__}"
                raise ValidationError(msg)
        self._given: dict[Kind, list[AnyConfig]] = {
            kind: [config for config in given if isinstance(config, cls)] for kind, cls in CONFIGS.items()
        }
        self._default = default
        self._nearest = nearest
        self._made: dict[tuple[Kind, str | None, str | None], AnyConfig] = {}

    @property
    def only_kind(self) -> Kind | None:
        """The kind of all configs that were given; None where they are of both, or there are none."""
        kinds = [kind for kind, configs in self._given.items() if configs]
        return kinds[0] if len(kinds) == 1 else None

    def config(self, kind: Kind, provider: str | None, model: str | None) -> AnyConfig:
        """The config of a row.

        Raises:
            ValidationError: the row must name a provider or a model and does not.
        """
        key = (kind, None if provider is None else normalize_name(provider), model)
        if key not in self._made:
            if len(self._made) == MOST_MODELS:  # rows whose models are mistyped, each in its own way
                self._made.clear()
            config = self._make(kind, provider, model)
            self._made[key] = _with_nearest(config) if self._nearest else config
        return self._made[key]

    def _make(self, kind: Kind, provider: str | None, model: str | None) -> AnyConfig:
        base = self._base(kind, provider, model)
        if base is None:
            missing = [name for name, value in (("provider", provider), ("model", model)) if value is None]
            if missing:
                msg = f"is required: the row names none, and no config for {kind}s was given"
                subject = f"a row of the kind {kind}"
                raise ValidationError.of(subject, [Problem(name, msg) for name in missing])
            return CONFIGS[kind](provider=provider, model=model)  # type: ignore[arg-type] # neither is None here
        if model is None or model == base.model:
            return base
        return base.model_copy(update={"model": model, **_OF_ONE_MODEL})

    def _base(self, kind: Kind, provider: str | None, model: str | None) -> AnyConfig | None:
        for config in self._given[kind]:
            if provider is None or normalize_name(config.provider) == normalize_name(provider):
                return config
        return None if self._default is None else self._default(kind, provider, model)


def _with_nearest(config: AnyConfig) -> AnyConfig:
    fallbacks = tuple(_with_nearest(fallback) for fallback in config.fallback_configs)
    return config.model_copy(update={"unsupported_values": "nearest", "fallback_configs": fallbacks})
