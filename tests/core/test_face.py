"""The face is names only: importing it, and listing what there is, loads no SDK, no HTTP library and no plugin."""

import importlib
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import get_type_hints

import pytest

import tarash.tarash_gateway as face

ROOT = Path(__file__).parents[2]

SDKS = ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "requests", "aiohttp", "PIL", "av", "numpy")
PLUGINS = ("tarash_gateway_openai", "tarash_gateway_azure_openai", "tarash_gateway_sandbox")


def loaded_after(code, among):
    """Which of `among` a fresh process has imported after `code`."""
    script = f"import sys\n{code}\nprint(*sorted(set(sys.modules) & {set(among)!r}))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("code", "among"),
    [
        pytest.param("import tarash.tarash_gateway", SDKS + PLUGINS, id="the face"),
        pytest.param("import tarash.tarash_gateway", ("pydantic", "pluggy", "asyncio"), id="the face alone"),
        pytest.param("import tarash.tarash_gateway.models", SDKS + PLUGINS, id="models"),
        pytest.param(
            "import tarash.tarash_gateway.images, tarash.tarash_gateway.videos, tarash.tarash_gateway.catalog",
            SDKS + PLUGINS,
            id="functions",
        ),
        pytest.param(
            "import tarash.tarash_gateway.images, tarash.tarash_gateway.videos, tarash.tarash_gateway.models",
            ("asyncio", "pluggy", "importlib.metadata", "tarash.tarash_gateway.flows.call"),
            id="functions and models alone",
        ),
        pytest.param("import tarash.tarash_gateway.plugins", SDKS + PLUGINS, id="plugin contract"),
        pytest.param(
            "from tarash.tarash_gateway import list_providers; assert 'openai' in list_providers()",
            SDKS + PLUGINS,
            id="list_providers",
        ),
        pytest.param(
            "from tarash.tarash_gateway import list_models; assert list_models('openai')", SDKS, id="list_models"
        ),
        pytest.param(
            "from tarash.tarash_gateway import list_models; list_models('openai')",
            ("tarash_gateway_sandbox", "tarash_gateway_azure_openai"),
            id="list_models loads the asked plugin only",
        ),
        pytest.param("from tarash.tarash_gateway import list_models; list_models()", SDKS, id="list_models of all"),
        pytest.param(
            "from tarash.tarash_gateway import list_models; list_models()",
            [f"tarash_gateway_{name}.provider" for name in ("openai", "azure_openai", "google", "openrouter")]
            + ["tarash_gateway_openai.transport", "tarash_gateway_sandbox.server"],
            id="rows load nothing that sends a request",
        ),
        pytest.param(
            "from contextlib import suppress; from tarash_gateway_cli.app import build\n"
            "with suppress(SystemExit): build()(['--help'], result_action='return_value')\nprint()",
            (*SDKS, *PLUGINS, "pydantic", "pluggy", "asyncio", "logging"),
            id="the help of the command line",
        ),
    ],
)
def test_nothing_heavy_is_loaded_by(code, among):
    assert loaded_after(code, among) == []


def test_every_exported_name_resolves():
    assert {name: getattr(face, name) for name in face.__all__}


def test_exported_names_are_sorted_and_complete():
    assert face.__all__ == sorted(face.__all__)
    assert set(face.__all__) <= set(dir(face))


def test_every_function_of_the_face_tells_what_it_does():
    assert [name for name in face.__all__ if not (getattr(face, name).__doc__ or "").strip()] == []


@pytest.mark.parametrize("name", [name for name in face.__all__ if name[0].islower() and "batch" not in name])
def test_the_annotations_of_a_function_can_be_read(name):
    assert "return" in get_type_hints(getattr(face, name))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as caught:
        face.generate_imagge  # noqa: B018 # the look is the test
    assert str(caught.value) == "module 'tarash.tarash_gateway' has no attribute 'generate_imagge'"


@pytest.mark.parametrize("module", ["models", "capabilities", "plugins", "errors"])
def test_exported_names_of_a_module_exist(module):
    home = __import__(f"tarash.tarash_gateway.{module}", fromlist=["*"])
    assert [name for name in home.__all__ if not hasattr(home, name)] == []
    assert list(home.__all__) == sorted(home.__all__, key=lambda name: (not name.isupper(), name))


def test_tarash_is_a_namespace_that_others_can_share():
    sources = [*ROOT.glob("core/src/tarash/__init__.py"), *ROOT.glob("plugins/*/src/tarash/__init__.py")]
    installed = [
        f"{found.name}: {file}"
        for found in distributions()
        for file in found.files or ()
        if str(file) == "tarash/__init__.py"
    ]
    assert (sources, installed) == ([], [])
    assert not hasattr(sys.modules["tarash"], "__file__") or sys.modules["tarash"].__file__ is None


INTERNAL = re.search(
    r"^(`flows`.*?) of `tarash.tarash_gateway` are internal", (ROOT / "docs/stability.md").read_text(), re.MULTILINE
)


@pytest.mark.parametrize("package", ["", "plugins", "plugins.http"])
def test_a_module_is_exported_from_private_or_declared_internal(package):
    home = importlib.import_module(f"tarash.tarash_gateway.{package}".rstrip("."))
    exported = {module.partition(".")[0] for module in home._MODULES}
    names = {path.stem for path in Path(home.__file__).parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    plain = {name for name in names if not name.startswith("_") and name != "py"} - exported
    others = {"models", "capabilities", "errors", "batch", "gallery", "testing", "http"}
    assert plain - others <= set(re.findall(r"`(\w+)`", INTERNAL[1]))


@pytest.mark.parametrize("module", ["models", "errors"])
def test_models_and_errors_are_at_home_here_too(module):
    home = importlib.import_module(f"tarash.tarash_gateway.{module}")
    assert len(home.__all__) > 15
    assert [name for name in home.__all__ if getattr(face, name) is not getattr(home, name)] == []
