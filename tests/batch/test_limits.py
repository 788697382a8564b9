"""Rate limits: what a vendor says to one row holds for all that wait for the same account and model."""

import asyncio
import time

import pytest

from tarash.tarash_gateway.errors import AuthenticationError, ConnectionFailedError, QuotaExceededError, RateLimitError
from tarash.tarash_gateway.models import ImageGenerationConfig
from tarash_gateway_batch.limits import MAX_ACCOUNT_REFUSALS, MAX_OUTAGE, RateLimiter, RateLimiters, account_key
from tarash_gateway_sandbox import SandboxServer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def limited(seconds=None):
    return RateLimitError("slower", retry_after=seconds, retryable=True)


def unreached():
    return ConnectionFailedError("nobody there", retryable=True, billable="no")


@pytest.fixture
def watched():
    """A vendor, and when which request came and what it got."""
    received = []

    def watch(request, status):
        if request.method == "POST":
            received.append((time.monotonic(), status))

    with SandboxServer(quick=True, on_request=watch) as server:
        yield server, received


class TestWithAVendor:
    def test_a_refusal_holds_up_everybody_for_as_long_as_the_vendor_says(self, run, image, watched):
        server, received = watched
        config = ImageGenerationConfig(provider="openai", model="dall-e-2", api_key="sk-x", base_url=server.url)
        server.fail("rate_limited", times=4)  # retry-after-ms: 50
        assert run([image(f"row-{number}") for number in range(12)], configs=config, concurrency=4).complete
        last_refused = max(at for at, status in received if status == 429)
        first_taken = min(at for at, status in received if status == 200)
        assert first_taken - last_refused >= 0.049
        assert [status for _, status in received].count(429) == 4
        assert [status for _, status in received].count(200) == 12

    @pytest.mark.parametrize("fault", ["unavailable_with_retry_after", "rate_limited"])
    def test_a_refusal_that_passes_fails_no_row_whatever_max_retries(self, run, image, configs, tarash_sandbox, fault):
        tarash_sandbox.fail(fault, times=5)
        impatient = [configs[0].model_copy(update={"max_retries": 0})]
        assert run([image("a"), image("b")], configs=impatient).complete

    def test_an_account_that_is_refused_again_and_again_is_left_alone(self, run, image, tarash_sandbox):
        tarash_sandbox.fail("unauthorized", times=None)
        result = run([image(f"row-{number}") for number in range(2 * MAX_ACCOUNT_REFUSALS)], concurrency=4)
        assert result.failed == 2 * MAX_ACCOUNT_REFUSALS
        assert MAX_ACCOUNT_REFUSALS <= len(tarash_sandbox.requests) < MAX_ACCOUNT_REFUSALS + 4
        left = [failure for failure in result.failures if "not sent, since 20 requests in a row" in failure.error]
        assert len(left) == 2 * MAX_ACCOUNT_REFUSALS - len(tarash_sandbox.requests)

    def test_it_is_known_how_long_nothing_is_sent(self):
        async def main():
            limiters = RateLimiters(4)
            limiter = limiters.limiter("account", "model")
            await limiter.refused(limited(30.0), await limiter.acquire())
            return limiters.pause

        assert 29 < asyncio.run(main()) <= 30


