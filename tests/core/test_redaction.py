"""A key never leaves in a message: not whole, not in pieces, not half starred."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway._redaction import MASK, PIECE, RAW_LIMIT
from tarash.tarash_gateway.plugins import mask, mask_all

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: [key]."),
        (f"{KEY} and {KEY}", "[key] and [key]"),
        ("Incorrect API key provided: sk-proj-abcd", "Incorrect API key provided: [key]"),
        ("ends with stuvwxyz", "ends with [key]"),
        ("Incorrect API key: sk-pr**********wxyz.", "Incorrect API key: [key]"),
        ("Incorrect API key: ****wxyz", "Incorrect API key: [key]"),
        ('{"key":"sk-p****"}', '{"key":"[key]"}'),
        ("a **bold** word", "a **bold** word"),
        ("abcdefg is short of a piece", "abcdefg is short of a piece"),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ],
    ids=[
        "whole",
        "twice",
        "beginning",
        "end",
        "starred",
        "starred head",
        "in JSON",
        "markdown",
        "short piece",
        "no key",
        "empty",
    ],
)
def test_a_key_is_masked(text, masked):
    assert mask(text, [KEY]) == masked


def test_every_secret_is_masked():
    assert mask("one=first-secret two=other-secret", ["first-secret", "other-secret"]) == "one=[key] two=[key]"


def test_something_too_short_to_be_a_key_is_left_alone():
    assert mask("a cat", ["cat", ""]) == "a cat"


def test_an_answer_is_masked_in_depth():
    answer = {"error": {"message": f"bad {KEY}", "tags": [KEY, 3, None]}, "n": 1.5}
    assert mask_all(answer, [KEY]) == {"error": {"message": "bad [key]", "tags": ["[key]", 3, None]}, "n": 1.5}


def test_the_names_in_an_answer_are_masked_too():
    assert KEY not in str(mask_all({KEY: 1}, [KEY]))


def test_a_long_text_is_cut_after_it_was_masked():
    text = "x" * (RAW_LIMIT - 3) + KEY
    cut = mask_all(text, [KEY])
    assert len(cut) == RAW_LIMIT
    assert "sk-" not in cut


def test_what_is_masked_is_a_copy():
    answer = {"message": KEY}
    mask_all(answer, [KEY])
    assert answer == {"message": KEY}


PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=PIECE + 1, max_size=40)


@given(st.text(max_size=40), PRINTABLE, st.text(max_size=40))
def test_no_piece_of_a_key_is_left(before, secret, after):
    left = mask(before + secret + after, [secret])
    assert secret not in left.replace(MASK, "")
    assert MASK in left


@given(PRINTABLE, st.data())
def test_no_piece_of_a_key_is_left_in_an_answer_wherever_it_stands(secret, data):
    at = data.draw(st.integers(0, len(secret) - PIECE))
    piece = data.draw(st.sampled_from([secret[at : at + PIECE], secret[at:], secret, secret.upper(), secret.lower()]))
    before, after = data.draw(st.tuples(st.text(max_size=9), st.text(max_size=9)))
    name = data.draw(st.text(max_size=9))

    masked = mask_all({name: [before + piece + after, 1.5, None], piece: True}, [secret])

    assert masked == {
        mask(name, [secret]): [mask(before + piece + after, [secret]), 1.5, None],
        mask(piece, [secret]): True,
    }


@pytest.mark.parametrize("secret", ["hunter2", KEY, 'a"quoted\\key"of-mine'])
def test_an_answer_with_nothing_like_a_key_in_it_is_not_made_anew(secret):
    answer = {"created": 1, "data": [{"b64_json": "<2796204 characters, sha256 01f>"}], "usage": {"input_tokens": 12}}
    assert mask_all(answer, [secret]) is answer
    assert mask_all({**answer, "echo": f"key={secret}"}, [secret])["echo"] == "key=[key]"


def test_a_half_starred_key_in_an_answer_is_masked():
    assert mask_all({"note": "key sk-pr…wxyz"}, [KEY]) == {"note": "key [key]"}
    assert mask_all({"note": "key sk-pr***wxyz"}, [KEY]) == {"note": "key [key]"}


def test_an_answer_that_is_no_json_is_masked_all_the_same():
    answer = {"a": object(), "b": "\ud800", "c": KEY, 4: [KEY]}
    assert mask_all(answer, [KEY]) == {"a": answer["a"], "b": "\ud800", "c": "[key]", "4": ["[key]"]}


def test_an_answer_that_is_too_long_is_cut_without_a_key_in_it_too():
    assert len(mask_all({"a": "x" * RAW_LIMIT, "b": "y"}, [])["a"]) < RAW_LIMIT
