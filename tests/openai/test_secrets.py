"""A key goes out in a header, and nowhere else: whatever is shown, logged, dumped, pickled or raised is without it."""

from __future__ import annotations

import base64
import copy
import html
import json
import logging
import pickle
import traceback
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from tarash.tarash_gateway import (
    Journal,
    generate_image,
    generate_video,
    stream_image,
    submit_video,
)
from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins._registry import PluginRegistry
from tarash_gateway_openai.connection import from_config
from tarash_gateway_sandbox import Answer, EventStream

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

KEY = "sk-proj-Zq7w/Lr2Xk9+Tn4Vb8Yd3=Jh6Mc5Fg"
"""With signs in it that an address and a page spell otherwise."""

GATEWAY_KEY = "Gw5ecretOfTheGateway77"

TOKEN = "eyJhbGciOiJ.eyJzdWIiOiJ0ZXN0.c2lnbmF0dXJlLW9m"

SPELLINGS = {
    "whole": KEY,
    "bearer": f"Bearer {KEY}",
    "beginning": KEY[:14],
    "end": KEY[-12:],
    "middle": KEY[10:26],
    "starred": f"{KEY[:5]}{'*' * 20}{KEY[-4:]}",
    "dotted": f"{KEY[:7]}...{KEY[-4:]}",
    "ellipsis": f"{KEY[:7]}…{KEY[-4:]}",
    "in an address": quote(KEY, safe=""),
    "in a path": quote(KEY),
    "in JSON": json.dumps(KEY).replace("/", "\\/"),
    "in a page": html.escape(KEY),
    "in base64": base64.b64encode(KEY.encode()).decode(),
    "in basic credentials": base64.b64encode(f"user:{KEY}".encode()).decode(),
    "in capitals": KEY.upper(),
}
ALL_SPELLINGS = " | ".join(SPELLINGS.values())


def traces_of(key, text):
    """Pieces of a key, whatever their case, and the spellings of `KEY`."""
    lowered = text.lower()
    pieces = {key[at : at + 8] for at in range(len(key) - 7)}
    found = {piece for piece in pieces if piece.lower() in lowered}
    return found | {name for name, spelling in SPELLINGS.items() if key == KEY and spelling in text}


def told_by(thing, *, of_the_sdk=True):
    """Every text that a config, a response, a job or an error gives of itself."""
    yield from ((show.__name__, show(thing)) for show in (repr, str, format))
    yield "pickle", pickle.dumps(thing).decode("latin-1")
    if not isinstance(thing, BaseException):
        yield "dump", repr(thing.model_dump())
        yield "JSON", thing.model_dump_json()
        return
    yield "traceback", "".join(traceback.format_exception(thing))
    error, received = thing, set()
    while error is not None and id(error) not in received:
        received.add(id(error))
        if of_the_sdk or not type(error).__module__.startswith("openai"):
            yield from ((f"{type(error).__name__}.{name}", repr(value)) for name, value in vars(error).items())
        error = error.__cause__ or error.__context__
    if thing.job is not None:
        yield "job", thing.job.model_dump_json()


def assert_without(key, thing, **which):
    for where, text in told_by(thing, **which):
        assert not traces_of(key, text), where


class Credential:
    def __repr__(self):
        return KEY


CONFIGS = {
    "text": {"api_key": KEY},
    "secret": {"api_key": SecretStr(KEY)},
    "entry of provider_config": {"provider_config": {"credential": Credential(), "token": SecretStr(KEY)}},
    "query": {"base_url": f"https://gw.example/v1?key={KEY}#top"},
    "query beside a version": {"base_url": f"https://gw.example/?api-version=2025-04-01&key={KEY}"},
    "disguised as a version": {"base_url": f"https://gw.example/?api-version={quote(KEY, safe='')}"},
}


@pytest.mark.parametrize("kind", [ImageGenerationConfig, VideoGenerationConfig])
@pytest.mark.parametrize("secret", CONFIGS.values(), ids=CONFIGS)
def test_a_config_shows_no_secret_wherever_it_is(kind, secret):
    made = kind(provider="openai", model="m", **secret)
    assert_without(KEY, made)
    assert_without(KEY, kind(provider="openai", model="m", fallback_configs=[made]))


def test_an_address_without_its_query_is_what_a_config_shows():
    made = ImageGenerationConfig(provider="openai", model="m", base_url="https://gw.example/v1?key=k&api-version=v1")
    shown = "https://gw.example/v1?api-version=v1"
    assert f"base_url='{shown}'" in repr(made)
    assert made.model_dump()["base_url"] == shown
    assert made.base_url == copy.deepcopy(made).base_url == "https://gw.example/v1?key=k&api-version=v1"


