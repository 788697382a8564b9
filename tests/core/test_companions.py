"""What extras bring: names of other distributions resolve here, and say what to install where one is missing."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import tarash.tarash_gateway as face
from tarash.tarash_gateway.plugins import install_command

ROOT = Path(__file__).parents[2]

WITHOUT = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
"""


def run_without(*blocked, code):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(blocked=blocked) + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["run_batch", "run_batch_async"])
def test_a_function_of_batch_is_importable_from_the_gateway(name):
    import tarash_gateway_batch

    assert getattr(face, name) is getattr(tarash_gateway_batch, name)


@pytest.mark.parametrize(
    ("statement", "name", "distribution", "extra"),
    [
        ("from tarash.tarash_gateway import run_batch", "run_batch", "batch", "batch"),
        (
            "from tarash.tarash_gateway.testing import ProviderConformance",
            "tarash.tarash_gateway.testing.ProviderConformance",
            "testing",
            "testing",
        ),
        (
            "from tarash.tarash_gateway.gallery import make_gallery",
            "tarash.tarash_gateway.gallery.make_gallery",
            "cli",
            "cli",
        ),
    ],
)
def test_without_its_distribution_an_import_error_names_the_extra(statement, name, distribution, extra):
    reported = run_without(
        f"tarash_gateway_{distribution}",
        code=f"try:\n    {statement}\nexcept ImportError as error:\n    print(type(error).__name__, error)",
    )
    assert reported == (
        f"ImportError {name} is in the distribution tarash-gateway-{distribution}, which is not installed. "
        f'In a checkout: scripts/build, then pip install --find-links dist "tarash-gateway[{extra}]"\n'
    )


def test_an_import_that_fails_inside_a_distribution_keeps_its_own_text():
    reported = run_without(
        "asyncio",
        code="try:\n    from tarash.tarash_gateway import run_batch\nexcept ImportError as error:\n    print(error)",
    )
    assert reported == "No module named 'asyncio'\n"


def test_the_gateway_works_without_the_distributions_beside_it():
    code = (
        "import tarash.tarash_gateway as gateway; print(len(gateway.list_models('openai')) > 0, gateway.generate_image)"
    )
    blocked = ("tarash_gateway_batch", "tarash_gateway_cli", "tarash_gateway_testing", "cyclopts", "rich", "pytest")
    assert run_without(*blocked, code=code).startswith("True <function generate_image")


def test_a_plugin_with_a_hook_of_batch_says_what_it_lacks():
    code = (
        "from tarash.tarash_gateway import plugin_report\n"
        "print(*[report.cause for report in plugin_report() if report.distribution == 'tarash-gateway-ray'])"
    )
    reported = run_without("tarash_gateway_batch", code=code)
    assert "the plugin of 'ray' (tarash-gateway-ray 1.0.0) cannot be loaded: " in reported


@pytest.mark.parametrize(
    ("old", "name", "new"),
    [
        ("tarash.tarash_gateway.testing", "ProviderConformance", "tarash_gateway_testing"),
        ("tarash.tarash_gateway.gallery", "make_gallery", "tarash_gateway_cli.gallery"),
        ("tarash.tarash_gateway.batch", "BatchResult", "tarash_gateway_batch"),
        ("tarash.tarash_gateway.plugins", "EngineSpec", "tarash_gateway_batch"),
    ],
)
def test_an_old_name_still_works_and_warns(old, name, new):
    module = __import__(old, fromlist=["*"])
    with pytest.warns(DeprecationWarning, match=f"^{re.escape(f'{old}.{name} has moved: import it from {new}')}$"):
        value = getattr(module, name)
    assert value is getattr(__import__(new, fromlist=["*"]), name)


def test_tarash_is_the_console_script_of_the_command_line():
    (script,) = entry_points(group="console_scripts", name="tarash")
    assert (script.dist.name, script.value) == ("tarash-gateway-cli", "tarash_gateway_cli:main")


def test_the_install_command_names_extras_that_there_are():
    extras = tomllib.loads((ROOT / "core/pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert install_command("openai", "cli") == 'pip install --find-links dist "tarash-gateway[openai,cli]"'
    sources = [*ROOT.glob("core/src/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    named = {
        extra
        for source in sources
        for call in re.findall(r"install_command\(((?:['\"][a-z-]+['\"](?:, )?)+)\)", source.read_text())
        for extra in re.findall(r"[a-z-]+", call)
    }
    assert named
    assert named <= set(extras)


def test_all_brings_every_distribution_but_ray():
    extras = tomllib.loads((ROOT / "core/pyproject.toml").read_text())["project"]["optional-dependencies"]
    (line,) = extras["all"]
    brought = {
        re.split(r"[\[<>]", wanted)[0]
        for extra in re.search(r"\[(.+)\]", line)[1].split(",")
        for wanted in extras[extra]
    }
    others = [tomllib.loads(path.read_text())["project"]["name"] for path in ROOT.glob("plugins/*/pyproject.toml")]
    assert brought == set(others) - {"tarash-gateway-ray"}
