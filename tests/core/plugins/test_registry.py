"""The registry finds what is installed, loads what is asked for, and keeps what is broken to itself.

The plugins are distributions on disk, found by the same machinery as installed ones.
"""

import importlib
import logging
import sys
import textwrap
import types

import pytest

from tarash.tarash_gateway.errors import (
    ConfigurationError,
    PluginApiVersionError,
    PluginConflictError,
    PluginError,
    PluginLoadError,
    ProviderNotFoundError,
    ValidationError,
)
from tarash.tarash_gateway.models import ImageGenerationConfig
from tarash.tarash_gateway.plugins import HTTP_SETTINGS, Provider, ProviderSpec, hookimpl, normalize_name
from tarash.tarash_gateway.plugins._discovery import _extras_of
from tarash.tarash_gateway.plugins._registry import PluginRegistry

GOOD = """
    from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl

    class AcmeProvider(Provider):
        endpoint = "https://api.acme.test"

    @hookimpl
    def tarash_provider_specs():
        yield ProviderSpec(name={name!r}, api_version=1, title="Acme")

    @hookimpl
    def tarash_create_provider(config):
        return AcmeProvider()
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with one entry point on disk; gives the name of its module."""
    monkeypatch.delenv("TARASH_DISABLE_PLUGINS", raising=False)
    made = []

    def install(code=GOOD, *, name="acme", distribution=None, version="1.2.3"):
        distribution = distribution or f"tarash-gateway-{name}"
        module = f"fake_plugin_{len(made)}_{tmp_path.name.replace('-', '_')}"
        place = tmp_path / f"site_{len(made)}"
        info = place / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[tarash_gateway.providers]\n{name} = {module}\n")
        (place / f"{module}.py").write_text(textwrap.dedent(code.format(name=name) if code is GOOD else code))
        monkeypatch.syspath_prepend(str(place))
        importlib.invalidate_caches()
        made.append(module)
        return module

    yield install
    for module in made:
        sys.modules.pop(module, None)


def config(provider="acme", **fields):
    return ImageGenerationConfig(provider=provider, model="m", **fields)


PROVIDER, SECOND = (types.SimpleNamespace(endpoint="https://acme.example") for _ in range(2))


def plugin(*names, version=1, make=None):
    """A plugin of this process."""
    module = types.ModuleType("in_process")

    @hookimpl
    def tarash_provider_specs():
        return [ProviderSpec(name=name, api_version=version, title="in process") for name in names]

    @hookimpl
    def tarash_create_provider(config):
        return make(config) if make else PROVIDER

    module.tarash_provider_specs = tarash_provider_specs
    module.tarash_create_provider = tarash_create_provider
    return module


class TestDiscovery:
    def test_listing_names_imports_no_plugin(self, install):
        modules = [install(name="acme"), install(name="zeta")]
        assert {"acme", "zeta", "openai", "sandbox"} <= set(PluginRegistry().names())
        assert not set(modules) & set(sys.modules)

    def test_asking_for_one_imports_that_one(self, install):
        first, second = install(name="acme"), install(name="zeta")
        assert PluginRegistry().spec("acme").title == "Acme"
        assert first in sys.modules
        assert second not in sys.modules

    def test_names_are_sorted(self, install):
        install(name="zeta")
        install(name="acme")
        names = PluginRegistry().names()
        assert names == sorted(names)

    def test_the_owning_plugin_makes_the_provider(self, install):
        install()
        assert type(PluginRegistry().create(config())).__name__ == "AcmeProvider"

    @pytest.mark.parametrize("name", ["acme-images", "acme_images", "Acme-Images", " acme-images "])
    def test_hyphens_and_underscores_are_one(self, name, install):
        install(name="acme-images")
        assert PluginRegistry().spec(name).name == "acme-images"

    def test_azure_is_one_provider_however_it_is_spelled(self):
        assert normalize_name("azure-openai") == normalize_name("azure_openai") == normalize_name("Azure_OpenAI")
        registry = PluginRegistry()
        assert registry.spec("azure-openai") is registry.spec("azure_openai")

    def test_a_registry_may_know_nothing(self):
        assert PluginRegistry(installed=()).names() == []


