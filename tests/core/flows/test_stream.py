"""One streamed image call: partial pictures, then the result, and what a stream that breaks off may have cost."""

import base64

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContentPolicyError,
    GenerationTimeoutError,
    InvalidResponseError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.flows.call import call
from tarash.tarash_gateway.flows.commands import END, Either, Next, OpenStream, Sleep
from tarash.tarash_gateway.flows.context import CallScope
from tarash.tarash_gateway.flows.image import stream_call
from tarash.tarash_gateway.flows.plan import Skipped
from tarash.tarash_gateway.media.fetch import Fetched
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageType
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart

BUSY = RateLimitError("slow down", retryable=True)
LOST = ConnectionFailedError("the stream broke off", retryable=True, billable="unknown")


@pytest.fixture
def output(png):
    return ImageOutput(base64=base64.b64encode(png).decode(), revised_prompt="a red cat")


@pytest.fixture
def part(output):
    return lambda index=0: ImagePart(output, index)


@pytest.fixture
def answer(output):
    return lambda **known: ImageAnswer([output], **known)


@pytest.fixture
def streaming(feed):
    """A feed that also opens streams: each is a list of items; `END` follows by itself, an exception is thrown."""

    class Streaming(feed):
        def __init__(self, *streams, answers=(), **options):
            super().__init__(*answers, **options)
            self.streams = list(streams)

        def give(self, command):
            match command:
                case OpenStream():
                    return list(self.streams.pop(0))
                case Next(stream):
                    item = stream.pop(0) if stream else END
                    item = item(self) if callable(item) else item
                    if isinstance(item, BaseException):
                        raise item
                    return item
            return super().give(command)

        @property
        def opened(self):
            return [command for command in self.commands if isinstance(command, OpenStream)]

    return Streaming


@pytest.fixture
def called(streaming, plan_for, context_of, image_cfg):
    """Feeds streams to one call; gives what came of it and the feed."""

    def called(*streams, config=None, columns=None, answers=(), **fields):
        plan = plan_for(ImageGenerationRequest(prompt="a cat", **fields), image_cfg(**(config or {})), image=columns)
        fed = streaming(*streams, answers=answers)
        try:
            result = fed(stream_call(context_of(plan.config), plan))
        except Exception as error:
            result = error
        return result, fed

    return called


def statuses(fed):
    return [update.status for update in fed.updates]


def later(seconds, item):
    """An item that takes its time."""

    def come(fed):
        fed.now += seconds
        return item

    return come


def test_partial_pictures_come_before_the_result(called, part, answer, png):
    result, fed = called([part(0), part(1), answer(provider_request_id="v1", usage={"total_tokens": 7})])

    assert statuses(fed) == ["submitting", "partial", "partial"]
    assert [update.image.content for update in fed.updates[1:]] == [png, png]
    assert (result.images[0].content, result.images[0].revised_prompt) == (png, "a red cat")
    assert (result.provider_request_id, result.usage, result.status) == ("v1", {"total_tokens": 7}, "completed")
    assert {(update.request_id, update.provider, update.model) for update in fed.updates} == {
        ("req_1", "acme", "acme-image")
    }


def test_a_stream_without_partial_pictures_is_fine(called, answer):
    result, fed = called([answer()])

    assert len(result.images) == 1
    assert statuses(fed) == ["submitting"]


def test_the_provider_gets_the_checked_request_and_the_seconds_that_are_left(called, answer, png):
    columns = {"unsupported": ("seed",)}
    result, fed = called([answer()], seed=4, image_list=[ImageType(image=png)], columns=columns)

    (opened,) = fed.opened
    (prepared,) = opened.args
    assert (opened.name, opened.options) == ("stream_image", {"timeout": 100.0})
    assert (prepared.model, prepared.request.seed, prepared.images[0].content) == ("acme-image", None, png)
    assert result.warnings == ["seed: acme-image has no such parameter; it was left out"]


def test_elapsed_seconds_grow_with_the_clock(called, part, answer):
    _, fed = called([later(2, part(0)), later(3, part(1)), answer()])

    assert [update.elapsed_seconds for update in fed.updates] == [0, 2, 5]


