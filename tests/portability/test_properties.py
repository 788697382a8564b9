"""What holds for any request on any row: adjusting it twice is adjusting it once, and nothing changes without a word."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tarash.tarash_gateway import generate_image, plan, register_plugin, submit_video
from tarash.tarash_gateway.capabilities import ImageModel
from tarash.tarash_gateway.capabilities.check import check
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageType,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider, ProviderSpec, VideoStatus, hookimpl

PAGE = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "portability.py"))
ROWS = [*PAGE["rows"]("image", living=False), *PAGE["rows"]("video", living=False)]

SIZES = st.one_of(
    st.sampled_from(["auto", "1792x1024", "1024x1792", "1920x1080", "720x1280", "512x512", "3840x2160"]),
    st.builds(lambda width, height: f"{width}x{height}", st.integers(1, 9999), st.integers(1, 9999)),
)
RATIOS = st.one_of(
    st.sampled_from(["auto", "1:1", "16:9", "9:16", "21:9", "7:5", "1:8", "16:10"]),
    st.builds(lambda width, height: f"{width}:{height}", st.integers(1, 30), st.integers(1, 30)),
)
TIERS = st.sampled_from(["512", "1K", "2k", "4K", "4k", "360p", "480p", "720p", "1080p", "2160p", "sharp"])
SHARED = {
    "prompt": st.just("a pier"),
    "size": st.none() | SIZES,
    "aspect_ratio": st.none() | RATIOS,
    "resolution": st.none() | TIERS,
    "seed": st.none() | st.integers(0, 9),
    "negative_prompt": st.none() | st.just("fog"),
    "n": st.integers(1, 12),
    "extra_params": st.dictionaries(
        st.sampled_from(["moderation", "output_compression", "frame_count", "complexity", "provider", "user", "zz"]),
        st.integers(-5, 200) | st.sampled_from(["low", "auto"]),
        max_size=3,
    ),
}
IMAGES = st.builds(
    ImageGenerationRequest,
    **SHARED,
    quality=st.none() | st.sampled_from(["auto", "low", "medium", "standard", "high", "hd", "xhigh", "max", "best"]),
    style=st.none() | st.sampled_from(["vivid", "natural"]),
    background=st.none() | st.sampled_from(["auto", "opaque", "transparent"]),
    output_format=st.none() | st.sampled_from(["png", "jpeg", "jpg", "webp", "gif", "svg", "avif", "bmp"]),
)
VIDEOS = st.builds(
    VideoGenerationRequest,
    **SHARED,
    duration_seconds=st.none() | st.floats(0.5, 99) | st.sampled_from([4.0, 5.0, 8.0, 10.0]),
    generate_audio=st.none() | st.booleans(),
    image_list=st.lists(
        st.builds(ImageType, image=st.just(b"x"), type=st.sampled_from(["reference", "first_frame"])), max_size=2
    ),
)
VALUES = st.sampled_from(["error", "nearest"])


def held_against(row, request, values="nearest", unsupported="warn"):
    return check(request, row, refuses=True, model=row.model, unsupported=unsupported, unsupported_values=values)


def applied(request, adjustments):
    """The request with every adjustment carried out by the caller."""
    changes = {}
    for item in adjustments:
        name, _, param = item.field.partition(".")
        if param:
            params = dict(changes.get(name, request.extra_params))
            changes[name] = {**params, param: item.sent}
        else:
            changes[name] = item.sent
    return request.model_copy(update=changes)


def of_kind(row):
    return IMAGES if isinstance(row, ImageModel) else VIDEOS


pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # every row, retired ones too
    ),
    pytest.mark.sampled,
]

OF_EVERY_ROW = pytest.mark.parametrize("row", [row for _, row in ROWS], ids=[f"{p}-{row.model}" for p, row in ROWS])


@OF_EVERY_ROW
@given(data=st.data(), values=VALUES)
def test_a_request_with_its_adjustments_has_none_any_more(row, data, values):
    requested = data.draw(of_kind(row))
    adjustments = held_against(row, requested, values).adjustments
    again = held_against(row, applied(requested, adjustments), values)
    assert again.adjustments == []


@OF_EVERY_ROW
@given(data=st.data(), values=VALUES)
def test_what_goes_out_differs_from_what_was_asked_for_only_where_it_is_told(row, data, values):
    requested = data.draw(of_kind(row))
    checked = held_against(row, requested, values)
    reported = {item.field.partition(".")[0] for item in checked.adjustments}
    reported |= {name.partition(".")[0] for name in checked.left_out}
    reported |= {warning.partition(":")[0] for warning in checked.warnings}
    sent = checked.request
    changed = {name for name in type(requested).model_fields if getattr(requested, name) != getattr(sent, name)}
    if requested.aspect_ratio is not None and sent.aspect_ratio is None and sent.size is not None:
        changed -= {"aspect_ratio", "size"} - reported  # a size of the same shape stands for it
    if isinstance(requested, VideoGenerationRequest) and requested.generate_audio is (row.audio == "always"):
        changed -= {"generate_audio"}  # happens anyway
    assert changed <= reported


@OF_EVERY_ROW
@given(data=st.data())
def test_the_nearest_values_are_taken(row, data):
    """After the adjustments only what is never adjusted is wrong."""
    problems = held_against(row, data.draw(of_kind(row))).problems
    assert [problem for problem in problems if problem.nearest is not None] == []


class Recorder(Provider):
    """Keeps what it is given."""

    endpoint = "https://recorder.test"
    picture = b""
    prepared = None

    def generate_image(self, prepared, *, timeout):
        type(self).prepared = prepared
        return ImageAnswer(outputs=[ImageOutput(content=self.picture)] * prepared.request.n)

    def submit_video(self, prepared, *, timeout):
        type(self).prepared = prepared
        job = VideoJob(provider="recorder", model=prepared.model, id="job_1", endpoint=self.endpoint)
        return VideoStatus(job=job)


class RecorderPlugin:
    @hookimpl
    def tarash_provider_specs(self):
        yield ProviderSpec(name="recorder", api_version=1)

    @hookimpl
    def tarash_create_provider(self, config):
        return Recorder()


@pytest.fixture(scope="module")
def recorder(png):
    Recorder.picture = png
    with register_plugin(RecorderPlugin()):
        yield Recorder


@OF_EVERY_ROW
@given(data=st.data(), values=VALUES)
@settings(max_examples=5, deadline=None)
def test_what_is_sent_is_what_the_plan_showed(recorder, row, data, values):
    requested = data.draw(of_kind(row))
    fixed = {"provider": "recorder", "model": row.model, "capabilities": row, "unsupported_values": values}
    image = isinstance(row, ImageModel)
    if not image:
        requested = requested.model_copy(update={"image_list": []})
    config = (ImageGenerationConfig if image else VideoGenerationConfig)(**fixed)
    shown = plan(config, requested)
    if shown.problems:
        return
    if image:
        response = generate_image(config, requested)
        assert (tuple(response.adjustments), tuple(response.warnings)) == (shown.adjustments, shown.warnings)
    else:
        submit_video(config, requested)
    assert recorder.prepared.request == shown.request
    strict = config.model_copy(update={"unsupported_values": "error", "unsupported": "error"})
    again = plan(strict, shown.request)
    assert (again.request, again.problems, again.adjustments) == (shown.request, (), ())
