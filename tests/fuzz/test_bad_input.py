"""Whatever a caller gives: only errors of ours come out, they are short, they hold no key, and nothing odd is sent."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import os
import pickle
import struct
import traceback
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tarash.tarash_gateway import check_request, estimate_cost, generate_image, poll_video, stream_image, submit_video
from tarash.tarash_gateway.errors import ConfigurationError, TarashError, ValidationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageType,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins.http.keys import KeySource
from tarash_gateway_sandbox import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

KEY = "sk-proj-Zq7wLr2Xk9Tn4Vb8Yd3Jh6"

LONGEST_TEXT = 20_000
"""Characters of an error: a screen or two, whatever came in."""

SAME_EVERY_TIME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=2 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Hostile:
    """Raises at whatever is asked of it."""

    def _no(self, *_):
        raise RuntimeError(KEY)

    __repr__ = __str__ = __eq__ = __bool__ = __len__ = __iter__ = __int__ = __float__ = __index__ = __getattr__ = _no
    __hash__ = None


class HostileText(str):
    def _no(self, *_):
        raise RuntimeError(KEY)

    strip = encode = replace = __repr__ = __str__ = __eq__ = _no
    __hash__ = str.__hash__


class HostileTable(dict):
    def _no(self, *_):
        raise RuntimeError(KEY)

    items = keys = get = __iter__ = __getitem__ = __contains__ = _no


def nested(depth):
    inner = table = {}
    for _ in range(depth):
        inner["a"] = {}
        inner = inner["a"]
    return table


def cyclic():
    inner = {"a": []}
    inner["a"].append(inner)
    return inner


def cyclic_list():
    inner = []
    inner.append(inner)
    return inner


ODD = {
    "hostile": Hostile,
    "hostile-text": lambda: HostileText("16:9"),
    "hostile-table": lambda: HostileTable(image="x"),
    "nan": lambda: math.nan,
    "inf": lambda: math.inf,
    "minus-inf": lambda: -math.inf,
    "huge-number": lambda: 10**5000,
    "negative": lambda: -1,
    "zero": lambda: 0,
    "true": lambda: True,
    "half-a-character": lambda: "a\ud800b",
    "nul": lambda: "a\0b",
    "newline": lambda: "a\nb",
    "blank": lambda: "  ",
    "nothing": lambda: "",
    "million-letters": lambda: "x" * 1_000_000,
    "million-halves": lambda: "\ud800" * 1_000_000,
    "bytes": lambda: b"a",
    "bytearray": lambda: bytearray(b"a"),
    "view": lambda: memoryview(b"a"),
    "deep": lambda: nested(5000),
    "cyclic": cyclic,
    "cyclic-list": cyclic_list,
    "wide": lambda: {str(number): number for number in range(20_000)},
    "long-list": lambda: [0] * 20_000,
    "set": lambda: {1},
    "complex": lambda: 1j,
    "class": lambda: int,
    "function": lambda: len,
    "generator": lambda: (number for number in range(3)),
    "exception": lambda: ValueError(KEY),
    "number-names": lambda: {1: 2},
    "byte-names": lambda: {b"a": 1},
    "half-a-name": lambda: {"\ud800": 1},
    "nan-inside": lambda: {"a": [math.nan]},
    "bytes-inside": lambda: {"a": [{"b": b"a"}]},
    "huge-inside": lambda: {"a": 10**5000},
    "object-inside": lambda: {"a": object()},
    "path": lambda: Path("a\0b"),
}
KINDS = {
    ImageGenerationConfig: {"provider": "openai", "model": "m"},
    VideoGenerationConfig: {"provider": "openai", "model": "m"},
    ImageGenerationRequest: {"prompt": "a cat"},
    VideoGenerationRequest: {"prompt": "a lake"},
    ImageType: {"image": "https://example.com/a.png"},
}


def assert_ours(error):
    """A short error without a key, that can be shown and pickled."""
    shown = "".join(traceback.format_exception(error, chain=False))
    for text in (str(error), repr(error), shown):
        assert len(text) < LONGEST_TEXT
        assert KEY not in text
    assert KEY not in repr(getattr(error, "problems", ()))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def made(kind, **fields):
    """An instance, or None where it was refused with an error of ours."""
    try:
        return kind(**fields)
    except TarashError as error:
        assert_ours(error)
        return None


@pytest.mark.sampled
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_odd_value_in_any_field_is_taken_or_refused_with_an_error_of_ours(kind, odd):
    for field in (*kind.model_fields, "no_such_field"):
        taken = made(kind, **{**KINDS[kind], field: odd()})
        assert KEY not in repr(taken)


WORDS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Lo"]), max_size=8),
    st.sampled_from(["1024x1024", "16:9", "auto", "hd", "png", "https://x/y", "data:,", "QUJD", "generate"]),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.binary(max_size=20))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@SAME_EVERY_TIME
def test_any_values_in_any_fields_are_taken_or_refused_with_an_error_of_ours(kind, data):
    names = st.sampled_from([*kind.model_fields, "promt", "sise"])
    fields = data.draw(st.dictionaries(names, VALUES, max_size=5))
    fields |= {"api_key": KEY} if "api_key" in kind.model_fields else {}
    taken = made(kind, **{**KINDS[kind], **fields})
    assert KEY not in repr(taken)


def test_a_prompt_of_a_million_characters_is_told_by_its_length():
    with pytest.raises(ValidationError) as caught:
        ImageGenerationRequest(prompt="x" * 1_000_000)
    assert str(caught.value) == (
        "ImageGenerationRequest: 1 problem, nothing was sent\n"
        "  - prompt: has 1,000,000 characters, the limit is 100,000"
    )


def test_of_thousands_of_problems_the_first_ones_are_told():
    with pytest.raises(ValidationError) as caught:
        ImageGenerationRequest(prompt="a cat", **{f"field_{number}": number for number in range(5000)})
    assert str(caught.value).splitlines()[-1] == "  - ImageGenerationRequest: and 4,960 more problems"


def test_an_object_that_cannot_be_looked_at_is_told_by_what_it_raised():
    with pytest.raises(ValidationError) as caught:
        ImageType(image=HostileTable())
    assert str(caught.value) == "ImageType: a value raised RuntimeError when it was read, nothing was sent"
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize("value", ["\ud800", ["\ud800"], {"\ud800": 1}, {"a": {"b": "\udfff"}}], ids=ascii)
def test_half_a_character_in_the_vendors_own_parameters_is_refused(value):
    with pytest.raises(ValidationError, match=r"extra_params: holds half of a character \(a lone surrogate\)"):
        ImageGenerationRequest(prompt="a cat", extra_params={"user": value})


def test_a_number_of_thousands_of_digits_in_the_vendors_own_parameters_is_refused():
    with pytest.raises(ValidationError, match="extra_params: holds a number that cannot be written as JSON"):
        ImageGenerationRequest(prompt="a cat", extra_params={"user": 10**5000})


@pytest.mark.parametrize("value", [{"a": 1}, {"id": "video_1"}, {}, {1: 2}], ids=str)
def test_a_dictionary_that_is_no_media_is_not_taken_for_one(value):
    with pytest.raises(ValidationError, match="video: is no dump of a Media"):
        VideoGenerationRequest(prompt="a lake", video=value)
    with pytest.raises(ValidationError, match=r"image_list\.0\.image: .*is no dump of a Media"):
        VideoGenerationRequest(prompt="a lake", image_list=[{"image": value}])


class TestChains:
    LIMIT = "is a chain of more than 100 configs, or of more than 10 one in the other"

    def test_a_chain_that_a_loop_builds_ends_soon(self):
        config = ImageGenerationConfig(provider="openai", model="m")
        with pytest.raises(ValidationError, match=self.LIMIT):
            for _ in range(1000):
                config = ImageGenerationConfig(provider="openai", model="m", fallback_configs=[config])
        for show in (repr, pickle.dumps, ImageGenerationConfig.model_dump_json):
            assert show(config)

    def test_a_chain_is_not_longer_than_anybody_waits(self):
        config = ImageGenerationConfig(provider="openai", model="m")
        with pytest.raises(ValidationError, match=self.LIMIT):
            ImageGenerationConfig(provider="openai", model="m", fallback_configs=[config] * 101)
        wide = ImageGenerationConfig(provider="openai", model="m", fallback_configs=[config] * 60)
        with pytest.raises(ValidationError, match=self.LIMIT):
            ImageGenerationConfig(provider="openai", model="m", fallback_configs=[wide, wide])

    def test_a_chain_that_holds_itself_is_refused(self):
        chain = {"provider": "openai", "model": "m"}
        chain["fallback_configs"] = [chain]
        with pytest.raises(ValidationError, match="cyclic reference"):
            ImageGenerationConfig(**chain)

    def test_a_chain_given_as_deep_tables_is_refused(self):
        chain = {"provider": "openai", "model": "m"}
        for _ in range(3000):
            chain = {"provider": "openai", "model": "m", "fallback_configs": [chain]}
        assert made(ImageGenerationConfig, **chain) is None


@pytest.fixture
def nobody():
    """An address that nobody listens at."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}/v1"


