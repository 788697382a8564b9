"""What a plugin can implement, in the order in which the gateway calls it.

A plugin is a module (or an object) whose functions are marked with `hookimpl`. An entry point in the group
`tarash_gateway.providers`, named as the provider, makes an installed plugin known; one in `tarash_gateway.commands`,
named as the command, adds to the command line; one in `tarash_gateway.observers` is notified of every call.

A distribution beside the gateway can have hooks of its own: `EXTENSIONS` says where they are specified.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import pluggy

if TYPE_CHECKING:
    from cyclopts import App

    from tarash.tarash_gateway.models import GenerationConfig, GenerationJob
    from tarash.tarash_gateway.models.response import GenerationResponse
    from tarash.tarash_gateway.plugins.provider import Provider
    from tarash.tarash_gateway.plugins.spec import ProviderSpec

PROJECT = "tarash_gateway"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

EXTENSIONS = {"tarash_batch_engines": ("tarash_gateway_batch.interfaces", "batch")}
"""Hooks that are not specified here: by name, the module that specifies it and the extra that brings it."""


Operation = Literal["generate", "stream", "submit", "poll", "cancel", "resume"]


@dataclass(frozen=True, slots=True)
class CallContext:
    """Which call an observer is notified of, or which attempt of it. Holds no key."""

    request_id: str
    """Our id of the call, the one in the log lines."""

    kind: Literal["image", "video"]
    operation: Operation
    """Which of the public functions it is."""

    provider: str
    model: str
    """The model's name on the wire; of the first config, where it is the call itself."""

    endpoint: str | None
    """The base URL that requests go to; None before a provider is made for it."""

    at: datetime
    """When it began, UTC."""

    attempt: int | None = None
    """Which config of the chain, counted from 1; None for the call itself."""

    request: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The request as plain JSON, the prompt in it, media left out. Write it nowhere unless you were told to."""

    job: GenerationJob | None = field(default=None, repr=False, compare=False)
    """The job that a function such as `poll_video`, `resume_image` or `cancel_video` was given."""

    @property
    def asked(self) -> dict[str, Any]:
        """The name that `request` had in 1.0."""
        return self.request


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What became of a call or of an attempt: a response, a job, or an error."""

    seconds: float
    """How long it took."""

    response: GenerationResponse | None = None
    job: GenerationJob | None = None
    """The job, where one is known: of a submit, of a response, of an error."""

    error: BaseException | None = None

    @property
    def cost(self) -> float | None:
        """US dollars, where the vendor tells or its price is known."""
        return self.response.cost if self.response is not None else None

    @property
    def cost_source(self) -> str | None:
        """Who says so: `vendor`, or `computed` from our price list."""
        return self.response.cost_source if self.response is not None else None


@hookspec
def tarash_provider_specs() -> Iterable[ProviderSpec]:  # type: ignore[empty-body] # a spec has no body
    """Declares the providers that the plugin offers, as pure data.

    Called once for each process, when a provider of the plugin is first asked for or its rows are listed. It must
    import no SDK, read no file or environment variable, and touch no network.

    Returns:
        One spec for each provider.

    Example:
        ```python
        @hookimpl
        def tarash_provider_specs():
            yield ProviderSpec(name="acme", api_version=1, image_models=ROWS, key_variables=("ACME_API_KEY",))
        ```
    """


@hookspec(firstresult=True)
def tarash_create_provider(config: GenerationConfig) -> Provider | None:
    """Makes the provider that serves calls with this config.

    Called for the plugin that owns `config.provider`, once for each call of the public functions: cache clients, not
    providers. Here the SDK is imported. It must send nothing.

    Args:
        config: the caller's config; its key is read from the environment here where it has none.

    Returns:
        A provider bound to this config, or None where the config names a provider of another plugin.

    Raises:
        ConfigurationError: a key, an endpoint or a setting is missing or unusable; the message says what to set.

    Example:
        ```python
        @hookimpl
        def tarash_create_provider(config):
            from acme_plugin.client import AcmeProvider

            return AcmeProvider(config)
        ```
    """


@hookspec
def tarash_register_commands(cli: App) -> None:
    """Adds a command to `tarash`.

    Called at most once for each process, and only when the command is used, asked for its help, or completed: the
    plugin's entry point in the group `tarash_gateway.commands` has the command's name, so that `tarash --help` lists
    it, with the summary of the distribution, and imports nothing. Import in the command's own function what is slow
    to import; print results to stdout and everything else to stderr; give the exit code as a number, or None.

    Using the command shows what the hook raises, and `tarash plugins` does; other commands keep working.

    Args:
        cli: a cyclopts app to add the command to, by the name of the entry point. Other names are left out.

    Example:
        ```python
        @hookimpl
        def tarash_register_commands(cli):
            @cli.command(name="acme", help="Shows what is left of a project's budget.")
            def acme(project: str):
                print(f"{project}: $12.50")
        ```
    """


@hookspec
def tarash_before_generate(context: CallContext) -> None:
    """Tells an observer that a call, or one attempt of it, begins.

    Called once for the call itself (`context.attempt` is None) and once for each config of its chain that is tried
    (`context.attempt` counts from 1), in the thread or the event loop of the call: return at once, never block. The
    request has been checked and nothing was sent yet. An observer cannot refuse or change anything; what it raises is
    logged under its name and goes no further.

    Args:
        context: which call it is. It holds no key; `context.request` holds the prompt.

    Example:
        ```python
        @hookimpl
        def tarash_before_generate(context):
            print(f"{context.request_id} {context.operation} {context.provider}/{context.model}")
        ```
    """


@hookspec
def tarash_after_generate(context: CallContext, outcome: CallOutcome) -> None:
    """Tells an observer what became of a call, or of one attempt of it.

    Called once for each `tarash_before_generate`, with an equal context, also when the call was cancelled or
    interrupted, and when its reader left a stream before its end: `outcome.error` is then a `GeneratorExit`, and what
    the vendor had begun may be billed. The same rules hold: return at once, what it raises is logged under its name.

    Args:
        context: which call it is.
        outcome: its response or job, or its error, and how long it took.

    Example:
        ```python
        @hookimpl
        def tarash_after_generate(context, outcome):
            if context.attempt is None and outcome.response is not None:
                print(f"{context.request_id} cost {outcome.cost} after {outcome.seconds:.1f} s")
        ```
    """


@hookspec
def tarash_job_updated(context: CallContext, job: GenerationJob) -> None:
    """Tells an observer that a video job is known, or that its status or progress changed.

    Called from the submit on, each time that a look at the job shows something new. The same rules hold: return at
    once, what it raises is logged under its name.

    Args:
        context: which attempt it is; for `resume_video`, which call.
        job: the job as it is now.

    Example:
        ```python
        @hookimpl
        def tarash_job_updated(context, job):
            print(f"{job.id} is {job.status}")
        ```
    """
