"""Every way in which this vendor says no, and what the caller gets."""

from __future__ import annotations

import pickle

import pytest

from tarash.tarash_gateway import generate_image, submit_video
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    ContentPolicyError,
    InvalidRequestError,
    InvalidResponseError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.models import VideoGenerationConfig
from tarash_gateway_sandbox import Answer

REFUSED = [
    ("router_400", InvalidRequestError, 1, 400),
    ("router_402", QuotaExceededError, 1, 402),
    ("router_403", PermissionDeniedError, 1, 403),
    ("router_404", ModelNotFoundError, 1, 404),
    ("router_413", InvalidRequestError, 1, 413),
    ("router_429", RateLimitError, 3, 429),
    ("router_503", ProviderUnavailableError, 3, 503),
    ("router_529", ProviderUnavailableError, 3, 529),
    ("router_not_a_model", ModelNotFoundError, 1, 400),
]
"""Fault, error, requests that are sent, status: nothing was made by any of them."""

UNKNOWN = ["router_499", "router_500", "router_502", "router_524", "router_524_after_creation", "router_error_with_200"]
"""Faults after which nobody can tell whether something was made."""


@pytest.fixture(params=["image", "video"])
def create(request, image_config, video_config, image_request, video_request):
    """Sends one creating request."""
    if request.param == "image":
        return lambda **settings: generate_image(image_config(**settings), image_request())
    return lambda **settings: submit_video(video_config(**settings), video_request())