def test_a_query_that_a_pickle_left_behind_is_missed():
    made = ImageGenerationConfig(provider="openai", model="m", base_url="https://gw.example/v1?key=k")
    lost = pickle.loads(pickle.dumps(made))
    with pytest.raises(ConfigurationError) as caught:
        lost.require_whole()
    assert str(caught.value) == (
        "base_url of 'openai' lost its query when it was pickled: credentials do not travel. "
        "Make the config on this worker, or give the whole address with model_copy(update=…)."
    )
    lost.model_copy(update={"base_url": made.base_url}).require_whole()


@pytest.mark.parametrize(
    "address",
    [
        f"https://user:{KEY}@gw.example/v1",
        f"https://{quote(KEY, safe='')}@gw.example",
        f"user:{KEY[:10]}@gw.example/v1",
    ],
    ids=["password", "user", "no scheme"],
)
def test_a_password_in_an_address_is_refused_and_not_shown(address):
    with pytest.raises(ConfigurationError) as caught:
        ImageGenerationConfig(provider="openai", model="m", base_url=address)
    assert str(caught.value) == "base_url of gw.example carries a user name or a password; give the key as api_key"
    assert_without(KEY, caught.value)


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"])
@pytest.mark.parametrize(
    ("before", "after", "what"),
    [("“", "”", "a character outside ASCII"), ("", "\nsecond-line", "a line break"), ("", " two", "white space")],
    ids=["quotes", "two lines", "space"],
)
def test_a_key_of_the_environment_that_no_header_can_carry_is_told(
    image_config, image_request, monkeypatch, variable, before, after, what
):
    provider = "openai" if variable == "OPENAI_API_KEY" else "azure_openai"
    monkeypatch.setenv(variable, f"{before}{KEY}{after}")
    with pytest.raises(ConfigurationError, match=what) as caught:
        generate_image(image_config(provider=provider, api_key=None), image_request())
    assert_without(KEY, caught.value)


@pytest.mark.parametrize("later", [False, True], ids=["function", "async-function"])
@pytest.mark.parametrize(
    "sign",
    ["\n", "é", "\ud800", " ", "\0", "x" * 40_000],
    ids=["newline", "accent", "surrogate", "space", "nul", "long"],
)
def test_a_key_that_a_function_gives_and_no_header_can_carry_is_told(
    make_image, image_config, image_request, posts, sign, later
):
    async def key_later():
        return KEY + sign

    config = image_config(api_key=key_later if later else lambda: KEY + sign)
    with pytest.raises(ConfigurationError, match=r"what the api_key function gave h(as|olds) ") as caught:
        make_image(config, image_request())
    assert_without(KEY, caught.value)
    assert posts() == []


async def _key_later():
    return KEY


SOURCES = {
    "text": ("openai", KEY, {"api_key": KEY}),
    "secret": ("openai", KEY, {"api_key": SecretStr(KEY)}),
    "function": ("openai", KEY, {"api_key": lambda: KEY}),
    "async function": ("openai", KEY, {"api_key": _key_later}),
    "environment": ("openai", KEY, {"api_key": None}),
    "azure": ("azure_openai", KEY, {"api_key": KEY}),
    "azure environment": ("azure_openai", KEY, {"api_key": None}),
    "azure token": ("azure_openai", TOKEN, {"api_key": TOKEN}),
    "azure function": ("azure_openai", TOKEN, {"api_key": lambda: TOKEN}),
    "gateway": ("openai", GATEWAY_KEY, {"base_url": f"?subscription-key={GATEWAY_KEY}"}),
    "azure gateway": ("azure_openai", GATEWAY_KEY, {"base_url": f"?subscription-key={GATEWAY_KEY}"}),
}


@pytest.fixture(params=SOURCES.values(), ids=SOURCES)
def sourced(request, tarash_sandbox, monkeypatch):
    """A key, and what makes a config that has it from one of its sources."""
    provider, key, settings = request.param
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    address = tarash_sandbox.url if provider == "openai" else tarash_sandbox.origin
    known = {"provider": provider, "api_key": "sk-another-key-of-the-tests", **settings}
    known["base_url"] = address + settings.get("base_url", "")
    return key, known


def test_a_key_that_the_server_quotes_is_masked_wherever_it_came_from(
    tarash_sandbox, make_image, image_config, image_request, answering, sourced
):
    key, settings = sourced
    said = {"error": {"message": f"Incorrect API key provided: {key}.", "code": "invalid_api_key", "given": key}}
    tarash_sandbox.play(answering(said, status=401))

    with pytest.raises(TarashError) as caught:
        make_image(image_config("a-model-without-a-row", **settings), image_request())

    assert "Incorrect API key provided: [key]." in str(caught.value)
    assert_without(key, caught.value, of_the_sdk=False)


