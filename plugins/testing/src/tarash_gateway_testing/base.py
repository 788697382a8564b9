"""What a plugin's author says about the plugin, and what every check is made of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NoReturn

import pytest

from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow
from tarash.tarash_gateway.errors import PluginError, TarashError
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationConfig,
    ImageGenerationRequest,
    MediaKind,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import ProviderSpec, registry
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.fake.faults import Changed
from tarash_gateway_testing.fake.forms import Form
from tarash_gateway_testing.fake.handlers import Handler, Role, handlers_of
from tarash_gateway_testing.fake.requests import Request, State
from tarash_gateway_testing.fake.vendor import FakeVendor, Place, Vendor
from tarash_gateway_testing.harness import Harness
from tarash_gateway_testing.rules import Rule

__all__ = ["Case", "Outcome", "attempt"]

ROLE_OF: Mapping[Kind, Role] = MappingProxyType({"image": "image", "stream": "stream", "video": "submit"})
"""The role of the request that makes a kind."""

SPOKEN: Mapping[Kind, str] = MappingProxyType(
    {"image": "an image request", "stream": "a stream request", "video": "a video request"}
)
"""A kind, for a message."""

_LOADS = Rule(
    "the plugin can be imported, implements tarash_provider_specs and tarash_create_provider, and speaks the "
    "version of the contract that the gateway speaks.",
    "mend what the error above says; `tarash plugins` shows the same.",
    "Before you begin",
)

_LOADING_CHECKS = ("test_the_entry_point_has_the_providers_name", "test_the_plugin_can_be_loaded")
"""Checks that say themselves why a plugin cannot be loaded."""

_prompts = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to."""

    value: Any = None
    error: BaseException | None = None

    def __str__(self) -> str:
        if self.error is None:
            return f"it gave {self.value!r}"
        cause = self.error.__cause__
        # Core tells only the kind of a foreign exception; here its text is what helps.
        why = f" (caused by {type(cause).__name__}: {cause})" if isinstance(self.error, PluginError) and cause else ""
        return f"{type(self.error).__name__} was raised: {self.error}{why}"


def attempt(call: Callable[..., Any], *args: Any) -> Outcome:
    """Calls, and keeps what is raised."""
    try:
        return Outcome(call(*args))
    except Exception as error:  # noqa: BLE001 # a foreign exception is what some checks look for
        return Outcome(error=error)


