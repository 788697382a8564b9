"""`tarash providers`: who is installed, and the key of each."""

import re


class TestProviders:
    def test_each_is_told_with_its_key(self, typed, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
        done = typed("providers")
        lines = {line.split()[0]: line for line in done.out.splitlines()}
        assert "OPENAI_API_KEY is set" in lines["openai"]
        assert "AZURE_OPENAI_API_KEY is not set" in lines["azure_openai"]
        assert "needs no key" in lines["sandbox"]
        assert "sk-mine" not in done.out

    def test_with_json(self, typed):
        reported = {item["name"]: item for item in typed("providers", "--json").reported["providers"]}
        assert reported["openai"]["keys"] == {"OPENAI_API_KEY": False}
        assert reported["openai"]["image_models"] > 5

    def test_a_broken_one_is_told_and_harms_no_other(self, typed, monkeypatch):
        from tarash.tarash_gateway.errors import PluginLoadError
        from tarash.tarash_gateway.plugins import registry

        real = registry.spec

        def spec(name):
            if name == "openai":
                msg = "it cannot be loaded"
                raise PluginLoadError(msg)
            return real(name)

        monkeypatch.setattr(registry, "spec", spec)
        done = typed("providers")
        assert done.code == 0
        assert re.search(r"openai\s+broken: tarash plugins says why", done.out)
        models = typed("models", "--kind", "video")
        assert models.code == 0
        assert "warning: openai cannot be listed; tarash plugins says why" in models.err