@pytest.fixture
def config(nobody):
    def config(model="gpt-image-2", kind=ImageGenerationConfig, **fields):
        known = {"provider": "openai", "api_key": KEY, "base_url": nobody, "timeout": 5, "max_retries": 0}
        return kind(model=model, **{**known, **fields})

    return config


def outcome(call, *args, **options):
    """What a call returns, or its error, which is one of ours."""
    try:
        return call(*args, **options)
    except TarashError as error:
        assert_ours(error)
        return error


def png_of(width, height):
    """A small file that says it is a picture of any size."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


IMAGES = {
    "60000x60000": png_of(60_000, 60_000),
    "largest": png_of(2**31 - 1, 2**31 - 1),
    "0x0": png_of(0, 0),
    "no bytes": b"",
    "a page": b"<!DOCTYPE html><html>",
    "half": png_of(8, 8)[:-9],
    "name with NUL": Path("a\0b"),
    "name that cannot be written": Path("\ud800"),
    "endless name": Path("x" * 100_000),
    "missing": Path("/nowhere/at-all.png"),
    "folder": Path("/"),
    "half a character": "\ud800",
    "no base64": "?" * 1_000_000,
    "zeros in base64": "A" * 4_000_000,
    "long data URL": "data:image/png;base64," + "A" * 4_000_001,
    "data URL with half a character": "data:,\ud800",
    "URL with half a character": "http://x/\ud800",
    "URL with NUL": "http://x/\0",
    "endless URL": "http://x/" + "a" * 1_000_000,
    "half an address": "http://[::1",
    "port that is none": "http://x:99999999/",
    "no host": "http://",
    "no scheme": "://",
    "media without anything": Media(),
    "media of half a character": Media(url="\ud800"),
    "media of a folder": Media(path="/"),
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize("model", ["gpt-image-2", "a-model-without-a-row"])
def test_an_input_picture_that_is_none_is_an_error_of_ours(config, model, image):
    request = ImageGenerationRequest(prompt="a cat", image_list=[image])
    masked = ImageGenerationRequest(prompt="a cat", image_list=[png_of(8, 8)], mask_image=image)
    for wanted in (request, masked):
        assert len("".join(map(str, check_request(config(model), wanted)))) < LONGEST_TEXT
        assert isinstance(outcome(generate_image, config(model), wanted), TarashError)


def test_a_thousand_bad_pictures_are_told_in_short(config):
    request = ImageGenerationRequest(prompt="a cat", image_list=[b"x"] * 1000)
    assert isinstance(outcome(generate_image, config("a-model-without-a-row"), request), ValidationError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_file_that_is_none_is_not_read(config, tmp_path):
    # The device that gives nothing stands for those that hang or never end: it must not be opened either.
    request = ImageGenerationRequest(prompt="a cat", image_list=[Path(os.devnull)])
    problems = check_request(config(), request)
    assert "Not a regular file" in problems[0].message


PLACES = {
    "bytes": b"x",
    "number": 123,
    "object": object(),
    "NUL": "a\0b",
    "half a character": "\ud800",
    "endless": "x" * 5000,
    "list": ["x"],
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_place_that_is_none_is_an_error_of_ours_before_anything_is_sent(config, place):
    from tarash.tarash_gateway import generate_video

    made = config("sora-2", VideoGenerationConfig)
    error = outcome(generate_video, made, VideoGenerationRequest(prompt="a lake"), save_to=place)
    assert isinstance(error, TarashError)
    assert "cannot be reached" not in str(error)


ADDRESSES = [
    "x" * 200,
    "http://",
    "http://[",
    "//x",
    "http:/x",
    "ftp://x",
    "http://x:0x1/",
    "http://a b/",
    "http://a\tb/",
    "http://a\nb/",
    "http://127.0.0.1:1/\x7f",
    "http://a..b/",
    "http://.../",
    f"http://{'a' * 64}.b/",
    "http://\u0661.0.0.1/",
    "http://x:99999",
    "http://xn--a\ud7ff/",
]


@pytest.mark.parametrize("provider", ["openai", "azure_openai"])
@pytest.mark.parametrize("address", ADDRESSES, ids=ascii)
def test_an_address_that_is_none_is_a_configuration_error(config, provider, address):
    wanted = config(provider=provider, base_url=address)
    error = outcome(generate_image, wanted, ImageGenerationRequest(prompt="a cat"))
    assert isinstance(error, ConfigurationError)
    assert "is not an address" in str(error)


SETTINGS = [5, ["x"], object(), "a\nb", "\ud800", "ü", "x" * 300, b"x", {"a": 1}]


@pytest.mark.parametrize("name", ["organization", "project"])
@pytest.mark.parametrize("value", SETTINGS, ids=range(len(SETTINGS)))
def test_a_setting_that_no_header_can_carry_is_a_configuration_error(config, name, value):
    wanted = config(provider_config={name: value})
    error = outcome(generate_image, wanted, ImageGenerationRequest(prompt="a cat"))
    assert isinstance(error, ConfigurationError)
    assert f"provider_config['{name}'] must be" in str(error)


def raising(error):
    def key():
        raise error

    return key


def wants_an_argument(item):
    return item


def calls_itself():
    return calls_itself()


KEYS = {
    "raises": raising(RuntimeError(KEY)),
    "stops": raising(StopIteration(KEY)),
    "async-stops": raising(StopAsyncIteration(KEY)),
    "gives itself": calls_itself,
    "gives a class": int,
    "gives bytes": KEY.encode,
    "gives nothing": lambda: None,
    "gives a hostile thing": Hostile,
    "wants an argument": wants_an_argument,
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_function_that_gives_no_key_is_a_configuration_error(config, key):
    error = outcome(generate_image, config(api_key=key), ImageGenerationRequest(prompt="a cat"))
    assert isinstance(error, ConfigurationError)


@pytest.mark.parametrize(
    "current", [KeySource.current, lambda key: asyncio.run(key.current_async())], ids=["sync", "async"]
)
def test_a_key_function_that_never_answers_is_given_up(current):
    error = outcome(current, KeySource(asyncio.Event().wait, seconds=0.05))
    assert isinstance(error, ConfigurationError)
    assert str(error) == "the api_key function raised TimeoutError; nothing was sent."


@pytest.mark.parametrize("call", [generate_image, check_request, estimate_cost, stream_image, submit_video, poll_video])
def test_things_of_another_kind_are_told_by_their_names(config, call):
    for given_config in (None, "x", config(), config("sora-2", VideoGenerationConfig), ImageGenerationConfig, Hostile):
        for wanted in (None, {}, VideoGenerationRequest, object()):
            error = outcome(call, given_config, wanted)
            assert isinstance(error, ValidationError)


JOBS = {"nothing": "", "half a character": "\ud800", "endless": "x" * 100_000}


@pytest.mark.parametrize("job_id", JOBS.values(), ids=JOBS)
def test_a_job_whose_id_is_none_is_told_before_anything_is_sent(config, nobody, job_id):
    job = VideoJob(provider="openai", model="sora-2", id=job_id, endpoint=nobody)
    error = outcome(poll_video, config("sora-2", VideoGenerationConfig), job)
    assert isinstance(error, (ValidationError, ConfigurationError))


PARAMETERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PICTURE = Answer(
    body=json.dumps({"data": [{"b64_json": base64.b64encode(png_of(8, 8)).decode()}]}).encode(),
)


@given(
    prompt=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=50),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "size": st.from_regex(r"[1-9]\d{0,4}x[1-9]\d{0,4}|auto", fullmatch=True),
            "aspect_ratio": st.from_regex(r"[1-9]\d{0,3}:[1-9]\d{0,3}", fullmatch=True),
            "quality": st.sampled_from(["hd", "low", "x" * 256, "\x7f", "{}", "%s"]),
            "style": st.text(min_size=1, max_size=9),
            "n": st.integers(1, 12),
            "seed": st.integers(0, 2**63 - 1),
            "extra_params": st.dictionaries(st.text(max_size=9), PARAMETERS, max_size=4),
        },
    ),
    model=st.sampled_from(["gpt-image-2", "dall-e-3", "a-model-without-a-row", "openai/x/../y"]),
)
@SAME_EVERY_TIME
def test_what_goes_out_is_json_and_what_comes_back_is_a_picture_or_an_error_of_ours(
    tarash_sandbox, prompt, fields, model
):
    tarash_sandbox.clear()
    tarash_sandbox.play(PICTURE, times=None)
    wanted = made(ImageGenerationRequest, prompt=prompt, **fields)
    if wanted is None:
        return
    known = ImageGenerationConfig(provider="openai", model=model, api_key=KEY, base_url=tarash_sandbox.url)
    problems = outcome(check_request, known, wanted)
    assert len(repr(problems)) < LONGEST_TEXT
    estimate = outcome(estimate_cost, known, wanted)
    assert estimate is None or 0 <= estimate.low <= estimate.high < math.inf
    response = outcome(generate_image, known, wanted)
    assert isinstance(response, ValidationError) is bool(problems)
    sent = tarash_sandbox.requests
    assert len(sent) == (0 if problems else 1)
    for request in sent:
        assert request.json is not None
        assert json.loads(request.body, parse_constant=pytest.fail) == request.json
