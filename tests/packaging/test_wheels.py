"""What pip installs: wheels of this checkout, in an empty environment, with one extra, run the page's first example."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import tomllib
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    tomllib.loads((folder / "pyproject.toml").read_text())["project"]["name"]: str(folder.relative_to(ROOT))
    for folder in (ROOT / "core", *sorted((ROOT / "plugins").iterdir()))
}
"""Every distribution of the checkout, core first."""

PACKAGES = {name: name.replace("-", "_") for name in SOURCES} | {"tarash-gateway": "tarash/tarash_gateway"}

GROUPS = {
    "tarash-gateway-opentelemetry": "observers",
    "tarash-gateway-ledger": "observers",
    "tarash-gateway-ray": "engines",
    "tarash-gateway-batch": "commands",
    "tarash-gateway-mcp": "commands",
}
"""Entry-point groups of the distributions that offer no provider."""

NO_PLUGINS = ("tarash-gateway", "tarash-gateway-cli", "tarash-gateway-testing")
"""Distributions without an entry point of ours."""

# The page's first example, in our own words.
PROGRAM = """
    from tarash.tarash_gateway import generate_image
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

    config = ImageGenerationConfig(provider="openai", model="dall-e-3")
    request = ImageGenerationRequest(prompt="A city at night", size="1792x1024", quality="hd", style="vivid")
    print(generate_image(config, request).images[0])

    import sys
    from importlib.metadata import distributions
    print(*sorted(found.name for found in distributions() if found.name.startswith("tarash")))
    print("PIL" in sys.modules, "av" in sys.modules)
"""


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with a wheel of each distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    done = subprocess.run([ROOT / "scripts/build", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(Path(line) for line in done.stdout.splitlines()) == sorted(folder.glob("*.whl"))
    return folder


def test_every_distribution_of_the_checkout_has_a_wheel(wheels):
    made = {wheel.name.partition("-1")[0].replace("_", "-") for wheel in wheels.glob("*.whl")}
    assert made == set(SOURCES)


@pytest.fixture(scope="module")
def opened(wheels):
    """The names in each wheel, and its metadata."""

    def item(name):
        (wheel,) = wheels.glob(f"{name.replace('-', '_')}-1*.whl")
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            (about,) = [entry for entry in names if entry.endswith(".dist-info/METADATA")]
            return names, Parser().parsestr(archive.read(about).decode())

    return {name: item(name) for name in SOURCES}


@pytest.mark.parametrize("name", SOURCES)
def test_a_wheel_holds_its_package_with_its_types_and_nothing_else(opened, name):
    names, about = opened[name]

    assert about["Name"] == name
    assert f"{PACKAGES[name]}/py.typed" in names
    outside = [entry for entry in names if not entry.startswith((f"{PACKAGES[name]}/", f"{name.replace('-', '_')}-1"))]
    assert outside == []


def test_the_namespace_belongs_to_no_distribution(opened):
    assert "tarash/__init__.py" not in opened["tarash-gateway"][0]


def test_all_versions_are_the_same(opened):
    assert {about["Version"] for _, about in opened.values()} == {"1.0.0"}


@pytest.mark.parametrize("name", SOURCES)
def test_a_distribution_takes_its_siblings_of_the_same_generation(opened, name):
    required = opened[name][1].get_all("Requires-Dist") or []
    siblings = [line.split(";")[0].strip() for line in required if line.startswith("tarash-gateway")]

    assert all(re.fullmatch(r"tarash-gateway(-[a-z-]+)?(\[[a-z,]+\])?(<2,>=1\.0)?", line) for line in siblings)
    assert all("<2,>=1.0" in line or "[" in line for line in siblings)


def test_the_extras_are_named_with_hyphens_and_bring_the_plugins(opened):
    about = opened["tarash-gateway"][1]
    required = about.get_all("Requires-Dist")

    extras = about.get_all("Provides-Extra")
    assert {
        "all",
        "azure-openai",
        "azure-openai-entra",
        "batch",
        "cli",
        "cli-pictures",
        "fal",
        "google",
        "google-vertex",
        "ledger",
        "mcp",
        "openai",
        "openrouter",
        "otel",
        "ray",
        "sandbox",
        "testing",
        "xai",
    } == {*extras}
    assert not any("_" in extra for extra in extras)
    brought = {line for line in required if "extra == 'openai'" in line.replace('"', "'")}
    assert {line.split("<")[0] for line in brought} == {"tarash-gateway-openai", "tarash-gateway-azure-openai"}


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in NO_PLUGINS])
def test_a_plugin_is_found_by_its_name(name):
    project = tomllib.loads((ROOT / SOURCES[name] / "pyproject.toml").read_text())["project"]

    group = GROUPS.get(name, "providers")
    own = name.removeprefix("tarash-gateway-").replace("-", "_")
    assert own in project["entry-points"][f"tarash_gateway.{group}"]


def test_the_example_runs_in_an_empty_environment_with_only_its_extra(wheels, tarash_sandbox, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip("--python", python, "install", "--find-links", wheels, "tarash-gateway[openai]")
    environment = {
        "PATH": os.environ["PATH"],
        "OPENAI_BASE_URL": tarash_sandbox.url,
        "OPENAI_API_KEY": "sk-of-the-environment",
    }

    done = subprocess.run(
        [python, "-I", "-c", textwrap.dedent(PROGRAM)],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    picture, installed, heavy = done.stdout.splitlines()
    assert picture.startswith("<image/png 1792x1024, ")
    assert installed == "tarash-gateway tarash-gateway-azure-openai tarash-gateway-openai"
    assert heavy == "False False"
    (sent,) = [request for request in tarash_sandbox.requests if request.method == "POST"]
    assert sent.headers["authorization"] == "Bearer sk-of-the-environment"
    assert sent.headers["user-agent"].startswith("OpenAI/Python")
