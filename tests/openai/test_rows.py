"""The rows: every model that the user's page names, with everything that the page promises of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tarash.tarash_gateway import check_request, list_models
from tarash.tarash_gateway.capabilities.check import check
from tarash.tarash_gateway.models import ImageType
from tarash_gateway_openai import DEFAULT_VIDEO_MODEL, IMAGE_MODELS, VIDEO_MODELS

ROWS = {row.model: row for row in (*IMAGE_MODELS, *VIDEO_MODELS)}

PAGE_SIZES = {
    "gpt-image-1.5": ("1024×1024", "1024×1792", "1792×1024", "auto"),
    "dall-e-3": ("1024×1024", "1024×1792", "1792×1024"),
    "dall-e-2": ("256×256", "512×512", "1024×1024"),
}
"""As the page writes them."""

PAGE_SECONDS = {"openai/sora-2": (4, 8, 12), "openai/sora-2-pro": (10, 15, 25)}
PAGE_RATIOS = ("16:9", "9:16", "1:1", "16:10", "10:16")


@pytest.mark.parametrize("row", [*ROWS.values(), DEFAULT_VIDEO_MODEL], ids=lambda row: row.model)
def test_every_row_has_a_source_and_the_day_on_which_it_was_checked(row):
    assert row.source.startswith("https://")
    assert date(2026, 1, 1) <= row.checked_on <= datetime.now(UTC).date()
    if row.lifecycle.status != "current":
        assert row.lifecycle.source.startswith("https://")
    if row.price is not None:
        assert row.price.source.startswith("https://")


def test_every_model_that_the_page_names_is_there():
    assert {"gpt-image-1.5", "dall-e-3", "dall-e-2", "sora-2", "sora-2-pro"} <= set(ROWS)
    assert {row.model for row in list_models("openai")} == set(ROWS)


def test_no_name_means_two_rows():
    names = [name for row in ROWS.values() for name in row.names()]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("model", "status", "shutdown"),
    [
        ("gpt-image-1.5", "deprecated", date(2026, 12, 1)),
        ("dall-e-3", "retired", date(2026, 5, 12)),
        ("dall-e-2", "retired", date(2026, 5, 12)),
        ("sora-2", "retired", date(2026, 9, 24)),
        ("sora-2-pro", "retired", date(2026, 9, 24)),
    ],
)
def test_every_row_says_where_its_model_stands(model, status, shutdown):
    assert (ROWS[model].lifecycle.status, ROWS[model].lifecycle.shutdown) == (status, shutdown)


def test_a_model_is_deprecated_until_its_shutdown_and_retired_from_that_day_on():
    lifecycle = ROWS["gpt-image-1.5"].lifecycle

    assert lifecycle.notice("it", date(2026, 11, 30)) == (
        "it is deprecated at its vendor and will be shut down on 2026-12-01; use gpt-image-2.6-sunburst instead"
    )
    assert lifecycle.notice("it", date(2026, 12, 1)) == (
        "it is retired at its vendor since 2026-12-01; use gpt-image-2.6-sunburst instead"
    )


@pytest.mark.parametrize(("model", "size"), [(model, size) for model, sizes in PAGE_SIZES.items() for size in sizes])
def test_every_size_of_the_page_is_accepted_in_the_pages_spelling(image_config, image_request, model, size):
    assert check_request(image_config(model), image_request(size=size)) == []


@pytest.mark.parametrize(("model", "most"), [("gpt-image-1.5", 10), ("dall-e-3", 1), ("dall-e-2", 10)])
def test_as_many_pictures_as_the_page_promises_are_accepted_and_no_more_than_the_vendor_makes(
    image_config, image_request, model, most
):
    assert check_request(image_config(model), image_request(size="1024x1024", n=most)) == []
    (problem,) = check_request(image_config(model), image_request(size="1024x1024", n=most + 1))
    assert (problem.field, problem.nearest) == ("n", most)


@pytest.mark.parametrize("style", ["vivid", "natural"])
@pytest.mark.parametrize("quality", ["hd", "standard"])
def test_every_quality_and_style_of_dall_e_3_is_accepted(image_config, image_request, quality, style):
    assert check_request(image_config("dall-e-3"), image_request(size="1792x1024", quality=quality, style=style)) == []


@pytest.mark.parametrize("ratio", PAGE_RATIOS)
@pytest.mark.parametrize(
    ("model", "seconds"), [(model, value) for model, values in PAGE_SECONDS.items() for value in values]
)
def test_every_length_in_every_ratio_of_the_page_is_accepted(video_config, video_request, model, seconds, ratio):
    requested = video_request(duration_seconds=seconds, aspect_ratio=ratio)

    assert check_request(video_config(model), requested) == []


@pytest.mark.parametrize("seconds", [4, 8, 12])
def test_sora_2_pro_takes_what_the_vendor_took_as_well(video_config, video_request, seconds):
    assert check_request(video_config("sora-2-pro"), video_request(duration_seconds=seconds)) == []


@pytest.mark.parametrize("model", [*PAGE_SECONDS])
def test_what_the_page_calls_not_supported_is_left_out_and_said(video_config, video_request, model):
    requested = video_request(negative_prompt="people", seed=7, generate_audio=False)

    assert check_request(video_config(model), requested) == []
    checked = check(requested, ROWS[model.removeprefix("openai/")], refuses=True, model="sora")
    assert {warning.split(":")[0] for warning in checked.warnings} == {"negative_prompt", "seed", "generate_audio"}


def test_sound_that_is_asked_for_is_there_anyway_and_needs_no_word(video_request):
    checked = check(video_request(generate_audio=True), ROWS["sora-2"], refuses=True, model="sora-2")

    assert checked.warnings == []
    assert checked.request.generate_audio is None


def test_a_size_that_the_vendor_has_no_equal_for_is_told_as_an_adjustment(image_request):
    checked = check(image_request(size="1792x1024"), ROWS["gpt-image-1.5"], refuses=True, model="gpt-image-1.5")

    (adjustment,) = checked.adjustments
    assert (adjustment.field, adjustment.asked, adjustment.sent) == ("size", "1792x1024", "1536x1024")
    assert adjustment.reason == "gpt-image-1.5 has no 1792x1024, this is its nearest"


def test_a_second_reference_image_is_left_out_with_a_warning(video_request, picture):
    images = [ImageType(image=picture(8 + at)) for at in range(2)]

    checked = check(video_request(image_list=images), ROWS["sora-2"], refuses=True, model="sora-2")

    assert checked.request.image_list == images[:1]
    assert checked.warnings == ["image_list: sora-2 takes 1 of 2 images; only the first is used"]


def test_what_a_remix_does_not_take_is_told(video_request):
    requested = video_request(extra_params={"video_id": "video_1"}, duration_seconds=8, aspect_ratio="16:9")

    checked = check(requested, ROWS["sora-2"], refuses=True, model="sora-2")

    assert checked.request.operation == "remix"
    assert sorted(warning.split(":")[0] for warning in checked.warnings) == ["aspect_ratio", "duration_seconds"]
