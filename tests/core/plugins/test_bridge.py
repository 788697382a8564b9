"""A plugin gives one flavour of a primitive; the other is made, also where a loop runs already."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading

import pytest

from tarash.tarash_gateway import plugins
from tarash.tarash_gateway.errors import RateLimitError, UnsupportedOperationError
from tarash.tarash_gateway.plugins import Provider, run_blocking
from tarash.tarash_gateway.plugins._bridge import async_primitive, sync_primitive


class SyncOnly(Provider):
    def generate_image(self, prepared, *, timeout):
        return ("sync", prepared, timeout, threading.current_thread() is threading.main_thread())


class AsyncOnly(Provider):
    async def generate_image_async(self, prepared, *, timeout):
        await asyncio.sleep(0)
        return ("async", prepared, timeout)


class Both(Provider):
    def generate_image(self, prepared, *, timeout):
        return "sync"

    async def generate_image_async(self, prepared, *, timeout):
        return "async"


class Neither(Provider):
    pass


class StrangerSyncOnly:
    def generate_image(self, prepared, *, timeout):
        return "sync"


class StrangerAsyncOnly:
    async def generate_image_async(self, prepared, *, timeout):
        return "async"


class Refusing(Provider):
    def generate_image(self, prepared, *, timeout):
        raise RateLimitError("slow down")


def blocking(provider):
    return sync_primitive(provider, "generate_image")("a cat", timeout=60)


async def awaited(provider):
    return await async_primitive(provider, "generate_image")("a cat", timeout=60)


async def blocking_in_a_loop(provider):
    return blocking(provider)


def test_a_sync_plugin_in_an_async_flow_runs_in_a_worker_thread():
    assert asyncio.run(awaited(SyncOnly())) == ("sync", "a cat", pytest.approx(60, abs=5), False)


def test_a_sync_plugin_in_a_sync_flow_runs_where_it_is_called():
    assert blocking(SyncOnly()) == ("sync", "a cat", 60, True)


def test_an_async_plugin_in_a_sync_flow():
    assert blocking(AsyncOnly()) == ("async", "a cat", 60)


def test_an_async_plugin_in_a_sync_flow_inside_a_running_loop():
    assert asyncio.run(blocking_in_a_loop(AsyncOnly())) == ("async", "a cat", 60)


def test_a_plugin_of_both_flavours_is_called_in_the_fitting_one():
    assert (blocking(Both()), asyncio.run(awaited(Both()))) == ("sync", "async")


def test_a_plugin_need_not_inherit_from_the_contract():
    assert (blocking(StrangerSyncOnly()), asyncio.run(awaited(StrangerSyncOnly()))) == ("sync", "sync")
    assert (blocking(StrangerAsyncOnly()), asyncio.run(awaited(StrangerAsyncOnly()))) == ("async", "async")


@pytest.mark.parametrize("provider", [Neither(), object()], ids=["subclass", "stranger"])
@pytest.mark.parametrize(
    ("primitive", "what"),
    [
        ("generate_image", "generate images"),
        ("submit_video", "generate videos"),
        ("poll_video", "look at video jobs"),
        ("download_video", "download videos"),
    ],
)
def test_what_a_provider_lacks_is_told(primitive, what, provider):
    arguments = ("x", None) if primitive == "download_video" else ("x",)

    async def later():
        await async_primitive(provider, primitive)(*arguments, timeout=60)

    for call in (lambda: sync_primitive(provider, primitive)(*arguments, timeout=60), lambda: asyncio.run(later())):
        with pytest.raises(UnsupportedOperationError) as caught:
            call()
        assert str(caught.value) == f"{type(provider).__name__} cannot {what}"


def test_an_error_crosses_the_bridge_as_it_is():
    with pytest.raises(RateLimitError, match="slow down"):
        asyncio.run(awaited(Refusing()))


def test_the_background_loop_is_one_and_stays():
    async def which():
        return id(asyncio.get_running_loop())

    assert run_blocking(which()) == run_blocking(which())


def test_many_threads_share_the_background_loop():
    found = []
    threads = [threading.Thread(target=lambda: found.append(blocking(AsyncOnly()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [("async", "a cat", 60)] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_gets_a_loop_of_its_own():
    script = """
        import os, sys, warnings
        from tarash.tarash_gateway.plugins import run_blocking
        async def answer(): return 42
        assert run_blocking(answer()) == 42
        warnings.simplefilter("ignore")
        child = os.fork()
        if child == 0:
            os._exit(0 if run_blocking(answer()) == 42 else 1)
        _, status = os.waitpid(child, 0)
        sys.exit(os.waitstatus_to_exitcode(status))
    """
    assert subprocess.run([sys.executable, "-c", textwrap.dedent(script)], timeout=60, check=False).returncode == 0


def test_the_names_of_1_0_stay():
    assert (plugins.Prepared, plugins.LostVideo) == (plugins.PreparedRequest, plugins.UnconfirmedSubmit)
