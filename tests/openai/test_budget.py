"""Calls within a budget, over real HTTP: refused before anything is sent, settled by what was really paid."""

import asyncio
import contextlib
import threading

import pytest

from tarash.tarash_gateway import Budget, generate_image, generate_image_async, generate_video
from tarash.tarash_gateway.errors import AuthenticationError, UnconfirmedGenerationError, ValidationError
from tarash_gateway_sandbox import Answer, RawBytes

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

PRICE = 0.04
"""US dollars of a standard square picture of dall-e-3, by the row."""


@pytest.fixture
def square(image_request):
    return image_request(size="1024x1024", quality="standard")


def test_a_call_that_does_not_fit_is_refused_before_anything_is_sent(make_image, image_config, square, posts):
    with Budget(1.5 * PRICE) as budget:
        make_image(image_config("dall-e-3"), square)
        with pytest.raises(
            ValidationError, match=r"up to \$0.04, and \$0.02 of the budget of \$0.06 per process is left"
        ):
            make_image(image_config("dall-e-3"), square)

    assert budget.spent == pytest.approx(PRICE)
    assert len(posts()) == 1


def test_a_refusal_costs_nothing(tarash_sandbox, image_config, square):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    with Budget(1) as budget, pytest.raises(AuthenticationError):
        generate_image(image_config("dall-e-3"), square)
    assert budget.spent == 0


def test_a_lost_answer_counts_in_full(tarash_sandbox, image_config, square):
    tarash_sandbox.play(RawBytes())
    with Budget(1) as budget, pytest.raises(UnconfirmedGenerationError):
        generate_image(image_config("dall-e-3"), square)
    assert budget.spent == pytest.approx(PRICE)


def test_a_call_whose_price_is_not_known_is_refused(tarash_sandbox, video_config, video_request):
    with Budget(100), pytest.raises(ValidationError, match="the price of this request is not known"):
        generate_video(video_config("a-model-of-tomorrow"), video_request())
    assert tarash_sandbox.requests == []


def test_every_budget_around_a_call_must_have_room(tarash_sandbox, image_config, square):
    with Budget(PRICE / 2) as narrow, Budget(100) as wide, pytest.raises(ValidationError, match="budget of"):
        generate_image(image_config("dall-e-3"), square)
    assert narrow.spent == wide.spent == 0


def test_threads_and_tasks_share_it(image_config, square, posts):
    with Budget(3.5 * PRICE) as budget:

        def call():
            with contextlib.suppress(ValidationError):
                generate_image(image_config("dall-e-3"), square)

        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        async def many():
            calls = [generate_image_async(image_config("dall-e-3"), square) for _ in range(3)]
            return await asyncio.gather(*calls, return_exceptions=True)

        refused = [error for error in asyncio.run(many()) if isinstance(error, ValidationError)]

    assert len(refused) == 3
    assert budget.spent == pytest.approx(3 * PRICE)
    assert len(posts()) == 3


def test_outside_the_block_nothing_is_counted(image_config, square):
    budget = Budget(PRICE / 2)
    with budget:
        pass
    generate_image(image_config("dall-e-3"), square)
    assert budget.spent == 0
