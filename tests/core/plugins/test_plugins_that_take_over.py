"""A plugin that never returns, ends the loop of all, calls back or makes no provider: others and callers go on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time

import pytest

from tarash.tarash_gateway import (
    generate_image,
    generate_image_async,
    generate_video,
    poll_video,
    register_plugin,
    submit_video,
)
from tarash.tarash_gateway.errors import ConfigurationError, PluginError, PluginLoadError, TarashError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider, ProviderSpec, VideoStatus
from tarash.tarash_gateway.plugins import _bridge as bridge

HOME = {"provider": "acme", "endpoint": "https://api.acme.test"}
WISH = ImageGenerationRequest(prompt="a cat")
FILM = VideoGenerationRequest(prompt="a lake")


def job(**fields):
    return VideoJob(**{**HOME, "model": "m", "id": "job_1", **fields})


def giving(thing):
    return lambda *_, **__: thing


def raising(error):
    def primitive(*_, **__):
        raise error

    return primitive


class TestTime:
    @pytest.fixture(autouse=True)
    def _little_grace(self, monkeypatch):
        monkeypatch.setattr(bridge, "GRACE", 0.05)

    @staticmethod
    async def never(*_, **__):
        await asyncio.Event().wait()

    def test_an_async_primitive_that_never_returns_is_given_up(
        self, make_image, image_config, plugin_of, provider_of, refused
    ):
        provider = provider_of(generate_image_async=self.never)
        with register_plugin(plugin_of(lambda config: provider)):
            refusal = refused(make_image, image_config(timeout=0.1), WISH)
        assert "did not keep to its timeout of 0.1 s and was given up" in str(refusal)
        assert refusal.billable == "unknown"

    def test_a_look_that_never_returns_keeps_the_job(self, make_video, plugin_of, provider_of, refused, video_config):
        methods = {
            "submit_video": lambda self, prepared, *, timeout: VideoStatus(job()),
            "poll_video_async": self.never,
        }
        provider = provider_of(**methods)
        with register_plugin(plugin_of(lambda config: provider)):
            refusal = refused(make_video, video_config(timeout=0.3), FILM)
        assert "did not keep to its timeout" in str(refusal)
        assert (refusal.job.id, refusal.billable) == ("job_1", "unknown")

    def test_a_blocking_primitive_is_waited_for(self, acme, png, image_config, make_image):
        # Nothing can end a function that runs in a thread; what it made is not thrown away.
        def late(*_, **__):
            time.sleep(0.3)
            return ImageAnswer([ImageOutput(content=png)])

        acme(generate_image=late)
        assert make_image(image_config(timeout=0.1), WISH).images[0].content == png


INTERRUPTS = [KeyboardInterrupt, SystemExit]


@pytest.mark.parametrize("interrupt", INTERRUPTS)
def test_what_is_no_exception_passes_and_names_what_is_left(acme, interrupt, image_config, video_config):
    acme(generate_image=raising(interrupt()), submit_video=giving(VideoStatus(job())), poll_video=raising(interrupt()))
    with pytest.raises(interrupt):
        generate_image(image_config(), WISH)
    with pytest.raises(interrupt) as caught:
        generate_video(video_config(), FILM)
    assert "job job_1 at acme was left running" in "".join(caught.value.__notes__)


BACKGROUND = """
    import asyncio, faulthandler, sys, types
    faulthandler.dump_traceback_later(90, exit=True)
    from tarash.tarash_gateway import generate_image, register_plugin
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
    from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider, ProviderSpec, hookimpl

    def plugin(name, primitive):
        class It(Provider):
            endpoint = "https://api.acme.test"
            generate_image_async = primitive

        module = types.ModuleType(name)

        @hookimpl
        def tarash_provider_specs():
            yield ProviderSpec(name=name, api_version=1)

        @hookimpl
        def tarash_create_provider(config):
            return It()

        module.tarash_provider_specs, module.tarash_create_provider = tarash_provider_specs, tarash_create_provider
        register_plugin(module, replace=True)

    def call(name):
        config = ImageGenerationConfig(provider=name, model="m", timeout=60, max_retries=0)
        return generate_image(config, ImageGenerationRequest(prompt="a cat"))

    async def well(self, prepared, *, timeout):
        await asyncio.sleep(0)
        return ImageAnswer([ImageOutput(url="file:///x")])

    plugin("good", well)
"""

RAISED = (
    "raise KeyboardInterrupt",
    "raise SystemExit(3)",
    "asyncio.get_running_loop().stop(); await asyncio.sleep(0.01)",
    "asyncio.get_running_loop().call_soon(sys.exit); await asyncio.sleep(0.01)",
)
ASKED = (
    "asyncio.get_running_loop().close()",
    "[task.cancel() for task in asyncio.all_tasks()]; await asyncio.sleep(1)",
)


def run(program):
    """What a program of its own prints last; it ends by itself when it hangs."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BACKGROUND) + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return "".join(done.stdout.splitlines()[-1:]) or done.stderr[-2000:]


@pytest.mark.parametrize(
    "endings",
    [
        RAISED,
        ASKED,
    ],
    ids=["raised", "asked"],
)
def test_a_plugin_that_would_end_the_loop_of_all_others_does_not(endings):
    program = "".join(
        f"""
        async def bad(self, prepared, *, timeout):
            {ending}
            return ImageAnswer([ImageOutput(url="file:///x")])

        plugin("bad", bad)
        assert call("good").images
        try:
            call("bad")
        except BaseException as error:
            print(type(error).__name__)
        assert call("good").images
        """
        for ending in endings
    )
    assert run(program + "\n        print('alive')") == "alive"


