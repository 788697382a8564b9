"""Terminals of one column, of none and of a hundred million: every help page and every list ends."""

import pytest

pytest.importorskip("resource")
LIMITS = {"RLIMIT_AS": 4 * 1024**3}


@pytest.mark.parametrize(
    ("words", "last"),
    [
        pytest.param(("image", "--help"), "--dry-run", id="image"),
        pytest.param(("batch", "--help"), "failed.", id="batch", marks=pytest.mark.slow),
        pytest.param(("plugin",), "pytest", id="plugin", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("columns", ["1", "0", "99999999", "9" * 40, "x", ""])
def test_a_help_page_ends(tarash, words, last, columns):
    done = tarash(*words, env={"COLUMNS": columns}, limits=LIMITS)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: ")
    assert done.out.split()[-1] == last
    assert len(done.out) < 1_000_000


@pytest.mark.parametrize("columns", ["1", "0", "99999999"])
def test_a_list_and_an_image_end(tarash, folder, paid, columns):
    done = tarash("models", "-p", "openai", env={"COLUMNS": columns}, limits=LIMITS)
    assert (done.code, len(done.out) < 1_000_000) == (0, True)
    words = ("image", "a boat", "-o", "boat.png", "-m", "dall-e-2", "--size", "256x256")
    done = tarash(*words, env={"COLUMNS": columns}, limits=LIMITS)
    assert (done.code, done.out, paid()) == (0, "boat.png\n", ["a boat"])
