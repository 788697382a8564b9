"""The rows beside the installed SDK's own `Literal` types, each difference with its reason.

Where a new SDK brings a model or a value, one of these fails and shows it: read the vendor's page, give the row what is
new, or write the reason here. The tables are of openai 3.54; `scripts/check-sdk-versions` leaves this file out for older
ones.
"""

from __future__ import annotations

from typing import Literal, get_args, get_origin, get_type_hints

import pytest
from openai.types import ImageModel, VideoModel, VideoSeconds, VideoSize, image_edit_params, image_generate_params

from tarash_gateway_openai import IMAGE_MODELS, VIDEO_MODELS


def literals(annotation):
    """Every value of every `Literal` in a type."""
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {value for part in get_args(annotation) for value in literals(part)}


GENERATE = get_type_hints(image_generate_params.ImageGenerateParamsBase)
EDIT = get_type_hints(image_edit_params.ImageEditParamsBase)
STREAMED = get_type_hints(image_generate_params.ImageGenerateParamsStreaming)


def of_images(column):
    """Every value that a column of any image row has."""
    return {value for row in IMAGE_MODELS for value in getattr(row, column) or ()}


def of_parameter(name):
    """Every value that an extra parameter has in any image row."""
    return {value for row in IMAGE_MODELS for value in row.param_values.get(name, ())}


LISTED_SIZES = {
    value
    for row in IMAGE_MODELS
    for value in (row.sizes if isinstance(row.sizes, tuple) else (*row.aspect_ratios.values(), *row.sizes.words))
}
"""The sizes that rows list, and where a row has a rule those that a ratio becomes."""

SECONDS = {f"{value:g}" for row in VIDEO_MODELS for value in row.durations}

DIFFERENCES = {
    "image models": {
        "gpt-image-1.5-2025-12-16": "the vendor's deprecations page names this snapshot, the SDK lists only undated 1.5",
    },
    "image sizes": dict.fromkeys(
        (
            "1536x864",
            "864x1536",
            "1280x800",
            "800x1280",
            "1280x960",
            "960x1280",
            "1680x720",
            "720x1680",
            *("1200x960", "960x1200", "1440x720", "720x1440", "1536x512", "512x1536"),
        ),
        "gpt-image-2 and later take any size on a grid; the SDK says so in words, and lists only the older sizes",
    ),
    "video sizes": {"1024x1024": "the user's page promises 1:1, which compatible servers serve"},
    "video seconds": dict.fromkeys(
        ("10", "15", "25"), "the user's page promises them for sora-2-pro, and compatible servers serve them"
    ),
    "edit qualities": {"hd": "dall-e-3 had it, and edited nothing"},
}
"""What the rows have and the SDK has not, or the other way round, and why."""

COMPARED = {
    "image models": ({name for row in IMAGE_MODELS for name in row.names()}, literals(ImageModel)),
    "image sizes": (LISTED_SIZES, literals(GENERATE["size"])),
    "image qualities": (of_images("qualities"), literals(GENERATE["quality"])),
    "image styles": (of_images("styles"), literals(GENERATE["style"])),
    "image backgrounds": (of_images("backgrounds"), literals(GENERATE["background"])),
    "image formats": (of_images("output_formats"), literals(GENERATE["output_format"])),
    "response formats": (of_images("response_formats"), literals(GENERATE["response_format"])),
    "moderation": (of_parameter("moderation"), literals(GENERATE["moderation"])),
    "complexity": (of_parameter("complexity"), literals(GENERATE["complexity"])),
    "input fidelity": (of_parameter("input_fidelity"), literals(EDIT["input_fidelity"])),
    "edit qualities": (of_images("qualities"), literals(EDIT["quality"])),
    "edit formats": (of_images("output_formats"), literals(EDIT["output_format"])),
    "video models": ({name for row in VIDEO_MODELS for name in row.names()}, literals(VideoModel)),
    "video sizes": ({size for row in VIDEO_MODELS for size in row.sizes}, literals(VideoSize)),
    "video seconds": (SECONDS, literals(VideoSeconds)),
}
"""What is compared: the values of our rows, and those of the SDK."""

PARAMETERS_OF_REQUESTS = {
    "prompt",
    "model",
    "n",
    "size",
    "quality",
    "style",
    "background",
    "output_format",
    "response_format",
    "stream",
    "image",
    "mask",
}
"""Parameters that are fields of a request, or that the plugin sends by itself."""


@pytest.mark.parametrize("what", COMPARED)
def test_every_difference_between_our_rows_and_the_sdks_types_has_a_reason(what):
    ours, theirs = COMPARED[what]
    assert theirs, f"the SDK has no values of {what}"

    assert ours ^ theirs == set(DIFFERENCES.get(what, {})), f"{what}: {sorted(ours - theirs)=} {sorted(theirs - ours)=}"


def test_every_reason_is_of_something_that_is_compared():
    assert set(DIFFERENCES) <= set(COMPARED)
    assert all(reason for reasons in DIFFERENCES.values() for reason in reasons.values())


@pytest.mark.parametrize("route", ["generations", "edits"])
def test_every_parameter_of_the_sdk_is_in_a_row_and_the_other_way_round(route):
    theirs = set(GENERATE) | set(STREAMED) if route == "generations" else set(EDIT)
    ours = {name for row in IMAGE_MODELS for name in row.extra_params}
    of_the_other_route = {"generations": {"input_fidelity", "markup"}, "edits": {"moderation"}}[route]

    unknown = theirs - PARAMETERS_OF_REQUESTS - ours
    gone = ours - {"response_format"} - of_the_other_route - theirs
    assert (unknown, gone) == (set(), set())
