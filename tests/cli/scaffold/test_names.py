"""A plugin's names follow from one, and that one is looked at before anything is written."""

import pytest

from tarash_gateway_cli.scaffold import Names, NotANameError


def test_every_name_follows_from_the_providers():
    names = Names.of("acme-films")
    assert names.provider == "acme-films"
    assert names.distribution == "tarash-gateway-acme-films"
    assert names.module == "tarash_gateway_acme_films"
    assert names.title == "Acme Films"
    assert names.prefix == "AcmeFilms"
    assert names.variable == "ACME_FILMS_API_KEY"


def test_an_underscore_stays_where_it_is_allowed():
    names = Names.of("acme_films")
    assert (names.provider, names.distribution) == ("acme_films", "tarash-gateway-acme-films")


@pytest.mark.parametrize("name", ["a", "acme", "x1", "class", "a-b_c-9", "a" * 30])
def test_these_are_names(name):
    assert Names.of(name).module.isidentifier()
    assert Names.of(name).prefix.isidentifier()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Acme", "acme"),
        ("Acme Films", "acme-films"),
        ("AcmeFilms", "acme-films"),
        ("acme.films", "acme-films"),
        ("acme--films", "acme-films"),
        ("acme-", "acme"),
        ("9lives", "lives"),
        ("Crème", "creme"),
        ("tarash-gateway-acme", "acme"),
        ("../acme", "acme"),
        ("", None),
        ("-", None),
        ("42", None),
        ("tarash_gateway", None),
        ("a" * 31, None),
    ],
)
def test_what_is_no_name_is_told_with_what_was_meant(name, meant):
    with pytest.raises(NotANameError) as caught:
        Names.of(name)
    reported = str(caught.value)
    assert reported.startswith(f"{name!r} cannot be a provider's name: it is at most 30 lower-case letters and digits")
    assert reported.endswith(f" Did you mean {meant!r}?" if meant else "does not begin with 'tarash-gateway'.")


@pytest.mark.parametrize("name", ["all", "cli", "azure_openai", "plugin", "tarash"])
def test_names_of_the_gateway_itself_are_taken(name):
    with pytest.raises(NotANameError) as caught:
        Names.of(name)
    assert str(caught.value) == f"{name!r} is taken: tarash-gateway has something of that name. Choose another."


def test_a_provider_that_is_installed_is_taken_however_it_is_spelled():
    with pytest.raises(NotANameError) as caught:
        Names.of("acme-films", ["acme_films"])
    assert str(caught.value) == (
        "a provider 'acme-films' is installed already (tarash plugins shows from where); two of one name exclude each "
        "other. Choose another name, or uninstall that one first."
    )