class TestBrokenPlugins:
    def test_a_broken_plugin_does_not_hide_a_working_one(self, install, caplog):
        install("raise ImportError('no module named acme_sdk')", name="broken")
        install(name="acme")
        registry = PluginRegistry()
        with pytest.raises(PluginLoadError) as caught:
            registry.spec("broken")
        assert str(caught.value) == (
            "the plugin of 'broken' (tarash-gateway-broken 1.2.3) cannot be loaded: ImportError: no module named "
            "acme_sdk. Update or remove it; TARASH_DISABLE_PLUGINS=broken leaves it out."
        )
        assert isinstance(caught.value.__cause__, ImportError)
        assert registry.spec("acme").name == "acme"
        assert {"acme", "broken"} <= set(registry.names())
        assert [record.getMessage() for record in caplog.records] == [str(caught.value)]

    def test_a_broken_plugin_is_tried_once_and_its_error_kept(self, install, caplog):
        install("raise ImportError('gone')", name="broken")
        registry = PluginRegistry()
        errors = []
        for _ in range(3):
            with pytest.raises(PluginLoadError) as caught:
                registry.create(config("broken"))
            errors.append((str(caught.value), type(caught.value.__cause__)))
        assert len(set(errors)) == 1
        assert len(caplog.records) == 1

    @pytest.mark.parametrize(
        ("code", "text"),
        [
            ("1 / 0", "ZeroDivisionError: division by zero"),
            ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
            ("def broken(:", "SyntaxError: "),
            ("raise SystemExit(3)", "SystemExit: 3"),
            (
                """
                from tarash.tarash_gateway.plugins import hookimpl
                @hookimpl
                def tarash_provider_specs(config, colour): return []
                """,
                "Argument(s) {'colour', 'config'} are declared in the hookimpl but can not be found in the hookspec",
            ),
            (
                """
                from tarash.tarash_gateway.plugins import hookimpl
                @hookimpl
                def tarash_provider_spec(): return []
                """,
                "unknown hook 'tarash_provider_spec'",
            ),
            (
                """
                from tarash.tarash_gateway.plugins import hookimpl
                @hookimpl
                def tarash_provider_specs():
                    yield from ()
                    raise RuntimeError("halfway")
                """,
                "RuntimeError: halfway",
            ),
            (
                """
                from tarash.tarash_gateway.plugins import hookimpl
                @hookimpl
                def tarash_provider_specs(): return [{"name": "broken"}]
                """,
                "tarash_provider_specs of tarash-gateway-broken 1.2.3 gave a dict where a ProviderSpec belongs",
            ),
            (
                """
                from tarash.tarash_gateway.plugins import hookimpl
                @hookimpl
                def tarash_provider_specs(): return 3
                """,
                "TypeError: 'int' object is not iterable",
            ),
            (
                """
                from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl
                @hookimpl
                def tarash_provider_specs(): yield ProviderSpec(name="broken")
                """,
                "api_version: is required",
            ),
        ],
        ids=[
            "raises",
            "missing module",
            "syntax",
            "exits",
            "signature",
            "misspelt hook",
            "raises halfway",
            "no spec",
            "no list",
            "no version",
        ],
    )
    def test_whatever_is_wrong_is_a_load_error(self, code, text, install):
        install(textwrap.dedent(code), name="broken")
        with pytest.raises(PluginLoadError) as caught:
            PluginRegistry().spec("broken")
        said = str(caught.value).replace("{'config', 'colour'}", "{'colour', 'config'}")
        assert text in said
        assert "tarash-gateway-broken 1.2.3" in said
        assert caught.value.provider == "broken"

    @pytest.mark.parametrize(
        ("code", "offered"),
        [("", "nothing"), (GOOD.format(name="other"), "other")],
        ids=["no hooks", "another name"],
    )
    def test_an_entry_point_whose_plugin_offers_another_name(self, code, offered, install):
        install(code, name="acme")
        with pytest.raises(PluginLoadError) as caught:
            PluginRegistry().spec("acme")
        assert str(caught.value) == (
            f"tarash-gateway-acme 1.2.3 has an entry point 'acme' but its plugin offers {offered}"
        )

    @pytest.mark.parametrize(("version", "side"), [(0, "the plugin"), (2, "tarash-gateway")], ids=["older", "newer"])
    def test_another_version_of_the_contract_says_which_side_to_upgrade(self, version, side, install):
        install(GOOD.format(name="acme").replace("api_version=1", f"api_version={version}"))
        with pytest.raises(PluginApiVersionError) as caught:
            PluginRegistry().spec("acme")
        assert str(caught.value) == (
            f"tarash-gateway-acme 1.2.3 speaks version {version} of the plugin contract, tarash-gateway speaks 1: "
            f"upgrade {side}."
        )

    def test_one_message_does_not_grow_by_being_raised_again(self, install):
        install("1 / 0", name="broken")
        registry = PluginRegistry()
        depths = []
        for _ in range(5):
            with pytest.raises(PluginLoadError) as caught:
                registry.spec("broken")
            depths.append(len(caught.traceback))
        assert len(set(depths[1:])) == 1