@pytest.mark.parametrize(("fault", "kind", "sent", "status"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refusal_created_nothing(router, create, posts, retry_policy, fault, kind, sent, status):
    retry_policy(first_delay=0.001)
    router.fail(fault, times=None)
    with pytest.raises(kind) as caught:
        create()

    assert type(caught.value) is kind
    assert (caught.value.status_code, caught.value.billable) == (status, "no")
    assert (len(posts()), len(router.paid)) == (sent, 0)
    assert type(pickle.loads(pickle.dumps(caught.value))) is kind


@pytest.mark.parametrize("fault", UNKNOWN)
def test_what_may_have_made_something_is_sent_once(router, create, posts, fault):
    router.fail(fault, times=None)
    with pytest.raises(UnconfirmedGenerationError, match="It may have been billed") as caught:
        create()

    assert caught.value.billable == "unknown"
    assert len(posts()) == 1


@pytest.mark.parametrize(
    "fault",
    ["dropped_after_creation", "reset_after_creation", "dropped_half_way", "bad_gateway_after_creation"],
)
def test_a_lost_answer_is_unconfirmed_with_one_paid_request(
    router, make_video, video_config, video_request, posts, fault
):
    router.fail(fault, times=None)
    with pytest.raises(UnconfirmedGenerationError):
        make_video(video_config(), video_request())

    assert (len(posts()), len(router.paid)) == (1, 1)
    assert {request.method for request in router.requests} == {"POST"}  # there is no list to look into


def test_a_lost_answer_is_repeated_only_where_the_caller_says_so(router, make_video, video_config, video_request):
    router.fail("dropped_after_creation", times=1)
    response = make_video(video_config(retry_unconfirmed=True), video_request())

    assert response.video.size_bytes
    assert len(router.paid) == 2


@pytest.mark.parametrize(
    "body", [b"<html>Sign in</html>", b"", b"[]", b'{"status": "pending"}', b'{"id": 7.5}'], ids=repr
)
def test_an_unreadable_answer_to_a_submit_is_unconfirmed(router, make_video, video_config, video_request, posts, body):
    router.play(Answer(202, {}, body), method="POST")
    with pytest.raises(UnconfirmedGenerationError):
        make_video(video_config(), video_request())

    assert len(posts()) == 1


def test_a_web_page_in_place_of_a_picture_is_told(router, make_image, image_config, image_request):
    router.play(Answer(200, {}, b"<html>Sign in</html>", "text/html"), method="POST")
    with pytest.raises(InvalidResponseError, match=r"not JSON \(status 200, content type text/html\)"):
        make_image(image_config(), image_request())


def test_credits_that_are_used_up_are_told_with_the_way_out(router, create):
    router.fail("router_402")
    with pytest.raises(QuotaExceededError, match=r"settings/credits"):
        create()


def test_a_key_that_is_not_known_names_where_it_was_looked_for(router, create):
    with pytest.raises(AuthenticationError, match="looked for in api_key, then in OPENROUTER_API_KEY"):
        create(api_key="sk-invalid-0123456789abcdef")


def test_without_a_key_nothing_is_sent_and_the_variable_is_named(router, video_request):
    config = VideoGenerationConfig(provider="openrouter", model="google/veo-3.1", base_url=router.openrouter_url)
    with pytest.raises(ConfigurationError, match="set OPENROUTER_API_KEY"):
        submit_video(config, video_request())

    assert router.requests == []


def test_the_key_of_the_environment_is_read_when_the_call_is_made(router, video_request, monkeypatch):
    config = VideoGenerationConfig(provider="openrouter", model="google/veo-3.1", base_url=router.openrouter_url)
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-from-the-environment")
    submit_video(config, video_request())

    assert router.requests[0].headers["authorization"] == "Bearer sk-or-from-the-environment"


def test_the_address_of_the_environment_counts_where_the_config_has_none(router, video_request, monkeypatch):
    monkeypatch.setenv("OPENROUTER_BASE_URL", f"{router.openrouter_url}/")
    config = VideoGenerationConfig(provider="openrouter", model="google/veo-3.1", api_key="sk-or-0123456789")

    assert submit_video(config, video_request()).endpoint == router.openrouter_url


@pytest.mark.parametrize("kind", ["a function", "an async function"])
def test_a_function_gives_the_key_of_each_request(router, make_video, video_config, video_request, kind):
    keys = iter(f"sk-or-number-{number}" for number in range(1000))

    async def later():
        return next(keys)

    make_video(video_config(api_key=later if kind == "an async function" else lambda: next(keys)), video_request())
    sent = [request.headers["authorization"] for request in router.requests]
    assert sent == [f"Bearer sk-or-number-{number}" for number in range(len(sent))]


@pytest.mark.parametrize(
    ("url", "reported"),
    [
        ("ftp://openrouter.ai", "is not an address"),
        ("https://", "is not an address"),
        ("https://a b.example", "is not an address"),
        ("https://gate.example/v1?key=hush-hush", "has a query"),
    ],
)
def test_an_address_that_cannot_be_right_is_told(video_config, video_request, url, reported):
    with pytest.raises(ConfigurationError, match=reported) as caught:
        submit_video(video_config(base_url=url), video_request())

    assert "hush-hush" not in str(caught.value)


def test_a_header_that_cannot_be_sent_is_told(video_config, video_request):
    with pytest.raises(ConfigurationError, match=r"provider_config\['title'\] goes out as a header"):
        submit_video(video_config(provider_config={"title": "line\nbreak"}), video_request())


PROMPT = (
    "a duel of pirates with cutlasses on a burning deck at night, told so long that the vendor cuts it in the middle"
)


def test_moderation_is_told_without_the_prompt(router, make_video, video_config, video_request, log_lines, posts):
    router.fail("router_moderation", times=None)
    with pytest.raises(ContentPolicyError) as caught:
        make_video(video_config(fallback_configs=[video_config("google/veo-3.1")]), video_request(PROMPT))

    error = caught.value
    assert (error.stage, error.categories, error.billable, error.status_code) == ("input", ("violence",), "no", 403)
    assert len(posts()) == 1  # never handed to a fallback
    shown = f"{error} {error.raw} {error!r} {pickle.dumps(error)!r} {log_lines()}"
    for piece in (PROMPT, PROMPT[:40], PROMPT[-40:]):
        assert piece not in shown
    assert error.raw["error"]["metadata"]["flagged_input"] == "[prompt, 99 characters]"


def test_a_refusal_that_quotes_the_prompt_shows_it_nowhere(router, create):
    router.play(Answer(400, {}, b'{"error": {"code": 400, "message": "no: a lake at dawn, a cat on a wall"}}'))
    with pytest.raises(InvalidRequestError) as caught:
        create()

    assert "[prompt]" in str(caught.value)
    assert "[prompt]" in str(caught.value.raw)


def test_the_vendor_behind_is_named(router, create):
    body = b'{"error": {"code": 400, "message": "Bad image.", "metadata": {"provider_name": "Google"}}}'
    router.play(Answer(400, {}, body))
    with pytest.raises(InvalidRequestError, match=r"^Bad image \(HTTP 400, from Google\)$"):
        create()


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"error": null}', b'{"error": []}', b'{"error": "no"}', b'{"error": {"metadata": 7}}'],
)
def test_a_refusal_in_any_shape_is_told(router, create, body):
    router.play(Answer(400, {}, body))
    with pytest.raises(InvalidRequestError, match="HTTP 400"):
        create()


def test_a_redirect_of_an_api_call_is_not_followed(router, create):
    router.play(Answer(307, {"location": f"http://localhost:{router.origin.rpartition(':')[2]}/api/v1/videos"}))
    with pytest.raises(InvalidResponseError, match="redirects to localhost, which is not followed") as caught:
        create()

    assert caught.value.billable == "no"
    assert len(router.requests) == 1
