"""What is refused before the network: all problems at once, and nothing arrives at the server."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import check_request, generate_image
from tarash.tarash_gateway.errors import ConfigurationError, ProviderNotFoundError, ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, ImageType

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)


@pytest.fixture(autouse=True)
def _nothing_arrives(tarash_sandbox):
    yield
    assert tarash_sandbox.requests == []


@pytest.fixture
def refused(make_image, image_config, image_request):
    """Refuses an image request and gives the error."""

    def refuse(model, settings=None, **fields):
        with pytest.raises(ValidationError) as caught:
            make_image(image_config(model, **settings or {}), image_request(**fields))
        return caught.value

    return refuse


def test_dall_e_3_with_a_wrong_size_and_four_pictures_is_refused_with_both_problems(refused):
    error = refused("dall-e-3", size="640x480", n=4)

    assert [problem.field for problem in error.problems] == ["size", "n"]
    assert str(error) == (
        "openai/dall-e-3: 2 problems, nothing was sent"
        "\n  - size: '640x480' is not taken by dall-e-3; allowed: 1024x1024, 1792x1024, 1024x1792; nearest: 1792x1024"
        "\n  - n: 4 in one request, dall-e-3 makes at most 1; fan_out=True in the config sends several requests; "
        "allowed: 1; nearest: 1"
    )
    assert error.problems[0].nearest == "1792x1024"
    assert (error.provider, error.model, error.billable) == ("openai", "dall-e-3", "no")


def test_sora_2_with_five_seconds_is_refused_with_those_that_it_has(make_video, video_config, video_request):
    with pytest.raises(ValidationError) as caught:
        make_video(video_config(), video_request(duration_seconds=5))

    assert str(caught.value) == (
        "openai/sora-2: 1 problem, nothing was sent"
        "\n  - duration_seconds: 5 seconds are not taken by sora-2; allowed: 4, 8, 12; nearest: 4"
    )


def test_an_unknown_field_is_refused_with_the_one_that_was_meant():
    with pytest.raises(ValidationError) as caught:
        ImageGenerationRequest(promt="a cat")

    assert str(caught.value) == (
        "ImageGenerationRequest: 2 problems, nothing was sent"
        "\n  - prompt: is required"
        "\n  - promt: unknown field (did you mean prompt?)"
    )


@pytest.mark.parametrize("prompt", ["", " \n\t"], ids=["nothing", "white-space"])
def test_an_empty_prompt_is_refused(prompt):
    with pytest.raises(ValidationError) as caught:
        ImageGenerationRequest(prompt=prompt)

    assert str(caught.value) == "ImageGenerationRequest: 1 problem, nothing was sent\n  - prompt: is empty"


def test_an_unknown_provider_is_refused_with_the_one_that_was_meant(make_image, image_config, image_request):
    with pytest.raises(ProviderNotFoundError) as caught:
        make_image(image_config(provider="opnai"), image_request())

    assert str(caught.value).startswith("no installed plugin offers a provider 'opnai' (did you mean openai?)")
    assert "Installed: azure_openai, " in str(caught.value)


@pytest.mark.parametrize("key", [None, " "], ids=["not-set", "blank"])
def test_a_missing_key_names_the_variable_and_the_sandbox(make_image, tarash_sandbox, image_request, monkeypatch, key):
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    config = ImageGenerationConfig(provider="openai", model="dall-e-2", base_url=tarash_sandbox.url)

    with pytest.raises(ConfigurationError) as caught:
        make_image(config, image_request())

    assert str(caught.value) == (
        "there is no key for 'openai': give api_key in the config, or set OPENAI_API_KEY. "
        "To try things out without a key, use provider='sandbox'."
    )


@pytest.mark.parametrize(
    ("base_url", "reported"),
    [
        ("localhost:8080/v1", "is not an address: it must begin with https:// (or http://) and name a host"),
        ("ftp://example.com/v1", "is not an address"),
        ("https://user:secret@example.com/v1", "carries a user name or a password; give the key as api_key"),
    ],
    ids=["no-scheme", "another-scheme", "credentials"],
)
def test_a_base_url_that_is_none_is_refused(image_config, image_request, base_url, reported):
    with pytest.raises(ConfigurationError) as caught:
        generate_image(image_config(base_url=base_url), image_request())

    assert reported in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "fields", "reported"),
    [
        pytest.param(
            "gpt-image-1.5",
            {"size": "1024x1024", "quality": "best"},
            "quality: 'best' is not taken by gpt-image-1.5; allowed: auto, low, medium, high",
            id="quality-of-gpt-image",
        ),
        pytest.param(
            "dall-e-2",
            {"quality": "low"},
            "quality: 'low' is not taken by dall-e-2; allowed: standard; nearest: standard",
            id="low-of-dall-e-2",
        ),
        pytest.param(
            "dall-e-2", {"prompt": "x" * 1001}, "prompt: has 1,001 characters, dall-e-2 takes 1,000", id="long-prompt"
        ),
        pytest.param("dall-e-2", {"n": 11}, "n: 11 in one request, dall-e-2 makes at most 10", id="eleven-of-dall-e-2"),
        pytest.param(
            "dall-e-2",
            {"size": "1024x1792"},
            "size: '1024x1792' is not taken by dall-e-2; allowed: 256x256, 512x512, 1024x1024; nearest: 1024x1024",
            id="size-of-dall-e-2",
        ),
    ],
)
def test_a_value_that_the_model_does_not_take_is_refused_with_those_it_does(refused, model, fields, reported):
    error = refused(model, **fields)

    assert f"\n  - {reported}" in str(error)
    assert "xxxx" not in str(error)


@pytest.mark.parametrize(
    ("fields", "reported"),
    [
        ({"seed": 7}, "seed: dall-e-2 has no such parameter; leave it out, or take unsupported='warn'"),
        ({"negative_prompt": "people"}, "negative_prompt: dall-e-2 has no such parameter"),
        ({"style": "vivid"}, "style: dall-e-2 has no such parameter; leave it out, or take unsupported='warn'"),
        ({"background": "transparent"}, "background: dall-e-2 has no such parameter"),
        (
            {"extra_params": {"moderation": "low"}},
            (
                "extra_params.moderation: dall-e-2 has no such parameter; leave it out, or take unsupported='warn'; "
                "allowed: response_format, user"
            ),
        ),
    ],
    ids=["seed", "negative-prompt", "style", "background", "extra-parameter"],
)
def test_a_parameter_that_the_model_does_not_have_is_refused_where_the_config_says_so(refused, fields, reported):
    error = refused("dall-e-2", {"unsupported": "error"}, **fields)

    assert [problem.field.partition(".")[0] for problem in error.problems] == [*fields]
    assert reported in str(error)


def test_every_unsupported_parameter_of_a_video_is_named_at_once(make_video, video_config, video_request, picture):
    images = [ImageType(image=picture(1280, 720))] * 2
    requested = video_request(seed=7, negative_prompt="x", generate_audio=False, image_list=images)

    with pytest.raises(ValidationError) as caught:
        make_video(video_config(unsupported="error"), requested)

    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"seed", "negative_prompt", "generate_audio", "image_list"}


def test_check_request_finds_the_same_problems_and_raises_nothing(image_config, image_request):
    problems = check_request(image_config("dall-e-3"), image_request(size="640x480", n=4))

    assert [problem.field for problem in problems] == ["size", "n"]


def test_a_request_of_the_other_kind_is_refused(image_config, video_request):
    with pytest.raises(ValidationError) as caught:
        generate_image(image_config(), video_request())

    assert str(caught.value) == (
        "ImageGenerationConfig and VideoGenerationRequest do not go together: use both of images or both of videos"
    )