class TestConflicts:
    def test_two_distributions_with_one_name_are_both_named(self, install):
        install(distribution="acme-one")
        install(distribution="acme-two", version="9.0")
        registry = PluginRegistry()
        with pytest.raises(PluginConflictError) as caught:
            registry.spec("acme")
        assert str(caught.value) == (
            "provider 'acme' is offered by 2 plugins: acme-one 1.2.3, acme-two 9.0. Uninstall one of them, or leave one "
            "out with TARASH_DISABLE_PLUGINS=<distribution>, or choose one with register_plugin(plugin, replace=True)."
        )
        assert registry.names().count("acme") == 1

    def test_the_two_spellings_conflict_too(self, install):
        install(name="acme-images", distribution="acme-one")
        install(name="acme_images", distribution="acme-two")
        with pytest.raises(PluginConflictError):
            PluginRegistry().spec("acme-images")

    def test_one_distribution_found_twice_is_no_conflict(self, install, tmp_path, monkeypatch):
        install()
        monkeypatch.syspath_prepend(str(tmp_path / "site_0") + "/")
        assert PluginRegistry().spec("acme").name == "acme"

    def test_leaving_one_out_ends_the_conflict(self, install, monkeypatch):
        install(distribution="acme-one")
        install(distribution="acme-two")
        monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "acme-two")
        assert PluginRegistry().spec("acme").name == "acme"

    def test_choosing_one_ends_the_conflict(self, install):
        install(distribution="acme-one")
        install(distribution="acme-two")
        registry = PluginRegistry()
        with registry.register(plugin("acme"), replace=True):
            assert registry.spec("acme").title == "in process"


class TestDisabling:
    @pytest.mark.parametrize(
        ("named", "left"),
        [
            ("acme", ["zeta"]),
            ("tarash-gateway-acme", ["zeta"]),
            ("tarash_gateway_acme", ["zeta"]),
            (" ACME , ", ["zeta"]),
            ("acme,zeta", []),
            ("*", []),
            ("", ["acme", "zeta"]),
            ("other", ["acme", "zeta"]),
        ],
        ids=["plugin", "distribution", "underscores", "capitals", "two", "all", "empty", "stranger"],
    )
    def test_plugins_are_left_out_by_name(self, named, left, install, monkeypatch):
        install(name="acme")
        install(name="zeta")
        monkeypatch.setenv("TARASH_DISABLE_PLUGINS", named)
        assert [name for name in PluginRegistry().names() if name in ("acme", "zeta")] == left

    def test_a_provider_that_is_left_out_is_said_to_be_disabled(self, install, monkeypatch):
        install(name="acme")
        monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "acme")
        with pytest.raises(ProviderNotFoundError) as caught:
            PluginRegistry().spec("acme")
        assert str(caught.value) == (
            "the provider 'acme' is disabled: TARASH_DISABLE_PLUGINS leaves its plugin (tarash-gateway-acme 1.2.3) out. "
            "Take it out of that variable to use it"
        )

    def test_all_means_all(self, monkeypatch):
        monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "*")
        assert PluginRegistry().names() == []

    def test_a_plugin_of_this_process_is_not_left_out(self, monkeypatch):
        monkeypatch.setenv("TARASH_DISABLE_PLUGINS", "*")
        registry = PluginRegistry()
        registry.register(plugin("acme"))
        assert registry.names() == ["acme"]


