"""Requests: what cannot be right at any vendor is refused before any model is known."""

import io
import math
from pathlib import Path

import pytest

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType, Media, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.models.fields import PROMPT_LIMIT

JOB = VideoJob(provider="acme", model="acme-video", id="job_1", endpoint="https://api.acme.test/v1")


def refused(kind=ImageGenerationRequest, **fields):
    with pytest.raises(ValidationError) as caught:
        kind(**{"prompt": "a cat", **fields})
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        ("a\0b", "holds a NUL character"),
        ("a\ud800b", "holds half of a character (a lone surrogate) at position 1"),
        ("x" * (PROMPT_LIMIT + 1), "has 100,001 characters, the limit is 100,000"),
        ("x" * 1_000_000, "has 1,000,000 characters, the limit is 100,000"),
        (b"a cat", "input should be a valid string"),
        (None, "input should be a valid string"),
        (3, "input should be a valid string"),
        (["a cat"], "input should be a valid string"),
    ],
    ids=["empty", "blank", "NUL", "lone surrogate", "one too many", "a million", "bytes", "None", "number", "list"],
)
def test_a_prompt_that_cannot_be_sent_is_refused(prompt, message):
    assert refused(prompt=prompt) == {"prompt": message}


@pytest.mark.parametrize("prompt", ["x", "x" * PROMPT_LIMIT, "猫 🐈‍⬛", " a cat\n", "1"], ids=ascii)
def test_a_prompt_goes_out_as_it_is(prompt):
    assert ImageGenerationRequest(prompt=prompt).prompt == prompt


def test_a_prompt_is_required():
    with pytest.raises(ValidationError) as caught:
        VideoGenerationRequest(sizes="1x1")
    assert str(caught.value) == (
        "VideoGenerationRequest: 2 problems, nothing was sent\n"
        "  - prompt: is required\n"
        "  - sizes: unknown field (did you mean size?)"
    )


def test_a_field_without_its_unit_is_recognised():
    assert refused(VideoGenerationRequest, duration=3) == {"duration": "unknown field (did you mean duration_seconds?)"}


@pytest.mark.parametrize(
    ("inputs", "read"),
    [
        ("1024x768", "1024x768"),
        ("1024×768", "1024x768"),
        ("1024 × 768", "1024x768"),
        ("1024X768", "1024x768"),
        (" 1024x768 ", "1024x768"),
        ("1920x1080", "1920x1080"),
        ("auto", "auto"),
        ("square_hd", "square_hd"),
        ("2K", "2K"),
        ("720p", "720p"),
    ],
)
def test_sizes_are_read_as_people_write_them(inputs, read):
    assert ImageGenerationRequest(prompt="a cat", size=inputs).size == read


@pytest.mark.parametrize(
    "size",
    [
        "",
        "!",
        "1024",
        "1024x",
        "0x0",
        "01x10",
        "-1x10",
        "1024x768x3",
        "100000x1",
        "1e3x1e3",
        "1024*768",
        "a b",
        "10x10\n10",
        "1٠x1٠",
        "1０x1０",
    ],
    ids=ascii,
)
def test_what_is_no_size_is_refused(size):
    assert refused(size=size) == {
        "size": "is not a size: give pixels as WIDTHxHEIGHT, such as 1024x1024, or the vendor's word, such as auto"
    }


@pytest.mark.parametrize("size", [1024, (1024, 1024), b"1024x1024", True, math.nan], ids=repr)
def test_a_size_is_a_text(size):
    assert list(refused(size=size)) == ["size"]


@pytest.mark.parametrize("ratio", ["16:9", " 1:1 ", "2.39:1", "auto"])
def test_ratios_that_are_read(ratio):
    assert ImageGenerationRequest(prompt="a cat", aspect_ratio=ratio).aspect_ratio == ratio.strip()


@pytest.mark.parametrize("ratio", ["16/9", "16:0", "0:9", "-16:9", "16:9:1", "wide", "", "1e5:1"])
def test_what_is_no_ratio_is_refused(ratio):
    assert refused(aspect_ratio=ratio) == {
        "aspect_ratio": "is not an aspect ratio: give it as WIDTH:HEIGHT, such as 16:9"
    }


@pytest.mark.parametrize("n", [True, 0, -1, 1001, 10**30, 1.0, math.nan, "2", None], ids=repr)
def test_a_count_is_a_whole_number_from_1(n):
    assert list(refused(n=n)) == ["n"]


@pytest.mark.parametrize("seed", [True, -1, 2**63, 10**30, 1.5, math.nan, "7"], ids=repr)
def test_a_seed_is_a_whole_number(seed):
    assert list(refused(seed=seed)) == ["seed"]


@pytest.mark.parametrize("seconds", [True, 0, -4, math.nan, math.inf, 1e300, "4", 86_401], ids=repr)
def test_a_duration_is_a_number_of_seconds(seconds):
    assert list(refused(VideoGenerationRequest, duration_seconds=seconds)) == ["duration_seconds"]


@pytest.mark.parametrize("value", [1, "yes", 0.0], ids=repr)
def test_audio_is_a_switch(value):
    assert list(refused(VideoGenerationRequest, generate_audio=value)) == ["generate_audio"]


@pytest.mark.parametrize("field", ["quality", "style", "background", "output_format", "resolution"])
@pytest.mark.parametrize("value", ["", " ", 3, True, b"hd", "h\0d", "x" * 257], ids=ascii)
def test_a_vendors_word_is_a_short_text(field, value):
    assert list(refused(**{field: value})) == [field]


