"""The environments of scripts that make one beside `.venv`: no index has our distributions, so the checkout must."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _name(requirement):
    return re.match(r"[\w-]+(\[.*\])?", requirement)[0]


@pytest.mark.parametrize("script", ["benchmarks/frame/peers.txt", "scripts/check-sdk-versions", "scripts/setup"])
def test_what_ours_needs_of_ours_is_installed_from_the_checkout(script):
    text = (ROOT / script).read_text()
    folders = re.findall(r"-e (core|plugins/\w+)(?![\w$])", text)
    for several in re.findall(r"for plugin in (.+?); do", text):
        folders += [f"plugins/{name}" for name in several.split()]
    projects = [tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"] for folder in folders]

    assert not re.search(r"-e [\w/]+\[", text), "an extra of ours is looked for in an index"
    needed = {
        _name(each) for project in projects for each in project["dependencies"] if each.startswith("tarash-gateway")
    }
    assert needed <= {project["name"] for project in projects}
