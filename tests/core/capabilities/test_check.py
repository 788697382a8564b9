"""A request is held against a row: what is refused, what is sent instead, what is left out."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import DurationRule, ImageModel, SizeRule, VideoModel
from tarash.tarash_gateway.capabilities.check import check
from tarash.tarash_gateway.models import (
    ImageGenerationRequest,
    ImageType,
    Media,
    VideoGenerationRequest,
    VideoJob,
)

SAID = {"source": "https://acme.test", "checked_on": date(2026, 1, 1)}
PICTURE = ImageType(image=b"bytes")


def image(*, refuses=True, unsupported="warn", fan_out=False, columns=None, **fields):
    """The outcome of an image request; `columns` make the row."""
    row = None if columns is None else ImageModel(model="acme-image", **SAID, **columns)
    request = ImageGenerationRequest(**{"prompt": "a cat", **fields})
    return check(request, row, refuses=refuses, model="acme-image", unsupported=unsupported, fan_out=fan_out)


def video(*, refuses=True, unsupported="warn", fan_out=False, columns=None, **fields):
    """The outcome of a video request; `columns` make the row."""
    row = None if columns is None else VideoModel(model="acme-video", **SAID, **columns)
    request = VideoGenerationRequest(**{"prompt": "a cat", **fields})
    return check(request, row, refuses=refuses, model="acme-video", unsupported=unsupported, fan_out=fan_out)


def texts(checked):
    return [str(problem) for problem in checked.problems]


def reported(checked):
    return [(item.field, item.asked, item.sent, item.reason) for item in checked.adjustments]


class TestWithoutARow:
    def test_everything_passes(self):
        checked = image(n=99, size="7x7", quality="best", seed=3, extra_params={"a": 1}, refuses=False)
        assert (checked.problems, checked.adjustments, checked.warnings, checked.batches) == ([], [], [], [99])
        assert checked.request == ImageGenerationRequest(
            prompt="a cat", n=99, size="7x7", quality="best", seed=3, extra_params={"a": 1}
        )

    def test_a_mask_without_an_image_cannot_be_right(self):
        assert texts(image(mask_image=PICTURE, refuses=False)) == [
            "mask_image: is given without an input image; put the image into image_list"
        ]

    @pytest.mark.parametrize("operation", ["remix", "edit", "extend"])
    def test_an_operation_needs_something_to_work_on(self, operation):
        assert texts(video(operation=operation, refuses=False)) == [f"video: is required: what is the {operation} of?"]


class TestSizes:
    LIST = {"sizes": ("1024x1024", "1792x1024"), "substitutes": {"size": {"512x512": "1024x1024"}}}

    @pytest.mark.parametrize("size", ["1024x1024", "1792x1024", None])
    def test_a_listed_size_passes(self, size):
        checked = image(columns=self.LIST, size=size)
        assert (checked.problems, checked.request.size) == ([], size)

    def test_another_size_is_refused_with_the_nearest(self):
        (problem,) = image(columns=self.LIST, size="1920x1080").problems
        assert str(problem) == (
            "size: '1920x1080' is not taken by acme-image; allowed: 1024x1024, 1792x1024, 512x512; nearest: 1792x1024"
        )
        assert (problem.value, problem.nearest) == ("1920x1080", "1792x1024")

    def test_a_rule_tells_every_reason(self):
        rule = SizeRule(multiple_of=16, max_edge=1600)
        assert texts(image(columns={"sizes": rule}, size="2001x2000")) == [
            (
                "size: 2001x2000: sides must be multiples of 16; no side may be longer than 1600; "
                "allowed: multiples of 16, sides up to 1600; nearest: 1600x1600"
            )
        ]
        assert image(columns={"sizes": rule}, size="1600x1600").problems == []

    def test_a_model_of_unknown_sizes_takes_all(self):
        assert image(columns={}, size="7x7").problems == []

    def test_an_empty_list_says_that_the_model_has_no_sizes(self):
        checked = image(columns={"sizes": ()}, size="7x7")
        assert (checked.request.size, checked.left_out) == (None, ["size"])


class TestSubstitutes:
    COLUMNS = {"qualities": ("high",), "substitutes": {"quality": {"hd": "high"}, "size": {"512x512": "1024x1024"}}}

    def test_the_nearest_real_value_is_sent_and_told(self):
        checked = image(columns=self.COLUMNS, quality="hd", size="512x512")
        assert (checked.request.quality, checked.request.size) == ("high", "1024x1024")
        assert reported(checked) == [
            ("quality", "hd", "high", "acme-image has no hd, this is its nearest"),
            ("size", "512x512", "1024x1024", "acme-image has no 512x512, this is its nearest"),
        ]
        assert checked.problems == []

    def test_a_real_value_is_sent_as_it_is(self):
        checked = image(columns=self.COLUMNS, quality="high")
        assert (checked.request.quality, checked.adjustments) == ("high", [])

    def test_the_callers_request_is_not_changed(self):
        request = ImageGenerationRequest(prompt="a cat", quality="hd")
        row = ImageModel(model="acme-image", **SAID, **self.COLUMNS)
        checked = check(request, row, refuses=True, model="acme-image")
        assert (request.quality, checked.request.quality) == ("hd", "high")

    def test_a_request_without_a_change_is_the_callers_own(self):
        request = ImageGenerationRequest(prompt="a cat")
        row = ImageModel(model="acme-image", **SAID, **self.COLUMNS)
        assert check(request, row, refuses=True, model="acme-image").request is request


class TestUnsupported:
    """A parameter that the model does not have: by its name in `unsupported`, an empty column, or an unknown name."""

    COLUMNS = {
        "unsupported": ("seed", "negative_prompt"),
        "sizes": (),
        "aspect_ratios": (),
        "qualities": (),
        "styles": (),
        "backgrounds": (),
        "output_formats": (),
        "resolutions": (),
        "extra_params": ("moderation",),
    }
    ASKED = {
        "seed": 0,
        "negative_prompt": "dogs",
        "size": "1024x1024",
        "aspect_ratio": "16:9",
        "quality": "hd",
        "style": "vivid",
        "background": "opaque",
        "output_format": "png",
        "resolution": "2K",
        "extra_params": {"moderations": "low"},
    }
    NAMES = (
        "seed",
        "negative_prompt",
        "quality",
        "style",
        "background",
        "output_format",
        "resolution",
        "size",
        "aspect_ratio",
        "extra_params.moderations",
    )

    def test_a_warning_tells_what_was_left_out(self):
        checked = image(columns=self.COLUMNS, **self.ASKED)
        assert checked.request == ImageGenerationRequest(prompt="a cat")
        hints = {"extra_params.moderations": " (did you mean moderation?)"}
        assert checked.warnings == [
            f"{name}: acme-image has no such parameter{hints.get(name, '')}; it was left out" for name in self.NAMES
        ]
        assert (checked.problems, checked.left_out, checked.batches) == ([], list(self.NAMES), [1])

    def test_an_error_refuses_the_request_and_shows_the_values(self):
        checked = image(columns=self.COLUMNS, unsupported="error", **self.ASKED)
        assert texts(checked) == [
            *(
                f"{name}: acme-image has no such parameter; leave it out, or take unsupported='warn'"
                for name in self.NAMES[:-1]
            ),
            (
                "extra_params.moderations: acme-image has no such parameter (did you mean moderation?); "
                "leave it out, or take unsupported='warn'; allowed: moderation"
            ),
        ]
        assert [problem.value for problem in checked.problems] == [
            0,
            None,  # a prompt is never shown
            "hd",
            "vivid",
            "opaque",
            "png",
            "2K",
            "1024x1024",
            "16:9",
            None,  # may be anything
        ]
        assert (checked.warnings, checked.left_out) == ([], [])

    def test_ignoring_is_quiet(self):
        checked = image(columns=self.COLUMNS, unsupported="ignore", **self.ASKED)
        assert checked.request == ImageGenerationRequest(prompt="a cat")
        assert (checked.problems, checked.warnings) == ([], [])
        assert checked.left_out == list(self.NAMES)

    @pytest.mark.parametrize("unsupported", ["warn", "error", "ignore"])
    def test_what_is_not_given_is_not_missed(self, unsupported):
        checked = image(columns=self.COLUMNS, unsupported=unsupported)
        assert (checked.problems, checked.warnings) == ([], [])

    @pytest.mark.parametrize("unsupported", ["warn", "error", "ignore"])
    @pytest.mark.parametrize(
        ("name", "value"), [("n", 2), ("image_list", [PICTURE]), ("mask_image", PICTURE)], ids=["n", "image", "mask"]
    )
    def test_what_changes_the_kind_of_what_is_made_is_refused_in_any_case(self, unsupported, name, value):
        fields = {"image_list": [PICTURE]} if name == "mask_image" else {}
        checked = image(columns={"unsupported": (name,)}, unsupported=unsupported, **{**fields, name: value})
        assert f"{name}: acme-image has no such parameter" in texts(checked)

    def test_all_the_vendors_own_parameters_may_be_missing(self):
        checked = image(columns={"unsupported": ("extra_params",)}, extra_params={"a": 1})
        assert (checked.request.extra_params, checked.left_out) == ({}, ["extra_params"])


class TestPrompts:
    def test_a_prompt_above_the_limit_is_refused_without_being_shown(self):
        (problem,) = image(columns={"prompt_max_chars": 4000}, prompt="x" * 4001).problems
        assert str(problem) == "prompt: has 4,001 characters, acme-image takes 4,000"
        assert problem.value is None

    def test_a_prompt_at_the_limit_passes(self):
        assert image(columns={"prompt_max_chars": 4000}, prompt="x" * 4000).problems == []


class TestInputImages:
    def test_a_model_without_input_images_refuses_them(self):
        assert texts(image(columns={"max_input_images": 0}, image_list=[PICTURE])) == [
            "image_list: acme-image takes no input images"
        ]

    @pytest.mark.parametrize(
        ("limit", "text"),
        [
            (1, "image_list: acme-image takes 1 of 3 images; only the first is used"),
            (2, "image_list: acme-image takes 2 of 3 images; only the first 2 are used"),
        ],
    )
    def test_the_first_ones_are_used_and_the_rest_is_told(self, limit, text):
        pictures = [ImageType(image=bytes([number])) for number in range(3)]
        checked = image(columns={"max_input_images": limit}, image_list=pictures)
        assert (checked.warnings, checked.problems) == ([text], [])
        assert checked.request.image_list == pictures[:limit]

    def test_too_many_are_refused_where_the_caller_says_so(self):
        checked = image(columns={"max_input_images": 2}, image_list=[PICTURE] * 3, unsupported="error")
        assert texts(checked) == ["image_list: 3 images, acme-image takes 2"]
        assert checked.warnings == []

    @pytest.mark.parametrize("limit", [None, 3])
    def test_as_many_as_are_taken_pass(self, limit):
        checked = image(columns={"max_input_images": limit}, image_list=[PICTURE] * 3)
        assert (checked.problems, checked.warnings, len(checked.request.image_list)) == ([], [], 3)


class TestFewestInputImages:
    @pytest.mark.parametrize(
        ("fewest", "inputs", "reported"),
        [
            (1, 0, ["image_list: has 0 of the 1 input images that acme-image needs"]),
            (2, 1, ["image_list: has 1 of the 2 input images that acme-image needs"]),
            (1, 1, []),
            (0, 0, []),
        ],
    )
    def test_a_model_that_only_edits_refuses_a_request_without_its_images(self, fewest, inputs, reported):
        columns = {"min_input_images": fewest}
        assert texts(image(columns=columns, image_list=[PICTURE] * inputs)) == reported
        assert image(columns=columns, refuses=False).problems == []


class TestMasks:
    @pytest.mark.parametrize("mask", [None, True])
    def test_a_mask_beside_an_image_passes(self, mask):
        assert image(columns={"mask": mask}, image_list=[PICTURE], mask_image=PICTURE).problems == []

    def test_a_model_without_masks_refuses_one(self):
        checked = image(columns={"mask": False}, image_list=[PICTURE], mask_image=PICTURE)
        assert texts(checked) == ["mask_image: acme-image takes no mask"]

    def test_a_mask_whose_image_was_left_out_is_refused(self):
        checked = image(columns={"unsupported": ("image_list",)}, image_list=[PICTURE], mask_image=PICTURE)
        assert len(checked.problems) == 1


class TestRatios:
    MAP = {"aspect_ratios": {"1:1": "1024x1024", "16:9": "1792x1024", "auto": "auto"}}

    def test_a_ratio_of_the_same_shape_becomes_a_size_without_a_word(self):
        checked = image(columns=self.MAP, aspect_ratio="1:1")
        assert (checked.request.size, checked.request.aspect_ratio) == ("1024x1024", None)
        assert (checked.adjustments, checked.problems) == ([], [])

    def test_a_ratio_that_is_nearly_met_is_no_adjustment(self):
        assert image(columns=self.MAP, aspect_ratio="16:9").adjustments == []

    def test_a_ratio_of_another_shape_is_told(self):
        checked = image(columns={"aspect_ratios": {"4:3": "1536x1024"}}, aspect_ratio="4:3")
        assert checked.request.size == "1536x1024"
        assert reported(checked) == [("size", None, "1536x1024", "for 4:3, the nearest shape that acme-image makes")]

    def test_another_ratio_is_refused_with_the_nearest(self):
        assert texts(image(columns=self.MAP, aspect_ratio="2:1")) == [
            "aspect_ratio: '2:1' is not taken by acme-image; allowed: 1:1, 16:9, auto; nearest: 16:9"
        ]

    def test_the_nearest_ratio_is_that_of_the_shape_not_of_the_figure(self):
        (problem,) = image(columns={"aspect_ratios": ("1:1", "9:16")}, aspect_ratio="1:3").problems
        assert problem.nearest == "9:16"

    def test_auto_is_left_out_where_the_model_has_no_such_word(self):
        checked = image(columns={"aspect_ratios": ("1:1",)}, aspect_ratio="auto")
        assert reported(checked) == [
            ("aspect_ratio", "auto", None, "acme-image has no such word; it chooses where the field is left out")
        ]
        assert checked.problems == []

    def test_a_vendor_that_thinks_in_ratios_gets_the_ratio(self):
        checked = image(columns={"aspect_ratios": ("1:1", "16:9")}, aspect_ratio="16:9")
        assert (checked.request.aspect_ratio, checked.request.size) == ("16:9", None)

    def test_a_size_that_agrees_is_sent(self):
        checked = image(columns=self.MAP, aspect_ratio="16:9", size="1792x1024")
        assert (checked.request.size, checked.request.aspect_ratio, checked.problems) == ("1792x1024", None, [])

    def test_a_size_that_contradicts_is_refused(self):
        assert texts(image(columns=self.MAP, aspect_ratio="16:9", size="1024x1024")) == [
            "aspect_ratio: 16:9 contradicts size 1024x1024; give one of the two"
        ]

    def test_a_ratio_is_not_lost_beside_a_size_that_the_model_chooses(self):
        checked = image(columns=self.MAP, aspect_ratio="16:9", size="auto")
        assert checked.request.size == "1792x1024" or checked.problems or checked.adjustments or checked.warnings

    def test_a_model_of_unknown_ratios_takes_all(self):
        assert image(columns={}, aspect_ratio="7:3").request.aspect_ratio == "7:3"

    def test_the_size_of_a_ratio_is_held_against_the_sizes_too(self):
        checked = image(columns={**self.MAP, "sizes": ("1024x1024",)}, aspect_ratio="16:9")
        assert [problem.field for problem in checked.problems] == ["size"]


class TestWords:
    COLUMNS = {
        "qualities": ("low", "high"),
        "styles": (),
        "backgrounds": None,
        "output_formats": ("png",),
        "resolutions": ("1K", "2K"),
    }

    def test_every_column_is_looked_at(self):
        checked = image(
            columns=self.COLUMNS,
            quality="best",
            style="vivid",
            background="blue",
            output_format="bmp",
            resolution="8K",
        )
        assert texts(checked) == [
            "quality: 'best' is not taken by acme-image; allowed: low, high",
            "output_format: 'bmp' is not taken by acme-image; allowed: png",
            "resolution: '8K' is not taken by acme-image; allowed: 1K, 2K; nearest: 2K",
        ]
        assert checked.left_out == ["style"]
        assert checked.problems[0].value == "best"

    def test_listed_words_pass(self):
        checked = image(columns=self.COLUMNS, quality="low", output_format="png", resolution="2K")
        assert checked.problems == []


class TestExtraParameters:
    def test_an_unknown_one_is_left_out_by_its_name(self):
        checked = image(columns={"extra_params": ("user", "moderation")}, extra_params={"usr": 1, "user": "u"})
        assert checked.warnings == [
            "extra_params.usr: acme-image has no such parameter (did you mean user?); it was left out"
        ]
        assert checked.request.extra_params == {"user": "u"}

    def test_a_model_without_any_leaves_out_all(self):
        checked = image(columns={"extra_params": ()}, extra_params={"a": 1})
        assert (checked.request.extra_params, checked.left_out) == ({}, ["extra_params.a"])

    def test_a_parameter_without_a_name_is_left_out_like_any_other(self):
        checked = image(columns={"extra_params": ("user",)}, extra_params={"": None, "a": 1, "user": "u"})
        assert (checked.request.extra_params, checked.left_out) == ({"user": "u"}, ["extra_params.", "extra_params.a"])

    def test_a_model_of_unknown_ones_takes_all(self):
        assert image(columns={}, extra_params={"a": 1}).problems == []

    def test_a_parameter_that_is_not_there_and_a_value_that_is_not_known_are_two_different_things(self):
        columns = {"extra_params": ("it",), "param_values": {"it": ("a",)}}
        checked = image(columns=columns, extra_params={"other": "b"}, unsupported="error")
        assert texts(checked) == [
            (
                "extra_params.other: acme-image has no such parameter; leave it out, or take unsupported='warn'; "
                "allowed: it"
            )
        ]
        assert texts(image(columns={"param_values": {"it": ("a",)}}, extra_params={"other": "b"})) == []

    def test_of_many_unknown_ones_the_first_are_told_by_name(self):
        columns = {"extra_params": ("user",)}
        checked = image(columns=columns, extra_params={**{f"p{at}": at for at in range(25)}, "user": "u"})
        assert len(checked.warnings) == 21
        assert checked.warnings[-1] == (
            "extra_params: the rest, 5 more parameters that acme-image does not have; it was left out"
        )
        assert checked.request.extra_params == {"user": "u"}

    def test_a_parameter_that_asks_for_an_operation_is_never_left_out(self):
        checked = video(columns={"extra_params": ()}, extra_params={"video_id": "job_1"})
        assert "operation: acme-video cannot remix; allowed: generate" in texts(checked)


class TestCount:
    def test_more_than_one_request_makes_is_refused_with_the_way_out(self):
        (problem,) = image(columns={"max_images": 4}, n=5).problems
        assert str(problem) == (
            "n: 5 in one request, acme-image makes at most 4; fan_out=True in the config sends several requests; "
            "allowed: 1 to 4; nearest: 4"
        )

    def test_a_model_of_single_pictures(self):
        assert texts(image(columns={}, n=2)) == [
            (
                "n: 2 in one request, acme-image makes at most 1; fan_out=True in the config sends several requests; "
                "allowed: 1; nearest: 1"
            )
        ]

    @pytest.mark.parametrize(
        ("most", "wanted", "batches"), [(4, 4, [4]), (4, 9, [4, 4, 1]), (1, 3, [1, 1, 1]), (4, 8, [4, 4]), (4, 1, [1])]
    )
    def test_fanning_out_makes_batches(self, most, wanted, batches):
        checked = image(columns={"max_images": most}, n=wanted, fan_out=True)
        assert (checked.batches, checked.problems) == (batches, [])

    def test_videos_are_not_fanned_out(self):
        checked = video(columns={"max_videos": 2}, n=3, fan_out=True)
        assert texts(checked) == ["n: 3 in one request, acme-video makes at most 2; allowed: 1 to 2; nearest: 2"]


class TestDurations:
    @pytest.mark.parametrize("seconds", [4, 8, None])
    def test_a_listed_duration_passes(self, seconds):
        assert video(columns={"durations": (4, 8, 12)}, duration_seconds=seconds).problems == []

    def test_another_duration_is_refused_with_the_nearest(self):
        (problem,) = video(columns={"durations": (4, 8, 12)}, duration_seconds=9).problems
        assert str(problem) == (
            "duration_seconds: 9 seconds are not taken by acme-video; allowed: 4, 8, 12; nearest: 8"
        )

    def test_a_range_is_told_as_a_range(self):
        checked = video(columns={"durations": DurationRule(min=4, max=15)}, duration_seconds=4.5)
        assert texts(checked) == [
            "duration_seconds: 4.5 seconds are not taken by acme-video; allowed: 4 to 15 in steps of 1; nearest: 4"
        ]
        assert video(columns={"durations": DurationRule(min=4, max=15)}, duration_seconds=15).problems == []

    @pytest.mark.parametrize("rule", [(), None], ids=["none", "unknown"])
    def test_a_model_of_no_or_unknown_durations(self, rule):
        checked = video(columns={"durations": rule}, duration_seconds=4)
        assert (checked.problems, checked.left_out) == ([], [] if rule is None else ["duration_seconds"])

    @pytest.mark.parametrize(
        ("mode", "fields"),
        [
            ("text", {}),
            ("reference", {"image_list": [PICTURE]}),
            ("reference", {"image_list": [ImageType(image=b"x", type="style")]}),
            ("first_frame", {"image_list": [ImageType(image=b"x", type="first_frame")]}),
            (
                "frames",
                {"image_list": [ImageType(image=b"x", type="first_frame"), ImageType(image=b"x", type="last_frame")]},
            ),
            ("extend", {"operation": "extend", "video": "job_1", "image_list": [PICTURE]}),
        ],
    )
    def test_durations_may_differ_by_what_is_given(self, mode, fields):
        columns = {"durations": (1,), "durations_by_mode": {mode: (7,)}, "operations": ("generate", "extend")}
        assert video(columns=columns, duration_seconds=7, **fields).problems == []
        assert len(video(columns=columns, duration_seconds=1, **fields).problems) == 1

    def test_images_have_no_duration(self):
        assert image(columns={}).problems == []


class TestAudio:
    @pytest.mark.parametrize(
        ("audio", "wanted", "sent"),
        [
            ("always", True, None),
            ("never", False, None),
            ("optional", True, True),
            ("optional", False, False),
            (None, True, True),
            ("always", None, None),
        ],
    )
    def test_what_happens_anyway_is_not_asked_for(self, audio, wanted, sent):
        checked = video(columns={"audio": audio}, generate_audio=wanted)
        assert (checked.request.generate_audio, checked.warnings, checked.problems) == (sent, [], [])

    @pytest.mark.parametrize(
        ("audio", "wanted", "text"),
        [("always", False, "acme-video always makes sound"), ("never", True, "acme-video never makes sound")],
    )
    def test_what_cannot_be_had_is_unsupported(self, audio, wanted, text):
        checked = video(columns={"audio": audio}, generate_audio=wanted)
        assert (checked.request.generate_audio, checked.warnings) == (
            None,
            [f"generate_audio: {text}; it was left out"],
        )
        checked = video(columns={"audio": audio}, generate_audio=wanted, unsupported="error")
        assert texts(checked) == [f"generate_audio: {text}; leave it out, or take unsupported='warn'"]


class TestOperations:
    COLUMNS = {
        "operations": ("generate", "remix"),
        "operation_params": {"video_id": "remix"},
        "operation_fields": {"remix": ()},
        "extra_params": (),
    }
    JOB = VideoJob(provider="acme", model="acme-video", id="job_1", endpoint="https://api.acme.test")

    def test_an_operation_that_the_model_lacks_is_refused(self):
        assert texts(video(columns=self.COLUMNS, operation="extend", video="job_1")) == [
            "operation: acme-video cannot extend; allowed: generate, remix"
        ]

    @pytest.mark.parametrize("source", [JOB, "job_1", Media(url="https://x.test/a.mp4")], ids=["job", "id", "media"])
    def test_a_remix_of_something_passes(self, source):
        checked = video(columns=self.COLUMNS, operation="remix", video=source)
        assert (checked.problems, checked.request.video) == ([], source)

    def test_a_remix_of_nothing_is_refused(self):
        assert texts(video(columns=self.COLUMNS, operation="remix")) == ["video: is required: what is the remix of?"]

    def test_a_video_that_nothing_is_to_become_of_is_not_dropped(self):
        assert texts(video(columns=self.COLUMNS, video="job_1")) == [
            "video: is given without an operation; give operation='remix', 'edit' or 'extend'"
        ]

    def test_a_vendors_parameter_may_say_which_operation_it_is(self):
        checked = video(columns=self.COLUMNS, extra_params={"video_id": "job_1"})
        assert (checked.request.operation, checked.problems) == ("remix", [])

    def test_what_a_remix_does_not_take_is_left_out(self):
        checked = video(columns=self.COLUMNS, operation="remix", video="job_1", size="1x1", duration_seconds=4)
        assert (checked.request.size, checked.request.duration_seconds) == (None, None)
        assert sorted(checked.warnings) == [
            "duration_seconds: a remix takes no such parameter; it was left out",
            "size: a remix takes no such parameter; it was left out",
        ]
        assert (checked.request.prompt, checked.request.video) == ("a cat", "job_1")

    def test_what_a_remix_does_not_take_is_refused_where_the_caller_says_so(self):
        checked = video(columns=self.COLUMNS, operation="remix", video="job_1", size="1x1", unsupported="error")
        assert texts(checked) == ["size: a remix takes no such parameter; leave it out, or take unsupported='warn'"]

    def test_what_a_remix_takes_goes_out(self):
        columns = {**self.COLUMNS, "operation_fields": {"remix": ("size",)}}
        assert video(columns=columns, operation="remix", video="job_1", size="1x1").request.size == "1x1"


class TestADefaultRow:
    COLUMNS = {
        "sizes": ("1x1",),
        "qualities": ("low",),
        "styles": (),
        "prompt_max_chars": 3,
        "max_input_images": 0,
        "extra_params": (),
        "mask": False,
        "aspect_ratios": {"16:9": "1792x1024"},
        "substitutes": {"quality": {"hd": "high"}},
    }

    def test_it_never_refuses(self):
        checked = image(
            refuses=False,
            columns=self.COLUMNS,
            size="9x9",
            quality="best",
            style="vivid",
            n=7,
            image_list=[PICTURE],
            mask_image=PICTURE,
            extra_params={"a": 1},
            aspect_ratio="3:1",
        )
        assert (checked.problems, checked.batches) == ([], [7])
        assert (checked.request.size, checked.request.quality, len(checked.request.image_list)) == ("9x9", "best", 1)

    def test_it_never_refuses_a_video(self):
        columns = {"durations": (4,), "max_videos": 1, "operations": ("generate",)}
        checked = video(
            refuses=False, columns=columns, duration_seconds=5, n=3, operation="extend", video="job_1", fan_out=True
        )
        assert (checked.problems, checked.batches) == ([], [3])

    def test_it_converts(self):
        checked = image(refuses=False, columns=self.COLUMNS, aspect_ratio="16:9", quality="hd")
        assert (checked.request.size, checked.request.aspect_ratio, checked.request.quality) == (
            "1792x1024",
            None,
            "high",
        )


def test_all_problems_of_a_request_come_at_once():
    columns = {"sizes": ("1x1",), "qualities": ("low",), "prompt_max_chars": 3, "extra_params": (), "mask": False}
    checked = image(columns=columns, size="9x9", quality="best", n=2, extra_params={"a": 1}, mask_image=PICTURE)
    assert sorted(problem.field for problem in checked.problems) == [
        "mask_image",
        "n",
        "prompt",
        "quality",
        "size",
    ]
