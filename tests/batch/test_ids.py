"""The names of files come from ids, fit every system, and lead nowhere."""

import hashlib

import pytest

from tarash_gateway_batch.ids import check_id, normalize_id, result_names, row_subfolder


@pytest.mark.parametrize(
    "name",
    ["a", "row-1", "_x", "A.b", "7", "Straße 12", "写真-1", "a@b,c", "(1)" * 0 + "x(1)", "x" * 100, "ॐनमः", "com10"],
)
def test_an_id_is_a_name(name):
    assert check_id(name) == name


def test_a_number_is_a_name_and_two_ways_to_write_a_letter_are_one():
    assert check_id(17) == "17"
    assert check_id("Cafe\u0301") == "Caf\u00e9"
    assert normalize_id("CAFÉ") == normalize_id("café")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is empty"),
        ("../../etc/x", "holds '..'"),
        ("a/b", "holds '/'"),
        ("a\\b", "holds '\\\\'"),
        (".hidden", "begins with a sign"),
        ("-rf", "begins with a sign"),
        (" a", "begins with a sign"),
        ("a.", "ends with a dot or a space"),
        ("a ", "ends with a dot or a space"),
        ("x" * 101, "has more than 100 bytes"),
        ("ä" * 51, "has more than 100 bytes"),
        ("con", "is the name of a device on Windows"),
        ("LPT1.txt", "is the name of a device on Windows"),
        ("a\0b", "holds the character U+0000"),
        ("a\nb", "holds the character U+000A"),
        ("a:b", "holds ':'"),
        ("a*", "holds '*'"),
        ("\ud800", "holds the character U+D800"),
        (None, "is a NoneType, not text"),
        (True, "is a bool, not text"),
        (["a"], "is a list, not text"),
    ],
)
def test_what_is_no_name_is_told(name, why):
    with pytest.raises(ValueError, match=r"; the files are named after it: letters, digits and") as caught:
        check_id(name)
    assert str(caught.value).startswith(f"{why};")


def test_a_name_with_all_its_endings_has_no_more_than_120_bytes():
    longest = f"{result_names('x' * 100, 1000)[-1]}.webp.json"
    assert len(longest) <= 120


def test_files_lie_under_the_beginning_of_their_ids_digest():
    digest = hashlib.sha256(b"row-1").hexdigest()
    assert row_subfolder("row-1") == f"{digest[:2]}/{digest[2:4]}"
    assert result_names("row-1", 3) == ["row-1", "row-1-2", "row-1-3"]
