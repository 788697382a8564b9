"""Every error is told apart by its class, carries what is known, and survives the way to another process."""

import copy
import pickle
import re

import pytest

from tarash.tarash_gateway import Journal, errors
from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    PickledCause,
    Problem,
    ProviderUnavailableError,
    RateLimitError,
    SaveError,
    TarashError,
    UnconfirmedGenerationError,
    ValidationError,
)
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoJob

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TarashError)]
JOB = VideoJob(provider="acme", model="acme-video", id="job_1", endpoint="https://api.acme.test/v1")


def drawn_tree():
    """(child, parent) for each line of the drawing in the module's docstring."""
    above, found = ["TarashError"], set()
    for line in errors.__doc__.splitlines():
        if match := re.match(r"^((?:│   |    )*)[├└]── (\w+)", line):
            depth = len(match[1]) // 4 + 1
            above[depth:] = [match[2]]
            found.add((match[2], above[depth - 1]))
    return found


def test_the_drawn_tree_is_the_real_one():
    real = {(kind.__name__, kind.__bases__[0].__name__) for kind in KINDS if kind is not TarashError}
    assert drawn_tree() == real


def test_every_error_is_exported():
    assert {kind.__name__ for kind in KINDS} | {"Billable", "Problem"} == set(errors.__all__)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_pickles_with_all_it_knows(kind):
    settings = {
        "provider": "acme",
        "model": "acme-image",
        "request_id": "req_1",
        "status_code": 500,
        "code": "boom",
        "retryable": True,
        "retry_after": 1.5,
        "billable": "yes",
        "job": JOB,
        "raw": {"error": "boom"},
    }
    error = kind("it broke", **settings)
    error.add_note("tried twice")
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is kind
    assert vars(twin) == vars(error)
    assert {name: getattr(twin, name) for name in settings} == settings
    assert (str(twin), twin.args, twin.__notes__) == ("it broke", ("it broke",), ["tried twice"])


@pytest.mark.parametrize(
    "error",
    [
        ValidationError("no", problems=[Problem("size", "is wrong", "1x1", ("2x2",), "2x2")]),
        ContentPolicyError("no", stage="output", categories=["violence"]),
        SaveError("no", errno=28),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_only_one_error_has_pickles_too(error):
    assert vars(pickle.loads(pickle.dumps(error))) == vars(error)
    assert vars(copy.copy(error)) == vars(error)


def test_a_cause_of_ours_survives_the_pickle():
    error = UnconfirmedGenerationError("lost")
    error.__cause__ = ProviderUnavailableError("502", status_code=502)
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin.__cause__) is ProviderUnavailableError
    assert twin.__cause__.status_code == 502


def test_a_foreign_cause_travels_as_its_name_alone():
    error = DownloadError("lost")
    error.__cause__ = RuntimeError(lambda: None)
    cause = pickle.loads(pickle.dumps(error)).__cause__
    assert (type(cause), str(cause)) == (PickledCause, "builtins.RuntimeError")


def test_a_validation_error_is_a_value_error():
    assert issubclass(ValidationError, ValueError)


@pytest.mark.parametrize(
    ("kind", "billable"),
    [
        (errors.ConfigurationError, "no"),
        (ValidationError, "no"),
        (errors.PluginError, "no"),
        (RateLimitError, "no"),
        (ContentPolicyError, "no"),
        (errors.ConnectionFailedError, "no"),
        (errors.InvalidResponseError, "yes"),
        (UnconfirmedGenerationError, "unknown"),
        (GenerationFailedError, "unknown"),
        (errors.GenerationTimeoutError, "unknown"),
        (DownloadError, "yes"),
        (errors.JobExpiredError, "yes"),
        (SaveError, "no"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_an_error_says_by_itself_whether_it_may_be_billed(kind, billable):
    assert kind("it broke").billable == billable
    assert kind("it broke", billable="unknown").billable == "unknown"


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        ([Problem("n", "is too many")], "acme/acme-image: 1 problem, nothing was sent\n  - n: is too many"),
        (
            [Problem("n", "is too many", 5, "1 to 4", 4), Problem("size", "is odd", "3x3", ("2x2", "4x4"), "4x4")],
            (
                "acme/acme-image: 2 problems, nothing was sent\n"
                "  - n: is too many; allowed: 1 to 4; nearest: 4\n"
                "  - size: is odd; allowed: 2x2, 4x4; nearest: 4x4"
            ),
        ),
    ],
    ids=["one", "two"],
)
def test_all_problems_are_listed_in_one_message(problems, text):
    error = ValidationError.of("acme/acme-image", problems, provider="acme")
    assert str(error) == text
    assert error.problems == tuple(problems)
    assert error.provider == "acme"


def test_what_an_error_says_already_is_not_overwritten():
    error = RateLimitError("slow down", model="acme-image")
    Context(ImageGenerationConfig(provider="acme", model="other"), "other", "req_1", 0.0, 1.0).complete(error)
    assert (error.provider, error.model, error.request_id) == ("acme", "acme-image", "req_1")


def test_names_of_1_0_are_aliases():
    assert errors.LeftBehindError is PickledCause
    assert Journal.intend is Journal.record_request
    assert Journal.intend_async is Journal.record_request_async
