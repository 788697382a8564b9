"""Configs: read strictly, frozen, and never a carrier of a secret."""

import copy
import json
import math
import pickle
from datetime import date

import pytest
from pydantic import SecretStr

from tarash.tarash_gateway import register_plugin
from tarash.tarash_gateway.capabilities import ImageModel, SizeRule
from tarash.tarash_gateway.errors import ConfigurationError, ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import ProviderSpec, hookimpl

KEY = "sk-proj-verysecret-0123456789"


def config(**fields):
    return ImageGenerationConfig(**{"provider": "acme", "model": "acme-image", **fields})


def problems(kind=ImageGenerationConfig, **fields):
    with pytest.raises(ValidationError) as caught:
        kind(**{"provider": "acme", "model": "acme-image", **fields})
    return {problem.field: problem.message for problem in caught.value.problems}


class Credential:
    """Something that is no JSON, as a cloud's SDK has it."""

    def __repr__(self):
        return KEY


def test_all_problems_come_at_once():
    with pytest.raises(ValidationError) as caught:
        ImageGenerationConfig(modle="acme-image", timeout=-1, max_retries=99)
    assert str(caught.value) == (
        "ImageGenerationConfig: 5 problems, nothing was sent\n"
        "  - provider: is required\n"
        "  - model: is required\n"
        "  - timeout: input should be greater than 0\n"
        "  - max_retries: input should be less than or equal to 20\n"
        "  - modle: unknown field (did you mean model?)"
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"time_out": 3}, {"time_out": "unknown field (did you mean timeout?)"}),
        ({"zzz": 3}, {"zzz": "unknown field"}),
        (
            {"fallback_configs": [{"provider": "b", "model": "m"}, {"provider": "b", "modle": "m"}]},
            {
                "fallback_configs.1.model": "is required",
                "fallback_configs.1.modle": "unknown field (did you mean model?)",
            },
        ),
        (
            {"fallback_configs": [{"provider": "b", "model": "m", "fallback_configs": [{"modle": "m"}]}]},
            {
                "fallback_configs.0.fallback_configs.0.provider": "is required",
                "fallback_configs.0.fallback_configs.0.model": "is required",
                "fallback_configs.0.fallback_configs.0.modle": "unknown field (did you mean model?)",
            },
        ),
        (
            {"capabilities": {"model": "m", "source": "s", "checked_on": "2026-01-01", "qualitys": ["hd"]}},
            {"capabilities.qualitys": "unknown field (did you mean qualities?)"},
        ),
    ],
    ids=["near", "far", "in a fallback", "in a fallback of a fallback", "in a row"],
)
def test_a_mistyped_field_is_told_with_its_place(fields, expected):
    assert problems(**fields) == expected


@pytest.mark.parametrize("value", [True, math.nan, math.inf, -1, 0, 1e300, "30", None], ids=repr)
def test_a_timeout_is_a_number_of_seconds(value):
    assert list(problems(timeout=value)) == ["timeout"]


@pytest.mark.parametrize("value", [True, math.nan, math.inf, -1, 0, 1e300, "30"], ids=repr)
def test_a_poll_interval_is_a_number_of_seconds(value):
    assert list(problems(poll_interval=value)) == ["poll_interval"]


@pytest.mark.parametrize("value", [True, math.nan, math.inf, -0.01, "much"], ids=repr)
def test_a_cost_limit_is_an_amount_of_money(value):
    assert list(problems(max_cost=value)) == ["max_cost"]


@pytest.mark.parametrize("value", [True, -1, 21, 1.5, "2", None], ids=repr)
def test_retries_are_a_small_whole_number(value):
    assert list(problems(max_retries=value)) == ["max_retries"]


@pytest.mark.parametrize("value", ["", "  ", None, 3, b"acme", "a\0b", "\ud800", "x" * 257], ids=ascii)
@pytest.mark.parametrize("field", ["provider", "model"])
def test_a_name_is_a_short_text(field, value):
    assert list(problems(**{field: value})) == [field]


