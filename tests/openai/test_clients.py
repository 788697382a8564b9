"""Clients: made once for each connection, safe across threads, loops and forks, no key in their cache."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from tarash.tarash_gateway import generate_image, generate_image_async, generate_video
from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.plugins.http import Connection, KeySource, client
from tarash.tarash_gateway.plugins.http.cache import MOST
from tarash_gateway_openai import clients

pytestmark = pytest.mark.filterwarnings(
    "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # the page's models are retired
)


@pytest.fixture(autouse=True)
def _no_client_is_left():
    clients.close_clients()
    yield
    clients.close_clients()


@pytest.fixture
def drawing_nothing(tarash_sandbox, one_picture):
    tarash_sandbox.play(one_picture, times=None)
    return tarash_sandbox


def test_two_hundred_calls_with_one_config_open_one_connection(drawing_nothing, image_config, image_request):
    before, config = drawing_nothing.connections, image_config()

    for _ in range(200):
        generate_image(config, image_request())

    assert drawing_nothing.connections - before == 1
    assert len(drawing_nothing.requests) == 200


def test_equal_configs_share_a_connection(drawing_nothing, image_config, image_request):
    before = drawing_nothing.connections

    for model in ("dall-e-2", "dall-e-2", "another-model"):
        generate_image(image_config(model), image_request())

    assert drawing_nothing.connections - before == 1


def test_two_hundred_calls_in_one_loop_open_one_connection(drawing_nothing, image_config, image_request):
    before, config = drawing_nothing.connections, image_config()

    async def calls():
        for _ in range(200):
            await generate_image_async(config, image_request())

    asyncio.run(calls())

    assert drawing_nothing.connections - before == 1


def test_two_loops_one_after_the_other_work_with_one_config(drawing_nothing, image_config, image_request):
    config = image_config()

    made = [asyncio.run(generate_image_async(config, image_request())) for _ in range(2)]

    assert [len(response.images) for response in made] == [1, 1]


def test_eight_threads_at_once_work_with_one_config(drawing_nothing, image_config, image_request):
    config = image_config()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: generate_image(config, image_request()), range(64)))

    assert len({response.request_id for response in made}) == 64
    assert len(clients._sdks._sync) == 1


def test_eight_loops_in_eight_threads_at_once_work_with_one_config(drawing_nothing, image_config, image_request):
    config = image_config()

    async def calls():
        return await asyncio.gather(*(generate_image_async(config, image_request()) for _ in range(4)))

    with ThreadPoolExecutor(8) as pool:
        made = [response for group in pool.map(lambda _: asyncio.run(calls()), range(8)) for response in group]

    assert len({response.request_id for response in made}) == 32


def test_a_loop_that_ends_takes_its_clients_along(drawing_nothing, image_config, image_request):
    async def call():
        await generate_image_async(image_config(), image_request())
        return client._wires._async[asyncio.get_running_loop()]

    held = asyncio.run(call())

    assert not held._clients


def python(words, env):
    """An interpreter of its own, warnings being errors."""
    command = [sys.executable, "-X", "dev", "-W", "error", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def script(source, sandbox, run):
    """Runs a program of its own that talks to the sandbox."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "COVERAGE"))},
        "OPENAI_BASE_URL": sandbox.url,
        "OPENAI_API_KEY": "sk-of-the-script",
    }
    begin = """
        import asyncio, os, sys, warnings
        from tarash.tarash_gateway import ModelLifecycleWarning, generate_image, generate_image_async
        from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
        config = ImageGenerationConfig(provider="openai", model="a-model-without-a-row")
        request = ImageGenerationRequest(prompt="a cat")
    """
    program = textwrap.dedent(begin) + textwrap.dedent(source)
    return run(["-c", program], env=environment)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_makes_its_own_connection(drawing_nothing, warm_python):
    before = drawing_nothing.connections

    done = script(
        """
        print(generate_image(config, request).images[0], flush=True)
        child = os.fork()
        if child == 0:
            print(generate_image(config, request).images[0], flush=True)
            print(asyncio.run(generate_image_async(config, request)).images[0], flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(generate_image(config, request).images[0])
        """,
        drawing_nothing,
        warm_python.run,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(",")[0] for line in done.stdout.splitlines()] == ["<image/png 64x64"] * 4
    assert drawing_nothing.connections - before == 3


