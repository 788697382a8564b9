"""One image call: inputs, one request or several, and pictures that were looked at."""

import base64
import pickle

import pytest

from tarash.tarash_gateway.capabilities import Price
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    DownloadError,
    InvalidResponseError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    UnsafeUrlError,
    ValidationError,
)
from tarash.tarash_gateway.flows.commands import Blocking, Gather
from tarash.tarash_gateway.flows.image import image_call
from tarash.tarash_gateway.media.fetch import Fetched
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput


@pytest.fixture
def called(feed, plan_for, context_of, image_cfg):
    """Feeds answers to one image call; gives what came of it and the feed."""

    def called(*answers, config=None, columns=None, **fields):
        plan = plan_for(ImageGenerationRequest(prompt="a cat", **fields), image_cfg(**(config or {})), image=columns)
        fed = feed(*answers)
        try:
            result = fed(image_call(context_of(plan.config), plan))
        except Exception as error:
            result = error
        return result, fed

    return called


@pytest.fixture
def b64(png):
    return base64.b64encode(png).decode()


@pytest.fixture
def answer(b64):
    def answer(count=1, **settings):
        return ImageAnswer([ImageOutput(base64=b64, revised_prompt="a red cat")] * count, **settings)

    return answer


def fetched(content):
    return Fetched(content=content, content_type="text/html", url="https://cdn.acme.test/a.png")


def test_a_picture_is_decoded_and_looked_at(called, answer, png):
    result, fed = called(
        answer(provider_request_id="v1", usage={"total_tokens": 7}, cost=0.04, raw={"created": 1}, warnings=["slow"])
    )
    (image,) = result.images
    assert (image.content, image.content_type, image.width, image.revised_prompt) == (png, "image/png", 8, "a red cat")
    assert (result.request_id, result.provider, result.model) == ("req_1", "acme", "acme-image")
    assert (result.provider_request_id, result.usage, result.cost) == ("v1", {"total_tokens": 7}, 0.04)
    assert (result.raw_response, result.warnings, result.attempts) == ({"created": 1}, ["slow"], [])
    assert [update.status for update in fed.updates] == ["submitting", "completed"]


def test_what_goes_out_is_the_checked_request(called, answer):
    columns = {"unsupported": ("seed",), "substitutes": {"quality": {"hd": "high"}}}
    result, fed = called(answer(2), n=2, seed=3, quality="hd", columns=columns)
    (prepared,) = fed.calls[0].args
    assert (prepared.model, prepared.request_id, prepared.row.model) == ("acme-image", "req_1", "acme-image")
    assert (prepared.request.n, prepared.request.seed, prepared.request.quality) == (2, None, "high")
    assert [item.field for item in result.adjustments] == ["quality"]
    assert result.warnings == ["seed: acme-image has no such parameter; it was left out"]


def test_base64_in_a_raw_answer_becomes_a_digest(called, answer):
    result, _ = called(answer(raw={"data": [{"b64_json": "A" * 5000}]}))
    assert result.raw_response["data"][0]["b64_json"].startswith("<5000 characters, sha256 ")


def test_bytes_are_taken_as_they_are(called, png):
    result, _ = called(ImageAnswer([ImageOutput(content=png)]))
    assert result.images[0].content == png


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (ImageOutput(base64="%%%"), "the vendor's image is broken: is not base64: "),
        (ImageOutput(base64=""), "the vendor's image is broken: there are no bytes"),
        (ImageOutput(content=b"<html>oops"), "the vendor's image is broken: neither PNG"),
        (ImageOutput(), "the vendor's image has neither base64 nor a URL"),
    ],
    ids=["no base64", "empty", "HTML", "nothing"],
)
def test_an_answer_without_a_usable_picture_is_an_error(output, text, called):
    result, _ = called(ImageAnswer([output], raw={"id": 7}))
    assert type(result) is InvalidResponseError
    assert str(result).startswith(text)
    assert (result.billable, result.raw) == ("yes", {"id": 7})


def test_an_answer_without_any_picture_is_an_error(called):
    result, _ = called(ImageAnswer([], raw={"id": 7}))
    assert (type(result), str(result), result.raw) == (InvalidResponseError, "the answer holds no image", {"id": 7})