class TestRateLimiter:
    """One rate limiter, driven by hand."""

    def test_after_a_refusal_they_go_one_after_the_other_as_the_vendor_took_them(self):
        async def main():
            limiter = RateLimiter(8)
            for _ in range(7):
                await limiter.acquire()
            await asyncio.sleep(0.05)
            assert await limiter.refused(limited(0.0), await limiter.acquire())  # it took 7 in 0.05 s
            began = asyncio.get_running_loop().time()
            for _ in range(8):
                limiter.release()
            await asyncio.gather(*(limiter.acquire() for _ in range(4)))
            return asyncio.get_running_loop().time() - began

        assert 0.015 < asyncio.run(main()) < 1

    def test_refusals_of_requests_that_were_sent_before_a_pause_say_nothing_new(self):
        async def main():
            limiter = RateLimiter(8)
            permits = [await limiter.acquire() for _ in range(8)]
            for permit in permits:
                assert await limiter.refused(limited(), permit)
                limiter.release()
            return limiter.pause

        assert 0.02 < asyncio.run(main()) <= 0.05

    def test_a_rate_of_our_own_spaces_the_requests(self):
        async def main():
            limiter = RateLimiter(8, rate=60 / 0.02)
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(limiter.acquire() for _ in range(4)))
            return asyncio.get_running_loop().time() - began

        assert asyncio.run(main()) >= 0.059

    def test_pauses_grow_where_the_vendor_names_no_time(self):
        async def main():
            limiter, pauses = RateLimiter(1), []
            for _ in range(4):
                limiter._closed_until = 0.0
                assert await limiter.refused(limited(), await limiter.acquire())
                limiter.release()
                pauses.append(limiter.pause)
            return pauses

        pauses = asyncio.run(main())
        assert all(0.024 * 2**n < pause <= 0.05 * 2**n for n, pause in enumerate(pauses))

    def test_a_vendor_that_is_not_reached_any_more_is_waited_for_like_one_that_is_away(self):
        async def main():
            limiter = RateLimiter(1)
            limiter.succeeded()
            permit = await limiter.acquire()
            assert await limiter.refused(unreached(), permit)
            pause = limiter.pause
            limiter._outage_began = asyncio.get_running_loop().time() - MAX_OUTAGE - 1
            assert not await limiter.refused(unreached(), permit)
            return pause

        assert 0.02 < asyncio.run(main()) <= 0.05

    def test_a_vendor_that_refuses_a_thousand_times_is_still_waited_for_a_minute_at_most(self):
        async def main():
            limiter = RateLimiter(1)
            limiter._pauses = 5_000
            assert await limiter.refused(RateLimitError("busy", retryable=True), await limiter.acquire())
            return limiter.pause

        assert 25 < asyncio.run(main()) <= 60

    def test_one_that_was_never_reached_is_not_waited_for(self):
        async def main():
            limiter = RateLimiter(1)  # the address may be mistyped
            return await limiter.refused(unreached(), await limiter.acquire())

        assert asyncio.run(main()) is False

    def test_a_connection_that_broke_after_the_request_is_no_refusal(self):
        async def main():
            limiter = RateLimiter(1)
            lost = ConnectionFailedError("broke", retryable=True, billable="unknown")
            return await limiter.refused(lost, await limiter.acquire())

        assert asyncio.run(main()) is False

    def test_a_refusal_is_final_when_nothing_went_through_for_too_long_or_the_vendor_asks_for_too_much(self):
        async def main():
            limiter = RateLimiter(1)
            permit = await limiter.acquire()
            assert not await limiter.refused(limited(3601.0), permit)
            limiter._outage_began = asyncio.get_running_loop().time() - MAX_OUTAGE - 1
            return await limiter.refused(limited(), permit)

        assert asyncio.run(main()) is False

    @pytest.mark.parametrize("error", [AuthenticationError("no"), QuotaExceededError("no money")])
    def test_so_many_refusals_of_the_account_close_it_for_all_that_wait(self, error):
        async def main():
            limiter = RateLimiter(1)
            permit = await limiter.acquire()
            waiting = asyncio.create_task(limiter.acquire())
            for _ in range(MAX_ACCOUNT_REFUSALS):
                assert not await limiter.refused(error, permit)
            with pytest.raises(type(error), match="not sent, since 20 requests in a row"):
                await waiting
            with pytest.raises(type(error), match="not sent"):
                await limiter.acquire()

        asyncio.run(main())

    def test_a_row_that_is_broken_off_gives_its_turn_back(self):
        async def main():
            limiter = RateLimiter(1)
            await limiter.acquire()
            second = asyncio.create_task(limiter.acquire())
            await asyncio.sleep(0)
            limiter.release()  # it is the second one's turn, which does not know it yet
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            return await asyncio.wait_for(limiter.acquire(), 60)

        assert asyncio.run(main()) == 0


class TestAccounts:
    def test_each_account_and_model_has_a_gate_of_its_own(self):
        limiters = RateLimiters(4)
        assert limiters.limiter("a", "m") is limiters.limiter("a", "m")
        assert len({id(limiters.limiter(*key)) for key in (("a", "m"), ("a", "n"), ("b", "m"))}) == 3

    def test_an_account_is_a_provider_a_key_and_an_address_and_shows_no_key(self):
        def account(**settings):
            return account_key(
                ImageGenerationConfig(**{"provider": "openai", "model": "m", "api_key": "sk-1", **settings})
            )

        assert account() == account(model="another")
        different = [account(), account(api_key="sk-2"), account(base_url="http://a/v1"), account(provider="acme")]
        assert len(set(different)) == 4
        assert "sk-1" not in account()
