"""`tarash models`: what each model takes, how long it lives, and what it costs."""

from datetime import date

import pytest

from tarash.tarash_gateway import list_models, register_plugin
from tarash.tarash_gateway.capabilities import ImageModel, Lifecycle
from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl

STATES = ("current", "deprecated", "retired")


def lines(done):
    return [line.strip() for line in done.out.splitlines()]


def test_every_model_of_a_provider_is_there(typed):
    done = typed("models", "-p", "openai")
    assert done.code == 0
    for row in list_models("openai"):
        assert any(line.startswith(row.model) for line in lines(done)), row.model


def test_what_a_model_takes_and_costs_and_how_long_it_lives(typed):
    shown = typed("models", "-p", "openai", "--kind", "image").out
    family = shown[shown.index("dall-e-3") : shown.index("dall-e-2")]
    assert "retired since 2026-05-12" in family
    assert "$0.04 to $0.12 per image" in family
    for words in (
        "sizes   1024x1024 1792x1024",
        "quality standard hd",
        "style   vivid natural",
        "makes   one at a time",
    ):
        assert words in family


def test_a_clip_has_seconds_and_more(typed):
    shown = typed("models", "-p", "openai", "--kind", "video").out
    for words in ("seconds 4 8 12", "$0.10 per second", "from    1 image", "also    remix", "sound   always"):
        assert words in shown


def test_the_sandbox_is_named_beside_the_provider_that_it_plays(typed):
    done = typed("models", "--kind", "image")
    assert "openai, sandbox (free): images" in lines(done)
    assert "sandbox: videos" not in lines(done)


def test_only_what_is_served_today(typed):
    reported = typed("models", "--live", "--json").reported["models"]
    assert reported
    assert {model["status"] for model in reported} <= {"current", "deprecated"}
    nothing = typed("models", "--live", "--kind", "video", "-p", "openai")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "No video model is served by its vendor today.\n")


class Lives:
    """A vendor with a model in each state, on whatever day the tests run."""

    @hookimpl
    def tarash_provider_specs(self):
        rows = tuple(
            ImageModel(
                model=f"{status}-model",
                source="https://lives.test",
                checked_on=date(2026, 1, 1),
                lifecycle=Lifecycle(status=status),
            )
            for status in STATES
        )
        yield ProviderSpec(name="lives", api_version=1, image_models=rows)


@pytest.mark.parametrize("status", STATES)
def test_by_where_they_stand_in_their_life(typed, status):
    with register_plugin(Lives()):
        reported = typed("models", "-p", "lives", "--status", status, "--json").reported["models"]
    assert [(model["model"], model["status"]) for model in reported] == [(f"{status}-model", status)]


def test_with_json_there_is_the_whole_row(typed):
    reported = typed("models", "-p", "openai", "--json").reported["models"]
    assert len(reported) == len(list_models("openai"))
    assert {"provider", "kind", "status", "model", "source", "checked_on", "lifecycle"} <= set(reported[0])


def test_a_provider_that_is_not_there_is_an_error(typed):
    assert typed("models", "-p", "nobody").code == 5


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(typed, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(len(line) for line in typed("models").out.splitlines()) <= columns


def test_in_a_terminal_the_life_has_its_colour(terminal):
    opened = terminal("models", "-p", "openai", "--kind", "image")
    assert opened.end() == 0
    for colour, word in (("32", "current"), ("33", "deprecated"), ("31", "retired")):
        if list_models("openai", kind="image", status=word):  # a deprecated one is retired some day
            assert f"\x1b[{colour}m{word}" in opened.raw
