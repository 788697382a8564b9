"""Rows that a vendor publishes: kept with their age, read once, and never in the way of a request."""

import json
import time
from datetime import date

import pytest

from tarash.tarash_gateway import check_request, list_models, refresh_models, register_plugin
from tarash.tarash_gateway.capabilities import VideoModel, live
from tarash.tarash_gateway.errors import ConnectionFailedError, UnsupportedOperationError
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest
from tarash.tarash_gateway.plugins import Provider, ProviderSpec, hookimpl

SEEN = {"source": "https://example.com", "checked_on": date(2026, 11, 22)}


class Acme(Provider):
    endpoint = "https://acme.example"

    def __init__(self, rows):
        self.rows = rows

    async def fetch_models_async(self, *, timeout):
        if isinstance(self.rows, Exception):
            raise self.rows
        return self.rows


class Plugin:
    def __init__(self, rows=(), *, live_models=True):
        self.rows, self.live_models = rows, live_models

    @hookimpl
    def tarash_provider_specs(self):
        shipped = VideoModel(model="film-1", durations=(4.0,), **SEEN)
        yield ProviderSpec(name="acme", api_version=1, video_models=(shipped,), live_models=self.live_models)

    @hookimpl
    def tarash_create_provider(self, config):
        return Acme(self.rows)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TARASH_CACHE", str(tmp_path))
    monkeypatch.setattr(live, "_cached", {})
    return tmp_path


CONFIG = VideoGenerationConfig(provider="acme", model="film-1")


def problems(seconds, **config):
    request = VideoGenerationRequest(prompt="a kite", duration_seconds=seconds)
    return check_request(CONFIG.model_copy(update=config), request)


def row(**columns):
    return VideoModel(**{"model": "film-1", "durations": (8.0,), **SEEN, **columns})


def test_a_fetched_row_takes_the_place_of_the_shipped_one():
    with register_plugin(Plugin([row(), row(model="film-2", aliases=("film-latest",))])):
        assert problems(4) == []
        assert [model.model for model in refresh_models(CONFIG)] == ["film-1", "film-2"]
        assert [problem.field for problem in problems(4)] == ["duration_seconds"]
        assert problems(8) == []
        assert len(problems(4, model="film-latest")) == 1
        assert [model.model for model in list_models("acme")] == ["film-1", "film-2"]


def test_another_process_finds_it(cache):
    with register_plugin(Plugin([row()])):
        refresh_models(CONFIG)
        live._cached.clear()
        assert len(problems(4)) == 1


def test_a_stale_row_refuses_nothing(cache, monkeypatch):
    with register_plugin(Plugin([row()])):
        refresh_models(CONFIG)
        stored = json.loads((cache / "models" / "acme.json").read_text())
        stored["fetched_at"] = time.time() - 2 * live.FRESH_SECONDS
        (cache / "models" / "acme.json").write_text(json.dumps(stored))
        live._cached.clear()
        assert problems(4) == problems(8) == problems(99) == []


def test_the_configs_own_row_comes_first():
    with register_plugin(Plugin([row()])):
        refresh_models(CONFIG)
        assert problems(5, capabilities=row(durations=(5.0,))) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"[]", b"null", b'{"fetched_at": "x"}', b'{"fetched_at": 1, "video": 5}', b"\xff" * 100],
    ids=lambda content: repr(content[:12]),
)
def test_a_cache_that_cannot_be_read_is_as_good_as_none(cache, content):
    (cache / "models").mkdir()
    (cache / "models" / "acme.json").write_bytes(content)
    with register_plugin(Plugin()):
        assert len(problems(5)) == 1
        assert problems(4) == []


def test_a_row_of_another_version_of_us_is_left_out(cache):
    (cache / "models").mkdir()
    stored = {"fetched_at": time.time(), "image": [], "video": [{"model": "film-1", "a_column_of_tomorrow": 1}]}
    (cache / "models" / "acme.json").write_text(json.dumps(stored))
    with register_plugin(Plugin()):
        assert problems(4) == []
        assert len(problems(5)) == 1


def test_a_fetch_that_fails_leaves_what_is_there(cache):
    with register_plugin(Plugin([row()])):
        refresh_models(CONFIG)
    with register_plugin(Plugin(ConnectionFailedError("no network"))):
        with pytest.raises(ConnectionFailedError):
            refresh_models(CONFIG)
        assert len(problems(4)) == 1


def test_a_cache_that_cannot_be_written_is_no_failure(cache, monkeypatch):
    (cache / "file").write_text("")
    monkeypatch.setenv("TARASH_CACHE", str(cache / "file"))
    with register_plugin(Plugin([row()])):
        assert len(refresh_models(CONFIG)) == 1


def test_what_is_no_row_is_left_out():
    with register_plugin(Plugin([row(), {"model": "x"}, None])):
        assert len(refresh_models(CONFIG)) == 1


def test_a_provider_that_publishes_nothing_says_so():
    class Silent(Plugin):
        @hookimpl
        def tarash_create_provider(self, config):
            return Provider.__new__(type("Silent", (Provider,), {"endpoint": "x"}))

    with register_plugin(Silent()), pytest.raises(UnsupportedOperationError, match="cannot list models"):
        refresh_models(CONFIG)


def test_the_cache_is_not_looked_at_for_a_provider_without_live_rows(cache):
    with register_plugin(Plugin([row()], live_models=False)):
        refresh_models(CONFIG)
        assert problems(4) == []
