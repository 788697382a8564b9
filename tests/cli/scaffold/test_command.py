"""`tarash plugin new`, as a person types it."""

import json

import pytest

from tarash_gateway_cli.app import run


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Types a command in an empty folder; gives the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def typed(*words):
        code = run(words)
        return code, *capsys.readouterr()

    return typed


def test_it_prints_what_it_wrote_and_what_to_do_next(typed, tmp_path):
    code, out, err = typed("plugin", "new", "acme")
    assert code == 0
    paths = out.splitlines()
    assert paths[:2] == ["tarash-gateway-acme/pyproject.toml", "tarash-gateway-acme/README.md"]
    assert sorted(paths) == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert err == (
        'Next:\n  cd tarash-gateway-acme\n  pip install -e ".[test]"\n  pytest\n'
        "It passes as it is, with a vendor that does not exist. README.md says what to change, in which order.\n"
    )


def test_the_folder_and_the_kind_can_be_chosen(typed, tmp_path):
    code, _, err = typed("plugin", "new", "acme", "--kind", "image", "--folder", "here")
    assert code == 0
    assert "  cd here\n" in err
    assert "submit_video" not in (tmp_path / "here/src/tarash_gateway_acme/provider.py").read_text()


def test_a_local_provider_or_one_of_image_jobs_can_be_chosen(typed, tmp_path):
    assert typed("plugin", "new", "circles", "--local", "--folder", "local")[0] == 0
    assert "local=True" in (tmp_path / "local/src/tarash_gateway_circles/__init__.py").read_text()
    code, _, err = typed("plugin", "new", "acme", "--jobs", "--folder", "jobs")
    assert code == 0
    assert "fetch_image" in (tmp_path / "jobs/src/tarash_gateway_acme/provider.py").read_text()
    assert "with a vendor that does not exist" in err


def test_a_local_provider_says_that_it_draws_circles(typed):
    _, _, err = typed("plugin", "new", "circles", "--local")
    assert "It passes as it is, and draws coloured circles." in err


def test_options_that_do_not_go_together_are_told_and_nothing_is_written(typed, tmp_path):
    code, out, err = typed("plugin", "new", "acme", "--local", "--kind", "video")
    assert (code, out) == (2, "")
    assert err.startswith("error: a local provider makes images, without jobs: --local goes with neither --jobs nor")
    assert list(tmp_path.iterdir()) == []


def test_with_json_it_is_one_object(typed):
    code, out, _ = typed("plugin", "new", "acme", "--json")
    reported = json.loads(out)
    assert code == 0
    assert reported["files"][0] == "pyproject.toml"
    assert {name: reported[name] for name in ("folder", "provider", "distribution", "module")} == {
        "folder": "tarash-gateway-acme",
        "provider": "acme",
        "distribution": "tarash-gateway-acme",
        "module": "tarash_gateway_acme",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [("Acme", "Did you mean 'acme'?"), ("sandbox", "a provider 'sandbox' is installed already"), ("cli", "is taken")],
)
def test_a_name_that_cannot_be_is_told_and_nothing_is_written(typed, tmp_path, name, text):
    code, out, err = typed("plugin", "new", name)
    assert (code, out) == (2, "")
    assert text in err
    assert list(tmp_path.iterdir()) == []


def test_a_second_time_nothing_is_overwritten(typed):
    typed("plugin", "new", "acme")
    code, out, err = typed("plugin", "new", "acme")
    assert (code, out) == (6, "")
    assert err.startswith("error: tarash-gateway-acme is there already and is not empty; nothing was written.")


@pytest.mark.parametrize("words", [("plugin",), ("plugin", "--help"), ("plugin", "new", "--help")], ids=" ".join)
def test_it_explains_itself_in_80_columns(typed, words):
    code, out, err = typed(*words)
    assert (code or 0, err) == (0, "")
    assert out.startswith(f"Usage: tarash {' '.join(word for word in words if word != '--help')}")
    assert max(len(line) for line in out.splitlines()) <= 80
