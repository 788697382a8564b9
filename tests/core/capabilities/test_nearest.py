"""Words that mean the same, and the nearest value: sent and told, and never dearer where there is a choice."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import DurationRule, FieldRule, ImageModel, NumberRule, SizeRule, VideoModel
from tarash.tarash_gateway.capabilities.check import check
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType, VideoGenerationRequest

SAID = {"source": "https://acme.test", "checked_on": date(2026, 1, 1)}
GRID = SizeRule(multiple_of=16, max_edge=3840, min_pixels=655_360, max_pixels=8_294_400, words=("auto",))


def image(columns, *, values="nearest", unsupported="warn", fan_out=False, refuses=True, **fields):
    row = ImageModel(model="acme", **SAID, **columns)
    request = ImageGenerationRequest(prompt="a cat", **fields)
    return check(
        request,
        row,
        refuses=refuses,
        model="acme",
        unsupported=unsupported,
        unsupported_values=values,
        fan_out=fan_out,
    )


def video(columns, *, values="nearest", **fields):
    row = VideoModel(model="acme", **SAID, **columns)
    request = VideoGenerationRequest(prompt="a cat", **fields)
    return check(request, row, refuses=True, model="acme", unsupported_values=values)


def reported(checked):
    return [(item.field, item.asked, item.sent) for item in checked.adjustments]


class TestQuality:
    GPT = ("auto", "low", "medium", "high")

    @pytest.mark.parametrize("values", ["error", "nearest"])
    @pytest.mark.parametrize(
        ("allowed", "requested", "sent"),
        [
            (GPT, "standard", "medium"),
            (GPT, "hd", "high"),
            (GPT, "xhigh", "high"),
            (GPT, "max", "high"),
            (GPT, "HD", "high"),
            ((*GPT, "xhigh", "max"), "max", "max"),
            (("standard", "hd"), "medium", "standard"),
            (("standard", "hd"), "high", "hd"),
            (("standard", "hd"), "max", "hd"),
            (("standard",), "hd", "standard"),
        ],
    )
    def test_a_word_of_the_scale_is_sent_as_the_models_own_word_for_its_step_or_the_one_below(
        self, allowed, requested, sent, values
    ):
        checked = image({"qualities": allowed}, quality=requested, values=values)
        assert (checked.request.quality, checked.problems) == (sent, [])
        assert reported(checked) == ([] if requested == sent else [("quality", requested, sent)])

    def test_what_costs_more_is_sent_only_where_the_caller_says_so(self):
        (problem,) = image({"qualities": ("standard", "hd")}, quality="low", values="error").problems
        assert str(problem) == "quality: 'low' is not taken by acme; allowed: standard, hd; nearest: standard"
        assert image({"qualities": ("standard", "hd")}, quality="low").request.quality == "standard"

    @pytest.mark.parametrize("values", ["error", "nearest"])
    def test_auto_is_left_out_where_the_model_has_no_such_word(self, values):
        checked = image({"qualities": ("standard", "hd")}, quality="auto", values=values)
        assert (checked.request.quality, reported(checked)) == (None, [("quality", "auto", None)])

    @pytest.mark.parametrize("values", ["error", "nearest"])
    def test_a_word_that_is_on_no_scale_is_refused_since_nothing_is_near_it(self, values):
        (problem,) = image({"qualities": self.GPT}, quality="best", values=values).problems
        assert (problem.value, problem.nearest) == ("best", None)

    def test_a_row_puts_the_vendors_own_words_on_the_scale(self):
        columns = {"qualities": ("draft", "fine"), "quality_steps": {"draft": "low", "fine": "high"}}
        assert image(columns, quality="hd").request.quality == "fine"
        assert image(columns, quality="medium").request.quality == "draft"
        assert image(columns, quality="fine").request.quality == "fine"

    def test_a_default_row_translates_too(self):
        checked = image({"qualities": self.GPT}, quality="hd", refuses=False)
        assert (checked.request.quality, reported(checked)) == ("high", [("quality", "hd", "high")])


class TestResolution:
    @pytest.mark.parametrize("values", ["error", "nearest"])
    @pytest.mark.parametrize(
        ("kind", "allowed", "requested", "sent"),
        [
            (video, ("720p", "4k"), "4K", "4k"),
            (video, ("720p", "4k"), "2160p", "4k"),
            (video, ("720p", "1080P"), "1080p", "1080P"),
            (image, ("1K", "2K"), "2k", "2K"),
        ],
    )
    def test_another_spelling_of_the_same_tier_is_the_same(self, kind, allowed, requested, sent, values):
        checked = kind({"resolutions": allowed}, resolution=requested, values=values)
        assert (checked.request.resolution, reported(checked)) == (sent, [("resolution", requested, sent)])

    @pytest.mark.parametrize(
        ("kind", "allowed", "requested", "sent"),
        [
            (video, ("360p", "720p", "1080p"), "4k", "1080p"),
            (video, ("360p", "720p", "1080p"), "480p", "360p"),
            (video, ("720p", "1080p"), "480p", "720p"),
            (image, ("1K", "2K", "4K"), "512", "1K"),
            (image, ("512", "1K"), "4K", "1K"),
            (image, ("1K", "2K", "4K"), "1080p", "1K"),
        ],
    )
    def test_the_nearest_is_the_largest_that_is_not_larger_else_the_smallest(self, kind, allowed, requested, sent):
        (problem,) = kind({"resolutions": allowed}, resolution=requested, values="error").problems
        assert (problem.value, problem.nearest) == (requested, sent)
        assert kind({"resolutions": allowed}, resolution=requested).request.resolution == sent

    def test_a_word_that_is_no_tier_has_no_nearest(self):
        (problem,) = video({"resolutions": ("720p",)}, resolution="sharp").problems
        assert problem.nearest is None


class TestOutputFormat:
    TRANSPARENT = FieldRule(
        when={"background": ("transparent",)}, field="output_format", allowed=(None, "png", "webp"), because="of it"
    )
    COMPRESSION = FieldRule(
        when={"extra_params.output_compression": None}, field="output_format", allowed=("jpeg", "webp"), because="so"
    )

    @pytest.mark.parametrize("values", ["error", "nearest"])
    def test_another_spelling_is_the_same(self, values):
        assert image({"output_formats": ("png", "jpeg")}, output_format="jpg", values=values).request.output_format == (
            "jpeg"
        )

    @pytest.mark.parametrize(
        ("allowed", "requested", "sent"),
        [
            (("png", "jpeg"), "webp", "png"),
            (("png", "jpeg", "webp"), "gif", "webp"),
            (("png", "jpeg"), "svg", "png"),
            (("webp",), "png", "webp"),
            (("bmp",), "png", None),
        ],
    )
    def test_the_nearest_keeps_the_alpha_channel_where_it_can(self, allowed, requested, sent):
        (problem,) = image({"output_formats": allowed}, output_format=requested, values="error").problems
        assert problem.nearest == sent
        assert image({"output_formats": allowed}, output_format=requested).request.output_format == (sent or requested)

    def test_the_nearest_keeps_the_rules_of_the_row(self):
        columns = {"output_formats": ("png", "jpeg"), "rules": (self.TRANSPARENT, self.COMPRESSION)}
        compressed = image(columns, output_format="webp", extra_params={"output_compression": 80})
        assert (compressed.request.output_format, compressed.problems) == ("jpeg", [])
        assert image(columns, output_format="webp", background="transparent").request.output_format == "png"


class TestSizes:
    @pytest.mark.parametrize(
        ("sizes", "requested", "sent"),
        [
            (("1024x1024", "1536x1024", "1024x1536"), "1920x1080", "1536x1024"),
            (("256x256", "512x512", "1024x1024"), "600x600", "512x512"),
            (GRID, "1920x1080", "1904x1072"),
            (GRID, "256x256", "816x816"),
        ],
    )
    def test_the_nearest_size_is_sent_and_told(self, sizes, requested, sent):
        checked = image({"sizes": sizes}, size=requested)
        assert (checked.request.size, reported(checked), checked.problems) == (sent, [("size", requested, sent)], [])
        assert checked.adjustments[0].reason == f"acme has no {requested}, this is its nearest"

    @pytest.mark.parametrize("values", ["error", "nearest"])
    @pytest.mark.parametrize("sizes", [("1024x1024",), SizeRule(multiple_of=8)], ids=["list", "rule"])
    def test_auto_is_left_out_where_the_model_has_no_such_word(self, sizes, values):
        checked = image({"sizes": sizes}, size="auto", values=values)
        assert (checked.request.size, reported(checked), checked.problems) == (None, [("size", "auto", None)], [])

    def test_a_size_and_a_ratio_that_agree_stay_together(self):
        columns = {"sizes": ("1024x1024", "1536x1024"), "aspect_ratios": {"16:9": "1536x1024"}}
        checked = image(columns, size="1792x1024", aspect_ratio="16:9")
        assert (checked.request.size, checked.request.aspect_ratio, checked.problems) == ("1536x1024", None, [])
        assert reported(checked) == [("size", "1792x1024", "1536x1024")]

    def test_a_ratio_that_the_model_does_not_list_is_not_missed_beside_a_size_of_its_shape(self):
        checked = image({"aspect_ratios": {"1:1": "1024x1024"}}, size="1600x900", aspect_ratio="16:9", values="error")
        assert (checked.request.size, checked.request.aspect_ratio, checked.problems) == ("1600x900", None, [])
        assert reported(checked) == [("aspect_ratio", "16:9", None)]

    def test_a_model_that_thinks_in_ratios_and_tiers_gets_the_shape_and_the_tier_of_a_size(self):
        columns = {
            "unsupported": ("size",),
            "aspect_ratios": ("1:1", "16:9", "9:16"),
            "resolutions": ("512", "1K", "2K", "4K"),
        }
        checked = image(columns, size="1792x1024")
        assert (checked.request.size, checked.request.aspect_ratio, checked.request.resolution) == (None, "16:9", "1K")
        assert reported(checked) == [
            ("aspect_ratio", None, "16:9"),
            ("resolution", None, "1K"),
            ("size", "1792x1024", None),
        ]
        assert checked.warnings == []

    def test_a_video_model_without_pixels_gets_the_tier_that_they_are(self):
        columns = {"sizes": (), "aspect_ratios": ("16:9", "9:16"), "resolutions": ("720p", "1080p", "4k")}
        sent = video(columns, size="720x1280").request
        assert (sent.aspect_ratio, sent.resolution) == ("9:16", "720p")
        assert video(columns, size="1920x1080", resolution="4k").request.resolution == "4k"

    def test_without_nearest_such_a_model_leaves_a_size_out(self):
        checked = image({"unsupported": ("size",), "aspect_ratios": ("1:1",)}, size="1792x1024", values="error")
        assert (checked.request.aspect_ratio, checked.left_out) == (None, ["size"])


class TestRatios:
    def test_the_nearest_ratio_becomes_its_size(self):
        checked = image({"aspect_ratios": {"1:1": "1024x1024", "16:9": "1792x1024"}}, aspect_ratio="2:1")
        assert (checked.request.size, checked.request.aspect_ratio) == ("1792x1024", None)
        assert checked.problems == []

    def test_a_vendor_that_thinks_in_ratios_gets_the_nearest(self):
        checked = image({"aspect_ratios": ("1:1", "16:9")}, aspect_ratio="2:1")
        assert (checked.request.aspect_ratio, reported(checked)) == ("16:9", [("aspect_ratio", "2:1", "16:9")])


class TestDurations:
    @pytest.mark.parametrize(
        ("durations", "requested", "sent"),
        [
            ((4.0, 8.0, 12.0), 11, 8),
            ((4.0, 8.0, 12.0), 3, 4),
            ((4.0, 8.0, 12.0), 99, 12),
            (DurationRule(min=3, max=10), 7.9, 7),
            (DurationRule(min=3, max=10), 1, 3),
        ],
    )
    def test_the_longest_that_is_not_longer_else_the_shortest(self, durations, requested, sent):
        (problem,) = video({"durations": durations}, duration_seconds=requested, values="error").problems
        assert (problem.value, problem.nearest) == (requested, sent)
        checked = video({"durations": durations}, duration_seconds=requested)
        assert (checked.request.duration_seconds, reported(checked)) == (sent, [("duration_seconds", requested, sent)])
        assert checked.adjustments[0].reason == f"acme has no {requested:g}, this is its nearest"


class TestCount:
    def test_as_many_as_one_request_makes_are_asked_for_and_told(self):
        checked = image({"max_images": 4}, n=6)
        assert (checked.request.n, checked.batches, reported(checked)) == (4, [4], [("n", 6, 4)])
        assert video({}, n=3).request.n == 1

    def test_fanning_out_makes_all(self):
        checked = image({"max_images": 4}, n=6, fan_out=True)
        assert (checked.batches, checked.adjustments) == ([4, 2], [])


def test_a_number_of_the_vendors_own_parameter_is_brought_into_its_range():
    columns = {"extra_params": ("frames",), "param_values": {"frames": NumberRule(min=2, max=16)}}
    checked = image(columns, extra_params={"frames": 99})
    assert (checked.request.extra_params, reported(checked)) == ({"frames": 16}, [("extra_params.frames", 99, 16)])


@pytest.mark.parametrize("values", ["error", "nearest"])
@pytest.mark.parametrize(
    ("columns", "fields", "field"),
    [
        ({"prompt_max_chars": 3}, {}, "prompt"),
        ({"max_input_images": 0}, {"image_list": [ImageType(image=b"x")]}, "image_list"),
        (
            {"rules": (FieldRule(when={"n": (2,)}, field="quality", allowed=("low",), because="so"),), "max_images": 2},
            {"n": 2, "quality": "high"},
            "quality",
        ),
    ],
    ids=["prompt", "input-image", "rule"],
)
def test_prompts_media_and_rules_across_fields_are_never_adjusted(columns, fields, field, values):
    checked = image(columns, values=values, **fields)
    assert ([problem.field for problem in checked.problems], checked.adjustments) == ([field], [])
    assert checked.problems[0].nearest is None


def test_an_adjustment_reads_as_a_sentence():
    checked = image({"sizes": (), "aspect_ratios": ("16:9",), "qualities": ("high",)}, size="1600x900", quality="hd")
    assert [str(item) for item in checked.adjustments] == [
        "aspect_ratio was sent as 16:9: the shape of 1600x900: acme has no size",
        "size 1600x900 was not sent: acme has no size, it has a shape and tiers",
        "quality hd was sent as high: acme has no hd, this is its nearest",
    ]
