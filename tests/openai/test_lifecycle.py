"""Models that their vendor has shut down: one warning for each process and model, then the request goes out."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import ModelLifecycleWarning, generate_image, generate_video
from tarash.tarash_gateway.errors import ValidationError

RETIRED_PICTURES = [
    ("dall-e-3", "dall-e-3 is retired at its vendor since 2026-05-12; use gpt-image-2.5-sunburst instead"),
    ("dall-e-2", "dall-e-2 is retired at its vendor since 2026-05-12; use gpt-image-2.5-sunburst instead"),
]


@pytest.mark.parametrize(("model", "reported"), RETIRED_PICTURES, ids=[model for model, _ in RETIRED_PICTURES])
def test_the_warning_names_date_and_replacement_and_the_request_goes_out(
    tarash_sandbox, make_image, image_config, image_request, one_picture, posts, model, reported
):
    tarash_sandbox.play(one_picture)

    with pytest.warns(ModelLifecycleWarning) as caught:
        response = make_image(image_config(model), image_request(size="1024x1024"))

    assert [str(warning.message) for warning in caught] == [reported]
    assert reported in response.warnings
    assert len(posts()) == 1


@pytest.mark.parametrize(("model", "reported"), RETIRED_PICTURES, ids=[model for model, _ in RETIRED_PICTURES])
def test_as_an_error_it_comes_before_the_request(
    tarash_sandbox, make_image, image_config, image_request, model, reported
):
    # The tests' own setting is `-W error`.
    with pytest.raises(ModelLifecycleWarning) as caught:
        make_image(image_config(model), image_request(size="1024x1024"))

    assert str(caught.value) == reported
    assert tarash_sandbox.requests == []


@pytest.mark.parametrize("model", ["sora-2", "openai/sora-2-pro"])
def test_the_warning_of_a_model_without_a_replacement_names_the_date(
    tarash_sandbox, video_config, video_request, model
):
    with pytest.raises(ModelLifecycleWarning) as caught:
        generate_video(video_config(model), video_request())

    assert str(caught.value) == f"{model.removeprefix('openai/')} is retired at its vendor since 2026-09-24"
    assert tarash_sandbox.requests == []


def test_it_comes_once_for_each_model_and_stands_in_every_response(
    tarash_sandbox, image_config, image_request, one_picture
):
    tarash_sandbox.play(one_picture, times=None)

    with pytest.warns(ModelLifecycleWarning) as caught:
        made = [
            generate_image(image_config(model), image_request(size="1024x1024"))
            for model in ("dall-e-2", "dall-e-3", "dall-e-2", "openai/dall-e-2", "dall-e-3")
        ]

    assert [str(warning.message).split()[0] for warning in caught] == ["dall-e-2", "dall-e-3"]
    assert all("is retired at its vendor since" in response.warnings[0] for response in made)


def test_it_points_at_the_line_of_the_caller(tarash_sandbox, image_config, image_request, one_picture):
    tarash_sandbox.play(one_picture)

    with pytest.warns(ModelLifecycleWarning) as caught:
        generate_image(image_config("dall-e-2"), image_request())

    assert caught[0].filename == __file__


def test_a_request_that_is_refused_warns_of_nothing(image_config, image_request):
    # The tests' own setting is `-W error`: a warning would be raised in place of the refusal.
    with pytest.raises(ValidationError):
        generate_image(image_config("dall-e-3"), image_request(n=4))


def test_a_model_without_a_row_warns_of_nothing(tarash_sandbox, image_config, image_request, one_picture):
    tarash_sandbox.play(one_picture)

    assert generate_image(image_config("gpt-image-9"), image_request()).warnings == []