class TestNotFound:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (
                "openai",
                "no installed plugin offers a provider 'openai'. Install it: pip install --find-links dist \"tarash-gateway[openai]\"",
            ),
            (
                "azure_openai",
                (
                    "no installed plugin offers a provider 'azure_openai'. "
                    'Install it: pip install --find-links dist "tarash-gateway[azure-openai]"'
                ),
            ),
            (
                "opnai",
                (
                    "no installed plugin offers a provider 'opnai' (did you mean openai?): "
                    'pip install --find-links dist "tarash-gateway[openai]". Installed: none'
                ),
            ),
            (
                "Mega_Corp",
                "no installed plugin offers a provider 'Mega_Corp'. Installed: none",
            ),
            ("ledger", "no installed plugin offers a provider 'ledger'. Installed: none"),
            ("batch", "no installed plugin offers a provider 'batch'. Installed: none"),
        ],
        ids=["extra", "extra with a hyphen", "near an extra", "stranger", "extra of no provider", "extra of a product"],
    )
    def test_the_way_out_is_named(self, name, text):
        with pytest.raises(ProviderNotFoundError) as caught:
            PluginRegistry(installed=()).spec(name)
        assert str(caught.value) == text
        assert caught.value.provider == name

    def test_the_metadata_of_the_gateway_is_parsed_once(self):
        for _ in range(3):
            with pytest.raises(ProviderNotFoundError):
                PluginRegistry(installed=()).spec("acme")
            misses = _extras_of.cache_info().misses
        with pytest.raises(ProviderNotFoundError):
            PluginRegistry(installed=()).spec("other")
        assert _extras_of.cache_info().misses == misses

    def test_what_is_near_and_installed_is_not_to_be_installed(self):
        registry = PluginRegistry(installed=())
        registry.register(plugin("acme"))
        with pytest.raises(ProviderNotFoundError) as caught:
            registry.create(config("acmee"))
        assert str(caught.value) == (
            "no installed plugin offers a provider 'acmee' (did you mean acme?). Installed: acme"
        )


class TestRegistering:
    def test_a_plugin_of_this_process(self):
        registry = PluginRegistry(installed=())
        registration = registry.register(plugin("acme", "zeta"))
        assert registry.names() == ["acme", "zeta"]
        assert registry.spec("acme").title == "in process"
        registration.unregister()
        assert registry.names() == []

    def test_unregistering_twice_does_no_harm(self):
        registry = PluginRegistry(installed=())
        registration = registry.register(plugin("acme"))
        registration.unregister()
        registration.unregister()
        assert registry.names() == []

    def test_a_block_unregisters_at_its_end(self):
        registry = PluginRegistry(installed=())
        with pytest.raises(ZeroDivisionError), registry.register(plugin("acme")):
            assert registry.names() == ["acme"]
            1 / 0  # noqa: B018 # the block ends badly
        assert registry.names() == []

    def test_a_name_that_is_taken_is_refused(self, install):
        install()
        registry = PluginRegistry()
        with pytest.raises(PluginConflictError) as caught:
            registry.register(plugin("acme"))
        assert str(caught.value).startswith(
            "provider 'acme' is offered by 2 plugins: registered in this process, tarash-gateway-acme 1.2.3. "
        )
        assert registry.spec("acme").title == "Acme"

    def test_the_second_of_two_is_refused(self):
        registry = PluginRegistry(installed=())
        registry.register(plugin("acme"))
        with pytest.raises(PluginConflictError):
            registry.register(plugin("zeta", "acme"))
        assert registry.names() == ["acme"]

    def test_a_replacement_takes_the_place_and_gives_it_back(self, install):
        install()
        registry = PluginRegistry()
        with registry.register(plugin("acme"), replace=True):
            assert registry.spec("acme").title == "in process"
        assert registry.spec("acme").title == "Acme"

    def test_replacements_nest(self):
        registry = PluginRegistry(installed=())
        first, second = plugin("acme"), plugin("acme", make=lambda config: SECOND)
        with registry.register(first):
            with registry.register(second, replace=True):
                assert registry.create(config()) is SECOND
            assert registry.create(config()) is PROVIDER
        assert registry.names() == []

    def test_a_replacement_in_the_other_spelling_is_listed_once(self, install):
        install(name="acme-images")
        registry = PluginRegistry()
        with registry.register(plugin("acme_images"), replace=True):
            assert len([name for name in registry.names() if normalize_name(name) == "acme_images"]) == 1

    def test_an_object_may_be_a_plugin(self):
        class Acme:
            @hookimpl
            def tarash_provider_specs(self):
                return [ProviderSpec(name="acme", api_version=1)]

            @hookimpl
            def tarash_create_provider(self, config):
                return PROVIDER

        registry = PluginRegistry(installed=())
        registry.register(Acme())
        assert registry.create(config()) is PROVIDER

    @pytest.mark.parametrize("thing", [object(), types.ModuleType("empty")], ids=["object", "module"])
    def test_a_plugin_that_offers_nothing_is_refused(self, thing):
        with pytest.raises(PluginLoadError):
            PluginRegistry(installed=()).register(thing)

    def test_a_broken_plugin_is_refused_at_once(self):
        with pytest.raises(PluginApiVersionError, match="registered in this process speaks version 7"):
            PluginRegistry(installed=()).register(plugin("acme", version=7))


