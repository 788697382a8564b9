"""Broken plugins of strangers, all installed at once beside ours: each is told for what it is, and nothing else suffers.

They are distributions in a folder on the path of a process of its own, as pip would have left them there. What one
broken plugin does to a registry is specified in `tests/core/plugins`; here they are many, and the whole gateway runs.
"""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass

import pytest

pytestmark = pytest.mark.slow

PROVIDER = """
    from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl

    @hookimpl
    def tarash_provider_specs():
        yield ProviderSpec(name={name!r}, api_version={version})

    @hookimpl
    def tarash_create_provider(config):
        raise RuntimeError("the stars are not right")
"""


@dataclass(frozen=True)
class Neighbour:
    """One distribution with one entry point."""

    group: str
    name: str
    code: str | None
    """What is in its module; None where there is no module."""

    status: str
    cause: str = ""
    """What the report must say."""

    harm: str = ""
    """The error of those who ask for it."""

    @property
    def distribution(self):
        return f"{self.group}-{self.name}".replace("_", "-")


NEIGHBOURS = [
    Neighbour(
        "providers",
        "crashes",
        "raise ImportError('no acme_sdk')",
        "broken",
        "ImportError: no acme_sdk",
        "PluginLoadError",
    ),
    Neighbour("providers", "exits", "raise SystemExit(3)", "broken", "SystemExit: 3", "PluginLoadError"),
    Neighbour("providers", "hollow", None, "broken", "ModuleNotFoundError", "PluginLoadError"),
    Neighbour(
        "providers",
        "old",
        PROVIDER.format(name="old", version=0),
        "broken",
        "upgrade the plugin",
        "PluginApiVersionError",
    ),
    Neighbour(
        "providers",
        "new",
        PROVIDER.format(name="new", version=2),
        "broken",
        "upgrade tarash-gateway",
        "PluginApiVersionError",
    ),
    Neighbour(
        "providers",
        "openai",
        PROVIDER.format(name="openai", version=1),
        "conflict",
        "providers-openai 6.6.6",
        "PluginConflictError",
    ),
    Neighbour("providers", "fails", PROVIDER.format(name="fails", version=1), "ok", "", "PluginError"),
    Neighbour(
        "providers",
        "raises",
        """
            from tarash.tarash_gateway.plugins import hookimpl

            @hookimpl
            def tarash_provider_specs():
                raise RuntimeError("no rows today")
        """,
        "broken",
        "RuntimeError: no rows today",
        "PluginLoadError",
    ),
    Neighbour(
        "providers",
        "signature",
        """
            from tarash.tarash_gateway.plugins import hookimpl

            @hookimpl
            def tarash_provider_specs(registry):
                return []
        """,
        "broken",
        "{'registry'} are declared in the hookimpl but can not be found in the hookspec",
        "PluginLoadError",
    ),
    Neighbour(
        "observers",
        "grumbles",
        """
            from tarash.tarash_gateway.plugins import hookimpl

            @hookimpl
            def tarash_before_generate(context):
                raise RuntimeError("not before noon")

            @hookimpl
            def tarash_after_generate(context, outcome):
                raise RuntimeError("not after noon")
        """,
        "ok",
    ),
    Neighbour("observers", "blind", "1 / 0", "broken", "ZeroDivisionError: division by zero"),
    Neighbour("commands", "stumbles", "raise RuntimeError('no such shell')", "broken", "RuntimeError: no such shell"),
    Neighbour(
        "commands",
        "falls",
        """
            from tarash.tarash_gateway.plugins import hookimpl

            @hookimpl
            def tarash_register_commands(cli):
                cli.no_such_thing()
        """,
        "ok",  # its hook is called for its own command only
    ),
    Neighbour("commands", "image", "raise AssertionError('imported')", "conflict", "has a command 'image' of its own"),
]
BROKEN = [item for item in NEIGHBOURS if item.group == "providers"]

CALLS = """
    import json, logging
    from tarash.tarash_gateway import errors, generate_image, generate_video, list_models, list_providers, plugin_report
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
    from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

    class Lines(logging.Handler):
        def emit(self, record):
            told["log"].append(record.getMessage())

    told = {"providers": list_providers(), "rows": len(list_models("azure_openai")), "errors": {}, "log": []}
    logging.getLogger("tarash.observers").addHandler(Lines())
    picture = ImageGenerationRequest(prompt="A house")
    made = generate_image(ImageGenerationConfig(provider="sandbox", model="gpt-image-2"), picture)
    told["picture"] = made.images[0].content_type
    clip = VideoGenerationRequest(prompt="A street", duration_seconds=4)
    told["clip"] = generate_video(VideoGenerationConfig(provider="sandbox", model="sora-2"), clip).video.content_type
    for name in NAMES:
        try:
            generate_image(ImageGenerationConfig(provider=name, model="m", api_key="k"), picture)
        except errors.TarashError as error:
            told["errors"][name] = [type(error).__name__, str(error)]
    told["report"] = [report.model_dump(mode="json") for report in plugin_report()]
    print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with all of them."""
    folder = tmp_path_factory.mktemp("site")
    for item in NEIGHBOURS:
        module = f"neighbour_{item.group}_{item.name}"
        info = folder / f"{item.distribution.replace('-', '_')}-6.6.6.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {item.distribution}\nVersion: 6.6.6\n")
        (info / "entry_points.txt").write_text(f"[tarash_gateway.{item.group}]\n{item.name} = {module}\n")
        if item.code is not None:
            (folder / f"{module}.py").write_text(textwrap.dedent(item.code))
    return folder


