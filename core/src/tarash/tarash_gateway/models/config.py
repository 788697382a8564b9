"""Configs: which vendor, which model, which key, and how patient and how careful the call is."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, Strict, field_serializer

from tarash.tarash_gateway.capabilities.rows import ImageModel, VideoModel
from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models.fields import Seconds, StrictBool, Unsupported, Word
from tarash.tarash_gateway.records import StrictInput

ApiKey = str | SecretStr | Callable[[], str | Awaitable[str]]


def _usable_key(value: Any) -> Any:
    """Wraps a plain key as a secret; a key that no HTTP header can carry is told here, not as a connection error."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str):
        if value is None or callable(value):
            return value
        msg = "must be text, or a function that gives it"
        raise ValueError(msg)
    if not text.strip():
        msg = "api_key is empty. Leave it out to read the provider's environment variable, or give a key."
        raise ConfigurationError(msg)
    at = next((i for i, char in enumerate(text) if not "!" <= char <= "~"), None)
    if at is not None:
        msg = (
            f"api_key holds {_kind(text[at])} at position {at + 1} of {len(text)}, which no HTTP header can carry. "
            "Copy it again, without quotes."
        )
        raise ConfigurationError(msg)
    return SecretStr(text)


def _kind(char: str) -> str:
    if char in "\r\n":
        return "a line break"
    if char.isspace():
        return "white space"
    return "a control character" if char.isascii() else "a character outside ASCII"


def _no_configs(value: Any) -> Any:
    return () if value is None else value


class GenerationConfig(StrictInput):
    """What image and video configs share. All times are in seconds.

    Raises:
        ValidationError: for every field that is wrong, all at once.
        ConfigurationError: for a key that no HTTP header can carry.
    """

    provider: Word
    """The vendor's name, such as `openai`; `-` and `_` are the same in it."""

    model: Word
    """The vendor's name of the model, or an Azure deployment."""

    api_key: Annotated[ApiKey | None, BeforeValidator(_usable_key)] = Field(default=None, repr=False, exclude=True)
    """The key, or a function (sync or async) that gives one for each request. Without it the provider's usual
    environment variable is read when a call is made. Never part of a dump, a repr or a pickle."""

    base_url: Word | None = None
    """Where the vendor's API is; without it the provider's own address."""

    api_version: Word | None = None
    """A version that goes into the query, for the providers that want one."""

    timeout: Seconds = 300.0
    """One wall-clock deadline for the whole call: waiting, retries and downloads included."""

    poll_interval: Seconds | None = None
    """Seconds between two looks at a job; None adapts to the job's age and to what the server asks for."""

    max_retries: Annotated[int, Field(ge=0, le=20, strict=True)] = 2
    """How often a creating request is sent again after the vendor refused it (busy, rate-limited, not reached). A
    request whose outcome is unknown is not sent again."""

    retry_unconfirmed: StrictBool = False
    """Send a creating request again although an earlier one may have been billed."""

    fallback_configs: Annotated[tuple[Self, ...], BeforeValidator(_no_configs)] = ()
    """Configs that are tried in order while nothing was created."""

    unsupported: Unsupported = "warn"
    """A parameter that the model does not have: `warn` leaves it out and says so, `error` refuses the request, `ignore`
    leaves it out quietly."""

    base_model: Word | None = None
    """The model whose capability row this deployment or alias follows."""

    fan_out: StrictBool = False
    """More images than one request gives: send several requests and join the results."""

    max_cost: Annotated[float, Strict(), Field(ge=0)] | None = None
    """US dollars; a call that may cost more, or whose price is unknown, is refused before anything is sent."""

    provider_config: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Settings of one provider. May hold credentials: values that are not JSON are left out of dumps and pickles."""

    _left_behind: tuple[str, ...] = PrivateAttr(default=())

    @field_serializer("provider_config")
    def _json_only(self, value: dict[str, Any]) -> dict[str, Any]:
        return {key: item for key, item in value.items() if _is_json(item)}

    def __getstate__(self) -> dict[Any, Any]:
        """Leaves every secret behind: the key is found again in the environment of the process that loads this."""
        state = super().__getstate__()
        kept = self._json_only(self.provider_config)
        state["__dict__"] = {**state["__dict__"], "api_key": None, "provider_config": kept}
        lost = tuple(key for key in self.provider_config if key not in kept)
        state["__pydantic_private__"] = {"_left_behind": self._left_behind + lost}
        return state

    def require_whole(self) -> None:
        """Tells whether a pickle left something behind that this config needs.

        Raises:
            ConfigurationError: naming the entries of `provider_config` that did not travel.
        """
        missing = [key for key in self._left_behind if key not in self.provider_config]
        if missing:
            msg = (
                f"provider_config of {self.provider!r} lost {', '.join(missing)} when it was pickled: "
                "credentials do not travel. Make the config on this worker, or give the missing entries with "
                "model_copy(update=…)."
            )
            raise ConfigurationError(msg, provider=self.provider, model=self.model)


class ImageGenerationConfig(GenerationConfig):
    """Who makes the picture, and how careful the call is."""

    capabilities: ImageModel | None = None
    """A capability row that replaces the plugin's, for a model newer than the plugin."""


class VideoGenerationConfig(GenerationConfig):
    """Who makes the video, and how careful the call is."""

    timeout: Seconds = 1200.0

    capabilities: VideoModel | None = None
    """A capability row that replaces the plugin's, for a model newer than the plugin."""


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