def test_no_log_of_anybody_has_a_key_and_ours_have_neither_prompt_nor_picture(
    tarash_sandbox, image_config, video_config, image_request, video_request, picture, sourced, caplog, tmp_path
):
    key, settings = sourced
    wish, sent = "a-most-private-wish", picture(720, 1280)
    with caplog.at_level(logging.DEBUG), Journal(tmp_path):
        made = [
            generate_image(image_config("gpt-image-2", **settings), image_request(wish, size="1024x1024")),
            generate_image(image_config("gpt-image-2", **settings), image_request(wish, size=None, image_list=[sent])),
            list(stream_image(image_config("gpt-image-2", **settings), image_request(wish, size="1024x1024")))[-1],
            generate_video(video_config("sora-2", **settings), video_request(wish, image_list=[sent])),
        ]

    names = {record.name.split(".")[0] for record in caplog.records}
    assert {"tarash", "httpx2", "httpcore2", "openai"} <= names, "the libraries' own lines are looked at too"
    assert not traces_of(key, caplog.text)
    ours = "".join(
        f"{record.getMessage()} {vars(record)}" for record in caplog.records if record.name.startswith("tarash")
    )
    assert wish not in ours
    for content in (sent, made[0].images[0].content):
        assert base64.b64encode(content).decode()[:40] not in ours
    for thing in (*made, made[-1].job):
        assert_without(key, thing)
    for file in tmp_path.iterdir():
        assert not traces_of(key, file.read_text())
    assert len(tarash_sandbox.requests) >= 4


def test_the_key_of_a_gateway_goes_out_with_every_request(tarash_sandbox, make_video, video_config, video_request):
    make_video(video_config(base_url=f"{tarash_sandbox.url}?subscription-key={GATEWAY_KEY}&x=1"), video_request())
    assert len(tarash_sandbox.requests) >= 3
    for request in tarash_sandbox.requests:
        assert request.query == {"subscription-key": GATEWAY_KEY, "x": "1"}


def test_a_trace_of_the_plugins_shows_no_secret(monkeypatch, caplog):
    monkeypatch.setenv("TARASH_TRACE_PLUGINS", "1")
    secrets = {"provider_config": {"headers": {"x-team": KEY}}, "base_url": f"https://gw.example/v1?key={KEY}"}
    PluginRegistry().create(ImageGenerationConfig(provider="openai", model="m", api_key=KEY, **secrets))
    assert "hook tarash_create_provider gave OpenAIProvider" in caplog.text
    assert not traces_of(KEY, caplog.text)


def test_a_connection_shows_no_secret():
    made = ImageGenerationConfig(provider="openai", model="m", api_key=KEY, base_url=f"https://gw.example/v1?key={KEY}")
    shown = f"{from_config(made)!r}"
    assert "gw.example" in shown
    assert not traces_of(KEY, shown)


def refusal(**options):
    return {"error": {"message": f"no: {ALL_SPELLINGS}", "code": KEY, "type": KEY, "param": KEY, KEY: 1, **options}}


BLOCKED = {"code": "moderation_blocked", "moderation_details": {"categories": [KEY], "moderation_stage": "input"}}
FILTERED = {"code": "content_filter", "content_filter_results": {KEY: {"filtered": True}}}
PAGE = f"<html><body>{ALL_SPELLINGS}</body></html>"

REFUSALS = {
    "400": (400, refusal()),
    "400 with the code as a text": (400, {"error": ALL_SPELLINGS}),
    "400 of a list": (400, [ALL_SPELLINGS, {KEY: KEY}]),
    "401": (401, refusal()),
    "403 page": (403, PAGE),
    "404": (404, refusal()),
    "429": (429, refusal()),
    "500": (500, {"detail": ALL_SPELLINGS}),
    "502 page": (502, PAGE),
    "moderation": (400, refusal(**BLOCKED)),
    "content filter": (400, refusal(innererror=FILTERED)),
    "200 page": (200, PAGE),
    "200 text": (200, ALL_SPELLINGS),
    "200 with an error": (200, refusal()),
    "200 without a picture": (200, {"data": [{"x": ALL_SPELLINGS}]}),
}


@pytest.fixture
def refused(tarash_sandbox, answering, image_config, image_request):
    def call(status, body):
        tarash_sandbox.play(answering(body, status=status))
        with pytest.raises(TarashError) as caught:
            generate_image(image_config("gpt-image-2", api_key=KEY, max_retries=0), image_request(size=None))
        return caught.value

    return call


