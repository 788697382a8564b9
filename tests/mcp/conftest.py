"""Clients of the server: the SDK's own, in this process and over stdio."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

COMMAND = ("-m", "tarash_gateway_cli", "mcp")


@pytest.fixture
def home(tmp_path, monkeypatch, tarash_sandbox):
    """A user with a key, whose vendor is the sandbox server of this test."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("TARASH_JOURNAL", str(tmp_path / "journal"))
    monkeypatch.setenv("TARASH_LEDGER", str(tmp_path / "ledger.jsonl"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sandbox")
    monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)
    return tmp_path


@pytest.fixture
def tools(home):
    """Makes the tools as `tarash mcp` does, with a budget of five dollars."""
    from tarash.tarash_gateway import Budget
    from tarash_gateway_mcp.tools import Settings, Tools

    def tools(**settings):
        return Tools(Settings(**{"folder": home / "out", "budget": Budget(5.0, per="day"), **settings}))

    return tools


@pytest.fixture
def talk(tools):
    """Runs `steps(client)` with a client of a server in this process."""

    def talk(steps, **settings):
        from tarash_gateway_mcp.server import Server

        async def run():
            server = Server(tools(**settings))
            async with Client(server.protocol()) as client:
                result = await steps(client)
            await server.finish()
            return result

        return asyncio.run(run())

    return talk


@pytest.fixture
def call(talk):
    """Calls one tool, and returns the object that it answers."""

    def call(tool, arguments=None, **settings):
        async def steps(client):
            return answer_of(await client.call_tool(tool, arguments or {}))

        return talk(steps, **settings)

    return call


def answer_of(result):
    """The object of an answer, which its text says too."""
    assert json.loads(result.content[0].text) == result.structured_content
    assert result.is_error is ("error" in result.structured_content)
    return result.structured_content


@pytest.fixture
def answer():
    return answer_of


@pytest.fixture
def started(home):
    """The parameters of a server as a process of its own, as a client's settings name it."""

    def started(*options, **environment):
        names = ("HOME", "XDG_DATA_HOME", "TARASH_JOURNAL", "TARASH_LEDGER", "OPENAI_API_KEY", "OPENAI_BASE_URL")
        env = {name: os.environ[name] for name in names} | environment
        args = [*COMMAND, "-o", str(home / "out"), *options]
        return StdioServerParameters(command=sys.executable, args=args, env=env, cwd=Path(home))

    return started
