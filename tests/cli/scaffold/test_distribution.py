"""What is written is a whole distribution: it parses, linters and type checkers find nothing, and no kind is forgotten."""

import ast
import subprocess
import sys
import tomllib
from datetime import date
from importlib.resources import files

import pytest

from tarash.tarash_gateway.errors import SaveError
from tarash_gateway_cli.scaffold import Design, Names, rendered, write_plugin
from tarash_gateway_cli.scaffold.distribution import FILES, LOCAL_FILES

LONG = "a-name_as-long-as-one-may-be-1"
DESIGNS = {
    "image": Design("image"),
    "video": Design("video"),
    "both": Design("both"),
    "image-jobs": Design("image", jobs=True),
    "both-jobs": Design("both", jobs=True),
    "local": Design("image", local=True),
}
EVERY_DESIGN = pytest.mark.parametrize("design", DESIGNS.values(), ids=DESIGNS.keys())
EVERY_NAME = pytest.mark.parametrize("name", ["acme", LONG])


@EVERY_DESIGN
@EVERY_NAME
def test_nothing_of_a_template_is_left(name, design):
    for path, text in rendered(Names.of(name), design).items():
        assert "$" not in text, path
        assert "#[" not in text, path
        assert "{module}" not in path
        assert "\n\n\n\n" not in text, path
        if path.endswith(".py"):
            ast.parse(text)


def test_every_template_is_used():
    folder = files("tarash_gateway_cli.scaffold") / "templates"

    def names(place, before=""):
        for item in place.iterdir():
            yield from names(item, f"{before}{item.name}/") if item.is_dir() else [f"{before}{item.name}"]

    templates = {*FILES.values(), *LOCAL_FILES.values()}
    assert sorted(names(folder)) == sorted(f"{template}.tmpl" for template in templates)


@EVERY_NAME
def test_the_project_names_what_is_there(name):
    names = Names.of(name)
    project = tomllib.loads(rendered(names)["pyproject.toml"])
    assert project["project"]["name"] == names.distribution
    assert project["project"]["dependencies"][0] == "tarash-gateway>=1.0,<2"
    assert project["project"]["entry-points"] == {"tarash_gateway.providers": {names.provider: names.module}}
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == [f"src/{names.module}"]


@pytest.mark.parametrize(("kind", "word", "other"), [("image", "image", "video"), ("video", "video", "image")])
def test_one_kind_has_nothing_of_the_other(kind, word, other):
    sources = rendered(Names.of("acme"), Design(kind))
    written = sources["src/tarash_gateway_acme/provider.py"] + sources["src/tarash_gateway_acme/rows.py"]
    assert f"{word.capitalize()}Model" in written
    for left in (f"{other.capitalize()}Model", f"{other}_async", f"{other.capitalize()}GenerationRequest"):
        assert left not in written


def test_rows_are_dated():
    rows = rendered(Names.of("acme"), today=date(2027, 3, 9))["src/tarash_gateway_acme/rows.py"]
    assert rows.count("checked_on=date(2027, 3, 9)") == 2


def test_images_by_jobs_are_submitted_polled_and_fetched():
    text = rendered(Names.of("acme"), Design("image", jobs=True))["src/tarash_gateway_acme/provider.py"]
    assert [name for name in ("submit", "poll", "fetch", "generate") if f"def {name}_image_async" in text] == [
        "submit", "poll", "fetch",
    ]  # fmt: skip


def test_a_local_provider_has_no_key_no_address_and_no_http():
    texts = rendered(Names.of("acme"), Design("image", local=True))
    for path, text in texts.items():
        for word in ("API_KEY", "http", "Http", "HTTP"):
            assert word not in text.replace("https://acme.example/model-card", ""), path
    assert "local=True" in texts["src/tarash_gateway_acme/__init__.py"]
    assert "LocalConformance" in texts["tests/test_conformance.py"]
    assert tomllib.loads(texts["pyproject.toml"])["project"]["dependencies"] == ["tarash-gateway>=1.0,<2", "pillow>=10"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"local": True}, "a local provider makes images, without jobs: --local goes with neither --jobs nor another"),
        ({"kind": "image", "local": True, "jobs": True}, "a local provider makes images, without jobs"),
        ({"kind": "video", "jobs": True}, "videos are always jobs: --jobs is for images"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        Design(**options)


@EVERY_DESIGN
def test_it_is_short(design):
    texts = rendered(Names.of("acme"), design)
    lines = {path: text.count("\n") for path, text in texts.items() if path.endswith(".py")}
    assert max(lines.values()) <= 130
    assert sum(lines.values()) <= (150 if design.local else 350)


def test_linters_find_nothing(tmp_path):
    for name in ("acme", LONG):
        for label, design in DESIGNS.items():
            write_plugin(Names.of(name), tmp_path / name / label, design)
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@EVERY_DESIGN
def test_the_type_checker_finds_nothing(tmp_path, request, design):
    write_plugin(Names.of("acme"), tmp_path / "acme", design)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(request.config.rootpath / ".mypy_cache"), "src"],
        cwd=tmp_path / "acme",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


class TestTheFolder:
    def test_it_is_made(self, tmp_path):
        written = write_plugin(Names.of("acme"), tmp_path / "some" / "where")
        assert all((tmp_path / "some" / "where" / path).is_file() for path in written)
        assert len(written) == len(FILES)

    def test_an_empty_one_is_taken(self, tmp_path):
        write_plugin(Names.of("acme"), tmp_path)
        assert (tmp_path / "pyproject.toml").is_file()

    @pytest.mark.parametrize("there", ["a file", "a folder with something in it"])
    def test_what_is_there_is_kept(self, tmp_path, there):
        place = tmp_path / "acme"
        if there == "a file":
            place.write_text("mine")
        else:
            place.mkdir()
            (place / "notes").write_text("mine")
        with pytest.raises(SaveError) as caught:
            write_plugin(Names.of("acme"), place)
        assert str(caught.value) == (
            f"{place} is there already and is not empty; nothing was written. Give another place with --folder."
        )
        assert [path.name for path in tmp_path.rglob("*")] == ["acme"] + ["notes"] * (there != "a file")

    def test_a_place_that_cannot_be_written_to_is_told(self, tmp_path):
        (tmp_path / "file").write_text("mine")
        with pytest.raises(SaveError, match=r"the plugin cannot be written to .*: Not a directory"):
            write_plugin(Names.of("acme"), tmp_path / "file" / "acme")