def test_a_program_that_ends_leaves_nothing_open(drawing_nothing):
    done = script(
        """
        import logging
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # it tells of slow imports, and of nothing left open
        asyncio.run(generate_image_async(config, request))
        generate_image(config, request)
        asyncio.run(generate_image_async(config, request))
        print("done")
        """,
        drawing_nothing,
        python,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_functions_that_are_one_by_their_identity_share_a_client_and_what_they_gave():
    keys = [KeySource(lambda: "sk-given-1234", identity="one") for _ in range(2)]
    first, second = (Connection("https://x.example/v1", key) for key in keys)

    assert clients.sdk_of(first) is clients.sdk_of(second)
    first.source.current()
    assert second.secrets() == ("sk-given-1234",)


def test_a_token_of_a_shared_client_is_masked_in_the_second_call_too(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering({"error": {"message": "no such key: sk-rotating-key-0001"}}, status=400), times=2)
    config = image_config(api_key=lambda: "sk-rotating-key-0001")

    for _ in range(2):
        with pytest.raises(Exception, match=r"no such key: \[key\]"):
            make_image(config, image_request())


@pytest.mark.parametrize("key", ["sk-mine-0123", lambda: "sk-mine-0123"], ids=["text", "function"])
def test_headers_of_the_environment_replace_no_credential(
    drawing_nothing, make_image, image_config, image_request, posts, monkeypatch, key
):
    lines = ("authorization: Bearer sk-other", "OPENAI-Organization: org-other", "OpenAI-Project: p", "X-Trace: 7")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join(lines))

    make_image(image_config(api_key=key, provider_config={"organization": "org-mine"}), image_request())

    sent = posts()[0].headers
    assert (sent["authorization"], sent["openai-organization"]) == ("Bearer sk-mine-0123", "org-mine")
    assert "openai-project" not in sent
    assert "x-trace" not in sent