@pytest.mark.parametrize("field", ["retry_unconfirmed", "fan_out"])
@pytest.mark.parametrize("value", [1, "yes", None], ids=repr)
def test_a_switch_is_true_or_false(field, value):
    assert list(problems(**{field: value})) == [field]


def test_the_three_words_for_what_is_unsupported():
    assert list(problems(unsupported="warm")) == ["unsupported"]
    assert [config(unsupported=word).unsupported for word in ("warn", "error", "ignore")] == ["warn", "error", "ignore"]


def test_defaults():
    made = config()
    assert (made.timeout, made.max_retries, made.retry_unconfirmed, made.unsupported) == (300.0, 2, False, "warn")
    assert VideoGenerationConfig(provider="acme", model="acme-video").timeout == 1200.0
    assert (made.poll_interval, made.fan_out, made.fallback_configs, made.max_cost) == (None, False, (), None)


def test_white_space_around_a_name_is_taken_off():
    assert config(provider=" acme ", base_url=" https://x.test/v1\n").base_url == "https://x.test/v1"


def test_fallbacks_may_be_given_as_none_and_as_a_list():
    assert config(fallback_configs=None).fallback_configs == ()
    assert config(fallback_configs=[config(model="second")]).fallback_configs[0].model == "second"


def test_a_fallback_of_the_other_kind_is_refused():
    other = VideoGenerationConfig(provider="acme", model="acme-video")
    assert any(field.startswith("fallback_configs.0") for field in problems(fallback_configs=[other]))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("", "api_key is empty. Leave it out to read the provider's environment variable, or give a key."),
        ("  ", "api_key is empty. Leave it out to read the provider's environment variable, or give a key."),
        (
            "sk-abc\n",
            "api_key holds a line break at position 7 of 7, which no HTTP header can carry. Copy it again, without quotes.",
        ),
        (
            "sk abc",
            "api_key holds white space at position 3 of 6, which no HTTP header can carry. Copy it again, without quotes.",
        ),
        (
            "“sk-abc”",
            (
                "api_key holds a character outside ASCII at position 1 of 8, which no HTTP header can carry. "
                "Copy it again, without quotes."
            ),
        ),
    ],
    ids=["empty", "blank", "newline", "space", "curly quote"],
)
@pytest.mark.parametrize("wrap", [str, SecretStr], ids=["str", "SecretStr"])
def test_a_key_that_no_header_can_carry_is_told_at_once(wrap, key, text):
    with pytest.raises(ConfigurationError) as caught:
        config(api_key=wrap(key))
    assert str(caught.value) == text


def test_a_control_character_in_a_key_is_not_called_a_foreign_letter():
    with pytest.raises(ConfigurationError) as caught:
        config(api_key="sk-\x00abc")
    assert "outside ASCII" not in str(caught.value)


@pytest.mark.parametrize("key", [KEY, SecretStr(KEY)], ids=["str", "SecretStr"])
def test_a_key_is_kept_as_a_secret(key):
    assert config(api_key=key).api_key.get_secret_value() == KEY


def test_a_key_may_be_a_function():
    async def later():
        return KEY

    assert config(api_key=lambda: KEY).api_key() == KEY
    assert config(api_key=later).api_key is later


@pytest.mark.parametrize("key", [3, b"sk-abc", ["sk-abc"], True], ids=repr)
def test_a_key_of_another_type_is_refused_without_being_shown(key):
    with pytest.raises(ValidationError) as caught:
        config(api_key=key)
    assert {problem.field for problem in caught.value.problems} == {"api_key"}
    assert all(problem.value is None for problem in caught.value.problems)


WITH_SECRETS = {"api_key": KEY, "provider_config": {"credential": Credential(), "region": "north"}}


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda made: repr(made.model_dump()),
        lambda made: made.model_dump_json(),
        lambda made: repr(made.model_dump(mode="json")),
        lambda made: repr(pickle.dumps(made)),
        lambda made: repr(pickle.loads(pickle.dumps(made)).__dict__),
        lambda made: json.dumps(type(made).model_json_schema(mode="serialization")),
    ],
    ids=["repr", "str", "dump", "json", "json dump", "pickle", "after a pickle", "schema"],
)
def test_a_secret_is_never_shown(show):
    fallback = config(model="second", **WITH_SECRETS)
    shown = show(config(**WITH_SECRETS, fallback_configs=[fallback]))
    assert KEY not in shown
    assert "verysecret" not in shown


