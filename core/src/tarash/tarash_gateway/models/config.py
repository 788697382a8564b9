"""Configs: provider, model, key, deadlines, retries and limits of a call."""

from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, Strict, field_serializer

from tarash.tarash_gateway.capabilities.rows import ImageModel, VideoModel, build_rows
from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models.fields import Seconds, StrictBool, Unsupported, UnsupportedValues, Word
from tarash.tarash_gateway.models.secrets import (
    ApiKey,
    digest_of,
    key_in,
    key_missing,
    shown_url,
    usable_key,
    variable_of,
    without_password,
    without_secrets,
)
from tarash.tarash_gateway.records import StrictModel

LONGEST_CHAIN = 100
"""Configs of a chain of fallbacks in all."""

DEEPEST_CHAIN = 10
"""Fallbacks of fallbacks of …"""


def _no_configs(value: Any) -> Any:
    return () if value is None else value


def _short_chain(configs: "tuple[GenerationConfig, ...]") -> "tuple[GenerationConfig, ...]":
    """Refuses an endless chain, such as a loop built, before a walk over it exceeds the recursion limit."""
    level: Iterable[GenerationConfig] = configs
    count = depth = 0
    while level := tuple(level):
        count, depth = count + len(level), depth + 1
        if count > LONGEST_CHAIN or depth > DEEPEST_CHAIN:
            msg = f"is a chain of more than {LONGEST_CHAIN} configs, or of more than {DEEPEST_CHAIN} one in the other"
            raise ValueError(msg)
        level = (inner for config in level for inner in config.fallback_configs)
    return configs


