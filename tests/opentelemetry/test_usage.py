"""A vendor's count of tokens is read whatever it is called, and never guessed."""

import pytest

from tarash_gateway_opentelemetry.usage import tokens_by_modality, usage_attributes

OPENAI = {
    "input_tokens": 50,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 40, "cached_tokens": 5},
    "output_tokens": 4160,
    "total_tokens": 4210,
}


def test_tokens_have_the_names_of_the_conventions():
    assert usage_attributes(OPENAI) == {
        "gen_ai.usage.input_tokens": 50,
        "gen_ai.usage.text.input_tokens": 10,
        "gen_ai.usage.image.input_tokens": 40,
        "gen_ai.usage.cache_read.input_tokens": 5,
        "gen_ai.usage.output_tokens": 4160,
    }


def test_chat_like_names_are_read_too():
    usage = {"prompt_tokens": 3, "completion_tokens": 9, "completion_tokens_details": {"image_tokens": 9}}
    assert usage_attributes(usage) == {
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.image.output_tokens": 9,
    }


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"seconds": 4},
        {"input_tokens": None},
        {"input_tokens": "7"},
        {"input_tokens": True},
        {"input_tokens": -1},
    ],
)
def test_what_is_no_count_is_left_out(usage):
    assert usage_attributes(usage) == {}
    assert tokens_by_modality(usage or {}) == {}


@pytest.mark.parametrize(
    ("details", "kinds"),
    [
        pytest.param({"text_tokens": 10, "image_tokens": 40}, {"text": 10, "image": 40}, id="all of them"),
        pytest.param({"text_tokens": 10}, {"text": 10, "unknown": 40}, id="some of them"),
        pytest.param({"text_tokens": 60}, {"unknown": 50}, id="more than there are"),
        pytest.param({"text_tokens": 0, "image_tokens": 50}, {"image": 50}, id="none of one kind"),
        pytest.param(None, {"unknown": 50}, id="no details"),
        pytest.param("many", {"unknown": 50}, id="no table"),
    ],
)
def test_kinds_add_up_to_the_whole(details, kinds):
    assert tokens_by_modality({"input_tokens": 50, "input_tokens_details": details}) == {"input": kinds}
