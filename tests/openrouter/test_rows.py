"""Rows, from the vendor's lists: what is known, what is not, and what nobody should write into a list."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import date

import pytest

from tarash.tarash_gateway import check_request, list_models, refresh_models, refresh_models_async
from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.errors import InvalidResponseError, TarashError
from tarash.tarash_gateway.plugins.http.request import JOB_BYTES
from tarash_gateway_openrouter import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_openrouter.catalogue import image_rows, video_rows
from tarash_gateway_sandbox import Answer
from tarash_gateway_sandbox.openrouter.faults import GARBAGE
from tarash_gateway_sandbox.openrouter.models import IMAGE_ENTRIES, VIDEO_ENTRIES

TODAY = date(2026, 11, 22)


def video_row(**entry):
    return video_rows([{"id": "acme/dream-1", **entry}], TODAY)[0]


def image_row(parameters=None, **entry):
    return image_rows([{"id": "acme/paint-1", "supported_parameters": parameters, **entry}], TODAY)[0]


@pytest.fixture(params=["sync", "async"])
def refresh(request):
    return refresh_models if request.param == "sync" else lambda config: asyncio.run(refresh_models_async(config))


@pytest.mark.parametrize("row", [*VIDEO_MODELS, *IMAGE_MODELS], ids=lambda row: row.model)
def test_every_shipped_row_has_a_source_and_the_day_on_which_it_was_read(row):
    assert row.source.startswith("https://openrouter.ai/api/v1/")
    assert date(2026, 8, 1) <= row.checked_on <= TODAY


@pytest.mark.parametrize("row", VIDEO_MODELS, ids=lambda row: row.model)
def test_the_sandbox_has_what_the_shipped_row_says(row):
    entry = VIDEO_ENTRIES.get(row.model)
    if entry is None or row.lifecycle.status == "retired":
        return
    assert row.durations is None or set(row.durations) == set(entry.durations)
    assert row.resolutions == entry.resolutions
    assert row.aspect_ratios == entry.ratios


def test_models_that_only_linger_in_the_list_are_told_as_retired():
    listed = {row.model: row.lifecycle for row in list_models("openrouter", kind="video", status="retired")}

    assert set(listed) == {"openai/sora-2", "openai/sora-2-pro"}
    assert video_rows([{"id": "openai/sora-2-pro"}], TODAY)[0].lifecycle.shutdown == date(2026, 9, 24)


def test_null_is_not_known_and_passes_everything():
    fields = ("durations", "sizes", "aspect_ratios", "resolutions", "frame_images")
    row = video_row(**{f"supported_{name}": None for name in fields}, generate_audio=None, seed=None, pricing_skus=None)

    known = (row.durations, row.sizes, row.aspect_ratios, row.resolutions, row.input_roles, row.audio, row.price)
    assert known == (None,) * 7
    assert "seed" not in row.unsupported
    assert video_row() == row


def test_false_is_no():
    row = video_row(generate_audio=False, seed=False)

    assert row.audio == "never"
    assert "seed" in row.unsupported


@pytest.mark.parametrize(
    ("frames", "roles"),
    [
        (["first_frame", "last_frame"], ("first_frame", "last_frame", "reference")),
        (["first_frame", 7], ("first_frame", "reference")),
        ([], ("reference",)),
        (["middle_frame"], None),
        (None, None),
        ("first_frame", None),
    ],
    ids=str,
)
def test_frames_are_those_that_are_listed_and_references_are_left_to_the_vendor(frames, roles):
    assert video_row(supported_frame_images=frames).input_roles == roles


def test_a_list_keeps_what_of_it_can_be_read():
    row = video_row(supported_durations=[8, 4.0, "6", None, True, -1, 1e999], supported_sizes=["1280x720", "big", 7])

    assert row.durations == (4.0, 8.0)
    assert row.sizes == ("1280x720",)


@pytest.mark.parametrize(
    ("skus", "prices"),
    [
        ({"duration_seconds": "0.1"}, {"720p": 0.1, "1080p": 0.1}),
        ({"duration_seconds_720p": "0.1"}, {"720p": 0.1}),
        (
            {"duration_seconds_with_audio_720p": "0.05", "duration_seconds_with_audio": "0.08"},
            {"720p audio": 0.05, "1080p audio": 0.08},
        ),
        (
            {"duration_seconds_720p_with_audio": "0.15", "duration_seconds_1080p_without_audio": "0.4"},
            {"720p audio": 0.15, "1080p silent": 0.4},
        ),
        ({"duration_seconds": 0}, {"720p": 0.0, "1080p": 0.0}),
    ],
)
def test_prices_with_known_names_are_read(skus, prices):
    row = video_row(supported_resolutions=["720p", "1080p"], pricing_skus=skus)

    assert row.price.per_second == prices


@pytest.mark.parametrize(
    "skus",
    [
        {"duration_seconds": "0.1", "per-video-second": "0.2"},
        {"cents_per_second_output": "12"},
        {"video_tokens": "0.000007"},
        {"image_to_video_duration_seconds_720p": "0.1"},
        {"duration_seconds": "free"},
        {"duration_seconds": "NaN"},
        {"duration_seconds": "-1"},
        {"duration_seconds": "1e999"},
        {"duration_seconds": None},
        {"duration_seconds_720p_with_audio_1080p": "1"},
        {},
        [],
        "0.1",
        None,
    ],
    ids=str,
)
def test_a_price_with_another_name_or_figure_is_not_known(skus):
    assert video_row(supported_resolutions=["720p"], pricing_skus=skus).price is None


def test_without_tiers_a_price_is_for_any():
    assert video_row(pricing_skus={"duration_seconds_with_audio": "0.3"}).price.per_second == {"any audio": 0.3}


def test_a_size_costs_what_its_tier_costs():
    skus = {"duration_seconds": "0.1", "duration_seconds_4k": "0.6"}
    row = video_row(supported_resolutions=["720p", "4K"], supported_sizes=["1280x720", "2160x3840"], pricing_skus=skus)

    assert row.price.per_second == {"720p": 0.1, "4K": 0.6, "1280x720": 0.1, "2160x3840": 0.6}


def test_a_negative_prompt_is_taken_where_the_list_and_the_way_are_known():
    def takes(name, allowed):
        row = video_rows([{"id": name, "allowed_passthrough_parameters": allowed}], TODAY)[0]
        return "negative_prompt" not in row.unsupported

    assert takes("google/veo-9", ["negativePrompt"])
    assert not takes("google/veo-9", ["negative_prompt"])
    assert not takes("google/veo-9", None)
    assert not takes("acme/dream-1", ["negativePrompt"])


def test_descriptors_of_an_image_model_become_columns():
    row = image_row(
        {
            "quality": {"type": "enum", "values": ["low", "high", 7]},
            "resolution": {"type": "enum", "values": ["1K", "2K"]},
            "aspect_ratio": {"type": "enum", "values": ["1:1", "16:9", "odd"]},
            "n": {"type": "range", "min": 1, "max": 4},
            "input_references": {"type": "range", "min": 0, "max": 3},
            "output_compression": {"type": "range", "min": 10, "max": 90},
            "seed": {"type": "boolean"},
            "sparkle": {"type": "hologram"},
        },
        supports_streaming=True,
    )

    assert (row.qualities, row.resolutions, row.aspect_ratios) == (("low", "high"), ("1K", "2K"), ("1:1", "16:9"))
    assert (row.max_images, row.max_input_images, row.streaming, row.mask) == (4, 3, True, False)
    assert row.param_values["output_compression"].max == 90
    assert row.unsupported == ("style", "negative_prompt", "background", "output_format")


@pytest.mark.parametrize("parameters", [None, {}, [], "none"], ids=str)
def test_an_image_model_without_descriptors_passes_everything(parameters):
    row = image_row(parameters)

    assert (row.qualities, row.resolutions, row.max_images, row.max_input_images) == (None, None, 10, None)
    assert row.unsupported == ("style", "negative_prompt")


def test_a_model_that_reads_text_only_takes_no_pictures():
    assert image_row({}, architecture={"input_modalities": ["text"]}).max_input_images == 0
    assert image_row({}, architecture={"input_modalities": ["text", "image"]}).max_input_images is None


def test_garbage_is_left_out_and_what_is_good_of_it_stays():
    rows = {row.model: row for row in video_rows(GARBAGE, TODAY)}

    assert set(rows) == {"acme/all-null", "acme/wrong-types", "acme/mixed", "acme/odd-price", "acme/deep"}
    assert rows["acme/mixed"].durations == (4.0, 8.0)  # the first of its name
    assert {row.model for row in image_rows(GARBAGE, TODAY)} == set(rows)


def _anything(dice, depth=0):
    kinds = [None, True, -1, 0, 4, 8.5, 1e308, 10**400, "", "16:9", "720p", "1280x720", "first_frame", "x" * 5000]
    if depth < 3 and dice.random() < 0.4:
        inner = [_anything(dice, depth + 1) for _ in range(dice.randrange(4))]
        return inner if dice.random() < 0.5 else {str(at): item for at, item in enumerate(inner)}
    return dice.choice(kinds)


def test_a_thousand_entries_of_chance_break_nothing():
    dice = random.Random(7)
    names = [*VIDEO_ENTRIES["google/veo-3.1"].shown(), "supported_parameters", "supports_streaming", "architecture"]
    entries = [{"id": f"acme/m{at}", **{name: _anything(dice) for name in names[1:]}} for at in range(1000)]

    assert len(video_rows(entries, TODAY)) == 1000
    assert len(image_rows(entries, TODAY)) == 1000


def test_the_lists_are_fetched_and_requests_are_held_against_them(router, refresh, video_config, video_request):
    assert check_request(video_config("acme/dream-1"), video_request(duration_seconds=99)) == []
    entry = {"id": "acme/dream-1", "supported_durations": [4, 8]}
    router.play(Answer(body=json.dumps({"data": [entry]}).encode()), path="/api/v1/videos/models")
    rows = refresh(video_config())

    assert {type(row) for row in rows} == {VideoModel, ImageModel}
    assert len(rows) == 1 + len(IMAGE_ENTRIES)
    assert [
        problem.field for problem in check_request(video_config("acme/dream-1"), video_request(duration_seconds=99))
    ] == ["duration_seconds"]
    assert "acme/dream-1" in {row.model for row in list_models("openrouter")}


def test_a_thousand_rows_with_garbage_among_them_are_kept(router, refresh, video_config, video_request):
    good = [
        {**VIDEO_ENTRIES["google/veo-3.1"].shown(), "id": f"acme/dream-{at}", "new": {"a": 1}} for at in range(1000)
    ]
    mixed = [item for at, entry in enumerate(good) for item in (entry, GARBAGE[at % len(GARBAGE)])]
    router.play(Answer(body=json.dumps({"data": mixed}).encode()), path="/api/v1/videos/models")
    rows = refresh(video_config())

    assert len([row for row in rows if row.model.startswith("acme/dream-")]) == 1000
    assert check_request(video_config("acme/dream-999"), video_request(duration_seconds=5))


def test_no_request_waits_for_the_lists(router, make_video, video_config, video_request):
    make_video(video_config(), video_request())

    assert not [request for request in router.requests if request.path.endswith("/models")]


@pytest.mark.parametrize(
    "answer",
    [Answer(500), Answer(200, {}, b"<html>"), Answer(200, {}, b"[]"), Answer(200, {}, b'{"data": {}}')],
    ids=["500", "a web page", "a list", "no list in it"],
)
def test_lists_that_cannot_be_read_leave_what_was_fetched(router, refresh, video_config, answer):
    refresh(video_config())
    known = {row.model for row in list_models("openrouter")}
    router.play(answer, path="/api/v1/images/models")
    with pytest.raises(TarashError) as caught:
        refresh(video_config())

    assert caught.value.billable == "no"
    assert {row.model for row in list_models("openrouter")} == known


def test_a_list_that_is_too_long_is_not_read_to_its_end(router, refresh, video_config):
    router.play(Answer(200, {}, b'{"data": [' + b" " * JOB_BYTES + b"]}"), path="/api/v1/videos/models")
    with pytest.raises(InvalidResponseError, match="more than 16,777,216 bytes"):
        refresh(video_config())


def test_the_lists_of_the_sandbox_are_those_of_the_fault_too(router, refresh, video_config):
    router.fail("router_models_garbage", path="/api/v1/videos/models")
    names = {row.model for row in refresh(video_config()) if isinstance(row, VideoModel)}

    assert "acme/mixed" in names
    assert "no author" not in names
