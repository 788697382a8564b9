"""The report names every plugin, with where it comes from and what is wrong with it, and is harmed by none."""

import importlib
import json
import sys
import textwrap
import types

import pytest

from tarash.tarash_gateway import plugin_report, register_plugin
from tarash.tarash_gateway.plugins import PluginReport, ProviderSpec, hookimpl
from tarash.tarash_gateway.plugins._registry import PluginRegistry
from tarash.tarash_gateway.plugins._report import report_of

PROVIDER = """
    from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl

    @hookimpl
    def tarash_provider_specs():
        yield ProviderSpec(name={name!r}, api_version=1)
"""
COMMAND = """
    from tarash.tarash_gateway.plugins import hookimpl

    @hookimpl
    def tarash_register_commands(cli):
        raise RuntimeError("nobody calls this for a report")
"""
OBSERVER = """
    from tarash.tarash_gateway.plugins import hookimpl

    @hookimpl
    def tarash_after_generate(context, outcome):
        pass
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with one entry point on disk."""
    made = []

    def install(code=PROVIDER, *, name="acme", group="providers", distribution="acme-plugin", url=None, editable=False):
        module = f"reported_plugin_{len(made)}_{tmp_path.name.replace('-', '_')}"
        place = tmp_path / f"site_{len(made)}"
        info = place / f"{distribution.replace('-', '_')}-1.2.3.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[tarash_gateway.{group}]\n{name} = {module}\n")
        if url is not None:
            (info / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {"editable": editable}}))
        (place / f"{module}.py").write_text(textwrap.dedent(code.format(name=name)))
        monkeypatch.syspath_prepend(str(place))
        importlib.invalidate_caches()
        made.append(module)

    yield install
    for module in made:
        sys.modules.pop(module, None)


def reported(name="acme"):
    return [report for report in report_of(PluginRegistry()) if report.name == name]


def test_a_provider_is_told_with_all_that_is_known(install):
    install(url="file:///src/acme", editable=True)
    assert reported() == [
        PluginReport(
            name="acme",
            group="tarash_gateway.providers",
            status="ok",
            providers=("acme",),
            hooks=("tarash_provider_specs",),
            api_version=1,
            distribution="acme-plugin",
            version="1.2.3",
            origin="file:///src/acme",
            editable=True,
        )
    ]


def test_what_came_from_an_index_has_no_origin(install):
    install()
    (report,) = reported()
    assert (report.origin, report.editable) == (None, False)


@pytest.mark.parametrize(
    ("group", "code", "hook"),
    [("commands", COMMAND, "tarash_register_commands"), ("observers", OBSERVER, "tarash_after_generate")],
)
def test_the_other_groups_are_told_too(install, group, code, hook):
    install(code, group=group)
    (report,) = reported()
    assert (report.group, report.status, report.hooks) == (f"tarash_gateway.{group}", "ok", (hook,))
    assert (report.providers, report.api_version) == ((), None)


@pytest.mark.parametrize("group", ["providers", "commands", "observers"])
def test_a_broken_plugin_is_told_with_its_cause_and_harms_no_other(install, group):
    install("raise ImportError('no module named acme_sdk')", group=group)
    install(name="zeta", distribution="zeta-plugin")
    (report,) = reported()
    assert report.status == "broken"
    assert report.cause == (
        "the plugin of 'acme' (acme-plugin 1.2.3) cannot be loaded: ImportError: no module named acme_sdk. "
        "Update or remove it; TARASH_DISABLE_PLUGINS=acme leaves it out."
    )
    assert reported("zeta")[0].status == "ok"


def test_a_plugin_of_another_contract_tells_which(install):
    install(PROVIDER.replace("api_version=1", "api_version=7"))
    (report,) = reported()
    assert (report.status, report.api_version) == ("broken", 7)
    assert "speaks version 7 of the plugin contract" in report.cause


def test_a_command_plugin_without_its_hook_is_broken(install):
    install(OBSERVER, group="commands")
    (report,) = reported()
    assert report.status == "broken"
    assert "implements no tarash_register_commands" in report.cause


def test_a_disabled_plugin_is_told_and_not_imported(install, monkeypatch):
    install("raise AssertionError('imported')")
    monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "acme-plugin")
    (report,) = reported()
    assert (report.status, report.cause) == ("disabled", "left out by TARASH_DISABLE_PLUGINS")


@pytest.mark.parametrize(("group", "code"), [("providers", PROVIDER), ("commands", COMMAND)])
def test_two_that_claim_one_name_are_both_told(install, group, code):
    install(code, group=group, distribution="acme-one")
    install(code, group=group, distribution="acme-two")
    reports = reported()
    assert [report.distribution for report in reports] == ["acme-one", "acme-two"]
    assert {report.status for report in reports} == {"conflict"}
    assert reports[0].cause == (
        "'acme' is claimed by acme-one 1.2.3, acme-two 1.2.3: uninstall one of them, or leave one out with "
        "TARASH_DISABLE_PLUGINS=<distribution>"
    )


def test_two_observers_may_have_one_name(install):
    install(OBSERVER, group="observers", distribution="acme-one")
    install(OBSERVER, group="observers", distribution="acme-two")
    assert [report.status for report in reported()] == ["ok", "ok"]


def test_a_provider_and_a_command_may_have_one_name(install):
    install(PROVIDER)
    install(COMMAND, group="commands", distribution="acme-commands")
    assert [report.status for report in reported()] == ["ok", "ok"]


def of_this_process(**hooks):
    module = types.ModuleType("in_process")
    for name, hook in hooks.items():
        setattr(module, name, hookimpl(hook))
    return module


def test_plugins_of_this_process_are_told():
    def specs():
        return [ProviderSpec(name="dots", api_version=1)]

    with register_plugin(of_this_process(tarash_provider_specs=specs)):
        (report,) = [report for report in plugin_report() if report.name == "dots"]
    assert (report.group, report.status, report.distribution) == ("tarash_gateway.providers", "ok", None)


def test_observers_of_this_process_are_told():
    def after(context, outcome):
        pass

    with register_plugin(of_this_process(tarash_after_generate=after)):
        (report,) = [report for report in plugin_report() if report.name == "in_process"]
    assert (report.group, report.hooks) == ("tarash_gateway.observers", ("tarash_after_generate",))


def test_a_report_is_plain_json(install):
    install()
    for report in report_of(PluginRegistry()):
        assert PluginReport.model_validate_json(report.model_dump_json()) == report


def test_it_is_sorted_by_group_and_name(install):
    install(name="zeta", distribution="zeta-plugin")
    install(name="acme")
    names = [report.name for report in report_of(PluginRegistry()) if report.group == "tarash_gateway.providers"]
    assert names == sorted(names)
