"""The next config is tried while nothing was created, and never after something may have been paid."""

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionFailedError,
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidRequestError,
    InvalidResponseError,
    ModelNotFoundError,
    PermissionDeniedError,
    PluginError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnconfirmedGenerationError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.flows.call import call
from tarash.tarash_gateway.flows.commands import ProviderCall
from tarash.tarash_gateway.flows.context import CallScope
from tarash.tarash_gateway.flows.plan import Skipped
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageGenerationResponse, Media, VideoJob

JOB = VideoJob(provider="acme", model="m", id="job_1", endpoint="https://api.acme.test")


def make():
    """The primitive of these plans."""


def response(context, plan):
    return ImageGenerationResponse(
        images=[Media()],
        request_id=context.request_id,
        provider=plan.config.provider,
        model=plan.model,
        warnings=["own"],
    )


@pytest.fixture
def chain_of(plan_for, image_cfg, acme):
    def chain_of(*names, **fields):
        plugins = [acme(name) for name in names]
        request = ImageGenerationRequest(prompt="a cat")
        return [plan_for(request, image_cfg(provider=name, **fields), plugins=plugins) for name in names]

    return chain_of


@pytest.fixture
def tried(feed):
    """Runs a chain whose links answer in turn; gives what came of it, the contexts and the feed."""

    def tried(chain, *answers, now=0.0):
        contexts, fed = [], feed(*answers, now=now)

        def steps(context, plan):
            contexts.append(context)
            yield ProviderCall(plan, make)
            return response(context, plan)

        try:
            result = fed(call(chain, steps, CallScope(request_id="req_1")))
        except BaseException as error:
            result = error
        return result, contexts

    return tried


def attempts(result):
    return [(attempt.provider, attempt.model, attempt.outcome, attempt.error) for attempt in result.attempts]


def test_the_first_that_succeeds_is_the_answer(chain_of, tried):
    result, contexts = tried(chain_of("acme", "zeta"), None)
    assert (result.provider, attempts(result)) == ("acme", [("acme", "acme-image", "succeeded", None)])
    assert (len(contexts), result.warnings) == (1, ["own"])


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("401"),
        ConfigurationError("no key"),
        ConnectionFailedError("refused"),
        InvalidRequestError("400"),
        ModelNotFoundError("404"),
        PermissionDeniedError("403"),
        ProviderUnavailableError("503"),
        QuotaExceededError("quota"),
        RateLimitError("429"),
        UnsupportedOperationError("cannot"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_it_moves_on_where_nothing_was_created(error, chain_of, tried):
    result, contexts = tried(chain_of("acme", "zeta"), error, None)
    assert result.provider == "zeta"
    said = f"{type(error).__name__}: {error}"
    assert attempts(result) == [("acme", "acme-image", "failed", said), ("zeta", "acme-image", "succeeded", None)]
    assert result.warnings == [f"acme/acme-image was failed ({said})", "own"]
    assert [context.request_id for context in contexts] == ["req_1", "req_1"]


@pytest.mark.parametrize(
    "error",
    [
        ContentPolicyError("refused"),
        UnconfirmedGenerationError("lost"),
        ProviderUnavailableError("502", billable="unknown"),
        RateLimitError("429", job=JOB),
        InvalidResponseError("half a picture"),
        GenerationFailedError("failed"),
        GenerationTimeoutError("late"),
        DownloadError("cut"),
        PluginError("a defect"),
        ValidationError("half a picture was fetched"),
    ],
    ids=[
        "content policy",
        "unconfirmed",
        "maybe billed",
        "has a job",
        "bad answer",
        "failed job",
        "timeout",
        "download",
        "plugin",
        "input",
    ],
)
def test_it_stops_where_something_may_be_paid_or_another_vendor_would_not_help(error, chain_of, tried):
    result, contexts = tried(chain_of("acme", "zeta"), error)
    assert result is error
    assert len(contexts) == 1
    assert (error.provider, error.model, error.request_id) == ("acme", "acme-image", "req_1")


def test_the_last_error_names_what_was_tried_before(chain_of, tried):
    first, last = RateLimitError("429"), AuthenticationError("401")
    result, _ = tried(chain_of("acme", "zeta"), first, last)
    assert result is last
    assert result.provider == "zeta"
    assert result.__notes__ == ["before it, acme/acme-image failed: RateLimitError: 429"]


def test_a_config_that_cannot_take_the_request_is_told_as_skipped(chain_of, tried):
    first, last = chain_of("acme", "zeta")
    skipped = Skipped("beta", "beta-image", ValidationError("too long"))
    result, contexts = tried([first, skipped, last], RateLimitError("429"), None)
    assert [outcome for _, _, outcome, _ in attempts(result)] == ["failed", "skipped", "succeeded"]
    assert "beta/beta-image was skipped (ValidationError: too long)" in result.warnings
    assert len(contexts) == 2


def test_the_last_plan_raises_though_a_skipped_config_follows(chain_of, tried):
    error = RateLimitError("429")
    result, _ = tried([*chain_of("acme"), Skipped("beta", "b", ValidationError("no"))], error)
    assert result is error


def test_one_deadline_holds_for_the_whole_chain(chain_of, tried, feed):
    first, last = chain_of("acme", "zeta")
    fed, contexts = feed(), []

    def steps(context, plan):
        contexts.append(context)
        yield from ()
        if len(contexts) == 1:
            fed.now = 60.0
            raise RateLimitError("429")
        return response(context, plan)

    fed(call([first, last], steps, CallScope(request_id="req_1")))
    assert [(context.started, context.deadline) for context in contexts] == [(0.0, 100.0), (0.0, 100.0)]


def test_a_model_that_is_gone_is_told_with_its_replacement(plan_for, tried):
    row = {"lifecycle": {"status": "retired", "replacement": "acme-image-2"}}
    plan = plan_for(ImageGenerationRequest(prompt="a cat"), image=row)
    result, _ = tried([plan], ModelNotFoundError("no such model: acme-image."))
    assert str(result) == ("no such model: acme-image. acme-image is retired at its vendor; use acme-image-2 instead")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)], ids=["Ctrl-C", "exit"])
def test_a_break_says_where_it_was(error, chain_of, tried):
    result, contexts = tried(chain_of("acme", "zeta"), error)
    assert result is error
    assert result.__notes__ == ["req_1: broken off at acme/acme-image"]
    assert len(contexts) == 1


def test_an_error_keeps_what_it_says_itself(chain_of, tried):
    result, _ = tried(chain_of("acme"), AuthenticationError("401", model="the-real-model"))
    assert (result.provider, result.model) == ("acme", "the-real-model")
