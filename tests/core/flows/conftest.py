"""Answers are fed into the flows by hand, and their commands are read: no driver, no clock, no waiting."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.flows.commands import (
    Blocking,
    Either,
    Emit,
    Gather,
    Now,
    Outcome,
    ProviderCall,
    Random,
    Sleep,
)
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.plan import make_plan
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl
from tarash.tarash_gateway.plugins._registry import PluginRegistry

SAID = {"source": "https://acme.test", "checked_on": date(2026, 1, 1)}


@pytest.fixture(autouse=True)
def _usual_pauses(_nothing_waits_long, retry_policy):
    # No time passes here, and how long a flow asks to wait is what its tests are about.
    retry_policy(first_delay=0.5)


class Feed:
    """Runs a flow to its end with prepared answers to its calls.

    `Now` gives a number that only `Sleep` moves; `Random` gives a half. An answer that is an exception is thrown, one
    that is a function is called with the command. `interrupt` may give an exception for any command.
    """

    def __init__(self, *answers, now=0.0, interrupt=lambda command: None):
        self.answers = list(answers)
        self.now = now
        self.interrupt = interrupt
        self.commands = []
        self.updates = []

    def __call__(self, flow):
        answer = error = None
        while True:
            try:
                command = flow.throw(error) if error is not None else flow.send(answer)
            except StopIteration as done:
                return done.value
            self.commands.append(command)
            answer, error = None, self.interrupt(command)
            if error is None:
                try:
                    answer = self.give(command)
                except BaseException as raised:
                    error = raised

    def give(self, command):
        match command:
            case Now():
                return self.now
            case Random():
                return 0.5
            case Sleep(seconds):
                self.now += seconds
            case Emit(update):
                self.updates.append(update(self.now))
            case Gather(flows):
                return [self.outcome(flow) for flow in flows]
            case Blocking(function, args, options):
                return function(*args, **options)  # ours, not the vendor's
            case ProviderCall() | Either():
                answer = self.answers.pop(0)
                if isinstance(answer, BaseException):
                    raise answer
                return answer(command) if callable(answer) else answer
        return None

    def outcome(self, flow):
        try:
            return Outcome(self(flow))
        except Exception as error:
            return Outcome(error=error)

    @property
    def calls(self):
        """What was asked of the vendor."""
        return [command for command in self.commands if isinstance(command, (ProviderCall, Either))]

    @property
    def sleeps(self):
        return [command.seconds for command in self.commands if isinstance(command, Sleep)]


class Acme(Provider):
    """A vendor that is never called here: the feed answers in its place."""

    endpoint = "https://api.acme.test/v1"


class AcmePlugin:
    """Offers `acme`; `made` counts the providers it made."""

    def __init__(self, name="acme", image=None, video=None):
        self.made = 0
        self.spec = ProviderSpec(
            name=name,
            api_version=1,
            image_models=(ImageModel(model="acme-image", **{"max_images": 4, **SAID, **(image or {})}),),
            video_models=(VideoModel(model="acme-video", **{"max_videos": 2, **SAID, **(video or {})}),),
        )

    @hookimpl
    def tarash_provider_specs(self):
        return [self.spec]

    @hookimpl
    def tarash_create_provider(self, config):
        self.made += 1
        return Acme()


@pytest.fixture
def feed():
    return Feed


@pytest.fixture
def acme():
    """The class of the plugin that flows are tested with."""
    return AcmePlugin


@pytest.fixture
def plan_for():
    """Makes a plan of a request, through a registry with only the given plugins."""

    def plan_for(request, config=None, *, plugins=(), **options):
        registry = PluginRegistry(installed=())
        for plugin in plugins or (AcmePlugin(**options),):
            registry.register(plugin)
        if config is None:
            config = image_config() if type(request).__name__.startswith("Image") else video_config()
        return make_plan(config, request, registry)

    return plan_for


def image_config(**fields):
    return ImageGenerationConfig(**{"provider": "acme", "model": "acme-image", "timeout": 100, **fields})


def video_config(**fields):
    return VideoGenerationConfig(**{"provider": "acme", "model": "acme-video", "timeout": 1000, **fields})


@pytest.fixture
def image_cfg():
    return image_config


@pytest.fixture
def video_cfg():
    return video_config


@pytest.fixture
def context_of():
    """The context of one config, begun at 0 on the feed's clock."""
    return lambda config: Context(config, config.model, "req_1", 0.0, float(config.timeout))
