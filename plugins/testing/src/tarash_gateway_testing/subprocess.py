"""Another process: what a plugin does there is told by a report."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest

from tarash.tarash_gateway.models import GenerationConfig, VideoJob

__all__ = ["Listing", "Resumed", "list_in_subprocess", "resume_in_subprocess"]

SECONDS = 60.0
"""Seconds that the other process may take."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What importing a plugin and listing its rows did."""

    modules: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    rows: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """What became of a job that was resumed."""

    sha256: str | None = None
    error: str | None = None


def list_in_subprocess(module: str, attribute: str = "") -> Listing:
    """Imports a plugin in a fresh process, and asks for its specs.

    Args:
        module: the plugin's module.
        attribute: the object in it that has the hooks, where it is not the module.
    """
    result, error = _run({"task": "listing", "module": module, "attribute": attribute})
    return Listing(error=error) if error is not None else Listing(**result)


def resume_in_subprocess(config: GenerationConfig, job: VideoJob, key: str, plugin: Any) -> Resumed:
    """Resumes a job in a fresh process that knows the config, the key and the job's JSON."""
    if plugin is not None and not isinstance(plugin, str) and not hasattr(plugin, "__file__"):
        pytest.skip("the plugin is an object of this process; give the name of its module")
    dumped = config.model_dump(mode="json")
    lost = [name for name in config.provider_config if name not in dumped["provider_config"]]
    if lost:
        pytest.skip(f"provider_config has {', '.join(lost)}, which no other process gets")
    name = plugin if plugin is None or isinstance(plugin, str) else plugin.__name__
    order = {"task": "resuming", "config": dumped, "key": key, "job": job.model_dump_json(), "plugin": name}
    result, error = _run({**order, "key": None if config.api_key is None else key})
    return Resumed(error=error) if error is not None else Resumed(**result)


def _run(order: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    command = [sys.executable, "-c", "from tarash_gateway_testing.subprocess_probe import main; main()"]
    done = subprocess.run(  # noqa: S603 # our own code
        command,
        input=json.dumps({**order, "path": sys.path}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode != 0:
        return {}, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1]), None