def test_all_problems_come_at_once():
    found = refused(VideoGenerationRequest, prompt="", n=0, size="big!", sizes="1x1", operation="remake")
    assert sorted(found) == ["n", "operation", "prompt", "size", "sizes"]
    assert found["sizes"] == "unknown field (did you mean size?)"


def test_a_mistyped_field_of_an_input_image_is_told_with_its_place():
    assert refused(image_list=[{"image": b"x"}, {"image": b"x", "tpye": "style"}]) == {
        "image_list.1.tpye": "unknown field (did you mean type?)"
    }


@pytest.mark.parametrize("image", [3, True, ["x"]], ids=repr)
def test_an_input_image_of_another_type_is_refused(image):
    with pytest.raises(ValidationError) as caught:
        ImageType(image=image)
    assert all(problem.field.startswith("image") for problem in caught.value.problems)


@pytest.mark.parametrize(
    "image", ["https://x.test/a.png", b"bytes", Path("a.png"), Media(data=b"x")], ids=["URL", "bytes", "path", "media"]
)
def test_an_input_image_is_kept_as_it_was_given(image):
    kept = ImageType(image=image).image
    assert type(kept) is type(image) or isinstance(kept, Path)
    assert kept == image


class Gives:
    """An object with a `read` of its own."""

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        if isinstance(self.data, Exception):
            raise self.data
        return self.data

    def seekable(self):
        return False


def test_an_input_image_may_be_a_buffer_or_an_open_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"bytes")
    written = io.BytesIO()
    written.write(b"bytes")
    with path.open("rb") as file, path.open("rb", buffering=0) as raw:
        for image in (written, file, raw, bytearray(b"bytes"), memoryview(b"bytes"), Gives(b"bytes")):
            assert ImageType(image=image).image == b"bytes"
            (listed,) = ImageGenerationRequest(prompt="x", image_list=[image]).image_list
            assert listed.image == b"bytes"
            assert ImageGenerationRequest(prompt="x", mask_image=image).mask_image.image == b"bytes"


async def _bytes_later():
    return b"bytes"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text", "is a file that gives no bytes when it is read: open it with 'rb'"),
        (OSError(5, "Input/output error"), "is a file that cannot be read: Input/output error"),
        (ValueError("read of closed file"), "is a file that cannot be read: ValueError"),
        (b"x" * (50 * 1024 * 1024 + 1), "has more than 52,428,800 bytes"),
    ],
    ids=["text", "broken", "closed", "large"],
)
def test_an_open_file_that_cannot_be_read_is_refused(data, message):
    assert refused(image_list=[Gives(data)]) == {"image_list.0.image": message}


def test_a_file_that_is_read_asynchronously_is_refused():
    assert refused(image_list=[Gives(_bytes_later())]) == {
        "image_list.0.image": "is a file that gives no bytes when it is read: open it with 'rb'"
    }


def test_a_path_may_begin_with_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ImageType(image=Path("~/a.png")).image == tmp_path / "a.png"
    assert VideoGenerationRequest(prompt="x", video=Path("~/a.mp4")).video == tmp_path / "a.mp4"


def test_a_video_may_be_bytes_or_an_open_file(clip):
    for video in (clip, bytearray(clip), io.BytesIO(clip)):
        kept = VideoGenerationRequest(prompt="x", operation="edit", video=video).video
        assert (kept.content, kept.content_type) == (clip, "video/mp4")
    assert refused(VideoGenerationRequest, video=clip[:-9]) == {
        "video": "cannot be used: MP4 ends inside one of its boxes"
    }


def test_a_mask_may_be_given_without_its_wrapping():
    assert ImageGenerationRequest(prompt="x", mask_image=b"bytes").mask_image == ImageType(image=b"bytes")
    assert ImageGenerationRequest(prompt="x", mask_image={"image": b"bytes"}).mask_image.image == b"bytes"
    assert ImageGenerationRequest(prompt="x").mask_image is None


def test_a_picture_is_not_in_the_repr():
    assert "bytes" not in repr(ImageGenerationRequest(prompt="x", image_list=[ImageType(image=b"bytes")]))


@pytest.mark.parametrize(
    "video", [JOB, "job_1", Path("clip.mp4"), Media(url="https://x.test/a.mp4")], ids=lambda v: type(v).__name__
)
def test_a_video_to_start_from_is_kept_as_it_was_given(video):
    kept = VideoGenerationRequest(prompt="x", video=video, operation="remix").video
    assert type(kept) is type(video)
    assert kept == video


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, {1}, b"x", object()], ids=["nan", "inf", "set", "bytes", "object"]
)
def test_extra_parameters_are_json(value):
    found = refused(extra_params={"strength": value})
    assert all(field.startswith("extra_params") for field in found)


def test_extra_parameters_go_out_as_they_are():
    inputs = {"a": [1, {"b": None}], "c": 1.5, "d": True}
    assert ImageGenerationRequest(prompt="x", extra_params=inputs).extra_params == inputs


def test_a_request_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        ImageGenerationRequest(prompt="x").prompt = "y"


def test_a_request_survives_json():
    wanted = VideoGenerationRequest(
        prompt="x", size="1x1", duration_seconds=4, image_list=[ImageType(image="https://x.test/a")]
    )
    assert VideoGenerationRequest.model_validate_json(wanted.model_dump_json()) == wanted


@pytest.mark.parametrize(
    "image", ["https://x.test/a.png", b"bytes", Media(url="https://x.test/a.png")], ids=["URL", "bytes", "media"]
)
def test_an_image_alone_is_a_reference(image):
    request = ImageGenerationRequest(prompt="x", image_list=[image], mask_image=image)
    assert request.image_list == [ImageType(image=image, type="reference")]
    assert request.mask_image == ImageType(image=image)
