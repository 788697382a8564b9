"""The connection: what it costs to have it, threads, loops, forks, deadlines and the key."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import threading
import time

import pytest

from tarash.tarash_gateway import generate_image, generate_video, generate_video_async, stream_image, submit_video
from tarash.tarash_gateway.errors import ConnectionFailedError, TarashError, UnconfirmedGenerationError
from tarash.tarash_gateway.plugins.http.client import close_connections
from tarash_gateway_sandbox import Answer

KEY = "sk-or-of-the-tests-0123456789"

LAZY = """
import sys
from tarash.tarash_gateway import check_request, list_models
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

assert list_models("openrouter")
check_request(
    VideoGenerationConfig(provider="openrouter", model="google/veo-3.1", api_key="k" * 20),
    VideoGenerationRequest(prompt="a lake"),
)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"httpx2", "httpcore2", "h11", "anyio", "openai"}))
"""


def test_rows_and_checks_cost_no_http_library():
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_calls_share_a_connection(router, video_config, video_request):
    before = router.connections
    for _ in range(3):
        generate_video(video_config(), video_request())

    assert router.connections - before <= 1


def test_another_key_has_a_connection_of_its_own_and_none_is_told(router, video_config, video_request):
    from tarash_gateway_openrouter.provider import OpenRouterProvider

    keys = ("sk-or-number-one", "sk-or-number-two")
    item, other = (OpenRouterProvider(video_config(api_key=key)).connection for key in keys)
    assert item.identity != other.identity
    assert "number" not in f"{item!r} {item.identity!r}"


def test_each_event_loop_has_its_own_clients(video_config, video_request):
    for _ in range(3):
        assert asyncio.run(generate_video_async(video_config(), video_request())).video.size_bytes


def test_many_videos_at_once_in_one_loop(router, video_config, video_request):
    async def all_of_them():
        calls = [generate_video_async(video_config(), video_request(f"boat {at}")) for at in range(20)]
        return await asyncio.gather(*calls)

    assert len({response.job.id for response in asyncio.run(all_of_them())}) == 20
    assert len(router.paid) == 20


def test_threads_share_a_client(router, video_config, video_request):
    made, config = [], video_config()

    def work(number):
        made.extend(generate_video(config, video_request(f"boat {number}")).job.id for _ in range(2))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 16


FORKED = """
import os, sys
from tarash.tarash_gateway import generate_image
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

config = ImageGenerationConfig(provider="openrouter", model="openai/gpt-image-2", base_url=sys.argv[1], timeout=60)
request = ImageGenerationRequest(prompt="a cat")
generate_image(config, request)
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        os._exit(0 if generate_image(config, request).images[0].size_bytes else 1)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children], len(generate_image(config, request).images))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_makes_its_own_clients(router, warm_python):
    environment = {**os.environ, "OPENROUTER_API_KEY": KEY}
    done = warm_python.run(["-c", FORKED, router.openrouter_url], env=environment)

    assert done.stdout.strip() == "[0, 0, 0, 0] 1", done.stderr


def test_clients_that_were_let_go_are_made_anew(router, video_config, video_request):
    submit_video(video_config(), video_request())
    close_connections()

    assert submit_video(video_config(), video_request()).id


def test_a_vendor_that_is_not_there_is_told_with_its_host(video_config, video_request):
    with pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1 cannot be reached") as caught:
        submit_video(video_config(base_url="http://127.0.0.1:9/api/v1", max_retries=0), video_request())

    assert caught.value.billable == "no"


@pytest.mark.parametrize("fault", ["slow_drip", "slow_drip_head", "never_answers_after_creation", "stalls_half_way"])
@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_deadline_holds_against_a_server_that_drips(router, video_config, video_request, fault, flavour):
    router.slow_seconds = 20
    router.fail(fault, method="POST", times=None)
    call = generate_video if flavour == "sync" else lambda *args: asyncio.run(generate_video_async(*args))
    began = time.monotonic()
    with pytest.raises(UnconfirmedGenerationError):
        call(video_config(timeout=0.5), video_request())

    router.slow_seconds = 0.3
    assert time.monotonic() - began < 10
    assert len(router.paid) <= 1


def test_a_stream_that_is_left_is_closed(router, image_config, image_request):
    updates = stream_image(image_config(), image_request())
    assert next(updates).status == "submitting"
    assert next(updates).status == "partial"
    updates.close()

    assert len(router.paid) == 1


def test_a_key_that_the_vendor_quotes_is_shown_nowhere(router, video_config, video_request, log_lines):
    body = f'{{"error": {{"code": 400, "message": "the key {KEY} is odd", "metadata": {{"raw": "{KEY}"}}}}}}'
    router.play(Answer(400, {}, body.encode()))
    with pytest.raises(TarashError) as caught:
        submit_video(video_config(), video_request())

    error = caught.value
    assert KEY not in f"{error} {error!r} {error.raw} {pickle.dumps(error)!r} {log_lines()}"
    assert "[key]" in str(error)


def test_a_key_stands_in_no_log_line_when_all_goes_well(image_config, image_request, log_lines):
    generate_image(image_config(), image_request("a very particular cat"))

    assert KEY not in log_lines()
    assert "particular" not in log_lines()


def test_no_cookie_of_the_vendor_comes_back(router, image_config, image_request):
    router.play(Answer(400, {"set-cookie": "session=1; Path=/"}, b"{}"))
    with pytest.raises(TarashError):
        generate_image(image_config(), image_request())
    generate_image(image_config(), image_request())

    assert "cookie" not in router.requests[-1].headers