def test_a_provider_that_gives_no_answer_is_told(called):
    result, _ = called({"data": []})
    assert type(result) is PluginError
    assert str(result) == "Acme.generate_image returned a dict instead of an ImageAnswer"
    assert result.billable == "unknown"


def test_a_broken_picture_does_not_lose_its_sibling(called, b64, png):
    result, _ = called(ImageAnswer([ImageOutput(base64="%%%"), ImageOutput(base64=b64)]), n=2)
    assert [image.content for image in result.images] == [png]
    assert len(result.warnings) == 1
    assert result.warnings[0].startswith("item 1 of 2 cannot be used: the vendor's image is broken")


class TestSeveralSources:
    """Every source that an answer gives for an image is tried before the image is called broken."""

    @pytest.mark.parametrize("base64", ["", "%%%", "AAAA"], ids=["empty", "no base64", "half an image"])
    def test_the_url_is_taken_where_the_bytes_are_broken(self, base64, called, png):
        output = ImageOutput(base64=base64, url="https://cdn.acme.test/a.png")
        result, fed = called(ImageAnswer([output]), fetched(png))
        assert result.images[0].content == png
        assert fed.calls[-1].args == ("https://cdn.acme.test/a.png",)

    def test_the_bytes_are_taken_before_the_url_is_fetched(self, called, b64, png):
        result, _ = called(ImageAnswer([ImageOutput(base64=b64, url="https://cdn.acme.test/a.png")]))
        assert result.images[0].content == png
        assert result.images[0].url == "https://cdn.acme.test/a.png"

    @pytest.mark.parametrize("place", ["url", "others"])
    def test_a_data_url_is_decoded(self, place, called, b64, png):
        data = f"data:image/png;base64,{b64}"
        settings = {"url": data} if place == "url" else {"base64": "%%%", "others": (data,)}
        result, _ = called(ImageAnswer([ImageOutput(**settings)]))
        assert result.images[0].content == png
        assert result.images[0].url is None

    @pytest.mark.parametrize(
        ("url", "whole"),
        [
            ("/files/1.png", "https://api.acme.test/files/1.png"),
            ("files/1.png", "https://api.acme.test/v1/files/1.png"),
        ],
    )
    def test_a_relative_url_is_read_against_the_endpoint(self, url, whole, called, png):
        _, fed = called(ImageAnswer([ImageOutput(url=url)]), fetched(png))
        assert fed.calls[-1].args == (whole,)

    def test_the_next_url_is_taken_where_the_first_gives_no_image(self, called, png):
        output = ImageOutput(url="https://cdn.acme.test/a", others=("https://cdn.acme.test/b.png",))
        result, _ = called(ImageAnswer([output]), fetched(b"<html>"), fetched(png))
        assert result.images[0].content == png
        assert result.warnings == []


def test_an_item_that_was_not_made_is_told_by_its_number(called, b64):
    good, bad = ImageOutput(base64=b64), ImageOutput(error="blocked")
    result, _ = called(ImageAnswer([good, bad, good, ImageOutput(base64="%%%")]), n=4)
    assert len(result.images) == 2
    assert result.warnings[0] == "item 2 of 4 was not made: blocked"
    assert result.warnings[1].startswith("item 4 of 4 cannot be used: ")
    assert len(result.warnings) == 2


def test_counts_that_cannot_be_read_leave_the_cost_unknown(called, b64):
    settings = {"per_image": {"any any": 0.04}, "source": "https://acme.test", "checked_on": "2026-11-30"}
    by_image, by_token = Price(**settings), Price(**settings, per_million_tokens={"image_out": 8})
    outputs = [ImageOutput(base64=b64), ImageOutput(error="blocked")]

    def cost(price, tokens):
        result, _ = called(ImageAnswer(outputs, tokens=tokens), columns={"price": price}, n=2)
        return result.cost, result.cost_source

    assert cost(by_token, {}) == cost(by_image, {}) == (0.04, "computed")
    assert cost(by_token, {"image_out": 1_000_000}) == (8.0, "computed")
    assert cost(by_token, None) == (None, None)
    # A price for each image does not hang on what was counted.
    assert cost(by_image, None) == cost(by_image, {"image_out": 7}) == (0.04, "computed")


