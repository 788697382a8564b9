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
from tarash.tarash_gateway.models import ImageGenerationConfig, MediaKind, VideoGenerationConfig
from tarash.tarash_gateway.plugins import expand_home, normalize_name

MAX_CONCURRENCY: Final = 10_000
"""Maximum rows at the same time; more would only wait for one another."""

Changed = Literal["keep", "refuse", "redo"]
"""What to do with a row whose id an earlier run sent with another request: keep that result, with a warning; refuse the
row; or make it again, and pay again."""

JOURNAL: Final = ".journal"
"""The journal's folder within that of the files: hidden, and beside the files."""

RESULTS: Final = "results.jsonl"
"""The file of results."""

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""What `s3://bucket` begins with, also after `Path` has shortened it; a drive has one letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettings:
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
        whole = isinstance(self.concurrency, int) and not isinstance(self.concurrency, bool)
        if not whole or not 1 <= self.concurrency <= MAX_CONCURRENCY:
            msg = f"concurrency={self.concurrency!r} is not a whole number from 1 to {MAX_CONCURRENCY:,}"
            raise ValidationError(msg)
        for name, words in (("exists", get_args(Exists)), ("changed", get_args(Changed))):
            if getattr(self, name) not in words:
                msg = f"{name}={getattr(self, name)!r} is none of {', '.join(words)}"
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


BATCH_DESCRIPTORS: Final = 16
"""Descriptors of the batch itself: journal, lock, results, history, event loop, name look-ups."""

ROW_DESCRIPTORS: Final = 2
"""Descriptors of a row: its connection, and that over which its result is fetched or the file of a video."""


def fit_descriptors(settings: BatchSettings, writers: int) -> tuple[BatchSettings, int, str | None]:
    """Limits the concurrency to what this process can still open, so that what is paid for can be saved.

    Args:
        settings: as the caller wants them.
        writers: threads that write files, each of which has one open.

    Returns:
        The settings and writers that fit, and a notice where they are fewer.

    Raises:
        ConfigurationError: not a single row fits; nothing was sent.
    """
    free = free_descriptors()
    if free is None:
        return settings, writers, None
    room = free - KEPT - BATCH_DESCRIPTORS
    writers = min(writers, max(room // 8, 1))
    rows = (room - writers) // ROW_DESCRIPTORS
    if rows >= settings.concurrency:
        return settings, writers, None
    if rows < 1:
        msg = (
            f"this process may open {free} more files and connections, and a batch needs "
            f"{KEPT + BATCH_DESCRIPTORS + 1 + ROW_DESCRIPTORS}. Raise the limit, as with ulimit -n 1024. "
            "Nothing was sent."
        )
        raise ConfigurationError(msg)
    # A limit that is enough, in the powers of two that people type.
    enough = 1 << (settings.concurrency * ROW_DESCRIPTORS + KEPT + BATCH_DESCRIPTORS + 64).bit_length()
    notice = (
        f"{rows} rows at the same time instead of {settings.concurrency}: this process may open {free} more files and "
        f"connections. A higher limit takes more, such as ulimit -n {enough}."
    )
    return replace(settings, concurrency=rows), writers, notice


AnyConfig = ImageGenerationConfig | VideoGenerationConfig

MakeDefault = Callable[[MediaKind, "str | None", "str | None"], "AnyConfig | None"]
"""Returns the config of a row, by its provider and its model as far as it names them, where the caller gave none."""

CONFIGS: Final[dict[MediaKind, type[ImageGenerationConfig] | type[VideoGenerationConfig]]] = {
    "image": ImageGenerationConfig,
    "video": VideoGenerationConfig,
}

MAX_CONFIGS: Final = 1000
"""Configs that are kept; a batch names a few of a provider's models."""

_OF_ONE_MODEL: Final = {"base_model": None, "capabilities": None}
"""Fields of a config that are about its own model, and no other."""


class ConfigResolver:
    """Finds the config of a row: the caller's for its provider, with the row's own model.

    Args:
        configs: for each kind, the first is for the rows that name no provider; a row that names one gets the first
            config of that provider. A provider without a config takes its key from the environment.
        default: called for a config where the caller gave none.
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
        classes = tuple(CONFIGS.values())
        all_configs = (configs,) if isinstance(configs, classes) else tuple(configs)
        for config in all_configs:
            if not isinstance(config, classes):
                msg = f"configs are ImageGenerationConfig and VideoGenerationConfig, not {type(config).__name__}"
                raise ValidationError(msg)
        self._configs: dict[MediaKind, list[AnyConfig]] = {
            kind: [config for config in all_configs if isinstance(config, cls)] for kind, cls in CONFIGS.items()
        }
        self._default = default
        self._nearest = nearest
        self._resolved: dict[tuple[MediaKind, str | None, str | None], AnyConfig] = {}

    @property
    def only_kind(self) -> MediaKind | None:
        """The kind of all the caller's configs; None where they are of both kinds, or there are none."""
        kinds = [kind for kind, configs in self._configs.items() if configs]
        return kinds[0] if len(kinds) == 1 else None

    def config(self, kind: MediaKind, provider: str | None, model: str | None) -> AnyConfig:
        """Returns the config of a row.

        Raises:
            ValidationError: the row must name a provider or a model and does not.
        """
        key = (kind, None if provider is None else normalize_name(provider), model)
        if key not in self._resolved:
            if len(self._resolved) == MAX_CONFIGS:  # rows whose models are mistyped, each in its own way
                self._resolved.clear()
            config = self._resolve(kind, provider, model)
            self._resolved[key] = _with_nearest(config) if self._nearest else config
        return self._resolved[key]

    def _resolve(self, kind: MediaKind, provider: str | None, model: str | None) -> AnyConfig:
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

    def _base(self, kind: MediaKind, provider: str | None, model: str | None) -> AnyConfig | None:
        for config in self._configs[kind]:
            if provider is None or normalize_name(config.provider) == normalize_name(provider):
                return config
        return None if self._default is None else self._default(kind, provider, model)


def _with_nearest(config: AnyConfig) -> AnyConfig:
    fallbacks = tuple(_with_nearest(fallback) for fallback in config.fallback_configs)
    return config.model_copy(update={"unsupported_values": "nearest", "fallback_configs": fallbacks})
