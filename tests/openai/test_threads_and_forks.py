"""One config serves many threads, loops and forked children at once: each gets its own answer, and none waits for ever.

What a client's cache does with them is in test_clients.
"""

from __future__ import annotations

import asyncio
import gc
import os
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tarash.tarash_gateway import (
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    list_models,
    resume_video,
    submit_video,
)
from tarash.tarash_gateway.plugins._registry import PluginRegistry

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

THREADS = 16


def at_once(call, count=THREADS):
    """What `call(number)` gives in as many threads, all of which begin together."""
    barrier = threading.Barrier(count)

    def begin(number):
        barrier.wait()
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


def test_each_of_sixteen_threads_gets_the_picture_that_it_asked_for(image_config, image_request, posts):
    config = image_config("dall-e-3")

    made = at_once(lambda number: generate_image(config, image_request(f"cat {number} of many", size="1024x1024")))

    for number, response in enumerate(made):
        assert response.images[0].revised_prompt.startswith(f"cat {number} of many")
        assert response.request["prompt"] == f"cat {number} of many"
    assert len({response.request_id for response in made}) == THREADS
    assert len({response.images[0].sha256 for response in made}) == THREADS
    assert len(posts()) == THREADS


def test_each_of_sixteen_threads_gets_its_own_job(tarash_sandbox, video_config, video_request, posts):
    config = video_config()

    jobs = at_once(lambda number: submit_video(config, video_request(f"lake {number}")))

    sent = {request.fields["prompt"] for request in posts()}
    assert sent == {job.request["prompt"] for job in jobs} == {f"lake {number}" for number in range(THREADS)}
    assert len({job.id for job in jobs}) == THREADS
    assert resume_video(config, jobs[7]).job.id == jobs[7].id


def test_threads_and_loops_share_a_config_at_the_same_time(tarash_sandbox, one_picture, image_config, image_request):
    tarash_sandbox.play(one_picture, times=None)
    config = image_config()

    async def some():
        return await asyncio.gather(*(generate_image_async(config, image_request()) for _ in range(3)))

    def call(number):
        return asyncio.run(some()) if number % 2 else [generate_image(config, image_request()) for _ in range(3)]

    made = [response for group in at_once(call, 8) for response in group]
    assert len({response.request_id for response in made}) == 24
    gc.collect()  # a connection that its loop left open would say so


def test_a_loop_in_another_thread_does_not_touch_the_first(video_config, video_request):
    config = video_config()

    async def first():
        item = asyncio.create_task(generate_video_async(config, video_request()))
        other = await asyncio.to_thread(lambda: asyncio.run(generate_video_async(config, video_request())))
        return [await item, other]

    made = asyncio.run(first())
    assert len({response.job.id for response in made}) == 2


def test_one_loop_after_the_other_makes_a_video_with_one_config(video_config, video_request, posts):
    config = video_config()
    made = [asyncio.run(generate_video_async(config, video_request())) for _ in range(3)]
    assert len({response.job.id for response in made}) == len(posts()) == 3
    gc.collect()


def test_a_blocking_call_inside_a_running_loop_works(video_config, video_request):
    async def blocking():
        return generate_video(video_config(), video_request())

    assert asyncio.run(blocking()).videos


def test_a_plugin_is_loaded_once_however_many_threads_ask_for_it():
    registry = PluginRegistry()
    specs = at_once(lambda _: registry.spec("openai"))
    assert len({id(spec) for spec in specs}) == 1
    assert {len(rows) for rows in at_once(lambda _: list_models("openai"))} == {len(list_models("openai"))}


BEGIN = """
    import asyncio, os, sys, threading, time, warnings
    from tarash.tarash_gateway import generate_image, generate_image_async, generate_video
    from tarash.tarash_gateway.models import (
        ImageGenerationConfig, ImageGenerationRequest, VideoGenerationConfig, VideoGenerationRequest
    )
    warnings.simplefilter("ignore")
    config = ImageGenerationConfig(provider="openai", model="dall-e-2", timeout=60)
    request = ImageGenerationRequest(prompt="a cat", size="256x256")

    def call():
        assert generate_image(config, request).images

    def call_async():
        assert asyncio.run(generate_image_async(config, request)).images

    def fork(work):
        child = os.fork()
        if child == 0:
            try:
                work()
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        return child

    def all_went_well(children):
        until = time.monotonic() + 60
        left = set(children)
        while left and time.monotonic() < until:
            for child in list(left):
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    assert status == 0, status
                    left.discard(child)
            time.sleep(0.01)
        for child in left:
            os.kill(child, 9)
        assert not left, f"{len(left)} children hang"
"""


@pytest.fixture
def script(tarash_sandbox, warm_python):
    """Runs a program that forks, against the sandbox; nothing of it outlives the test."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "COVERAGE"))}

    def run(source):
        environment = {**kept, "OPENAI_BASE_URL": tarash_sandbox.url, "OPENAI_API_KEY": "sk-of-the-script"}
        done = warm_python.run(["-c", textwrap.dedent(BEGIN) + textwrap.dedent(source)], env=environment)
        assert (done.returncode, done.stderr) == (0, "")

    return run


def test_four_children_after_a_first_call_work_side_by_side_and_so_does_the_parent(script, posts):
    script(
        """
        call()
        call_async()
        children = [fork(work) for work in (call, call_async, call, call_async)]
        call()
        all_went_well(children)
        call()
        call_async()
        """
    )
    assert len(posts()) == 9


def test_a_child_that_is_forked_in_the_middle_of_others_calls_does_not_wait_for_them(script, posts):
    # A lock that another thread holds at that moment is held in the child for ever.
    script(
        """
        call()
        busy = [threading.Thread(target=lambda: [call() for _ in range(5)]) for _ in range(3)]
        for thread in busy:
            thread.start()
        children = [fork(call) for _ in range(4)]
        for thread in busy:
            thread.join()
        all_went_well(children)
        """
    )
    assert len(posts()) == 20


def test_a_child_of_a_child_and_a_child_with_a_loop_of_the_parents_work(script, posts):
    script(
        """
        def grandchild():
            call()
            all_went_well([fork(call), fork(call_async)])

        async def inside():
            await generate_image_async(config, request)
            all_went_well([fork(call), fork(grandchild)])  # the parent's loop runs on
            await generate_image_async(config, request)

        asyncio.run(inside())
        """
    )
    assert len(posts()) == 6


def test_a_child_picks_up_the_job_that_its_parent_submitted(script, posts):
    script(
        """
        from tarash.tarash_gateway import resume_video, submit_video

        film = VideoGenerationConfig(provider="openai", model="sora-2", timeout=60, poll_interval=0.05)
        job = submit_video(film, VideoGenerationRequest(prompt="a lake"))

        def pick_up():
            assert resume_video(film, job).job.id == job.id

        all_went_well([fork(pick_up), fork(pick_up)])
        """
    )
    assert len(posts()) == 1


def test_a_child_closes_none_of_its_parents_connections(script, tarash_sandbox, one_picture):
    tarash_sandbox.play(one_picture, times=None)  # a picture at an address would be another connection
    before = tarash_sandbox.connections
    script(
        """
        import gc
        from tarash_gateway_openai import clients

        call()

        def closes_all():
            clients.close_clients()
            gc.collect()
            call()

        all_went_well([fork(closes_all), fork(closes_all)])
        for _ in range(5):
            call()
        """
    )
    assert tarash_sandbox.connections - before == 3