def test_megapixels_are_counted_of_the_images_that_were_made(called, b64, png):
    price = Price(per_megapixel={"each": 0.02}, source="https://acme.test", checked_on="2026-11-30")
    large = png[:16] + (2048).to_bytes(4) + (1024).to_bytes(4) + png[24:]
    outputs = [ImageOutput(base64=b64), ImageOutput(content=large), ImageOutput(error="blocked")]

    def cost(**fields):
        result, _ = called(ImageAnswer(outputs), columns={"price": price}, n=3, **fields)
        return result.cost, result.cost_source

    assert cost() == (pytest.approx(0.06), "computed")
    assert cost(image_list=[ImageType(image=png)]) == (None, None)


def test_every_source_of_a_picture_is_tried_before_it_is_called_broken(called, b64, png):
    url = "https://cdn.acme.test/a.png"
    outputs = [
        ImageOutput(content=png[:-9], base64="%%%", url=url),
        ImageOutput(base64="", url=url),
        ImageOutput(base64=b64[: len(b64) // 2], url=f"data:image/png;base64,{b64}"),
        ImageOutput(base64=f"data:image/jpeg;base64,{b64}"),
    ]
    result, fed = called(ImageAnswer(outputs), fetched(png), fetched(png), n=4)
    assert [image.content for image in result.images] == [png] * 4
    assert [image.url for image in result.images] == [url, url, None, None]
    assert result.warnings == []
    assert len(fed.calls) == 3


def test_base64_that_is_an_address_is_fetched(called, png):
    result, fed = called(ImageAnswer([ImageOutput(base64="https://cdn.acme.test/a.png")]), fetched(png))
    assert (fed.calls[1].args, result.images[0].content) == (("https://cdn.acme.test/a.png",), png)


def test_a_broken_picture_is_on_the_error_with_its_bytes(called, png):
    result, _ = called(ImageAnswer([ImageOutput(content=png[:-9])]))
    assert str(result).endswith("PNG ends before its IEND chunk. Its bytes are in error.media")
    assert (result.media.content, result.media.content_type, result.media.verified) == (png[:-9], "image/png", False)
    assert pickle.loads(pickle.dumps(result)).media == result.media
    assert called(ImageAnswer([ImageOutput(base64="")]))[0].media is None


def test_a_picture_that_cannot_be_verified_is_handed_over_with_a_warning(called, png):
    result, _ = called(ImageAnswer([ImageOutput(content=png + b"more"), ImageOutput(content=png)]), n=2)
    assert [image.verified for image in result.images] == [False, True]
    assert result.warnings == ["item 1 of 2 could not be verified: 4 bytes follow the end of the PNG"]
    assert result.images[0].content == png + b"more"


def test_a_picture_of_very_many_pixels_is_handed_over_with_a_warning(called, png):
    big = png[:16] + (20_000).to_bytes(4) * 2 + png[24:]
    result, _ = called(ImageAnswer([ImageOutput(content=big)]))
    assert result.warnings == ["the image has 20000x20000 pixels: unpacking it takes 1,600,000,000 bytes of memory"]


def test_more_pictures_than_asked_for_are_cut(called, png):
    outputs = [ImageOutput(content=png), *[ImageOutput(content=b"never looked at")] * 200_000]
    result, _ = called(ImageAnswer(outputs))
    assert len(result.images) == 1
    assert result.warnings == ["1 image was asked for, the vendor's answer has 200001: the others were left out"]


def test_a_large_picture_is_decoded_off_the_event_loop(called, png):
    large = png[:-12] + (9_000_000).to_bytes(4) + b"teXt" + bytes(9_000_000) + bytes(4) + png[-12:]
    result, fed = called(
        ImageAnswer([ImageOutput(base64=base64.b64encode(large).decode()), ImageOutput(content=png)]), n=2
    )
    assert [image.content for image in result.images] == [large, png]
    assert len([command for command in fed.commands if isinstance(command, Blocking)]) == 1


def test_base64_above_the_limit_of_an_answer_is_not_decoded(called):
    result, _ = called(ImageAnswer([ImageOutput(base64="A" * (90 * 1024 * 1024))]))
    assert str(result) == (
        "the vendor's image has 94,371,840 characters of base64, more than the limit of 67,108,864 bytes"
    )


def test_fewer_pictures_than_asked_for_are_told(called, answer):
    result, _ = called(answer(2), n=3)
    assert result.warnings == ["3 images were asked for, the vendor made 2"]


class TestPicturesAtAUrl:
    def test_they_are_downloaded(self, called, png):
        url = "https://cdn.acme.test/a.png"
        result, fed = called(ImageAnswer([ImageOutput(url=url)]), fetched(png))
        assert (result.images[0].content, result.images[0].url, result.images[0].content_type) == (
            png,
            url,
            "image/png",
        )
        call = fed.calls[1]
        assert (call.name, call.args) == ("fetch", (url,))
        assert (call.options["allow_private"], call.options["origin"]) == (False, "https://api.acme.test/v1")

    def test_private_addresses_are_fetched_from_where_the_config_allows_them(self, called, png):
        config = {"provider_config": {"allow_private_urls": True}}
        _, fed = called(ImageAnswer([ImageOutput(url="http://10.0.0.7/a.png")]), fetched(png), config=config)
        assert fed.calls[1].options["allow_private"] is True

    @pytest.mark.parametrize(
        ("url", "fetched_from"),
        [
            ("/files/a.png", "https://api.acme.test/files/a.png"),
            ("files/a.png", "https://api.acme.test/v1/files/a.png"),
            ("//cdn.acme.test/a.png", "https://cdn.acme.test/a.png"),
            ("?id=7", "https://api.acme.test/v1/?id=7"),
        ],
    )
    def test_a_relative_url_is_one_of_the_endpoint(self, called, png, url, fetched_from):
        result, fed = called(ImageAnswer([ImageOutput(url=url)]), fetched(png))
        assert (fed.calls[1].args, result.images[0].url) == ((fetched_from,), fetched_from)

    @pytest.mark.parametrize("answers", [[UnsafeUrlError("private")], [DownloadError("404")], "html"])
    def test_a_paid_picture_keeps_its_url(self, answers, called):
        url = "https://cdn.acme.test/a.png"
        answers = [fetched(b"<html>")] if answers == "html" else answers
        result, _ = called(ImageAnswer([ImageOutput(url=url)]), *answers)
        (image,) = result.images
        assert image.url == url
        assert result.warnings[0].startswith("an image was made and could not be downloaded (")
        with pytest.raises(DownloadError, match=url):
            _ = image.content

    def test_a_passing_fault_is_waited_out_three_times(self, called):
        error = DownloadError("cut", retryable=True)
        result, fed = called(ImageAnswer([ImageOutput(url="https://cdn.acme.test/a")]), error, error, error)
        assert len(fed.calls) == 4
        assert result.images[0].url == "https://cdn.acme.test/a"


class TestFanOut:
    CONFIG = {"fan_out": True, "max_retries": 0}

    def test_the_pictures_are_joined_in_order(self, called, answer):
        result, fed = called(
            answer(4, usage={"total_tokens": 4, "d": {"a": 1}}, cost=0.4, raw={"id": 1}, provider_request_id="v1"),
            answer(4, usage={"total_tokens": 4, "d": {"a": 2}}, cost=0.4, raw={"id": 2}, provider_request_id="v2"),
            answer(1, usage={"total_tokens": 1, "d": {"a": 3}}, cost=0.1, raw={"id": 3}),
            n=9,
            config=self.CONFIG,
        )
        assert len(result.images) == 9
        assert [call.args[0].request.n for call in fed.calls] == [4, 4, 1]
        assert result.usage == {"total_tokens": 9, "d": {"a": 6}}
        assert result.cost == pytest.approx(0.9)
        assert result.raw_response == {"answers": [{"id": 1}, {"id": 2}, {"id": 3}]}
        assert sum(isinstance(command, Gather) for command in fed.commands) == 1

    def test_what_was_paid_is_kept_when_a_sibling_fails(self, called, answer):
        result, _ = called(answer(4), AuthenticationError("401"), n=8, config=self.CONFIG)
        assert len(result.images) == 4
        assert result.warnings == ["one of 2 requests failed: AuthenticationError: 401"]

    def test_an_unknown_cost_of_one_makes_the_sum_unknown(self, called, answer):
        result, _ = called(answer(4, cost=0.4), answer(4), n=8, config=self.CONFIG)
        assert result.cost is None

    def test_where_none_was_made_it_is_an_error(self, called):
        result, _ = called(RateLimitError("429"), RateLimitError("429 again"), n=8, config=self.CONFIG)
        assert (type(result), str(result)) == (RateLimitError, "429")

    @pytest.mark.parametrize("order", [1, -1], ids=["refused first", "lost first"])
    def test_where_one_may_have_been_billed_the_error_says_so(self, order, called):
        errors = [RateLimitError("429", billable="no"), ProviderUnavailableError("502", billable="unknown")][::order]
        result, _ = called(*errors, n=8, config=self.CONFIG)
        assert result.billable == "unknown"

    @pytest.mark.parametrize("order", [1, -1], ids=["refused first", "policy first"])
    def test_a_refusal_by_policy_is_not_hidden_by_a_busy_sibling(self, order, called):
        errors = [RateLimitError("429"), ContentPolicyError("no")][::order]
        result, _ = called(*errors, n=8, config=self.CONFIG)
        assert type(result) is ContentPolicyError


class TestInputs:
    def test_a_picture_at_a_url_is_fetched_before_anything_is_sent(self, called, answer, png):
        result, fed = called(fetched(png), answer(), image_list=[ImageType(image="https://x.test/a.png", type="style")])
        assert [call.name for call in fed.calls] == ["fetch", "generate_image"]
        assert fed.calls[0].options == {"timeout": 60.0, "allow_private": False, "use_proxies": False}
        (file,) = fed.calls[1].args[0].images
        assert (file.content, file.role, file.name) == (png, "style", "image_list-0.png")
        assert len(result.images) == 1

    def test_a_caller_may_allow_private_addresses(self, called, answer, png):
        _, fed = called(
            fetched(png),
            answer(),
            image_list=[ImageType(image="http://10.0.0.1/a.png")],
            config={"provider_config": {"allow_private_urls": True}},
        )
        assert fed.calls[0].options["allow_private"] is True

    def test_all_that_is_no_picture_is_told_and_nothing_is_sent(self, called, png):
        images = [ImageType(image=f"https://x.test/{number}") for number in range(3)]
        result, fed = called(fetched(b"<html>"), fetched(png), fetched(b""), image_list=images)
        assert type(result) is ValidationError
        assert [problem.field for problem in result.problems] == ["image_list.0.image", "image_list.2.image"]
        assert [call.name for call in fed.calls] == ["fetch"] * 3

    @pytest.mark.parametrize("error", [UnsafeUrlError("private"), DownloadError("404")], ids=["unsafe", "gone"])
    def test_one_that_cannot_be_fetched_stops_the_call(self, error, called):
        result, fed = called(error, image_list=[ImageType(image="https://x.test/a.png")])
        assert result is error
        assert len(fed.calls) == 1

    def test_image_and_mask_go_out_together(self, called, answer, png):
        _, fed = called(answer(), image_list=[ImageType(image=png)], mask_image=ImageType(image=png))
        (prepared,) = fed.calls[0].args
        assert (len(prepared.images), prepared.mask.name) == (1, "mask_image.png")


def test_a_retired_model_is_in_the_warnings(called, answer):
    result, _ = called(answer(), columns={"lifecycle": {"status": "retired"}})
    assert result.warnings == ["acme-image is retired at its vendor"]


def test_a_wait_is_told_with_its_reason(called, answer):
    _, fed = called(RateLimitError("slow down", retryable=True, retry_after=2), answer())
    update = fed.updates[1]
    assert (update.status, update.wait_seconds, update.message, update.request_id) == (
        "waiting",
        2,
        "slow down",
        "req_1",
    )
