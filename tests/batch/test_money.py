"""`max_cost` is looked at before each request, over all runs of a batch."""

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

PRICE = 0.016


def test_no_request_is_sent_that_could_cost_more_than_is_left(run, image, paid):
    result = run([image(name) for name in "abcdef"], max_cost=3.5 * PRICE, concurrency=6)
    assert (result.done, result.failed, len(paid())) == (3, 3, 3)
    assert result.spent == pytest.approx(3 * PRICE)
    assert "the request may cost up to $0.016, and $0.008 of the budget" in result.failures[0].error


def test_what_earlier_runs_spent_counts(run, image, paid):
    run([image("a"), image("b")], max_cost=3.5 * PRICE)
    result = run([image(name) for name in "abcd"], max_cost=3.5 * PRICE)
    assert (result.done, result.made, result.failed) == (3, 1, 1)
    assert len(paid()) == 3


def test_more_money_lets_it_go_on(run, image, paid):
    run([image(name) for name in "abc"], max_cost=1.5 * PRICE)
    assert run([image(name) for name in "abc"], max_cost=1.0).complete
    assert len(paid()) == 3


def test_what_may_have_been_billed_counts_in_full(run, image, tarash_sandbox, paid):
    tarash_sandbox.fail("dropped_after_creation")
    result = run([image("a"), image("b")], max_cost=1.5 * PRICE, concurrency=1)
    assert (result.unconfirmed, result.failed, len(paid())) == (1, 1, 1)
    assert result.spent == pytest.approx(PRICE)


def test_what_was_refused_costs_nothing(run, image, tarash_sandbox):
    tarash_sandbox.fail("moderation_blocked")
    result = run([image("a"), image("b")], max_cost=1.5 * PRICE, concurrency=1)
    assert (result.done, result.failed) == (1, 1)
    assert result.spent == pytest.approx(PRICE)


def test_a_row_waits_for_what_another_has_set_aside_and_may_not_need(run, image, tarash_sandbox):
    tarash_sandbox.fail("rate_limited")  # the first request is refused, and all that it had set aside is free again
    assert run([image("a"), image("b")], max_cost=2.5 * PRICE, concurrency=2).complete


def test_a_clip_that_a_former_run_left_costs_what_it_costs(run, video, tarash_sandbox):
    tarash_sandbox.fail("content_401", times=None)
    assert run([video("a")], max_cost=0.5).spent == pytest.approx(0.4)
    tarash_sandbox._dispatcher.script.clear()
    result = run([video("a"), video("b")], max_cost=0.5)
    assert (result.done, result.failed, result.spent) == (1, 1, pytest.approx(0.4))


def test_a_price_that_is_not_known_is_refused_under_a_limit(run, image, paid):
    [failure] = run([image("a", model="some-new-model")], max_cost=1.0).failures
    assert "the price of this request is not known" in failure.error
    assert paid() == []
