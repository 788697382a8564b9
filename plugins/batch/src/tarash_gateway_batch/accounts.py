"""Which config a row is sent with: the caller's for that provider, with the row's own model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from tarash.tarash_gateway.errors import Problem, ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import normalize_name

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
