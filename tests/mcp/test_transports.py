import asyncio
import os
import signal

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

VIDEO = {"prompt": "Rain on a window", "model": "openai/sora-2"}


def test_over_stdio_an_agent_makes_an_image_and_is_told_how_it_goes(started, answer, home):
    progress = []

    async def steps():
        async def watch(done, total, message):
            progress.append((done, total, message))

        async with Client(started()) as client:
            listed = await client.list_tools()
            made = await client.call_tool("generate_image", {"prompt": "A boat"}, progress_callback=watch)
            return listed, answer(made), answer(await client.call_tool("costs", {}))

    listed, made, costs = asyncio.run(steps())
    assert [tool.name for tool in listed.tools] == [
        "list_models", "quote", "generate_image", "edit_image", "start_video", "check_video", "costs",
    ]  # fmt: skip
    hints = {tool.name: tool.annotations.read_only_hint for tool in listed.tools}
    assert [name for name, read_only in hints.items() if not read_only] == [
        "generate_image", "edit_image", "start_video", "check_video",
    ]  # fmt: skip
    assert made["files"][0]["path"].startswith(str(home / "out"))
    assert progress[0] == (1, None, "starting, 0 s")
    assert [done for done, _, _ in progress] == sorted({done for done, _, _ in progress})
    assert [row["images"] for row in costs["rows"]] == [1]
    assert costs["rows"][0]["cost"] == made["cost"]


@pytest.mark.slow
def test_a_server_that_was_killed_resumes_its_video(started, answer, home, tarash_sandbox):
    tarash_sandbox.fail("poll_never_answers")

    async def begin():
        marker = home / "pid"
        parameters = started()
        # The shell writes its id down and becomes the server.
        script = f'echo $$ > {marker}; exec "$0" "$@"'
        killed = parameters.model_copy(
            update={"command": "/bin/sh", "args": ["-c", script, parameters.command, *parameters.args]}
        )
        try:
            async with Client(killed) as client:
                job = answer(await client.call_tool("start_video", VIDEO))
                result_data = answer(
                    await client.call_tool("check_video", {"job_id": job["job_id"], "wait_seconds": 0})
                )
                while not any(request.method == "GET" for request in tarash_sandbox.requests):  # noqa: ASYNC110 # its thread is another
                    await asyncio.sleep(0.02)
                os.kill(int(marker.read_text()), signal.SIGKILL)
        except* Exception:  # a transport that was cut may say so
            pass
        return job, result_data

    job, result_data = asyncio.run(begin())
    assert result_data["notes"] == ["It is not done yet: call check_video again. That costs nothing."]

    async def fetch():
        async with Client(started()) as client:
            result = await client.call_tool("check_video", {"job_id": job["job_id"]})
            again = await client.call_tool("check_video", {"job_id": job["job_id"]})
            return result, answer(again)

    result, again = asyncio.run(fetch())
    fetched = answer(result)
    assert fetched["files"][0]["content_type"] == "video/mp4"
    assert fetched["files"][0]["sidecar"]
    assert [block.type for block in result.content] == ["text", "image"]
    assert again["notes"] == ["It was fetched before."]
    assert [file["path"] for file in again["files"]] == [file["path"] for file in fetched["files"]]
    created = [request for request in tarash_sandbox.requests if request.method == "POST"]
    assert len(created) == 1


def test_a_job_that_the_journal_does_not_know_is_an_error(call, home):
    result_data = call("check_video", {"job_id": "video_1"})
    assert result_data["error"] == f"the journal {home / 'journal'} knows no job of that id; nothing was sent."


@pytest.fixture
def over_http(started):
    """Runs `steps(url)` beside a server that serves HTTP with the token `a-token`."""

    def over_http(steps):
        async def run():
            parameters = started("--http", "0", TARASH_MCP_TOKEN="a-token")
            process = await asyncio.create_subprocess_exec(
                parameters.command, *parameters.args, env={**os.environ, **parameters.env}, cwd=parameters.cwd,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            try:
                url = (await process.stderr.readline()).decode().strip()
                assert url.startswith("http://127.0.0.1:")
                return await steps(url)
            finally:
                process.kill()
                await process.communicate()

        return asyncio.run(run())

    return over_http


def test_over_http_a_client_needs_the_token(over_http, answer):
    async def steps(url):
        async with httpx2.AsyncClient(timeout=60, verify=False) as stranger:
            refused = await stranger.post(url, json={})
            wrong = await stranger.post(url, json={}, headers={"authorization": "Bearer another"})
            rebound = await stranger.post(
                url,
                json={},
                headers={"authorization": "Bearer a-token", "host": "evil.example", "content-type": "application/json"},
            )
        async with (
            httpx2.AsyncClient(headers={"authorization": "Bearer a-token"}, timeout=60, verify=False) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            made = answer(await client.call_tool("generate_image", {"prompt": "A boat"}))
        return refused, wrong, rebound, made

    refused, wrong, rebound, made = over_http(steps)
    assert (refused.status_code, wrong.status_code, rebound.status_code) == (401, 401, 421)
    assert refused.text == "The token is missing or wrong: see tarash mcp --http.\n"
    assert len(made["files"]) == 1


@pytest.mark.parametrize("text", ["5", "free", "0/day", "-1/day", "5/week"])
def test_a_budget_that_cannot_be_read_is_a_usage_error(text):
    from tarash_gateway_cli.errors import CommandError
    from tarash_gateway_mcp.reservation import read_budget

    with pytest.raises(CommandError, match="give US dollars as 5/day or 5/session, or none for no limit"):
        read_budget(text, None)


def test_a_daily_budget_is_shared_by_the_servers_of_a_user(tmp_path):
    from tarash_gateway_mcp.reservation import read_budget

    path = tmp_path / "data" / "budget.jsonl"
    first, second = read_budget("5/day", path), read_budget("$5/day", path)
    assert first.take(4.0)
    assert not second.take(2.0)
    assert read_budget("2.50/session", path).left == 2.5
    assert read_budget("none", path) is None


def test_help_and_the_import_of_the_plugin_load_no_sdk(warm_python):
    import subprocess
    import sys

    code = (
        "import sys, tarash_gateway_mcp\n"
        "from tarash_gateway_cli.app import run\n"
        "run(['mcp', '--help'])\n"
        "loaded = {'mcp', 'PIL', 'uvicorn', 'openai', 'httpx2'} & set(sys.modules)\n"
        "sys.exit(str(loaded) if loaded else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--budget" in done.stdout