@pytest.mark.parametrize(("status", "body"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_that_quotes_the_key_in_any_spelling_is_masked(refused, status, body):
    error = refused(status, body)
    assert_without(KEY, error, of_the_sdk=False)


def test_the_sdks_exception_behind_ours_is_masked_too(refused):
    assert_without(KEY, refused(400, refusal()))


@pytest.mark.parametrize("limit", [400, 200])
def test_a_vendor_of_many_words_is_cut_short(refused, limit):
    error = refused(limit, {"error": {"message": "x" * 1_000_000, "code": "y" * 1_000_000, "more": ["z" * 9000] * 99}})
    assert len(str(error)) < 5000
    assert len(json.dumps(error.raw)) < 70_000


def test_half_an_answer_shows_no_half_of_a_picture(refused, picture):
    text = json.dumps({"data": [{"b64_json": base64.b64encode(picture()).decode()}]})
    error = refused(200, text[:150])
    assert "the vendor's answer is not JSON" in str(error)
    assert base64.b64encode(picture()).decode()[:48] not in str(error)


@pytest.mark.parametrize("options", [{}, BLOCKED], ids=["error", "moderation"])
def test_the_last_event_of_a_stream_that_quotes_the_key_is_masked(tarash_sandbox, image_config, image_request, options):
    tarash_sandbox.play(EventStream([{"type": "error", **refusal(**options)}]))
    with pytest.raises(TarashError) as caught:
        list(stream_image(image_config("gpt-image-2", api_key=KEY), image_request(size=None)))
    assert_without(KEY, caught.value)


def test_a_refusal_with_a_good_status_that_quotes_the_key_is_masked(refused):
    assert_without(KEY, refused(200, refusal(**FILTERED)))


def test_a_good_answer_that_quotes_the_key_is_masked(tarash_sandbox, image_config, image_request, answering, picture):
    item = {"b64_json": base64.b64encode(picture()).decode(), "revised_prompt": ALL_SPELLINGS}
    tarash_sandbox.play(answering({"data": [item], "usage": {KEY: 1, "x": KEY}, "debug": [ALL_SPELLINGS, KEY]}))
    response = generate_image(image_config("gpt-image-2", api_key=KEY), image_request(size=None))
    assert_without(KEY, response)
    assert response.images[0].content == picture()


ENDINGS = {
    "failed": {"status": "failed", **refusal()},
    "failed with a text": {"status": "failed", "error": ALL_SPELLINGS},
    "failed by moderation": {"status": "failed", **refusal(**BLOCKED)},
    "cancelled": {"status": "cancelled", "x": [ALL_SPELLINGS]},
    "expired": {"status": "expired", "x": {KEY: 1}},
    "a status that nobody knows": {"status": KEY, "x": ALL_SPELLINGS},
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_job_whose_end_quotes_the_key_is_masked(
    tarash_sandbox, video_config, video_request, answering, caplog, pauses_leap, ending
):
    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), method="POST")
    tarash_sandbox.play(answering({"id": "video_1", **ending}), method="GET", times=None)
    with pauses_leap(), pytest.raises(TarashError) as caught:
        generate_video(video_config("sora-2", api_key=KEY, timeout=60, poll_interval=20), video_request())
    assert caught.value.job.id == "video_1"
    assert_without(KEY, caught.value)
    assert not traces_of(KEY, caplog.text)


def test_a_fallback_after_a_refusal_that_quotes_the_key_tells_it_without(
    tarash_sandbox, image_config, image_request, answering, caplog
):
    second = image_config("gpt-image-2")
    tarash_sandbox.play(answering(refusal(), status=401))
    config = image_config("gpt-image-2", api_key=KEY, fallback_configs=[second])
    with caplog.at_level(logging.DEBUG, "tarash"):
        response = generate_image(config, image_request(size=None))
    assert [attempt.outcome for attempt in response.attempts] == ["failed", "succeeded"]
    assert_without(KEY, response)
    assert not traces_of(KEY, caplog.text)


def test_where_a_redirect_leads_is_told_by_its_host_alone(refused, tarash_sandbox, image_config, image_request):
    tarash_sandbox.play(Answer(307, {"location": f"https://elsewhere.example/{KEY}?key={KEY}"}))
    with pytest.raises(TarashError, match=r"redirects to elsewhere\.example") as caught:
        generate_image(image_config("gpt-image-2", api_key=KEY), image_request(size=None))
    assert_without(KEY, caught.value)


def test_a_job_of_an_address_with_a_query_holds_none_of_it(tarash_sandbox, video_config, video_request):
    address = f"{tarash_sandbox.url}?subscription-key={GATEWAY_KEY}"
    job = submit_video(video_config(base_url=address), video_request())
    assert job.endpoint == tarash_sandbox.url
    assert_without(GATEWAY_KEY, job)