def test_headers_of_the_environment_go_to_openais_own_host_only(monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Trace: 7\nOpenAI-Organization: org-other")
    sent = {
        url: clients.sdk_of(Connection(url, "sk-mine-0123")).direct
        for url in ("https://api.openai.com/v1", "https://api.openai.com.example/v1")
    }

    assert sent["https://api.openai.com/v1"]._headers["X-Trace"] == "7"
    for http in sent.values():
        assert not {"OpenAI-Organization", "Authorization"} & set(http._headers)
    assert "X-Trace" not in sent["https://api.openai.com.example/v1"]._headers


def test_a_key_may_have_a_header_of_its_own(drawing_nothing):
    connection = Connection(drawing_nothing.url, "sk-mine-0123", "api-key", "")

    clients.sdk_of(connection).blocking.post("/images/generations", body={}, cast_to=object)

    (sent,) = drawing_nothing.requests
    assert sent.headers["api-key"] == "sk-mine-0123"
    assert "authorization" not in sent.headers


def test_the_cache_holds_no_key():
    headers, query = (("x-key", "of-secret-gateway"),), (("subscription-key", "secret"),)
    connection = Connection("https://x.example/v1", "sk-secret-0123456789", headers=headers, query=query)

    assert "secret" not in repr(connection.identity)
    assert "secret" not in repr(connection)


@pytest.mark.parametrize(
    "other",
    [
        {"base_url": "https://y.example/v1"},
        {"key": "sk-2"},
        {"headers": (("a", "b"),)},
        {"query": (("api-version", "preview"),)},
        {"headers": (("OpenAI-Organization", "org-1"),)},
        {"key_header": "api-key"},
        {"key_prefix": ""},
        {"key": lambda: "sk-1"},
        {"key": KeySource(lambda: "sk-1", identity=("one", "of", "mine"))},
        {"allow_private_urls": True},
    ],
    ids="-".join,
)
def test_connections_that_differ_do_not_share_a_client(other):
    fixed = {"base_url": "https://x.example/v1", "key": "sk-1"}

    assert clients.sdk_of(Connection(**fixed)) is clients.sdk_of(Connection(**fixed))
    assert clients.sdk_of(Connection(**fixed)) is not clients.sdk_of(Connection(**{**fixed, **other}))


def test_only_so_many_clients_are_kept_and_the_latest_used_stay():
    first = Connection(base_url="https://x.example/v1", key="sk-first")
    kept = clients.sdk_of(first)

    for number in range(MOST + 5):
        clients.sdk_of(Connection(base_url="https://x.example/v1", key=f"sk-{number}"))
        assert clients.sdk_of(first) is kept

    assert len(clients._sdks._sync) == MOST


def test_only_so_many_connections_of_a_loop_are_kept():
    async def many():
        for number in range(MOST + 5):
            await client.HttpClient(Connection("https://x.example/v1", f"sk-{number}")).wire_async()
        return len(client._wires._async[asyncio.get_running_loop()]._clients)

    assert asyncio.run(many()) == MOST


@pytest.mark.parametrize("kind", ["text", "secret", "function", "async-function"])
def test_a_key_may_be_a_text_a_secret_or_a_function_in_either_flavour(
    drawing_nothing, make_image, image_config, image_request, posts, kind
):
    async def later():
        await asyncio.sleep(0)
        return "sk-given-1234"

    key = {
        "text": "sk-given-1234",
        "secret": SecretStr("sk-given-1234"),
        "function": lambda: "sk-given-1234",
        "async-function": later,
    }[kind]

    make_image(image_config(api_key=key), image_request())

    (sent,) = posts()
    assert sent.headers["authorization"] == "Bearer sk-given-1234"


def test_a_key_function_is_asked_for_each_request(drawing_nothing, image_config, image_request, posts):
    inputs = iter(["sk-first-1234", "sk-second-1234"])
    config = image_config(api_key=lambda: next(inputs))

    generate_image(config, image_request())
    generate_image(config, image_request())

    assert [sent.headers["authorization"] for sent in posts()] == ["Bearer sk-first-1234", "Bearer sk-second-1234"]


def test_a_token_that_is_renewed_while_a_job_runs_is_used_from_then_on(
    tarash_sandbox, video_config, video_request, answering
):
    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), method="POST")
    tarash_sandbox.play(answering({"id": "video_1", "status": "cancelled"}), method="GET")
    inputs = iter(["sk-first-1234", "sk-second-1234"])

    with pytest.raises(Exception, match="job video_1 was cancelled"):
        generate_video(video_config(api_key=lambda: next(inputs)), video_request())

    assert [sent.headers["authorization"][-11:] for sent in tarash_sandbox.requests] == ["-first-1234", "second-1234"]


@pytest.mark.parametrize(("value", "reported"), [("", "nothing"), (None, "nothing"), (5, "a int")])
def test_a_key_function_that_gives_no_key_is_told_as_that(
    drawing_nothing, make_image, image_config, image_request, value, reported
):
    with pytest.raises(ConfigurationError) as caught:
        make_image(image_config(api_key=lambda: value), image_request())

    assert str(caught.value) == f"the api_key function gave {reported}; it must give a key as text"
    assert drawing_nothing.requests == []


@pytest.mark.parametrize("flavour", ["function", "async-function"])
def test_what_a_key_function_raises_is_the_callers_and_nothing_was_sent(
    drawing_nothing, make_image, image_config, image_request, flavour
):
    def broken():
        msg = "the vault is closed"
        raise RuntimeError(msg)

    async def broken_later():
        broken()

    key = broken if flavour == "function" else broken_later
    with pytest.raises(
        ConfigurationError, match=r"^the api_key function raised RuntimeError; nothing was sent\.$"
    ) as caught:
        make_image(image_config(api_key=key), image_request())

    assert drawing_nothing.requests == []
    assert caught.value.billable == "no"


def test_a_renewed_key_that_a_server_quotes_is_masked(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering({"error": {"message": "no such key: sk-rotating-key-0001"}}, status=400))

    with pytest.raises(Exception, match=r"no such key: \[key\]"):
        make_image(image_config(api_key=lambda: "sk-rotating-key-0001"), image_request())


def test_importing_the_plugin_loads_no_sdk():
    program = "import sys, tarash_gateway_openai; print({'openai', 'httpx2', 'httpcore2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
