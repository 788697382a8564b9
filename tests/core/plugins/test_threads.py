"""Blocking primitives run in threads of ours: waiting for one is not the plugin's fault, and costs nothing."""

import asyncio
import threading
import time

import pytest

from tarash.tarash_gateway import (
    generate_image,
    generate_image_async,
    register_plugin,
    stream_image,
    stream_image_async,
)
from tarash.tarash_gateway.errors import ConfigurationError, GenerationTimeoutError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart, Provider, ProviderSpec, hookimpl
from tarash.tarash_gateway.plugins._bridge import THREADS, thread_count

WISH = ImageGenerationRequest(prompt="a cat")


class Blocking(Provider):
    """Takes `seconds` for each image, in whatever thread; counts what runs at a time."""

    endpoint = "https://api.acme.test"

    def __init__(self, png, seconds):
        self.png, self.seconds = png, seconds
        self.begun, self.now, self.most, self.names = 0, 0, 0, set()
        self.lock = threading.Lock()

    def generate_image(self, prepared, *, timeout):
        with self.lock:
            self.begun += 1
            self.now += 1
            self.most = max(self.most, self.now)
            self.names.add(threading.current_thread().name)
        time.sleep(self.seconds)
        with self.lock:
            self.now -= 1
        return ImageAnswer([ImageOutput(content=self.png)])


class Plugin:
    def __init__(self, provider, **spec):
        self.provider, self.spec = provider, spec

    @hookimpl
    def tarash_provider_specs(self):
        return [ProviderSpec(name="acme", api_version=1, **self.spec)]

    @hookimpl
    def tarash_create_provider(self, config):
        return self.provider


def config(**fields):
    return ImageGenerationConfig(**{"provider": "acme", "model": "m", **fields})


async def many(count, timeout):
    calls = (generate_image_async(config(timeout=timeout), WISH) for _ in range(count))
    return await asyncio.gather(*calls, return_exceptions=True)


def test_calls_that_began_succeed_and_the_others_cost_nothing(png, monkeypatch):
    monkeypatch.setenv("TARASH_THREADS", "12")
    provider = Blocking(png, 0.3)
    with register_plugin(Plugin(provider)):
        results = asyncio.run(many(200, 2))

    late = [result for result in results if isinstance(result, Exception)]
    assert 12 <= provider.begun == len(results) - len(late) < 200
    assert {(type(error), error.billable) for error in late} == {(GenerationTimeoutError, "no")}
    assert str(late[0]).startswith("Blocking.generate_image could not begin within ")
    assert "all 12 threads for calls that block are busy" in str(late[0])
    assert provider.most <= 12
    assert all(name.startswith("tarash") for name in provider.names)


def test_there_are_sixty_four_threads(monkeypatch):
    assert thread_count() == THREADS == 64
    monkeypatch.setenv("TARASH_THREADS", " 7 ")
    assert thread_count() == 7


@pytest.mark.parametrize("text", ["0", "-1", "many", "1001", "1.5"])
def test_a_number_of_threads_that_is_none_is_refused(text, monkeypatch, png):
    monkeypatch.setenv("TARASH_THREADS", text)
    with register_plugin(Plugin(Blocking(png, 0))), pytest.raises(ConfigurationError, match="TARASH_THREADS is"):
        asyncio.run(generate_image_async(config(), WISH))


class TestConcurrency:
    def test_a_provider_says_how_many_calls_run_at_a_time(self, png):
        provider = Blocking(png, 0.01)
        with register_plugin(Plugin(provider, concurrency=2)):
            threads = [threading.Thread(target=generate_image, args=(config(), WISH)) for _ in range(5)]
            for thread in threads:
                thread.start()
            results = asyncio.run(many(10, 60))
            for thread in threads:
                thread.join()
        assert not [result for result in results if isinstance(result, Exception)]
        assert (provider.begun, provider.most) == (15, 2)

    @pytest.mark.parametrize("flavour", ["sync", "async"])
    def test_who_waits_too_long_has_sent_nothing(self, png, flavour):
        holds, free = threading.Event(), threading.Event()

        class Held(Blocking):
            def generate_image(self, prepared, *, timeout):
                holds.set()
                free.wait(60)
                return super().generate_image(prepared, timeout=timeout)

        provider = Held(png, 0)
        with register_plugin(Plugin(provider, concurrency=1)):
            first = threading.Thread(target=generate_image, args=(config(), WISH))
            first.start()
            assert holds.wait(60)
            late = config(timeout=0.1)
            with pytest.raises(GenerationTimeoutError) as caught:
                generate_image(late, WISH) if flavour == "sync" else asyncio.run(generate_image_async(late, WISH))
            free.set()
            first.join()
        assert (caught.value.billable, provider.begun) == ("no", 1)
        assert "acme could not begin within 0.1 s: it runs 1 call at a time" in str(caught.value)

    def test_an_async_provider_is_held_back_too(self, png):
        class Awaited(Provider):
            endpoint, now, most = "https://api.acme.test", 0, 0

            async def generate_image_async(self, prepared, *, timeout):
                type(self).now += 1
                type(self).most = max(self.now, self.most)
                for _ in range(20):
                    await asyncio.sleep(0)
                type(self).now -= 1
                return ImageAnswer([ImageOutput(content=png)])

        with register_plugin(Plugin(Awaited(), concurrency=3)):
            results = asyncio.run(many(20, 60))
        assert not [result for result in results if isinstance(result, Exception)]
        assert Awaited.most == 3

    def test_a_stream_holds_its_place_until_it_is_closed(self, png):
        class Streaming(Blocking):
            def stream_image(self, prepared, *, timeout):
                yield ImagePart(ImageOutput(content=self.png))
                yield ImageAnswer([ImageOutput(content=self.png)])

        with register_plugin(Plugin(Streaming(png, 0), concurrency=1)):
            updates = stream_image(config(), WISH)
            assert [next(updates).status for _ in range(2)] == ["submitting", "partial"]
            with pytest.raises(GenerationTimeoutError, match="acme could not begin") as caught:
                generate_image(config(timeout=0.1), WISH)
            updates.close()
            assert generate_image(config(), WISH).images
        assert caught.value.billable == "no"

    def test_an_async_stream_holds_its_place_until_it_is_closed(self, png):
        class Awaited(Provider):
            endpoint = "https://api.acme.test"

            async def generate_image_async(self, prepared, *, timeout):
                return ImageAnswer([ImageOutput(content=png)])

            async def stream_image_async(self, prepared, *, timeout):
                yield ImagePart(ImageOutput(content=png))
                yield ImageAnswer([ImageOutput(content=png)])

        async def both():
            updates = stream_image_async(config(), WISH)
            assert [(await anext(updates)).status for _ in range(2)] == ["submitting", "partial"]
            with pytest.raises(GenerationTimeoutError, match="it runs 1 call at a time"):
                await generate_image_async(config(timeout=0.1), WISH)
            await updates.aclose()
            return await generate_image_async(config(), WISH)

        with register_plugin(Plugin(Awaited(), concurrency=1)):
            assert asyncio.run(both()).images