def test_only_json_of_the_provider_config_is_dumped():
    made = config(provider_config={"credential": Credential(), "region": "north", "deep": {"a": [1, None]}})
    assert made.model_dump()["provider_config"] == {"region": "north", "deep": {"a": [1, None]}}
    assert json.loads(made.model_dump_json())["provider_config"] == {"region": "north", "deep": {"a": [1, None]}}


@pytest.mark.parametrize(
    "name",
    ["pwd", "db_pwd", "sig", "sas", "connection_string", "ConnectionString", "url", "webhook_url", "endpoint", "dsn"],
)
def test_what_may_hold_a_credential_by_its_name_does_not_travel(name):
    made = config(provider_config={name: "Server=x;Pwd=hidden", "region": "north"})

    assert "hidden" not in made.model_dump_json()
    assert pickle.loads(pickle.dumps(made)).provider_config == {"region": "north"}


def test_a_switch_travels_whatever_its_name():
    fixed = {"allow_private_urls": True, "inputs_through_proxy": True, "max_tokens": 5}

    assert pickle.loads(pickle.dumps(config(provider_config=fixed))).provider_config == fixed


class VaultPlugin:
    @hookimpl
    def tarash_provider_specs(self):
        yield ProviderSpec(name="vault", api_version=1, plain_settings=("region", "gateway_url"))


def test_where_a_plugin_declares_what_is_no_secret_nothing_else_travels():
    settings = {"region": "north", "gateway_url": "https://gate.test", "phrase": "open sesame"}
    with register_plugin(VaultPlugin()):
        made = config(provider="vault", provider_config=settings)
        assert "sesame" not in made.model_dump_json()
        kept = pickle.loads(pickle.dumps(made))
    assert kept.provider_config == {"region": "north", "gateway_url": "https://gate.test"}


def test_a_credential_that_a_pickle_left_behind_is_missed_by_name():
    made = pickle.loads(pickle.dumps(config(provider_config={"credential": Credential(), "region": "north"})))
    assert made.provider_config == {"region": "north"}
    with pytest.raises(ConfigurationError) as caught:
        made.require_whole()
    assert str(caught.value) == (
        "provider_config of 'acme' lost credential when it was pickled: credentials do not travel. "
        "Make the config on this worker, or give the missing entries with model_copy(update=…)."
    )
    assert (caught.value.provider, caught.value.model) == ("acme", "acme-image")


def test_a_second_pickle_still_knows_what_was_left_behind():
    once = pickle.loads(pickle.dumps(config(provider_config={"credential": Credential()})))
    twice = pickle.loads(pickle.dumps(once))
    with pytest.raises(ConfigurationError, match="lost credential"):
        twice.require_whole()


def test_a_worker_that_gives_the_missing_entry_is_whole_again():
    made = pickle.loads(pickle.dumps(config(provider_config={"credential": Credential()})))
    made.model_copy(update={"provider_config": {"credential": Credential()}}).require_whole()


def test_a_config_of_json_alone_travels_whole():
    made = config(provider_config={"region": "north"}, fallback_configs=[config(model="second")])
    twin = pickle.loads(pickle.dumps(made))
    twin.require_whole()
    assert twin == made


def test_a_copy_keeps_the_key():
    made = config(api_key=KEY)
    for twin in (made.model_copy(), copy.copy(made), copy.deepcopy(made)):
        assert twin.api_key.get_secret_value() == KEY


def test_a_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        config().model = "other"


def test_a_config_with_a_row_survives_json():
    row = ImageModel(model="acme-image", source="https://acme.test", checked_on=date(2026, 1, 1), sizes=SizeRule())
    made = config(capabilities=row)
    assert type(made).model_validate_json(made.model_dump_json()) == made
