"""`tarash plugins`, and the commands that plugins add."""

import importlib
import re
import sys
import textwrap

import pytest

from tarash.tarash_gateway.plugins import hookspecs

GOOD = """
    from tarash.tarash_gateway.plugins import hookimpl

    @hookimpl
    def tarash_register_commands(cli):
        @cli.command(name="acme")
        def acme(project: str, *, loud: bool = False) -> int:
            '''Shows a budget.'''
            print(f"{project}: $12.50" + "!" * loud)
            return 7
"""


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Installs a distribution on disk that adds a command."""
    made = []

    def command(code=GOOD, *, name="acme", distribution="acme-commands", summary="Budgets of Acme."):
        module = f"command_plugin_{len(made)}_{tmp_path.name.replace('-', '_')}"
        place = tmp_path / f"site_{len(made)}"
        info = place / f"{distribution.replace('-', '_')}-1.2.3.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\nSummary: {summary}\n"
        )
        (info / "entry_points.txt").write_text(f"[tarash_gateway.commands]\n{name} = {module}\n")
        (place / f"{module}.py").write_text(textwrap.dedent(code))
        monkeypatch.syspath_prepend(str(place))
        importlib.invalidate_caches()
        made.append(module)
        return module

    yield command
    for module in made:
        sys.modules.pop(module, None)


class TestCommandsOfPlugins:
    def test_help_lists_it_by_the_summary_of_its_distribution_and_imports_nothing(self, typed, command):
        module = command("raise AssertionError('imported')")
        assert re.search(r"│ acme\s+Budgets of Acme\.", typed("--help").out)
        assert module not in sys.modules

    def test_it_is_used_like_any_other(self, typed, command):
        command()
        done = typed("acme", "harbour", "--loud")
        assert (done.code, done.out, done.err) == (7, "harbour: $12.50!\n", "")

    def test_a_command_line_that_it_cannot_read_is_told(self, typed, command):
        command()
        done = typed("acme")
        assert done.code == 2
        assert 'error: Command "acme" parameter --project requires an argument.' in done.err

    @pytest.mark.parametrize(
        ("code", "cause"),
        [
            (
                "raise ImportError('no module named acme_sdk')",
                "cannot be loaded: ImportError: no module named acme_sdk",
            ),
            ("", "implements no tarash_register_commands"),
            (GOOD.replace('name="acme"', 'name="other"'), "added no command 'acme'"),
            (GOOD.replace("@cli.command", "@cli.commando"), "failed while it added its command: AttributeError"),
            (GOOD.replace("(cli)", "(client)"), "are declared in the hookimpl but can not be found in the hookspec"),
        ],
        ids=["raises", "no hook", "another name", "raises in its hook", "another signature"],
    )
    def test_a_broken_one_is_told_when_it_is_used_and_harms_no_other(self, typed, command, code, cause):
        command(code)
        done = typed("acme", "harbour", "--loud", "--json")
        assert done.code == 5
        assert done.reported["error"]["type"] == "PluginLoadError"
        assert cause in done.err
        assert "acme-commands 1.2.3" in done.err
        assert typed("--help").code == 0
        assert typed("providers").code == 0
        assert typed("sandbox", "--help").code == 0

    def test_two_of_one_name_are_told(self, typed, command):
        command(distribution="acme-one")
        command(distribution="acme-two")
        done = typed("acme", "harbour")
        assert done.code == 5
        assert "is not the only one with that command: acme-one 1.2.3, acme-two 1.2.3" in done.err

    def test_a_command_of_our_own_keeps_its_name(self, typed, command):
        command(name="models")
        assert typed("models", "-p", "openai", "--kind", "video").code == 0
        (report,) = [
            item for item in typed("plugins", "--json").reported["plugins"] if item["distribution"] == "acme-commands"
        ]
        assert report["status"] == "conflict"
        assert report["cause"] == "tarash has a command 'models' of its own; acme-commands must rename its command"

    def test_a_disabled_one_is_not_there(self, typed, command, monkeypatch):
        command()
        monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "acme")
        assert "acme" not in typed("--help").out
        assert typed("acme", "harbour").code == 2

    def test_the_example_of_the_contract_runs(self, typed, command):
        example = re.search(r"```python\n(.*?)```", hookspecs.tarash_register_commands.__doc__, re.DOTALL)[1]
        command(f"from tarash.tarash_gateway.plugins import hookimpl\n{textwrap.dedent(example)}")
        assert typed("acme", "harbour").out == "harbour: $12.50\n"


class TestPlugins:
    def test_each_is_told_with_its_distribution_and_hooks(self, typed):
        reported = {(item["group"], item["name"]): item for item in typed("plugins", "--json").reported["plugins"]}
        sandbox = reported["tarash_gateway.providers", "sandbox"]
        assert (sandbox["distribution"], sandbox["status"]) == ("tarash-gateway-sandbox", "ok")
        assert sandbox["hooks"] == ["tarash_create_provider", "tarash_provider_specs"]
        assert reported["tarash_gateway.commands", "sandbox"]["hooks"] == ["tarash_register_commands"]

    def test_people_see_each_with_all_that_is_known(self, typed):
        lines = [line.rstrip() for line in typed("plugins").out.splitlines()]
        at = next(at for at, line in enumerate(lines) if re.fullmatch(r"sandbox +is a  provider: sandbox", line))
        assert re.fullmatch(r"  ok +hooks create_provider, provider_specs", lines[at + 1])
        assert re.fullmatch(r" +from  tarash-gateway-sandbox \d+\.\d+\.\d+", lines[at + 2])
        assert any(re.fullmatch(r"sandbox +is a  command", line) for line in lines)

    def test_the_cause_of_a_broken_one_is_told_in_full(self, typed, command):
        command("raise ImportError('no module named acme_sdk')")
        done = typed("plugins")
        assert done.code == 0
        assert re.search(r"\n  broken ", done.out)
        reported = " ".join(done.out.split())
        assert "why the plugin of 'acme' (acme-commands 1.2.3) cannot be loaded: ImportError" in reported
        assert "TARASH_DISABLE_PLUGINS=acme leaves it out." in reported

    @pytest.mark.parametrize("columns", [80, 120])
    @pytest.mark.parametrize("words", [("plugins",), ("providers",)], ids=" ".join)
    def test_it_fits_the_terminal(self, typed, monkeypatch, columns, words):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert max(len(line) for line in typed(*words).out.splitlines()) <= columns
