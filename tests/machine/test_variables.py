"""Environment variables that are empty, padded or hold a line break: each one that we or an SDK read."""

from pathlib import Path

import pytest

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models import ImageGenerationConfig
from tarash.tarash_gateway.plugins import read_variable, registry

IMAGE = ("image", "a boat", "-o", "boat.png", "-m", "dall-e-2", "--size", "256x256")
KEY = "sk-of-the-tests-0123456789"


@pytest.mark.parametrize("value", ["", " ", "\n", "\t \r\n"])
def test_a_variable_without_text_is_not_set(monkeypatch, value):
    monkeypatch.setenv("TARASH_WORD", value)
    assert read_variable("TARASH_WORD") is None


@pytest.mark.parametrize("value", ["word", " word", "word\n", "\tword \r\n"])
def test_white_space_around_a_value_is_left_out(monkeypatch, value):
    monkeypatch.setenv("TARASH_WORD", value)
    assert read_variable("TARASH_WORD") == "word"


QUOTED = (
    "holds quotes around its value. A shell takes them off, a file of variables such as that of docker --env-file "
    "keeps them: set the variable again, without quotes."
)


@pytest.mark.parametrize(
    ("value", "reported"),
    [
        ("sk-secret\nOTHER=1", "holds a line break at position 10 of 17. Set the variable again, to one line of text."),
        ("sk-secret\r\nx", "holds a line break at position 10 of 12. Set the variable again, to one line of text."),
        ("sk\x1bsecret", "holds a control character at position 3 of 9. Set the variable again, to one line of text."),
        ("'sk-secret'", QUOTED),
    ],
    ids=["line break", "windows line break", "escape", "quotes"],
)  # fmt: skip
def test_a_value_that_cannot_be_meant_is_told_and_not_shown(monkeypatch, value, reported):
    monkeypatch.setenv("TARASH_WORD", value)
    with pytest.raises(ConfigurationError) as raised:
        read_variable("TARASH_WORD")
    assert str(raised.value) == f"TARASH_WORD {reported}"
    assert "secret" not in str(raised.value)


URL = "http://127.0.0.1:9/v1"
"""Nothing listens there, and nothing is sent."""

PROVIDERS = {
    "openai": {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": URL},
    "azure_openai": {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9"},
    "openrouter": {"OPENROUTER_API_KEY": KEY, "OPENROUTER_BASE_URL": URL},
    "google": {"GEMINI_API_KEY": KEY},
    "google-vertex": {"GOOGLE_CLOUD_PROJECT": "my-project", "GOOGLE_CLOUD_LOCATION": "us-central1"},
    "xai": {"XAI_API_KEY": KEY},
    "fal": {"FAL_KEY": KEY},
}
VARIABLES = [(provider, name) for provider, settings in PROVIDERS.items() for name in settings]


def provider_of(name, monkeypatch, **settings):
    for variable, value in (PROVIDERS[name] | settings).items():
        monkeypatch.setenv(variable, value)
    key = "ya29.token" if name == "google-vertex" else None
    return registry.create(ImageGenerationConfig(provider=name, model="any", api_key=key))


@pytest.mark.parametrize(("provider", "variable"), VARIABLES)
def test_a_padded_setting_of_a_provider_is_read(monkeypatch, provider, variable):
    plain = provider_of(provider, monkeypatch)
    padded = provider_of(provider, monkeypatch, **{variable: f" {PROVIDERS[provider][variable]}\n"})
    assert padded.endpoint == plain.endpoint
    assert padded.endpoint.isprintable()


@pytest.mark.parametrize(("provider", "variable"), VARIABLES)
def test_a_line_break_in_a_setting_of_a_provider_is_told(monkeypatch, provider, variable):
    with pytest.raises(ConfigurationError, match=f"^{variable} holds a line break at position ") as raised:
        provider_of(provider, monkeypatch, **{variable: f"{PROVIDERS[provider][variable]}\nX=1"})
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENROUTER_BASE_URL"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_address_is_the_vendors_own(monkeypatch, variable, value):
    name = "openai" if variable.startswith("OPENAI") else "openrouter"
    assert provider_of(name, monkeypatch, **{variable: value}).endpoint.startswith("https://")


def image(tarash, *words, **variables):
    return tarash(*IMAGE, *words, env=variables)


def test_an_empty_choice_of_a_provider_is_none(tarash, paid):
    done = image(tarash, TARASH_PROVIDER=" ")
    assert (done.code, paid()) == (0, ["a boat"])
    assert "OpenAI makes this image, since OPENAI_API_KEY is set." in done.err


def test_an_empty_option_is_no_choice(tarash, paid):
    done = image(tarash, "-p", "", TARASH_PROVIDER="openai")
    assert (done.code, paid()) == (5, [])
    assert "no installed plugin offers a provider ''" in done.err


def test_padded_paths_are_those_that_were_meant(tarash, folder, paid):
    places = {name: folder.parent / name for name in ("TARASH_JOURNAL", "TARASH_LEDGER", "XDG_CACHE_HOME")}
    done = image(tarash, **{name: f" {place}\n" for name, place in places.items()})
    assert (done.code, paid()) == (0, ["a boat"])
    assert sorted(path.name for path in folder.iterdir()) == ["boat.png", "boat.png.json"]
    assert places["TARASH_JOURNAL"].is_dir()
    assert places["TARASH_LEDGER"].is_file()


@pytest.mark.parametrize("value", ["relative", " ", ""])
def test_a_data_folder_that_is_no_path_is_left_alone(tarash, environment, folder, value):
    """As its specification says."""
    assert image(tarash, XDG_DATA_HOME=value).code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["boat.png", "boat.png.json"]
    assert (Path(environment["HOME"]) / ".local" / "share" / "tarash" / "journal").is_dir()


@pytest.mark.parametrize("name", ["TARASH_JOURNAL", "XDG_DATA_HOME"])
def test_a_journal_with_a_line_break_stops_before_anything_is_sent(tarash, folder, paid, name):
    done = image(tarash, **{name: f"{folder}/a\nb"})
    assert (done.code, paid()) == (4, [])
    assert f"error: {name} holds a line break at position " in done.err


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_told(monkeypatch, tmp_path, name):
    from tarash.tarash_gateway.media.connections import trusted

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, f" {tmp_path / 'gone'}\n")
    with pytest.raises(ConfigurationError) as raised:
        trusted()
    assert str(raised.value) == (
        f"the certificates of {name}={tmp_path / 'gone'} cannot be read: No such file or directory. "
        "Set the variable right, or leave it out."
    )


def test_certificates_of_a_padded_variable_are_read(monkeypatch, certificate):
    from tarash.tarash_gateway.media.connections import trusted

    monkeypatch.setenv("SSL_CERT_FILE", f" {certificate[0]}\n")
    assert len(trusted().get_ca_certs()) <= 1