@pytest.fixture(scope="module")
def beside(site, tmp_path_factory):
    """Runs Python beside all of them."""
    home = tmp_path_factory.mktemp("home")

    def run(*arguments, **environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TARASH_", "OPENAI_"))}
        where = {"PYTHONPATH": str(site), "HOME": str(home), "TARASH_JOURNAL": str(home / "journal"), "COLUMNS": "120"}
        command = [sys.executable, "-W", "ignore", *arguments]
        return subprocess.run(
            command, env={**kept, **where, **environment}, cwd=home, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture(scope="module")
def reported(beside):
    """What one process sees that makes a picture and a clip, and asks for each of them."""
    done = beside("-c", textwrap.dedent(CALLS).replace("NAMES", repr([item.name for item in BROKEN])))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def tarash(beside):
    """Types a command."""
    return lambda *words, **environment: beside("-m", "tarash_gateway_cli", *words, **environment)


def report_of(reports, item):
    (found,) = [report for report in reports if report["distribution"] == item.distribution]
    return found


def test_everything_else_goes_on_working(reported):
    assert {"azure_openai", "sandbox"} <= set(reported["providers"])
    assert reported["rows"] > 5
    assert (reported["picture"], reported["clip"]) == ("image/png", "video/mp4")


@pytest.mark.parametrize("item", BROKEN, ids=lambda item: item.name)
def test_only_who_asks_for_it_is_told_that_it_is_broken(reported, item):
    kind, message = reported["errors"][item.name]
    assert kind == item.harm
    assert item.distribution in message
    assert item.cause in message


@pytest.mark.parametrize("item", NEIGHBOURS, ids=lambda item: f"{item.group}-{item.name}")
def test_the_report_tells_what_is_wrong_with_each(reported, item):
    report = report_of(reported["report"], item)
    if item.name == "image":  # the gateway itself knows nothing of the command line's own commands
        return
    assert (report["name"], report["status"], report["version"]) == (item.name, item.status, "6.6.6")
    assert item.cause in (report["cause"] or "")


def test_an_observer_that_raises_is_named_in_the_log(reported):
    for hook in ("tarash_before_generate", "tarash_after_generate"):
        assert f"observer grumbles (observers-grumbles 6.6.6) failed in {hook}" in reported["log"]


def test_the_report_tells_ours_as_they_are(reported):
    ours = [report for report in reported["report"] if (report["distribution"] or "").startswith("tarash-gateway")]
    assert {report["status"] for report in ours if report["name"] != "openai"} == {"ok"}


def test_the_command_tells_the_same(tarash):
    done = tarash("plugins", "--json")
    assert done.returncode == 0, done.stderr
    reports = json.loads(done.stdout)["plugins"]
    for item in NEIGHBOURS:
        report = report_of(reports, item)
        assert report["status"] == item.status, item
        assert item.cause in (report["cause"] or ""), item


def test_people_see_why(tarash):
    done = tarash("plugins")
    assert done.returncode == 0, done.stderr
    plain = " ".join(done.stdout.split())
    for cause in ("ImportError: no acme_sdk", "upgrade tarash-gateway", "RuntimeError: no such shell"):
        assert cause in plain


@pytest.mark.parametrize(
    "words", [("--help",), ("providers",), ("models", "-p", "sandbox"), ("sandbox", "faults")], ids=" ".join
)
def test_our_commands_go_on_working(tarash, words):
    done = tarash(*words)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_is_made_at_the_terminal(tarash, tmp_path):
    done = tarash("image", "A house", "-p", "sandbox", "-o", str(tmp_path / "house.png"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "house.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "cause"),
    [("stumbles", "RuntimeError: no such shell"), ("falls", "failed while it added its command: AttributeError")],
)
def test_a_broken_command_tells_when_it_is_used(tarash, name, cause):
    done = tarash(name)
    assert done.returncode == 5
    assert cause in done.stderr
    assert "Traceback" not in done.stderr


def test_leaving_one_out_ends_a_clash(beside):
    code = "from tarash.tarash_gateway import list_models; print(len(list_models('openai')) > 5)"
    done = beside("-c", code, TARASH_DISABLE_PLUGINS="providers-openai")
    assert done.stdout == "True\n", done.stderr


def test_what_an_interrupted_uninstall_leaves_behind_is_passed_over(beside, tmp_path):
    left = tmp_path / "leftover-1.0.dist-info"
    left.mkdir()
    (left / "entry_points.txt").write_text("[tarash_gateway.providers]\nleft = no_module\n")
    code = "from tarash.tarash_gateway import list_models; print(len(list_models('sandbox')) > 5)"
    done = beside("-c", code, PYTHONPATH=str(tmp_path))
    assert done.stdout == "True\n", done.stderr
