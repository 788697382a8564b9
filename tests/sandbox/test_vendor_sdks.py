"""The vendors' own SDKs call the sandbox unchanged: Google's, OpenRouter's and fal's in an environment of their own."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

SDKS = Path(__file__).parent / "vendor_sdks"
LIBRARIES = {
    "google_genai": ["google-genai>=3.4,<4", "pillow"],
    "openrouter_sdk": ["openrouter>=1.3,<2"],
    "fal_client_sdk": ["fal-client>=1.0,<2"],
}


@pytest.fixture
def at_sandbox(sandbox, over_tls, certificate):
    """What leads each SDK to the sandbox: arguments, and variables of the environment. fal's speaks https only."""
    return {
        "google_genai": ([sandbox.google_url], {}),
        "openrouter_sdk": ([sandbox.openrouter_url], {}),
        "fal_client_sdk": (
            [],
            {"FAL_QUEUE_RUN_HOST": f"localhost:{over_tls}/fal", "SSL_CERT_FILE": str(certificate[0])},
        ),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARIES)
def test_the_calls_of_an_official_sdk_work_unchanged(name, tmp_path, at_sandbox):
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *LIBRARIES[name]]
    installed = subprocess.run(install, check=False, capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"{name} cannot be installed here: {installed.stderr[-300:]}")
    arguments, variables = at_sandbox[name]
    done = subprocess.run(
        [python, SDKS / f"{name}.py", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | variables,
    )
    assert done.stdout.strip() == "all calls work", done.stderr
