"""Rules across fields, values of the vendor's own parameters, and streaming: what a row refuses, and how it says so."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import FieldRule, ImageModel, NumberRule, VideoModel
from tarash.tarash_gateway.capabilities.columns import column_problems
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType, VideoGenerationRequest

SAID = {"source": "https://acme.test", "checked_on": date(2026, 1, 1)}

TRANSPARENT = FieldRule(
    when={"background": ("transparent",)},
    field="output_format",
    allowed=(None, "png", "webp"),
    because="a transparent background needs png or webp",
)
COMPRESSION = FieldRule(
    when={"extra_params.output_compression": None},
    field="output_format",
    allowed=("jpeg", "webp"),
    because="output_compression is for jpeg and webp only",
)
NO_MASK = FieldRule(
    when={"output_format": ("gif",)}, field="mask_image", allowed=(None,), because="a gif takes no mask"
)
ALONE = FieldRule(when={"output_format": ("svg",)}, field="n", allowed=(1,), because="an svg comes alone")
NO_STREAM = FieldRule(
    when={"output_format": ("gif",)}, field="stream", allowed=(False,), because="a gif is not streamed"
)
ONLY_WHILE_STREAMING = FieldRule(
    when={"stream": (False,)},
    field="extra_params.partial_images",
    allowed=(None,),
    because="partial pictures come in a stream only",
)
BOTH = FieldRule(
    when={"output_format": ("gif",), "quality": ("max",)},
    field="size",
    allowed=("1x1",),
    because="a gif of the best quality is small",
)
WITHOUT = FieldRule(
    when={"extra_params.seed": (None,)}, field="quality", allowed=("low",), because="only a seed makes it better"
)
AN_IMAGE = FieldRule(
    when={"extra_params.fidelity": None},
    field="image_list",
    allowed=(None,),
    because="fidelity and input images do not go together",
)


def problems(rules=(), *, stream=False, **fields):
    columns = {"rules": rules} if isinstance(rules, tuple) else rules
    row = ImageModel(model="acme", **SAID, **columns)
    request = ImageGenerationRequest(prompt="a cat", **fields)
    return [str(problem) for problem in column_problems(request, row, "acme", stream=stream)]


@pytest.mark.parametrize(
    ("rule", "fields", "reported"),
    [
        (
            TRANSPARENT,
            {"background": "transparent", "output_format": "jpeg"},
            "output_format: 'jpeg': a transparent background needs png or webp; allowed: (not given), png, webp",
        ),
        (
            COMPRESSION,
            {"output_format": "png", "extra_params": {"output_compression": 5}},
            "output_format: 'png': output_compression is for jpeg and webp only; allowed: jpeg, webp",
        ),
        (
            COMPRESSION,
            {"extra_params": {"output_compression": 0}},
            "output_format: is not given: output_compression is for jpeg and webp only; allowed: jpeg, webp",
        ),
        (
            NO_MASK,
            {"output_format": "gif", "mask_image": b"mask", "image_list": [ImageType(image=b"a")]},
            "mask_image: is given: a gif takes no mask; allowed: (not given)",
        ),
        (ALONE, {"output_format": "svg", "n": 2}, "n: 2: an svg comes alone; allowed: 1"),
        (
            NO_STREAM,
            {"output_format": "gif", "stream": True},
            "stream: True: a gif is not streamed; allowed: False",
        ),
        (
            ONLY_WHILE_STREAMING,
            {"extra_params": {"partial_images": 2}},
            "extra_params.partial_images: 2: partial pictures come in a stream only; allowed: (not given)",
        ),
        (
            BOTH,
            {"output_format": "gif", "quality": "max", "size": "2x2"},
            "size: '2x2': a gif of the best quality is small; allowed: 1x1",
        ),
        (WITHOUT, {"quality": "max"}, "quality: 'max': only a seed makes it better; allowed: low"),
        (
            AN_IMAGE,
            {"extra_params": {"fidelity": "high"}, "image_list": [ImageType(image=b"a")]},
            "image_list: is given: fidelity and input images do not go together; allowed: (not given)",
        ),
    ],
    ids=[
        "one-field-by-another",
        "an-extra-parameter",
        "the-ruled-field-is-not-given",
        "a-mask",
        "a-count",
        "a-stream",
        "no-stream",
        "two-conditions",
        "a-condition-of-absence",
        "a-list",
    ],
)
def test_a_rule_across_fields_refuses_and_says_why(rule, fields, reported):
    assert problems((rule,), **fields) == [reported]


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        (TRANSPARENT, {"background": "transparent"}),
        (TRANSPARENT, {"background": "transparent", "output_format": "webp"}),
        (TRANSPARENT, {"background": "opaque", "output_format": "jpeg"}),
        (TRANSPARENT, {"output_format": "jpeg"}),
        (COMPRESSION, {"output_format": "png"}),
        (NO_MASK, {"output_format": "gif"}),
        (ALONE, {"output_format": "svg"}),
        (NO_STREAM, {"output_format": "gif"}),
        (NO_STREAM, {"output_format": "png", "stream": True}),
        (ONLY_WHILE_STREAMING, {"extra_params": {"partial_images": 2}, "stream": True}),
        (BOTH, {"output_format": "gif", "size": "2x2"}),
        (BOTH, {"quality": "max", "size": "2x2"}),
        (WITHOUT, {"quality": "max", "extra_params": {"seed": 1}}),
        (AN_IMAGE, {"extra_params": {"fidelity": "high"}}),
    ],
)
def test_a_rule_is_silent_where_it_does_not_hold_or_is_kept(rule, fields):
    assert problems((rule,), **fields) == []


def test_every_rule_that_is_broken_is_told():
    found = problems((TRANSPARENT, ALONE, NO_STREAM), background="transparent", output_format="svg", n=3, stream=True)

    assert [line.split(":")[0] for line in found] == ["output_format", "n"]


@pytest.mark.parametrize(
    ("allowed", "value", "reported"),
    [
        (("auto", "low"), "high", "extra_params.it: 'high' is not taken by acme; allowed: auto, low"),
        (NumberRule(min=0, max=3), 4, "extra_params.it: 4 is not taken by acme; allowed: 0 to 3; nearest: 3"),
        (NumberRule(min=0, max=3), -1, "extra_params.it: -1 is not taken by acme; allowed: 0 to 3; nearest: 0"),
        (NumberRule(min=0, max=3), 1.5, "extra_params.it: 1.5 is not taken by acme; allowed: 0 to 3; nearest: 1"),
        (NumberRule(min=0, max=3), "2", "extra_params.it: '2' is not taken by acme; allowed: 0 to 3"),
        (NumberRule(min=0, max=3), True, "extra_params.it: True is not taken by acme; allowed: 0 to 3"),
        (
            NumberRule(min=0, max=1, whole=False),
            1.5,
            "extra_params.it: 1.5 is not taken by acme; allowed: 0 to 1; nearest: 1",
        ),
        ((1, 2), True, "extra_params.it: True is not taken by acme; allowed: 1, 2"),
        ((True,), 1, "extra_params.it: 1 is not taken by acme; allowed: True"),
    ],
)
def test_a_value_that_the_vendors_own_parameter_does_not_take_is_refused_with_those_that_it_does(
    allowed, value, reported
):
    columns = {"param_values": {"it": allowed}}

    assert problems(columns, extra_params={"it": value}) == [reported]


@pytest.mark.parametrize(
    ("allowed", "value"),
    [
        (("auto", "low"), "low"),
        (NumberRule(min=0, max=3), 0),
        (NumberRule(min=0, max=3), 3),
        (NumberRule(min=0, max=1, whole=False), 0.5),
        (NumberRule(min=0, max=1, whole=False), 1),
        ((1, 2), 2),
    ],
)
def test_a_value_that_it_takes_passes(allowed, value):
    assert problems({"param_values": {"it": allowed}}, extra_params={"it": value}) == []


@pytest.mark.parametrize(
    ("streaming", "stream", "reported"),
    [
        (False, True, ["stream: acme streams no partial images; use generate_image"]),
        (False, False, []),
        (True, True, []),
        (None, True, []),
    ],
    ids=["cannot", "not-asked-for", "can", "not-known"],
)
def test_a_model_that_does_not_stream_says_what_to_call_instead(streaming, stream, reported):
    assert problems({"streaming": streaming}, stream=stream) == reported


def test_a_video_has_its_rules_too():
    rule = FieldRule(when={"duration_seconds": (12,)}, field="size", allowed=(None, "1x1"), because="long is small")
    row = VideoModel(model="acme", **SAID, rules=(rule,))
    request = VideoGenerationRequest(prompt="a lake", duration_seconds=12, size="2x2")

    (problem,) = column_problems(request, row, "acme", stream=False)

    assert str(problem) == "size: '2x2': long is small; allowed: (not given), 1x1"
