"""Every image model, through the sandbox: what it takes goes out as it is, and what it cannot is refused before."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from PIL import Image

from tarash.tarash_gateway import check_request, estimate_cost, generate_image, list_models
from tarash.tarash_gateway.capabilities import ImageModel, Price
from tarash.tarash_gateway.errors import InvalidRequestError, ModelNotFoundError, ValidationError
from tarash.tarash_gateway.models import ImageType
from tarash_gateway_openai import IMAGE_MODELS

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # half of the models are retired
)

ROWS = {row.model: row for row in IMAGE_MODELS}
GPT_IMAGE_2_5 = ("gpt-image-2.5-sunburst", "gpt-image-2.5-flare")
GPT_IMAGE_2_6 = ("gpt-image-2.6-sunburst", "gpt-image-2.6-flare")
NEWEST = GPT_IMAGE_2_5 + GPT_IMAGE_2_6
THREE_SIZES = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest")

MADE = [
    *[(model, {"size": "1024x1024", "quality": "low"}, "PNG", (1024, 1024)) for model in ROWS if "gpt" in model],
    *[(model, {"size": "1536x1024", "output_format": "jpeg"}, "JPEG", (1536, 1024)) for model in THREE_SIZES],
    *[
        (model, {"size": "1536x864", "output_format": "webp", "quality": "medium"}, "WEBP", (1536, 864))
        for model in ("gpt-image-2", *NEWEST)
    ],
    *[(model, {"size": "1024x1024", "quality": "xhigh"}, "PNG", (1024, 1024)) for model in GPT_IMAGE_2_5],
    *[(model, {"size": "1024x1024", "quality": "max"}, "PNG", (1024, 1024)) for model in GPT_IMAGE_2_6],
    *[(model, {"size": "1024x1024", "output_format": "svg"}, None, None) for model in NEWEST],
    ("gpt-image-2", {"size": "1280x720", "background": "opaque"}, "PNG", (1280, 720)),
    ("dall-e-3", {"size": "1792x1024", "quality": "hd", "style": "natural"}, "PNG", (1792, 1024)),
    ("dall-e-3", {"size": "1024x1024", "quality": "standard", "style": "vivid"}, "PNG", (1024, 1024)),
    ("dall-e-2", {"size": "256x256", "quality": "standard"}, "PNG", (256, 256)),
    ("dall-e-2", {"size": "512x512", "n": 2}, "PNG", (512, 512)),
]


def named(case):
    model, fields, *_ = case
    return "-".join([model, *(str(value) for value in fields.values())])


@pytest.fixture
def refused(tarash_sandbox, image_config, image_request):
    """The problems of a request that nobody gets to see."""

    def refused(model, settings=None, **fields):
        with pytest.raises(ValidationError) as caught:
            generate_image(image_config(model, **settings or {}), image_request(**{"size": "1024x1024", **fields}))
        assert tarash_sandbox.requests == []
        return [str(problem) for problem in caught.value.problems]

    return refused


def test_every_row_is_in_the_table_of_this_file():
    assert {model for model, *_ in MADE} == set(ROWS)


@pytest.mark.parametrize(("model", "fields", "form", "size"), MADE, ids=[named(case) for case in MADE])
def test_a_picture_is_made_and_nothing_else_goes_out(image_config, image_request, posts, model, fields, form, size):
    response = generate_image(image_config(model), image_request(**fields))

    for media in response.images:
        if form is None:
            assert (media.content_type, media.content[:4]) == ("image/svg+xml", b"<svg")
        else:
            picture = Image.open(io.BytesIO(media.content))
            assert (picture.format, picture.size) == (form, size)
            assert (picture.mode == "RGBA") == (fields.get("background") == "transparent")
    assert len(response.images) == fields.get("n", 1)
    assert (response.adjustments, [reported for reported in response.warnings if "at its vendor" not in reported]) == (
        [],
        [],
    )
    (sent,) = posts()
    assert sent.path == "/v1/images/generations"
    assert sent.json == {"model": model, "prompt": "a cat", "n": 1, **fields}


@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-2", *NEWEST])
def test_a_picture_may_be_transparent(image_config, image_request, posts, model):
    requested = image_request(size="1024x1024", quality="low", background="transparent", output_format="webp")

    (media,) = generate_image(image_config(model), requested).images

    assert Image.open(io.BytesIO(media.content)).mode == "RGBA"
    assert posts()[0].json["background"] == "transparent"


@pytest.mark.parametrize("alias", [alias for row in IMAGE_MODELS for alias in row.aliases])
def test_a_dated_snapshot_follows_its_models_row_and_goes_out_by_its_own_name(
    tarash_sandbox, image_config, image_request, one_picture, posts, alias
):
    tarash_sandbox.play(one_picture)

    (problem,) = check_request(image_config(alias), image_request(size="1024x1024", quality="best"))
    generate_image(image_config(alias), image_request(size="1024x1024"))

    assert str(problem).startswith(f"quality: 'best' is not taken by {alias}; allowed: auto, low")
    assert posts()[0].json["model"] == alias


@pytest.mark.parametrize("model", NEWEST)
def test_a_gif_moves(image_config, image_request, posts, model):
    extra = {"frame_count": 3, "frame_duration_ms": 120}
    requested = image_request(size="1024x1024", quality="low", output_format="gif", extra_params=extra)

    (media,) = generate_image(image_config(model), requested).images

    moving = Image.open(io.BytesIO(media.content))
    assert (media.content_type, moving.n_frames, moving.info["duration"]) == ("image/gif", 3, 120)
    assert {key: posts()[0].json[key] for key in extra} == extra


def test_an_svg_may_name_its_author(image_config, image_request, posts):
    extra = {"svg": {"model": "gpt-6", "reasoning": {"effort": "low"}}}

    requested = image_request(size="1024x1024", output_format="svg", extra_params=extra)
    (media,) = generate_image(image_config("gpt-image-2.6-sunburst"), requested).images

    assert media.content_type == "image/svg+xml"
    assert posts()[0].json["svg"] == extra["svg"]


@pytest.mark.parametrize("model", GPT_IMAGE_2_6)
@pytest.mark.parametrize("complexity", ["low", "medium", "high"])
def test_the_newest_models_take_a_complexity(image_config, image_request, posts, model, complexity):
    requested = image_request(size="1024x1024", quality="low", extra_params={"complexity": complexity})

    generate_image(image_config(model), requested)

    assert posts()[0].json["complexity"] == complexity


@pytest.mark.parametrize(
    ("model", "extra"),
    [
        ("gpt-image-1.5", {"moderation": "low", "safety_identifier": "user-1"}),
        ("gpt-image-2", {"output_compression": 40, "user": "user-1"}),
        ("gpt-image-1-mini", {"output_compression": 0}),
    ],
)
def test_the_vendors_own_parameters_go_out(image_config, image_request, posts, model, extra):
    requested = image_request(size="1024x1024", quality="low", output_format="jpeg", extra_params=extra)

    generate_image(image_config(model), requested)

    assert {key: posts()[0].json[key] for key in extra} == extra


@pytest.mark.parametrize(
    ("model", "fidelity"),
    [("gpt-image-1.5", "high"), ("gpt-image-1.5", "low"), ("gpt-image-1-mini", "low"), ("gpt-image-1", "high")],
)
def test_an_edit_takes_the_fidelity_that_its_model_has(image_config, image_request, picture, posts, model, fidelity):
    images = [ImageType(image=picture(32, 32)), ImageType(image=picture(48, 48, "JPEG"))]
    requested = image_request(
        size="1024x1024", quality="low", image_list=images, extra_params={"input_fidelity": fidelity}
    )

    response = generate_image(image_config(model), requested)

    (sent,) = posts()
    assert (sent.path, sent.fields["input_fidelity"]) == ("/v1/images/edits", fidelity)
    assert [(file.field, file.content_type) for file in sent.files] == [
        ("image[]", "image/png"),
        ("image[]", "image/jpeg"),
    ]
    assert sorted(sent.fields) == ["input_fidelity", "model", "n", "prompt", "quality", "size"]
    assert response.images[0].width == 1024


@pytest.mark.parametrize("model", [model for model in ROWS if "gpt" in model])
def test_every_model_that_is_left_edits_with_a_mask(image_config, image_request, picture, posts, model):
    requested = image_request(
        size="1024x1024", quality="low", image_list=[ImageType(image=picture())], mask_image=picture(mode="RGBA")
    )

    assert len(generate_image(image_config(model), requested).images) == 1
    assert [file.field for file in posts()[0].files] == ["image", "mask"]


@pytest.mark.parametrize(
    ("model", "ratio", "size", "reported"),
    [
        ("gpt-image-2", "16:9", "1536x864", False),
        ("gpt-image-2", "4:3", "1280x960", False),
        ("gpt-image-2", "21:9", "1680x720", False),
        ("gpt-image-1.5", "16:9", "1536x1024", True),
        ("gpt-image-1.5", "3:2", "1536x1024", False),
        ("dall-e-3", "16:9", "1792x1024", False),
        ("dall-e-3", "16:10", "1792x1024", True),
    ],
)
def test_a_ratio_becomes_a_size_and_is_told_where_it_is_only_near(
    tarash_sandbox, image_config, image_request, one_picture, posts, model, ratio, size, reported
):
    tarash_sandbox.play(one_picture)

    response = generate_image(image_config(model), image_request(size=None, aspect_ratio=ratio))

    assert posts()[0].json["size"] == size
    assert "aspect_ratio" not in posts()[0].json
    assert [(item.field, item.sent) for item in response.adjustments] == ([("size", size)] if reported else [])


ANY_SIZE = "multiples of 16, sides up to 3840, 655,360 to 8,294,400 pixels, ratio 0.333 to 3, auto"


@pytest.mark.parametrize(
    ("size", "reported"),
    [
        ("1920x1080", f"size: 1920x1080: sides must be multiples of 16; allowed: {ANY_SIZE}; nearest: 1904x1072"),
        ("1254x836", "sides must be multiples of 16"),
        ("512x512", "at least 655,360 pixels; "),
        ("3840x3840", "at most 8,294,400 pixels; "),
        ("4096x1600", "no side may be longer than 3840"),
        ("3200x800", "width divided by height must be between 0.333 and 3"),
        ("huge", "is neither WIDTHxHEIGHT nor one of auto"),
    ],
)
@pytest.mark.parametrize("model", ["gpt-image-2", "gpt-image-2.6-flare"])
def test_a_size_off_the_grid_is_refused_with_the_reason_and_the_nearest(refused, model, size, reported):
    (problem,) = refused(model, size=size)

    assert reported in problem
    assert problem.startswith(f"size: {size}: ")


@pytest.mark.parametrize("size", ["1536x864", "1920x1088", "3840x2160", "2160x3840", "1024×1024", "1792x1024", "auto"])
@pytest.mark.parametrize("model", ["gpt-image-2", *NEWEST])
def test_a_size_on_the_grid_is_accepted(image_config, image_request, model, size):
    assert check_request(image_config(model), image_request(size=size)) == []


ALL_FORMATS = "png, jpeg, webp, gif, svg"


@pytest.mark.parametrize(
    ("model", "fields", "reported"),
    [
        (
            "gpt-image-2",
            {"background": "transparent", "output_format": "jpeg"},
            "output_format: 'jpeg': a transparent background needs png or webp; allowed: (not given), png, webp",
        ),
        (
            "gpt-image-1.5",
            {"output_format": "png", "extra_params": {"output_compression": 50}},
            "output_format: 'png': output_compression is for jpeg and webp only; allowed: jpeg, webp",
        ),
        (
            "gpt-image-1.5",
            {"extra_params": {"output_compression": 50}},
            "output_format: is not given: output_compression is for jpeg and webp only; allowed: jpeg, webp",
        ),
        (
            "gpt-image-2",
            {"output_format": "webp", "extra_params": {"output_compression": 101}},
            "extra_params.output_compression: 101 is not taken by gpt-image-2; allowed: 0 to 100; nearest: 100",
        ),
        (
            "gpt-image-2.6-flare",
            {"output_format": "svg", "n": 2},
            "n: 2: an svg comes alone; allowed: 1",
        ),
        (
            "gpt-image-2.6-flare",
            {"extra_params": {"frame_count": 4}},
            "output_format: is not given: frame_count is for gif only; allowed: gif",
        ),
        (
            "gpt-image-2.6-flare",
            {"output_format": "gif", "extra_params": {"frame_count": 17}},
            "extra_params.frame_count: 17 is not taken by gpt-image-2.6-flare; allowed: 2 to 16; nearest: 16",
        ),
        (
            "gpt-image-2.6-flare",
            {"output_format": "png", "extra_params": {"svg": {"model": "gpt-6"}}},
            "output_format: 'png': svg is for svg only; allowed: svg",
        ),
        (
            "gpt-image-2",
            {"quality": "best"},
            "quality: 'best' is not taken by gpt-image-2; allowed: auto, low, medium, high",
        ),
        (
            "gpt-image-2",
            {"output_format": "gif"},
            "output_format: 'gif' is not taken by gpt-image-2; allowed: png, jpeg, webp; nearest: webp",
        ),
        (
            "gpt-image-2.6-flare",
            {"output_format": "tiff"},
            f"output_format: 'tiff' is not taken by gpt-image-2.6-flare; allowed: {ALL_FORMATS}",
        ),
        (
            "gpt-image-1.5",
            {"extra_params": {"input_fidelity": "high"}},
            "extra_params.input_fidelity: 'high': input_fidelity is for edits, and there is no input image; allowed: (not given)",
        ),
        (
            "gpt-image-1.5",
            {"extra_params": {"moderation": "off"}},
            "extra_params.moderation: 'off' is not taken by gpt-image-1.5; allowed: auto, low",
        ),
        (
            "gpt-image-2.6-flare",
            {"extra_params": {"complexity": "extreme"}},
            "extra_params.complexity: 'extreme' is not taken by gpt-image-2.6-flare; allowed: low, medium, high",
        ),
    ],
    ids=lambda value: None if not isinstance(value, str) else value.split(":")[0],
)
def test_what_does_not_go_together_is_refused_with_the_reason(refused, model, fields, reported):
    assert refused(model, **fields) == [reported]


@pytest.mark.parametrize(
    ("model", "fields", "sent", "left_out"),
    [
        ("gpt-image-1.5", {"quality": "xhigh"}, {"quality": "high"}, []),
        ("gpt-image-2", {"quality": "hd"}, {"quality": "high"}, []),
        ("dall-e-3", {"quality": "high"}, {"quality": "hd"}, []),
        ("gpt-image-2", {"style": "vivid"}, {}, ["style"]),
        ("dall-e-3", {"background": "opaque"}, {}, ["background"]),
        ("gpt-image-2", {"extra_params": {"input_fidelity": "high"}}, {}, ["extra_params.input_fidelity"]),
        ("gpt-image-2", {"extra_params": {"response_format": "url"}}, {}, ["extra_params.response_format"]),
    ],
)
def test_what_the_model_does_not_have_is_translated_or_left_out_and_told(
    tarash_sandbox, image_config, image_request, one_picture, posts, model, fields, sent, left_out
):
    tarash_sandbox.play(one_picture)

    response = generate_image(image_config(model), image_request(size="1024x1024", **fields))

    body = posts()[0].json
    assert {name: body.get(name) for name in ("quality", "style", "background", "input_fidelity")} == {
        **dict.fromkeys(("quality", "style", "background", "input_fidelity")),
        **sent,
    }
    assert {item.field: item.sent for item in response.adjustments} == sent
    warnings = [warning for warning in response.warnings if "at its vendor" not in warning]
    assert warnings == [f"{name}: {model} has no such parameter; it was left out" for name in left_out]


def test_a_small_model_takes_one_fidelity(refused, picture):
    found = refused(
        "gpt-image-1-mini", image_list=[ImageType(image=picture())], extra_params={"input_fidelity": "high"}
    )

    assert found == ["extra_params.input_fidelity: 'high' is not taken by gpt-image-1-mini; allowed: low"]


def test_a_gif_takes_no_mask(refused, picture):
    found = refused(
        "gpt-image-2.6-flare",
        output_format="gif",
        image_list=[ImageType(image=picture())],
        mask_image=picture(mode="RGBA"),
    )

    assert found == ["mask_image: is given: a gif takes no mask; allowed: (not given)"]


def test_a_markup_and_a_mask_do_not_go_together(refused, picture):
    found = refused(
        "gpt-image-2.5-flare",
        image_list=[ImageType(image=picture())],
        mask_image=picture(mode="RGBA"),
        extra_params={"markup": "data:image/png;base64,AAAA"},
    )

    assert found == ["mask_image: is given: give a markup or a mask, not both; allowed: (not given)"]


def test_every_problem_is_told_at_once(refused):
    found = refused("gpt-image-1.5", {"unsupported": "error"}, size="640x480", quality="best", style="vivid", n=11)

    assert [line.split(":")[0] for line in found] == ["style", "size", "quality", "n"]


class TestUnknownModels:
    ODD = {
        "size": "333x77",
        "quality": "ultra",
        "style": "noir",
        "background": "plaid",
        "output_format": "jxl",
        "n": 40,
        "seed": 7,
        "negative_prompt": "dogs",
        "extra_params": {"guidance": 7.5, "steps": 30},
    }

    def test_nothing_is_refused_and_everything_goes_out(
        self, tarash_sandbox, make_image, image_config, image_request, one_picture, posts
    ):
        tarash_sandbox.play(one_picture)
        config = image_config("acme-image-9")
        assert check_request(config, image_request(**self.ODD)) == []

        response = make_image(config, image_request(**self.ODD))

        wanted = {key: value for key, value in self.ODD.items() if key != "extra_params"}
        assert posts()[0].json == {
            "model": "acme-image-9",
            "prompt": "a cat",
            **wanted,
            **self.ODD["extra_params"],
        }
        assert response.warnings == ["40 images were asked for, the vendor made 1"]
        assert (response.model, response.adjustments) == ("acme-image-9", [])
        assert (response.cost, response.cost_source) == (None, None)

    def test_a_vendor_that_does_not_know_it_either_is_heard(self, make_image, image_config, image_request):
        with pytest.raises(ModelNotFoundError, match="acme-image-9"):
            make_image(image_config("acme-image-9"), image_request())

    def test_a_ratio_goes_out_as_it_is(self, tarash_sandbox, image_config, image_request, one_picture, posts):
        tarash_sandbox.play(one_picture)

        generate_image(image_config("acme-image-9"), image_request(size=None, aspect_ratio="17:4"))

        assert posts()[0].json == {"model": "acme-image-9", "prompt": "a cat", "n": 1, "aspect_ratio": "17:4"}


class TestRowsOfOnesOwn:
    ROW = ImageModel(
        model="any",
        source="https://acme.test",
        checked_on=date(2026, 1, 1),
        sizes=("2000x1000",),
        qualities=("ultra",),
        price=Price(per_image={"ultra 2000x1000": 0.5}, source="https://acme.test", checked_on=date(2026, 1, 1)),
    )

    @pytest.mark.parametrize("model", ["gpt-image-2", "acme-image-9"])
    def test_the_row_of_a_config_comes_before_the_plugins(
        self, tarash_sandbox, image_config, image_request, one_picture, posts, model
    ):
        tarash_sandbox.play(one_picture)
        config = image_config(model, capabilities=self.ROW)

        response = generate_image(config, image_request(size="2000x1000", quality="ultra"))

        assert posts()[0].json["size"] == "2000x1000"
        assert (response.cost, response.cost_source) == (0.5, "computed")
        (problem,) = check_request(config, image_request(size="1024x1024"))
        assert str(problem) == f"size: '1024x1024' is not taken by {model}; allowed: 2000x1000; nearest: 2000x1000"

    def test_base_model_says_whose_row_a_deployment_follows(
        self, tarash_sandbox, image_config, image_request, one_picture, posts
    ):
        tarash_sandbox.play(one_picture)
        config = image_config("pictures-eu", base_model="gpt-image-2")

        (problem,) = check_request(config, image_request(size="1920x1080"))
        generate_image(config, image_request(size="1536x864"))

        assert problem.nearest == "1904x1072"
        assert posts()[0].json["model"] == "pictures-eu"

    def test_without_it_nothing_is_guessed_from_a_name(self, image_config, image_request):
        assert check_request(image_config("my-gpt-image-2"), image_request(size="1920x1080", quality="hd")) == []


class TestLists:
    TODAY = datetime.now(UTC).date()

    def test_by_kind(self):
        assert [row.model for row in list_models("openai", kind="image")] == list(ROWS)
        assert [row.model for row in list_models("openai", kind="video")] == ["sora-2", "sora-2-pro"]

    @pytest.mark.parametrize("status", ["current", "deprecated", "retired"])
    def test_by_status_of_today(self, status):
        found = list_models("openai", kind="image", status=status)

        wanted = [row.model for row in IMAGE_MODELS if row.lifecycle.status_on(self.TODAY) == status]
        assert [row.model for row in found] == wanted

    def test_every_model_that_is_current_has_no_shutdown(self):
        current = [row.model for row in list_models("openai", kind="image", status="current")]

        assert current == ["gpt-image-2.6-sunburst", "gpt-image-2.6-flare", *GPT_IMAGE_2_5, "gpt-image-2"]

    def test_a_retired_model_says_what_to_use(self):
        retired = list_models("openai", kind="image", status="retired")

        assert {"gpt-image-1", "dall-e-2", "dall-e-3"} <= {row.model for row in retired}
        assert all(row.lifecycle.replacement in ROWS for row in retired)

    def test_by_provider_or_of_all(self):
        ours = {(type(row), row.model) for row in list_models("openai")}

        assert ours <= {(type(row), row.model) for row in list_models()}
        assert list_models(status="retired", kind="video")
        assert list_models("openai", status="current", kind="video") == []


class TestCost:
    LOW = {"size": "1024x1024", "quality": "low"}

    def test_it_is_computed_from_the_vendors_usage(self, make_image, image_config, image_request):
        response = make_image(image_config("gpt-image-2"), image_request(**self.LOW, n=2))

        usage = response.usage
        into, out = usage["input_tokens_details"], usage["output_tokens"]
        assert (into["text_tokens"], into["image_tokens"], out) == (8, 0, 544)
        assert response.cost == pytest.approx((8 * 5 + 544 * 30) / 1e6)
        assert response.cost_source == "computed"

    def test_an_edits_input_images_count(self, image_config, image_request, picture):
        requested = image_request(**self.LOW, image_list=[ImageType(image=picture())])

        response = generate_image(image_config("gpt-image-2"), requested)

        assert response.cost == pytest.approx((8 * 5 + 323 * 8 + 272 * 30) / 1e6)

    def test_it_is_not_known_where_a_kind_of_token_has_no_price(self, make_image, image_config, image_request):
        response = make_image(image_config("gpt-image-1.5"), image_request(**self.LOW))

        assert response.usage["total_tokens"] > 0
        assert (response.cost, response.cost_source) == (None, None)

    def test_it_is_the_price_of_an_image_where_the_vendor_counts_nothing(self, image_config, image_request):
        response = generate_image(image_config("dall-e-2"), image_request(size="256x256", quality="standard", n=2))

        assert response.usage is None
        assert (response.cost, response.cost_source) == (pytest.approx(0.032), "computed")

    @pytest.mark.parametrize(
        ("model", "fields", "low", "high"),
        [
            ("gpt-image-1.5", LOW, 0.009, 0.009),
            ("gpt-image-1.5", {"size": "1024x1792", "quality": "low"}, 0.013, 0.013),
            ("gpt-image-1.5", {"size": "auto", "quality": "high"}, 0.133, 0.2),
            ("gpt-image-1-mini", {"size": "1024x1024", "n": 2}, 0.01, 0.072),
            ("dall-e-3", {"size": "1024x1024"}, 0.04, 0.08),
        ],
        ids=["exact", "substituted", "size-auto", "two-of-any-quality", "any-quality"],
    )
    def test_it_can_be_estimated_before(self, tarash_sandbox, image_config, image_request, model, fields, low, high):
        known = estimate_cost(image_config(model), image_request(**fields))

        assert (known.low, known.high) == (pytest.approx(low), pytest.approx(high))
        assert known.basis.endswith("2026-11-22")
        assert tarash_sandbox.requests == []

    @pytest.mark.parametrize("model", ["gpt-image-2", "acme-image-9"])
    def test_it_is_not_estimated_where_it_is_not_known(self, image_config, image_request, model):
        assert estimate_cost(image_config(model), image_request(size="1024x1024")) is None

    def test_a_request_over_the_limit_is_refused(self, refused):
        assert refused("gpt-image-1.5", {"max_cost": 0.1}, quality="high") == [
            "max_cost: the request may cost up to $0.133, the limit is $0.10; raise it or ask for less"
        ]

    @pytest.mark.parametrize("model", ["gpt-image-2", "acme-image-9"])
    def test_a_limit_that_cannot_be_kept_is_refused(self, refused, model):
        assert refused(model, {"max_cost": 5}) == [
            "max_cost: the price of this request is not known, so the limit cannot be kept; leave max_cost out"
        ]

    def test_a_request_under_the_limit_goes_out(self, make_image, image_config, image_request, posts):
        make_image(image_config("gpt-image-1.5", max_cost=0.01), image_request(**self.LOW))

        assert len(posts()) == 1


class TestGoneModels:
    GONE = {
        "404": (404, "model_not_found", "The model 'gpt-image-1' does not exist or you do not have access to it."),
        "410": (410, "model_gone", "The model 'gpt-image-1' has been shut down."),
    }

    @pytest.fixture(params=GONE.values(), ids=GONE.keys())
    def gone(self, request, answering):
        status, code, message = request.param
        return answering({"error": {"message": message, "code": code, "type": "invalid_request_error"}}, status)

    def test_the_error_names_the_replacement(self, tarash_sandbox, make_image, image_config, image_request, gone):
        tarash_sandbox.play(gone)

        with pytest.raises(ModelNotFoundError) as caught:
            make_image(image_config("gpt-image-1"), image_request(size="1024x1024"))

        assert str(caught.value).endswith(
            "gpt-image-1 is retired at its vendor since 2026-10-23; use gpt-image-2.5-sunburst instead"
        )
        assert str(caught.value).startswith("The model 'gpt-image-1' ")
        assert caught.value.status_code in (404, 410)

    def test_the_next_config_takes_over(self, tarash_sandbox, make_image, image_config, image_request, gone, posts):
        tarash_sandbox.play(gone)
        spare = image_config("gpt-image-2")

        response = make_image(
            image_config("gpt-image-1", fallback_configs=[spare], max_retries=3), image_request(size="1024x1024")
        )

        assert [sent.json["model"] for sent in posts()] == ["gpt-image-1", "gpt-image-2"]
        assert response.model == "gpt-image-2"
        assert [(attempt.model, attempt.outcome) for attempt in response.attempts] == [
            ("gpt-image-1", "failed"),
            ("gpt-image-2", "succeeded"),
        ]
        assert "use gpt-image-2.5-sunburst instead" in response.attempts[0].error

    def test_a_model_without_a_row_has_no_replacement(
        self, tarash_sandbox, make_image, image_config, image_request, gone
    ):
        tarash_sandbox.play(gone)

        with pytest.raises(ModelNotFoundError) as caught:
            make_image(image_config("acme-image-9"), image_request())

        assert "retired" not in str(caught.value)


def test_the_vendor_has_the_last_word_on_what_a_row_lets_pass(image_config, image_request):
    generous = ImageModel(model="gpt-image-2", source="https://acme.test", checked_on=date(2026, 1, 1))

    with pytest.raises(InvalidRequestError, match="1920x1080"):
        generate_image(image_config("gpt-image-2", capabilities=generous), image_request(size="1920x1080"))