@pytest.mark.parametrize(
    "broken",
    [ImageOutput(base64="AAAA"), ImageOutput(base64="no base64 at all!"), ImageOutput(content=b"x"), ImageOutput()],
    ids=["no-picture", "no-base64", "no-picture-as-bytes", "nothing"],
)
def test_a_partial_picture_that_is_broken_is_skipped_and_logged(called, part, answer, broken, caplog):
    result, fed = called([ImagePart(broken, 0), part(1), answer()])

    assert statuses(fed) == ["submitting", "partial"]
    assert len(result.images) == 1
    assert "partial image 0 cannot be used (the vendor's image" in caplog.text


def test_a_result_that_is_broken_was_billed(called, part):
    error, _ = called([part(), ImageAnswer([ImageOutput(base64="AAAA")])])

    assert type(error) is InvalidResponseError
    assert error.billable == "yes"


@pytest.mark.parametrize("parts", [0, 1])
def test_a_stream_that_ends_without_a_result_is_unconfirmed(called, part, parts):
    error, fed = called([part()] * parts)

    assert type(error) is UnconfirmedGenerationError
    assert error.billable == "unknown"
    assert str(error) == (
        "the request to acme went out and its outcome is unknown (the stream ended without a result). It may have "
        "been billed, so it was not sent again. Look at the vendor's usage page, or set retry_unconfirmed=True to "
        "risk a second bill."
    )
    assert len(fed.opened) == 1


def test_a_vendor_that_is_busy_at_the_first_item_is_asked_again(called, part, answer):
    result, fed = called([BUSY], [part(), answer()])

    assert len(result.images) == 1
    assert len(fed.opened) == 2
    assert fed.sleeps == [0.25]
    assert statuses(fed) == ["submitting", "waiting", "partial"]
    assert (fed.updates[1].wait_seconds, fed.updates[1].message) == (0.25, "slow down")


def test_a_vendor_that_stays_busy_is_asked_as_often_as_the_config_says(called):
    error, fed = called([BUSY], [BUSY], config={"max_retries": 1})

    assert error is BUSY
    assert len(fed.opened) == 2


@pytest.mark.parametrize(
    "first",
    [AuthenticationError("no such key"), ContentPolicyError("no"), RateLimitError("never mind")],
    ids=["key", "policy", "not-worth-waiting"],
)
def test_a_refusal_at_the_first_item_is_told_as_it_is(called, first):
    error, fed = called([first], config={"max_retries": 3})

    assert error is first
    assert len(fed.opened) == 1


def test_an_answer_that_is_lost_before_the_first_item_is_never_sent_again(called):
    error, fed = called([LOST], config={"max_retries": 3})

    assert type(error) is UnconfirmedGenerationError
    assert error.__cause__ is LOST
    assert len(fed.opened) == 1
    assert fed.sleeps == []


def test_it_is_sent_again_where_the_caller_risks_a_second_bill(called, answer):
    result, fed = called([LOST], [answer()], config={"retry_unconfirmed": True})

    assert len(result.images) == 1
    assert len(fed.opened) == 2


@pytest.mark.parametrize("risk", [False, True], ids=["careful", "retry_unconfirmed"])
def test_a_stream_that_breaks_off_after_the_first_item_is_unconfirmed_and_never_sent_twice(called, part, risk):
    error, fed = called([part(), LOST], config={"max_retries": 3, "retry_unconfirmed": risk})

    assert type(error) is UnconfirmedGenerationError
    assert "its outcome is unknown (the stream broke off)" in str(error)
    assert error.__cause__ is LOST
    assert len(fed.opened) == 1
    assert statuses(fed) == ["submitting", "partial"]


def test_an_error_in_mid_stream_whose_outcome_is_known_is_told_as_it_is(called, part):
    known = ProviderUnavailableError("nothing was made", retryable=True, billable="no")

    error, fed = called([part(), known], config={"max_retries": 3})

    assert error is known
    assert len(fed.opened) == 1


def test_a_plugin_that_gives_something_else_is_named(called, part):
    error, _ = called([part(), "a picture"])

    assert type(error) is PluginError
    assert str(error) == "Acme.stream_image returned a str instead of an ImagePart"
    assert error.billable == "unknown"


