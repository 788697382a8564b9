"""Engines of batches come by their names; what is wrong with one is told when it is asked for."""

import sys
import textwrap

import pytest

from tarash.tarash_gateway import plugin_report
from tarash.tarash_gateway.errors import PluginConflictError, PluginLoadError, ValidationError
from tarash_gateway_batch.interfaces import make_engine

WHOLE = """
    from tarash.tarash_gateway.plugins import hookimpl
    from tarash_gateway_batch import EngineSpec

    @hookimpl
    def tarash_batch_engines():
        yield EngineSpec(name="acme", make=lambda **options: ("engine", options), options=("address",))
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution whose module offers the engine `acme`."""

    def install(source=WHOLE, distribution="acme-engine", module="acme_engine"):
        folder = tmp_path / distribution
        about = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[tarash_gateway.engines]\nacme = {module}\n")
        (folder / f"{module}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, module, raising=False)

    yield install
    for name in ("acme_engine", "other_engine"):
        sys.modules.pop(name, None)


def test_this_process_is_an_engine_that_needs_no_plugin():
    assert make_engine("local", {}) is None


def test_an_engine_is_made_of_its_options(install):
    install()
    assert make_engine("acme", {"address": "there"}) == ("engine", {"address": "there"})
    assert make_engine("ACME", {}) == ("engine", {})


@pytest.mark.parametrize(
    ("name", "options", "outcomes"),
    [
        ("acme", {"size": 1}, "the engine 'acme' takes address, and not size"),
        ("local", {"address": "x"}, "the engine 'local' takes no options, and not address"),
    ],
)
def test_options_that_it_does_not_take_are_refused(install, name, options, outcomes):
    install()
    with pytest.raises(ValidationError) as caught:
        make_engine(name, options)
    assert str(caught.value) == outcomes


def test_an_unknown_engine_is_told_with_those_that_there_are(install, monkeypatch):
    install()
    monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "ray")
    with pytest.raises(ValidationError) as caught:
        make_engine("amce", {})
    assert str(caught.value) == (
        "there is no engine 'amce'; installed: acme, local. ray comes with tarash-gateway[ray]."
    )


def test_two_distributions_with_one_engine_are_a_conflict(install):
    install()
    install(distribution="other-engine", module="other_engine")
    with pytest.raises(
        PluginConflictError, match=r"(acme-engine 1\.0|other-engine 1\.0) and .* both offer the engine 'acme'"
    ):
        make_engine("acme", {})


@pytest.mark.parametrize(
    ("source", "outcomes"),
    [
        ("raise RuntimeError('boom')", "cannot be loaded: RuntimeError: boom"),
        ("x = 1", "implements no tarash_batch_engines"),
        (WHOLE.replace("acme", "other"), "offers no EngineSpec of that name"),
        (
            WHOLE.replace("yield EngineSpec(", "raise ValueError('no'); yield dict("),
            "failed in tarash_batch_engines: ValueError: no",
        ),
    ],
    ids=["raises", "no hook", "other name", "hook raises"],
)
def test_a_broken_plugin_is_told_when_its_engine_is_asked_for(install, source, outcomes):
    install(source)
    with pytest.raises(PluginLoadError) as caught:
        make_engine("acme", {})
    assert str(caught.value) == (
        f"the plugin of 'acme' (acme-engine 1.0) {outcomes}. "
        "Update or remove it; TARASH_DISABLE_PLUGINS=acme leaves it out."
    )


def test_the_report_shows_engines(install):
    install()
    (report,) = [report for report in plugin_report() if report.distribution == "acme-engine"]
    assert (report.group, report.name, report.status) == ("tarash_gateway.engines", "acme", "ok")
