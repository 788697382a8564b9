"""What importing the plugin costs, which clients it keeps, and that core knows nothing of it."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tarash.tarash_gateway import generate_image, generate_image_async, list_models
from tarash.tarash_gateway.plugins.http import Connection
from tarash.tarash_gateway.plugins.http.client import close_connections
from tarash_gateway_google import GoogleProvider

CHECKOUT = Path(__file__).resolve().parents[2]


def test_rows_cost_no_http_library():
    program = (
        "import sys; from tarash.tarash_gateway import list_models; "
        "print(len(list_models('google')), len(list_models('google-vertex'))); "
        "print([name for name in ('httpx2', 'httpcore2', 'openai', 'google.auth', 'requests') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[1] == "[]"


def test_core_does_not_know_the_vendor():
    # The conformance kit names SDKs that no plugin may load; a comment may say whose metadata address is screened.
    sources = [path for path in (CHECKOUT / "core" / "src").rglob("*.py") if "testing" not in path.parts]
    code = {path: re.sub(r"#.*", "", path.read_text(encoding="utf-8")).lower() for path in sources}

    assert [path for path, text in code.items() if re.search("google|gemini|vertex", text)] == []


@pytest.mark.parametrize("provider", ["google", "google-vertex"])
def test_every_row_has_a_source_and_a_date(provider):
    for row in list_models(provider):
        assert row.row.source.startswith("https://") if hasattr(row, "row") else row.source.startswith("https://")


def test_threads_share_a_client(server, image_config, image_request):
    close_connections()
    before = server.connections
    errors = []

    def work():
        try:
            generate_image(image_config(), image_request())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    made = server.connections - before
    assert made <= 8
    generate_image(image_config(), image_request())
    assert server.connections - before == made


def test_keys_do_not_share_a_connection(server, image_config, image_request):
    close_connections()
    before = server.connections
    keys = ("AIza-one-0123456789", "AIza-two-0123456789")
    for key in (*keys, *keys):
        generate_image(image_config(api_key=key), image_request())

    assert server.connections - before == 2
    assert [request.headers["x-goog-api-key"] for request in server.requests] == [*keys, *keys]


def test_several_event_loops_one_after_the_other(server, image_config, image_request):
    for _ in range(3):
        assert asyncio.run(generate_image_async(image_config(), image_request())).images


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_makes_its_own_connection(server, image_config, image_request):
    generate_image(image_config(), image_request())
    before = server.connections
    child = os.fork()
    if child == 0:
        try:
            good = bool(generate_image(image_config(), image_request()).images)
        except BaseException:
            good = False
        os._exit(0 if good else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert server.connections - before == 1


def test_a_connection_shows_no_key(image_config):
    connection = GoogleProvider(image_config(api_key="AIza-hidden-0123456789")).connection

    assert "hidden" not in repr(connection) + repr(connection.identity)
    assert isinstance(connection, Connection)


@pytest.mark.parametrize(
    "url", ["ftp://x", "generativelanguage.googleapis.com", "https://", "https://x:0/", "https://x/?key=1"]
)
def test_an_address_that_is_none_is_told(image_config, image_request, url):
    with pytest.raises(Exception, match="base_url"):
        generate_image(image_config(base_url=url), image_request())
