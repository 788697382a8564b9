"""Who makes it, where the command line does not say: told each time, never silently."""

import pytest

from tarash.tarash_gateway import list_models, register_plugin
from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl
from tarash_gateway_cli.defaults import choose
from tarash_gateway_cli.errors import CommandError

CURRENT_IMAGE = "gpt-image-2.6-sunburst"


def test_without_a_key_it_is_the_sandbox_and_says_so():
    choice = choose("image", None, None)
    assert (choice.provider, choice.model) == ("sandbox", CURRENT_IMAGE)
    said, way, model = choice.notes
    assert said == "No key is set: the sandbox draws this image, free and not a real one."
    assert way == "For a real one: export OPENAI_API_KEY=…; tarash providers lists every key."
    assert model == f"The model is {CURRENT_IMAGE}: -m names another, tarash models lists them."


def test_a_key_in_the_environment_decides(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    choice = choose("image", None, None)
    assert (choice.provider, choice.model) == ("openai", CURRENT_IMAGE)
    assert choice.notes[0] == "OpenAI makes this image, since OPENAI_API_KEY is set."
    assert "sk-mine" not in str(choice)


def test_an_empty_key_is_none(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", " ")
    assert choose("image", None, None).provider == "sandbox"


def test_keys_of_two_providers_are_not_guessed_between(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "mine")
    with pytest.raises(CommandError) as caught:
        choose("image", None, None)
    assert str(caught.value) == (
        "there are keys of more than one provider: azure_openai (AZURE_OPENAI_API_KEY), openai (OPENAI_API_KEY)"
    )
    assert caught.value.hints == ("Choose one: -p azure_openai, or TARASH_PROVIDER=azure_openai",)


def test_a_model_that_only_one_of_them_has_decides(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "mine")
    assert choose("image", None, "gpt-image-2.6-flare").provider == "openai"


def test_what_is_said_is_taken_and_needs_no_words():
    choice = choose("image", "openai", "gpt-image-9")
    assert (choice.provider, choice.model, choice.notes) == ("openai", "gpt-image-9", ())


def test_a_provider_may_be_spelled_either_way():
    assert choose("image", "azure-openai", "my-deployment").provider == "azure_openai"


def test_the_environment_may_name_the_provider(typed, monkeypatch):
    monkeypatch.setenv("TARASH_PROVIDER", "openai")
    assert typed("image", "A harbour", "--dry-run", "--json").reported["provider"] == "openai"


def test_a_retired_model_is_not_chosen_for_a_vendor_that_serves_it_no_more():
    with pytest.raises(CommandError) as caught:
        choose("video", "openai", None)
    assert str(caught.value) == "openai has no video model that its vendor still serves"
    assert caught.value.hints[-1] == "To try it out: -p sandbox"


def test_a_server_of_ones_own_serves_retired_ones():
    assert choose("video", "openai", None, "http://127.0.0.1:1/v1").model == "sora-2"


def test_a_provider_that_needs_no_key_serves_retired_ones():
    class Museum:
        @hookimpl
        def tarash_provider_specs(self):
            rows = [row for row in list_models("openai", kind="video") if row.lifecycle.status == "retired"]
            yield ProviderSpec(name="museum", api_version=1, video_models=rows)

    with register_plugin(Museum()):
        assert choose("video", "museum", None).model == "sora-2"


def test_the_sandbox_has_a_current_video_model():
    assert choose("video", "sandbox", None).model == "sandbox-video"


def test_a_provider_without_rows_must_be_told_the_model():
    class Dots:
        @hookimpl
        def tarash_provider_specs(self):
            yield ProviderSpec(name="dots", api_version=1)

    with (
        register_plugin(Dots()),
        pytest.raises(CommandError, match=r"^dots names no image models: name one with -m$"),
    ):
        choose("image", "dots", None)


def test_without_the_sandbox_the_way_to_it_is_told(monkeypatch):
    from tarash_gateway_cli import defaults

    monkeypatch.setattr(defaults, "SANDBOX", "not installed")
    with pytest.raises(CommandError) as caught:
        choose("image", None, None)
    assert (str(caught.value), caught.value.code) == ("no key is set, and the sandbox is not installed", 4)
    assert caught.value.hints[-1] == 'For the sandbox: pip install --find-links dist "tarash-gateway[sandbox]"'


def test_an_unknown_provider_is_told_with_the_way_to_it(typed):
    done = typed("image", "A harbour", "-o", "harbour.png", "-p", "opnai")
    assert done.code == 5
    assert "no installed plugin offers a provider 'opnai' (did you mean openai?)" in done.err