def test_what_a_blocking_caller_waited_for_ends_with_ctrl_c():
    program = """
        import signal, threading, time
        ended = threading.Event()

        async def long(self, prepared, *, timeout):
            threading.Timer(0.1, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)).start()
            try:
                await asyncio.sleep(20)
            finally:
                ended.set()

        plugin("long", long)
        try:
            call("long")
        except KeyboardInterrupt:
            print("alive" if ended.wait(30) else "still running")
    """
    assert run(program) == "alive"


class TestReentrancy:
    """A plugin that calls the gateway from within a primitive gets its answer; nothing waits for itself."""

    @pytest.fixture
    def inner(self, png, plugin_of, provider_of):
        async def made(self, prepared, *, timeout):
            return ImageAnswer([ImageOutput(content=png)])

        provider = provider_of(generate_image_async=made)
        with register_plugin(plugin_of(lambda config: provider, lambda: [ProviderSpec(name="inner", api_version=1)])):
            yield ImageGenerationConfig(provider="inner", model="m", timeout=60)

    @pytest.fixture
    def outer(self, plugin_of, provider_of):
        def register(**methods):
            provider = provider_of(**methods)
            return register_plugin(plugin_of(lambda config: provider))

        return register

    def test_a_blocking_call_in_a_blocking_primitive(self, inner, outer, make_image, image_config):
        def nested(self, prepared, *, timeout):
            return ImageAnswer([ImageOutput(content=generate_image(inner, WISH).images[0].content)])

        with outer(generate_image=nested):
            assert make_image(image_config(), WISH).images

    def test_a_blocking_call_in_an_async_primitive(self, inner, outer, make_image, image_config):
        async def nested(self, prepared, *, timeout):
            return ImageAnswer([ImageOutput(content=generate_image(inner, WISH).images[0].content)])

        with outer(generate_image_async=nested):
            assert make_image(image_config(), WISH).images

    def test_an_async_call_in_an_async_primitive(self, inner, outer, make_image, image_config):
        async def nested(self, prepared, *, timeout):
            return ImageAnswer([ImageOutput(content=(await generate_image_async(inner, WISH)).images[0].content)])

        with outer(generate_image_async=nested):
            assert make_image(image_config(), WISH).images

    def test_a_call_in_what_makes_the_provider(self, inner, acme, image_config, plugin_of, provider_of, refused):
        acme(generate_image=giving(ImageAnswer([ImageOutput(url="file:///x")])))

        def make(config):
            assert generate_image(inner, WISH).images
            return provider_of()

        with register_plugin(plugin_of(make), replace=True):
            refused(generate_image, image_config(), WISH, kind=TarashError)


MAKERS = {
    "nothing": (giving(None), PluginError, "made no provider for its own name"),
    "raises": (raising(KeyError("sk-a-secret")), PluginError, "failed while it made a provider: KeyError"),
    "stops": (raising(StopIteration()), PluginError, "failed while it made a provider: StopIteration"),
    "an error of ours": (raising(ConfigurationError("no key")), ConfigurationError, "no key"),
}


@pytest.mark.parametrize(("make", "kind", "text"), MAKERS.values(), ids=MAKERS)
@pytest.mark.filterwarnings("error")
def test_a_plugin_that_makes_no_provider_is_told_before_anything_is_sent(
    make, kind, text, image_config, plugin_of, video_config
):
    with register_plugin(plugin_of(make)):
        for call, config, inputs in (
            (generate_image, image_config(), WISH),
            (submit_video, video_config(), FILM),
            (poll_video, video_config(), job()),
        ):
            with pytest.raises(kind) as caught:
                call(config, inputs)
            assert text in str(caught.value)
            assert "sk-a-secret" not in str(caught.value)
            assert caught.value.billable == "no"


async def _makes_later():
    return Provider


class _Raises(Provider):
    @property
    def endpoint(self):
        raise RuntimeError


NO_HOMES = {"text": "x", "class": Provider, "number": type("P", (Provider,), {"endpoint": 5})(), "raises": _Raises()}


@pytest.mark.parametrize("provider", NO_HOMES.values(), ids=NO_HOMES)
def test_a_provider_that_does_not_say_where_requests_go_is_told(provider, image_config, plugin_of, video_config):
    with register_plugin(plugin_of(lambda config: provider)):
        for call, config, inputs in ((generate_image, image_config(), WISH), (poll_video, video_config(), job())):
            with pytest.raises(PluginError, match="has no endpoint"):
                call(config, inputs)


def twice():
    return [ProviderSpec(name="acme", api_version=1), ProviderSpec(name="acme", api_version=1, title="other")]


def twice_in_two_spellings():
    return [ProviderSpec(name="ac-me", api_version=1), ProviderSpec(name="ac_me", api_version=1)]


@pytest.mark.parametrize("specs", [twice, twice_in_two_spellings])
def test_a_plugin_that_offers_a_name_twice_is_refused(specs, plugin_of):
    with pytest.raises(PluginLoadError, match=r"offers '.*' twice"):
        register_plugin(plugin_of(giving(None), specs)).unregister()
