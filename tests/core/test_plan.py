"""`plan` shows everything before it is sent; `check_request` and `estimate_cost` are parts of it."""

import pytest

from tarash.tarash_gateway import RequestPlan, check_request, estimate_cost, plan
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

REQUEST = ImageGenerationRequest(prompt="A harbour", size="1792x1024", quality="hd", style="vivid", seed=7, n=2)


def config(model="gpt-image-1.5", **settings):
    return ImageGenerationConfig(provider="openai", model=model, **settings)


def test_it_shows_what_is_changed_what_is_left_out_what_goes_out_and_what_it_may_cost():
    shown = plan(config("gpt-image-1"), REQUEST)

    assert isinstance(shown, RequestPlan)
    assert (shown.provider, shown.model, shown.requests, shown.problems) == ("openai", "gpt-image-1", 1, ())
    assert shown.request == ImageGenerationRequest(prompt="A harbour", size="1536x1024", quality="high", n=2)
    assert [(item.field, item.asked, item.sent) for item in shown.adjustments] == [
        ("size", "1792x1024", "1536x1024"),
        ("quality", "hd", "high"),
    ]
    assert shown.left_out == ("seed", "style")
    assert shown.warnings == (
        "gpt-image-1 is retired at its vendor since 2026-10-23; use gpt-image-2.5-sunburst instead",
        "seed: gpt-image-1 has no such parameter; it was left out",
        "style: gpt-image-1 has no such parameter; it was left out",
    )
    assert (shown.cost.low, shown.cost.high) == (0.5, 0.5)


def test_what_is_left_out_quietly_is_shown_too():
    shown = plan(config("gpt-image-2", unsupported="ignore"), REQUEST)

    assert (shown.left_out, shown.warnings) == (("seed", "style"), ())


def test_problems_and_cost_have_short_forms():
    wrong = REQUEST.model_copy(update={"n": 11})
    shown = plan(config(max_cost=0.004), wrong)

    assert check_request(config(max_cost=0.004), wrong) == list(shown.problems)
    assert estimate_cost(config(), wrong) == shown.cost
    assert [str(problem) for problem in shown.problems] == [
        (
            "n: 11 in one request, gpt-image-1.5 makes at most 10; fan_out=True in the config sends several requests; "
            "allowed: 1 to 10; nearest: 10"
        ),
        "max_cost: the request may cost up to $2.20, the limit is $0.004; raise it or ask for less",
    ]


def test_a_fan_out_shows_how_many_requests_it_takes():
    assert plan(config("dall-e-3", fan_out=True), REQUEST).requests == 2


def test_a_stream_is_shown_where_it_is_asked_for():
    assert plan(config("dall-e-3"), ImageGenerationRequest(prompt="x"), stream=True).problems != ()


def test_a_config_and_a_request_of_two_kinds_do_not_go_together():
    with pytest.raises(ValidationError, match="do not go together"):
        plan(VideoGenerationConfig(provider="openai", model="sora-2"), REQUEST)


def test_a_video_has_a_plan():
    wanted = VideoGenerationRequest(prompt="A boat", duration_seconds=7, aspect_ratio="16:10", generate_audio=False)
    shown = plan(VideoGenerationConfig(provider="openai", model="sora-2", unsupported_values="nearest"), wanted)

    assert shown.request == VideoGenerationRequest(prompt="A boat", duration_seconds=4, size="1792x1024")
    assert [str(item) for item in shown.adjustments] == [
        "size was sent as 1792x1024: for 16:10, the nearest shape that sora-2 makes",
        "duration_seconds 7.0 was sent as 4: sora-2 has no 7, this is its nearest",
    ]
    assert shown.left_out == ("generate_audio",)
