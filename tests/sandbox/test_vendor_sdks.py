"""The vendors' own SDKs call the sandbox unchanged: Google's and OpenRouter's in an environment of their own."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

from tarash_gateway_sandbox import SandboxServer

SDKS = Path(__file__).parent / "vendor_sdks"
LIBRARIES = {"google_genai": ["google-genai>=3.4,<4", "pillow"], "openrouter_sdk": ["openrouter>=1.3,<2"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARIES)
def test_the_calls_of_an_official_sdk_work_unchanged(name, tmp_path):
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *LIBRARIES[name]]
    installed = subprocess.run(install, check=False, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"{name} cannot be installed here: {installed.stderr[-300:]}")
    with SandboxServer(quick=True, job_seconds=0.2) as server:
        url = server.google_url if name == "google_genai" else server.openrouter_url
        done = subprocess.run([python, SDKS / f"{name}.py", url], check=False, capture_output=True, text=True)
    assert done.stdout.strip() == "all calls work", done.stderr
