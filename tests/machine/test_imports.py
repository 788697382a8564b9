"""A file of the user that hides a library: it is named, nothing hangs, and nothing is sent."""

import pytest

SCRIPT = """
import asyncio, sys
from tarash.tarash_gateway import generate_image, generate_image_async
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

config = ImageGenerationConfig(provider=sys.argv[1], model="dall-e-2", api_key="sk-of-the-tests-0123456789")
request = ImageGenerationRequest(prompt="a boat", size="256x256")
"""
BLOCKING = SCRIPT + "generate_image(config, request)\n"
AWAITED = SCRIPT + "asyncio.run(generate_image_async(config, request))\n"


def hides(folder, file, library):
    return (
        f"ConfigurationError: {folder / file} hides the library {library!r}: Python imports that file in its place. "
        "Rename it and remove its __pycache__, or start Python in another folder."
    )


@pytest.mark.parametrize("text", [BLOCKING, AWAITED], ids=["blocking", "awaited"])
@pytest.mark.parametrize("library", ["openai", "httpx2"])
def test_a_script_with_the_name_of_a_library_is_named(python, folder, tarash_sandbox, library, text):
    script = folder / f"{library}.py"
    script.write_text(text)
    done = python(script, "openai", cold=True)
    assert hides(folder, f"{library}.py", library) in done.err
    assert (done.code, tarash_sandbox.requests) == (1, [])


@pytest.mark.parametrize(
    ("file", "library"),
    [
        ("jiter.py", "jiter"),
        pytest.param("openai/__init__.py", "openai", marks=pytest.mark.slow),
        pytest.param("anyio/__init__.py", "anyio", marks=pytest.mark.slow),
    ],
)
def test_a_file_beside_the_script_is_named(python, folder, tarash_sandbox, file, library):
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("greeting = 'hello'\n")
    (folder / "script.py").write_text(BLOCKING)
    done = python("script.py", "openai", cold=True)
    assert hides(folder, file, library) in done.err
    assert tarash_sandbox.requests == []


def test_a_module_that_no_call_needs_may_have_any_name(python, folder, paid):
    """A file may have the name of an installed library that no call needs."""
    for name in ("utils", "pytest", "sybil"):
        (folder / f"{name}.py").write_text("")
    (folder / "script.py").write_text(BLOCKING)
    done = python("script.py", "openai", cold=True)
    assert (done.code, paid()) == (0, ["a boat"])


PLUGIN_THAT_COMES_BACK = """
import threading
from tarash.tarash_gateway import list_providers
from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl

waiting = threading.Thread(target=list_providers)
waiting.start()
waiting.join(60)
came_back = not waiting.is_alive()

@hookimpl
def tarash_provider_specs():
    yield ProviderSpec(name="acme", api_version=1)
"""


def test_no_lock_is_held_while_a_plugin_is_imported(tmp_path, monkeypatch):
    from tarash.tarash_gateway.plugins._registry import PluginRegistry

    folder = tmp_path / "site"
    (folder / "acme-1.0.dist-info").mkdir(parents=True)
    (folder / "acme-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (folder / "acme-1.0.dist-info" / "entry_points.txt").write_text("[tarash_gateway.providers]\nacme = acme_plugin\n")
    (folder / "acme_plugin.py").write_text(PLUGIN_THAT_COMES_BACK)
    monkeypatch.syspath_prepend(str(folder))
    import importlib

    importlib.invalidate_caches()
    from tarash.tarash_gateway.plugins import _registry as module

    fresh = PluginRegistry()
    monkeypatch.setattr(module, "registry", fresh)
    assert fresh.spec("acme").name == "acme"
    import acme_plugin

    assert acme_plugin.came_back