class TestMakingAProvider:
    def create(self, make, **fields):
        registry = PluginRegistry(installed=())
        registry.register(plugin("acme", make=make))
        return registry.create(config(**fields))

    def test_an_error_of_ours_passes(self):
        def make(config):
            raise ConfigurationError("no key: set ACME_API_KEY")

        with pytest.raises(ConfigurationError, match=r"^no key: set ACME_API_KEY$"):
            self.create(make)

    def test_a_foreign_error_is_the_plugins(self):
        def make(config):
            raise KeyError("region")

        with pytest.raises(PluginError) as caught:
            self.create(make)
        assert str(caught.value) == (
            "the plugin of 'acme' (registered in this process) failed while it made a provider: KeyError"
        )
        assert isinstance(caught.value.__cause__, KeyError)
        assert (caught.value.provider, caught.value.model) == ("acme", "m")

    def test_no_provider_is_the_plugins_fault(self):
        with pytest.raises(PluginError) as caught:
            self.create(lambda config: None)
        assert str(caught.value) == (
            "the plugin of 'acme' (registered in this process) made no provider for its own name"
        )

    def test_the_plugin_gets_the_callers_config(self):
        received = []
        self.create(lambda config: received.append(config.provider_config) or PROVIDER, provider_config={"a": 1})
        assert received == [{"a": 1}]


def test_tracing_shows_names_and_no_config(monkeypatch, caplog):
    monkeypatch.setenv("TARASH_TRACE_PLUGINS", "1")
    caplog.set_level(logging.WARNING, "tarash.plugins")
    registry = PluginRegistry(installed=())
    registry.register(plugin("acme"))
    registry.create(config(api_key="sk-verysecret"))
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "tarash_create_provider" in said
    assert "verysecret" not in said


class TestAFactory:
    """A spec may name what makes its providers, in place of the hook."""

    @pytest.fixture
    def made(self, monkeypatch):
        """Makes a plugin whose spec has these fields, and creates a provider of it."""

        def made(**fields):
            class Made(Provider):
                def __init__(self, config):
                    self.endpoint = config.base_url or "https://api.acme.example"

            module = types.ModuleType("acme_of_a_factory")
            module.Made = Made
            monkeypatch.setitem(sys.modules, module.__name__, module)

            class Plugin:
                @hookimpl
                def tarash_provider_specs(self):
                    yield ProviderSpec(name="acme", api_version=1, factory="acme_of_a_factory:Made", **fields)

            registry = PluginRegistry(())
            registry.register(Plugin())
            return lambda **settings: registry.create(
                ImageGenerationConfig(provider="acme", model="m", provider_config=settings)
            )

        return made

    def test_it_makes_the_provider_without_a_hook(self, made):
        assert made()().endpoint == "https://api.acme.example"

    def test_what_it_raises_is_told_as_the_plugins_trouble(self, made, monkeypatch):
        make = made()
        monkeypatch.delattr(sys.modules["acme_of_a_factory"], "Made")
        with pytest.raises(
            PluginError, match=r"the plugin of 'acme' .* failed while it made a provider: AttributeError"
        ):
            make()

    def test_one_that_leads_nowhere_is_refused_with_its_spec(self):
        with pytest.raises(ValidationError, match="factory"):
            ProviderSpec(name="acme", api_version=1, factory="no module")

    def test_declared_settings_are_taken(self, made):
        assert made(settings=("region", *HTTP_SETTINGS))(region="north", headers={})

    def test_without_a_declaration_every_name_is_taken(self, made):
        assert made()(anything=1)

    @pytest.mark.parametrize(
        ("settings", "inputs", "refusal"),
        [
            (
                ("region", "headers"),
                {"heders": {}},
                "'heders' (did you mean headers?), which it does not know; it takes allow_private_urls, headers, inputs_through_proxy, region",
            ),
            (
                (),
                {"region": "north"},
                "'region', which it does not know; it takes allow_private_urls, inputs_through_proxy",
            ),
        ],
    )
    def test_an_unknown_setting_is_refused_with_the_one_that_was_meant(self, made, settings, inputs, refusal):
        with pytest.raises(ConfigurationError) as caught:
            made(settings=settings)(**inputs)
        assert str(caught.value) == f"provider_config of 'acme' has {refusal}. Nothing was sent."
        assert caught.value.billable == "no"