class Case:
    """What the author of a plugin fills in. Everything but `provider` has a default."""

    __test__: ClassVar[bool] = False

    provider: ClassVar[str] = ""
    """The provider's name, as in a config."""

    plugin: ClassVar[Any] = None
    """A plugin that is not installed: its module, the module's name, or an object with the hooks."""

    base_path: ClassVar[str] = ""
    """What the base URL has behind the host, such as `/v1`."""

    image_models: ClassVar[tuple[str, ...] | None] = None
    """Image models to try, the most usual one first; None tries every row."""

    video_models: ClassVar[tuple[str, ...] | None] = None
    """Video models to try, the most usual one first; None tries every row."""

    key_header: ClassVar[str | None] = None
    """The header in which the vendor looks for the key, and what stands before it: `authorization: Bearer`,
    `x-acme-key`. The fake vendor answers 401 to a request that has it anywhere else. None takes it from any header."""

    job_words: ClassVar[Mapping[State, str]] = MappingProxyType({})
    """Our words for the states of a job to the vendor's: `queued`, `in_progress`, `completed`, `failed`, `cancelled`,
    `expired`. Those that the vendor has no word for are left out; a job needs `in_progress` and `completed`."""

    values_per_field: ClassVar[int | None] = None
    """How many declared values of each field are tried; None tries all."""

    forbidden_modules: ClassVar[tuple[str, ...]] = ()
    """Modules that listing rows must not import, besides the SDKs and HTTP libraries that are known."""

    most_modules: ClassVar[int] = 120
    """Modules that importing the plugin and listing its rows may load, besides the gateway's own."""

    expected_errors: ClassVar[Mapping[int, type[TarashError]]] = MappingProxyType({})
    """HTTP status to the error that it means at this vendor, where it is another than everywhere."""

    not_applicable: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Names of checks to the reason why they do not fit this vendor."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__test__ = bool(cls.provider)
        checks = [name for name in dir(cls) if name.startswith("test_")]
        for name in cls.not_applicable:
            if cls.provider and name not in checks:
                near = get_close_matches(name, checks, n=1)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                msg = f"{cls.__name__}.not_applicable names {name!r}, which is no check{meant}"
                raise TypeError(msg)

    # What an author may override.

    def make_config(self, vendor: Place, kind: MediaKind, **settings: Any) -> GenerationConfig:
        """Returns a config for this vendor.

        Args:
            vendor: has the `url` to talk to and a `key` for it.
            kind: which config.
            settings: `model`, `timeout` and others; they come before what is set here.
        """
        fields = {"provider": self.provider, "api_key": vendor.key, "base_url": vendor.url, **settings}
        return ImageGenerationConfig(**fields) if kind == "image" else VideoGenerationConfig(**fields)

    def make_request(self, kind: MediaKind, **fields: Any) -> ImageGenerationRequest | VideoGenerationRequest:
        """Returns a request that every model takes; `fields` has at least the prompt."""
        return ImageGenerationRequest(**fields) if kind == "image" else VideoGenerationRequest(**fields)

    def handlers(self) -> list[Handler]:
        """Returns the functions of the fake vendor: the methods that are marked with `answers`."""
        return handlers_of(self)

    def refusal(self, status: int, message: str) -> Any:
        """Returns the body of an error of this vendor."""
        return {"error": {"code": status, "message": message}}

    def moderation(self, role: Role) -> Any:  # noqa: ARG002 # for those who override it
        """Returns the answer by which moderation refuses a request of `role` or ends a job, if there is one."""
        return None

    def reached(self, request: Request, field: str, value: Any) -> bool | None:  # noqa: ARG002 # see above
        """Tells whether `value` of the request field `field` is in what arrived; None leaves it to the kit to look."""
        return None

    @contextmanager
    def open_vendor(self) -> Iterator[Vendor]:
        """Yields the vendor that plays along: a `FakeVendor` with the handlers, or a server of your own."""
        with FakeVendor(
            words=self.job_words, refusal=self.refusal, key_header=self.key_header, base_path=self.base_path
        ) as vendor:
            yield vendor

    # What the checks are made of.

    _stages: ClassVar[dict[type, Harness]] = {}

    @pytest.fixture(autouse=True)
    def _on_stage(self, request: pytest.FixtureRequest) -> Iterator[None]:
        why = self.not_applicable.get(getattr(request.node, "originalname", ""))
        if why is not None:
            pytest.skip(why)
        home = request.node.getparent(pytest.Class) or request.node
        with self.on_stage(home.addfinalizer):
            self._stop_where_nothing_loads(getattr(request.node, "originalname", ""))
            yield
            raised = [trouble for trouble in self.vendor.troubles() if " raised\n" in trouble]
            if raised:
                pytest.fail("\n".join(["the fake vendor is wrong, not the plugin:", *raised]), pytrace=False)

    def _stop_where_nothing_loads(self, check: str) -> None:
        """Says once why a plugin cannot be loaded; every check behind it is skipped."""
        stage = self._stages[type(self)]
        if stage.load_error is None:
            return
        if stage.load_error_shown:
            pytest.skip("the plugin cannot be loaded: the first check of this class says why")
        stage.load_error_shown = True
        if check not in _LOADING_CHECKS:
            self.spec()

    @pytest.fixture(params=["sync", "async"])
    def calls(self, request: pytest.FixtureRequest) -> Calls:
        """The gateway's functions, blocking and async."""
        return self.calls_of(request.param)

    def calls_of(self, flavour: Literal["sync", "async"]) -> Calls:
        """Returns the functions of one flavour; the async ones share one event loop, as in an application."""
        return Calls(flavour, self._stages[type(self)].loop.run)

    @contextmanager
    def on_stage(self, at_the_end: Callable[[Callable[[], object]], object]) -> Iterator[None]:
        """Yields everything that one check needs.

        Args:
            at_the_end: takes a function that ends what the checks of this class share.
        """
        stage = self._stages.get(type(self))
        if stage is None:
            stage = self._stages[type(self)] = Harness(self)
            at_the_end(lambda: self._stages.pop(type(self)).close())
        with stage.for_one_check(self):
            yield

    @property
    def vendor(self) -> Vendor:
        """The vendor of this check, as new."""
        return self._stages[type(self)].vendor

    @property
    def elsewhere(self) -> FakeVendor:
        """A server at another origin, which no key must reach."""
        return self._stages[type(self)].elsewhere

    def spec(self) -> ProviderSpec:
        """Returns what the plugin says about the provider."""
        stage = self._stages[type(self)]
        if stage.load_error is not None:
            self.broken(_LOADS, f"the plugin cannot be used: {stage.load_error}")
        return registry.spec(self.provider)

    def rows(self, kind: MediaKind) -> list[ModelRow]:
        """Returns the rows to try, in the order of the author's names; a model without a row is left out."""
        spec = self.spec()
        rows: tuple[ModelRow, ...] = spec.image_models if kind == "image" else spec.video_models
        wanted = self.image_models if kind == "image" else self.video_models
        if wanted is None:
            return list(rows)
        return [row for name in wanted for row in rows if spec.wire_model(name) in row.names()]

    def model(self, kind: Kind) -> str:
        """Returns the model that most checks use."""
        wanted = self.video_models if kind == "video" else self.image_models
        rows = self.rows("video" if kind == "video" else "image")
        names = list(wanted if wanted is not None else [row.model for row in rows])
        if kind == "stream":
            silent = {row.model for row in rows if isinstance(row, ImageModel) and row.streaming is False}
            names = [name for name in names if name not in silent]
        if not names:
            pytest.skip(f"{self.provider} has no model for this: no row, and none is named in the test class")
        return names[0]

    def config(self, kind: Kind, place: Place | None = None, **settings: Any) -> GenerationConfig:
        """Returns a config for the vendor, or for another place."""
        settings.setdefault("model", self.model(kind))
        of_kind: MediaKind = "video" if kind == "video" else "image"
        return self.make_config(place or self.vendor, of_kind, **{"timeout": 5.0, "poll_interval": 0.005, **settings})

    def config_with(self, kind: Kind, **provider_config: Any) -> GenerationConfig:
        """Returns a config for the vendor with these settings in its `provider_config` too; None takes one out."""
        config = self.config(kind)
        settings = {**config.provider_config, **provider_config}
        kept = {name: value for name, value in settings.items() if value is not None}
        return config.model_copy(update={"provider_config": kept})

    def request(self, kind: Kind, **fields: Any) -> Any:
        """Returns a request whose prompt no other has."""
        prompt = f"A lighthouse at night, seen from the sea for the {next(_prompts)}th time"
        return self.make_request("video" if kind == "video" else "image", **{"prompt": prompt, **fields})

    def needs(self, *kinds_or_roles: Kind | Role) -> None:
        """Skips the check where the vendor has no such thing."""
        for name in kinds_or_roles:
            role = "submit" if name == "video" else name
            if role not in self.vendor.roles:
                pytest.skip(f"the vendor has no handler for {role!r}")

    def needs_word(self, *states: State) -> None:
        """Skips the check where the vendor has no word for a state."""
        for state in states:
            if state not in self.job_words:
                pytest.skip(f"job_words has no word for {state!r}")

    def kind(self) -> Kind:
        """Returns what the vendor makes: images where it makes both."""
        for kind in ("image", "video"):
            if ROLE_OF[kind] in self.vendor.roles:
                return kind
        pytest.skip("the vendor has no handler that makes something")

    def submitted(self, calls: Calls) -> VideoJob:
        """Returns a job, submitted a moment ago."""
        self.needs("video")
        return calls.submit(self.config("video"), self.request("video"))

    def changed(self, change: Callable[[Any], Any], role: Role, times: int = 1) -> Form:
        """Lets the next answer of a role come in another form; `applied` of what is returned says whether it fitted."""
        self.fake_vendor()
        form = Form(change)
        self.vendor.fail(Changed(form), role, times)
        return form

    def fake_vendor(self) -> FakeVendor:
        """Returns the vendor, where it is the kit's own; else the check is skipped."""
        if not isinstance(self.vendor, FakeVendor):
            pytest.skip("this is played by a FakeVendor only")
        return self.vendor

    def needs_form(self, form: Form) -> None:
        """Skips the check where the vendor's answer cannot come in that form."""
        if not form.applied:
            pytest.skip("the vendor's answer has nothing of that kind")

    def broken(self, rule: Rule, problem: str) -> NoReturn:
        """Fails the check, and tells what is wrong with the vendor, where that may be why."""
        troubles = self.vendor.troubles()
        rule.broken("\n".join([problem, *(f"(fake vendor: {trouble})" for trouble in troubles)]))