class GenerationConfig(StrictModel):
    """What image and video configs share. All times are in seconds.

    Raises:
        ValidationError: for every field that is wrong, all at once.
        ConfigurationError: for a key that no HTTP header can carry.
    """

    provider: Word
    """The vendor's name, such as `openai`; `-` and `_` are the same in it."""

    model: Word
    """The vendor's name of the model, or an Azure deployment."""

    api_key: Annotated[ApiKey | None, BeforeValidator(usable_key)] = Field(default=None, repr=False, exclude=True)
    """The key, or a function (sync or async) that gives one for each request. Without it the provider's usual
    environment variable is read when a call is made. Never part of a dump, a repr or a pickle: where an environment
    variable holds the same key, a pickle has the name of it and a salted digest of the key, and the process that loads
    it reads its own variable where that holds the same key."""

    base_url: Annotated[Word | None, AfterValidator(without_password)] = None
    """Where the vendor's API is; without it the provider's own address. What its query holds may be a gateway's key:
    it is in no repr, no dump and no pickle."""

    api_version: Word | None = None
    """A version that goes into the query, for the providers that want one."""

    timeout: Seconds = 300.0
    """One wall-clock deadline for the whole call: waiting, retries and downloads included."""

    poll_interval: Seconds | None = None
    """Seconds between two polls of a job; None adapts to the job's age and to what the server asks for."""

    max_retries: Annotated[int, Field(ge=0, le=20, strict=True)] = 2
    """How often a creating request is sent again after the vendor refused it (busy, rate-limited, not reached). A
    request whose outcome is unknown is not sent again."""

    retry_unconfirmed: StrictBool = False
    """Send a creating request again although an earlier one may have been billed."""

    fallback_configs: Annotated[tuple[Self, ...], BeforeValidator(_no_configs), AfterValidator(_short_chain)] = ()
    """Configs that are tried in order while nothing was created; the fallbacks of one of them come right behind it."""

    unsupported: Unsupported = "warn"
    """A parameter that the model does not have: `warn` leaves it out with a warning, `error` refuses the request,
    `ignore` leaves it out without a warning."""

    unsupported_values: UnsupportedValues = "error"
    """A value that the model does not take (size, aspect ratio, duration, resolution, output format, number of images):
    `error` refuses the request and names the nearest one, `nearest` sends that one and records it in `adjustments`."""

    base_model: Word | None = None
    """The model whose capability row this deployment or alias follows."""

    fan_out: StrictBool = False
    """More images than one request gives: send several requests and join the results."""

    max_cost: Annotated[float, Strict(), Field(ge=0)] | None = None
    """US dollars; a call that may cost more, or whose price is unknown, is refused before anything is sent."""

    provider_config: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Settings of one provider. May hold credentials: values that are not JSON, and text under a name such as `token`
    or `headers`, are left out of dumps and pickles."""

    _left_behind: tuple[str, ...] = PrivateAttr(default=())
    _query_left_behind: bool = PrivateAttr(default=False)
    _key_left_behind: bool = PrivateAttr(default=False)
    _key_variable: str | None = PrivateAttr(default=None)
    """The variable that held the key where this was pickled."""
    _key_digest: str | None = PrivateAttr(default=None)
    """A salted digest of that key: another value of the variable is not taken for it."""

    @classmethod
    def model_rebuild(cls, **options: Any) -> bool | None:
        """Builds the schema, as pydantic does when a config is first made, after those of the rows in it."""
        build_rows()
        return super().model_rebuild(**options)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, shown_url(value) if name == "base_url" and isinstance(value, str) else value

    @field_serializer("base_url")
    def _without_query(self, value: str | None) -> str | None:
        return None if value is None else shown_url(value)

    @field_serializer("provider_config")
    def _json_only(self, value: dict[str, Any]) -> dict[str, Any]:
        return without_secrets(value, self.provider)

    def __getstate__(self) -> dict[Any, Any]:
        """Leaves every secret behind: the key is found again in the environment of the process that loads this."""
        state = super().__getstate__()
        kept, url = self._json_only(self.provider_config), self._without_query(self.base_url)
        state["__dict__"] = {**state["__dict__"], "api_key": None, "provider_config": kept, "base_url": url}
        lost = tuple(key for key in self.provider_config if key not in kept)
        state["__pydantic_private__"] = {
            "_left_behind": self._left_behind + lost,
            "_query_left_behind": self._query_left_behind or url != self.base_url,
            "_key_left_behind": self._key_left_behind or self.api_key is not None,
            **self._key_reference(),
        }
        return state

    def _key_reference(self) -> dict[str, str | None]:
        """Returns where the process that loads this finds the key, and how it knows that it is the same one."""
        variable, digest = self._key_variable, self._key_digest
        if self.api_key is not None:
            variable = variable_of(self.api_key)
            digest = digest_of(self.api_key) if variable is not None and isinstance(self.api_key, SecretStr) else None
        return {"_key_variable": variable, "_key_digest": digest}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Reads the key from the variable that held it where this was pickled, if it holds the same one here."""
        super().__setstate__(state)
        private = state.get("__pydantic_private__") or {}
        key = key_in(private.get("_key_variable"), private.get("_key_digest"))
        if key is not None:
            self.__dict__["api_key"] = usable_key(key)

    def require_whole(self, key_variables: Iterable[str] = ()) -> None:
        """Checks that a pickle left nothing behind that this config needs.

        Args:
            key_variables: the environment variables in which the provider looks for a key.

        Raises:
            ConfigurationError: naming the entries of `provider_config` that did not travel, the query of `base_url`, or
                the key.
        """
        if self._query_left_behind and self.base_url == self._without_query(self.base_url):
            msg = (
                f"base_url of {self.provider!r} lost its query when it was pickled: credentials do not travel. "
                "Make the config on this worker, or give the whole address with model_copy(update=…)."
            )
            raise ConfigurationError(msg, provider=self.provider, model=self.model)
        missing = [key for key in self._left_behind if key not in self.provider_config]
        if missing:
            msg = (
                f"provider_config of {self.provider!r} lost {', '.join(missing)} when it was pickled: "
                "credentials do not travel. Make the config on this worker, or give the missing entries with "
                "model_copy(update=…)."
            )
            raise ConfigurationError(msg, provider=self.provider, model=self.model)
        # What is no JSON was given on this worker: a credential in the place of the key.
        if (
            self._key_left_behind
            and self.api_key is None
            and without_secrets(self.provider_config, self.provider) == self.provider_config
        ):
            message = key_missing(self.provider, self._key_variable, self.base_url, key_variables)
            if message is not None:
                raise ConfigurationError(message, provider=self.provider, model=self.model)


class ImageGenerationConfig(GenerationConfig):
    """A config of calls that make images."""

    capabilities: ImageModel | None = None
    """A capability row that replaces the plugin's, for a model newer than the plugin."""


class VideoGenerationConfig(GenerationConfig):
    """A config of calls that make videos."""

    timeout: Seconds = 1200.0

    capabilities: VideoModel | None = None
    """A capability row that replaces the plugin's, for a model newer than the plugin."""