def test_a_deadline_that_passes_in_mid_stream_leaves_it_unknown_what_was_billed(called, part, answer):
    error, fed = called([part(), later(101, part()), answer()])

    assert type(error) is GenerationTimeoutError
    assert str(error) == "the deadline of 100 s passed. Give the config a longer timeout."
    assert error.billable == "unknown"
    assert len(fed.opened) == 1


def test_a_result_that_comes_late_is_still_the_result(called, part, answer):
    result, _ = called([part(), later(101, answer())])

    assert len(result.images) == 1


def test_a_wait_that_the_deadline_does_not_allow_is_not_begun(called):
    busy = RateLimitError("slow down", retryable=True, retry_after=200)

    error, fed = called([busy], [], config={"max_retries": 3})

    assert error is busy
    assert not any(isinstance(command, Sleep) for command in fed.commands)


def test_a_partial_picture_may_come_as_an_address(called, answer, png):
    linked = ImagePart(ImageOutput(url="https://cdn.acme.test/a.png"), 0)
    fetched = Fetched(content=png, content_type="image/png", url="https://cdn.acme.test/a.png")

    _, fed = called([linked, answer()], answers=[fetched])

    assert fed.updates[1].image.content == png
    assert [command.name for command in fed.commands if isinstance(command, Either)] == ["fetch"]


class TestChain:
    @pytest.fixture
    def chained(self, streaming, plan_for, image_cfg, acme):
        """Runs a chain of `acme` and `spare`."""

        def chained(*streams, skipped=()):
            plugins = (acme("acme"), acme("spare"))
            request = ImageGenerationRequest(prompt="a cat")
            chain = [plan_for(request, image_cfg(provider=name), plugins=plugins) for name in ("acme", "spare")]
            fed = streaming(*streams)
            try:
                result = fed(call([*skipped, *chain], stream_call, CallScope("stream", request_id="req_1")))
            except Exception as error:
                result = error
            return result, fed

        return chained

    def test_the_last_update_has_the_response(self, chained, part, answer):
        result, fed = chained([later(1, part()), later(2, answer(cost=0.04))])

        assert result is fed.updates[-1].response
        assert statuses(fed) == ["submitting", "partial", "completed"]
        last = fed.updates[-1]
        assert (last.response.cost, last.response.cost_source, last.elapsed_seconds) == (0.04, "vendor", 3)
        assert (last.request_id, last.provider, last.model) == ("req_1", "acme", "acme-image")
        assert [update.response for update in fed.updates[:-1]] == [None, None]
        assert [attempt.outcome for attempt in last.response.attempts] == ["succeeded"]

    def test_a_config_that_is_refused_before_anything_was_made_hands_over(self, chained, part, answer):
        _, fed = chained([AuthenticationError("no such key")], [part(), answer()])

        assert [(update.provider, update.status) for update in fed.updates] == [
            ("acme", "submitting"),
            ("spare", "submitting"),
            ("spare", "partial"),
            ("spare", "completed"),
        ]
        response = fed.updates[-1].response
        assert [(attempt.provider, attempt.outcome) for attempt in response.attempts] == [
            ("acme", "failed"),
            ("spare", "succeeded"),
        ]
        assert response.warnings == ["acme/acme-image was failed (AuthenticationError: no such key)"]

    @pytest.mark.parametrize(
        "items", [[LOST], ["part", LOST], ["part"], []], ids=["lost", "broken-off", "no-result", "empty"]
    )
    def test_a_stream_that_may_have_made_something_does_not(self, chained, part, answer, items):
        error, fed = chained([part() if item == "part" else item for item in items], [answer()])

        assert type(error) is UnconfirmedGenerationError
        assert len(fed.opened) == 1

    def test_moderation_in_mid_stream_does_not(self, chained, part, answer):
        refused = ContentPolicyError("moderation ended the stream", stage="output", billable="unknown")

        error, fed = chained([part(), refused], [answer()])

        assert type(error) is ContentPolicyError
        assert (error.stage, error.provider, error.request_id) == ("output", "acme", "req_1")
        assert len(fed.opened) == 1

    def test_a_config_that_was_skipped_is_in_the_response(self, chained, answer):
        _, fed = chained([answer()], skipped=[Skipped("old", "old-image", AuthenticationError("no key"))])

        assert [attempt.outcome for attempt in fed.updates[-1].response.attempts] == ["skipped", "succeeded"]
