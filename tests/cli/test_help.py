"""`tarash --help` is complete, readable in 80 columns, and loads nothing that it does not need."""

import json

import pytest

from tarash.tarash_gateway import __version__
from tarash_gateway_cli.app import COMMANDS, build

HEAVY = (
    "pydantic", "pluggy", "asyncio", "tarash.tarash_gateway.images", "tarash.tarash_gateway.models",
    "tarash.tarash_gateway.plugins.provider", "tarash.tarash_gateway.plugins._registry",
    "tarash_gateway_openai", "tarash_gateway_sandbox", "openai", "httpx2",
    "textual_image", "PIL", "rich.markdown",
)  # fmt: skip

EVERY_HELP = [
    (),
    ("image",),
    ("video",),
    ("jobs",),
    ("jobs", "list"),
    ("jobs", "resume"),
    ("jobs", "cancel"),
    ("models",),
    ("providers",),
    ("plugins",),
    ("gallery",),
    ("sandbox",),
    ("sandbox", "serve"),
    ("sandbox", "faults"),
]


def loaded_by(started, *words):
    script = (
        "import sys, json, atexit\n"
        "from tarash_gateway_cli import main\n"
        f"sys.argv = ['tarash', *{list(words)!r}]\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "main()"
    )
    import sys

    done = started("-c", script, command=[sys.executable])
    assert done.code == 0, done.err
    return json.loads(done.err.splitlines()[-1])


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("image", "--help"), ("video", "--help")], ids=" ".join)
def test_asking_for_help_loads_nothing_heavy(started, words):
    loaded = loaded_by(started, *words)
    assert [name for name in HEAVY if name in loaded] == []


def test_only_the_command_that_is_used_is_loaded(started):
    ours = [name for name in loaded_by(started, "models", "--help") if name.startswith("tarash_gateway_cli.")]
    assert "tarash_gateway_cli.commands.models" in ours
    assert not {f"tarash_gateway_cli.{name}" for name in ("image", "video", "jobs", "extensions")} & set(ours)


@pytest.mark.parametrize("words", EVERY_HELP, ids=" ".join)
def test_every_command_explains_itself_in_80_columns(typed, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "80")
    done = typed(*words, "--help")
    assert done.code == 0
    assert done.err == ""
    assert f"Usage: {' '.join(('tarash', *words))}" in done.out
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_the_list_names_every_command_and_those_of_plugins(typed):
    listed = typed("--help").out
    for command in COMMANDS:
        assert f" {command.name} " in listed
        assert command.help.split(", ")[0] in listed
    assert "From plugins" in listed
    assert " sandbox " in listed


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_line_in_the_list_is_the_first_of_the_commands_own_help(command):
    default = build(with_plugins=False)[command.name].default_command
    assert default.__doc__.splitlines()[0] == command.help or command.name == "jobs"


def test_every_option_is_explained(typed):
    for words in EVERY_HELP:
        for line in typed(*words, "--help").out.splitlines():
            option = line.strip("│ ").split("  ")
            assert not (line.startswith("│ --") and len(option) < 2), f"{words}: {line}"


def test_no_option_takes_a_key(typed):
    for words in EVERY_HELP:
        assert "key" not in [
            word.strip("│- ").lower() for word in typed(*words, "--help").out.split() if word[0] == "-"
        ]


def test_the_version_is_told(started):
    done = started("--version")
    assert (done.code, done.out, done.err) == (0, f"tarash-gateway {__version__}\n", "")


def test_without_a_command_help_is_shown(typed):
    done = typed()
    assert done.code == 0
    assert done.out == typed("--help").out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("imag", "A harbour"), 'error: Unknown command "imag". Did you mean "image"?'),
        (("image",), 'error: Command "image" parameter PROMPT requires an argument.'),
        (("image", "A harbour", "--sise", "1x1"), "error: Unknown option: --sise. Did you mean --size?"),
        (("image", "A harbour", "-n", "many"), "error: Invalid value "),
        (("image", "A harbour", "--exists", "maybe"), "error: Invalid value "),
        (("image", "A harbour", "-p", "sandbox"), "error: no file to write to: add -o FILE"),
        (("image", "A harbour", "--param", "seed"), "error: --param seed is not KEY=VALUE"),
        (("jobs", "resume"), 'error: Command "jobs resume" parameter JOB requires an argument.'),
        (
            ("image", "A harbour", "--base-url", "http://127.0.0.1:1/v1"),
            "error: --base-url needs a provider: add -p openai",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else " ".join(value),
)
def test_a_command_line_that_cannot_be_read_is_an_error_on_stderr(typed, words, text):
    done = typed(*words)
    assert done.code == 2
    assert done.out == ""
    assert text in done.err


def test_with_json_it_is_an_object_on_stdout_too(typed):
    done = typed("image", "A harbour", "--sise", "1x1", "--json")
    assert done.code == 2
    assert done.reported == {
        "error": {
            "type": "UsageError",
            "message": "Unknown option: --sise. Did you mean --size?",
            "exit_code": 2,
            "hints": ["See tarash --help, or add --help to a command."],
        }
    }


def test_a_bug_is_told_with_its_place_and_asks_to_be_reported(typed, monkeypatch):
    from tarash.tarash_gateway.plugins import registry

    monkeypatch.setattr(registry, "names", lambda: 1 / 0)
    done = typed("providers", "--json")
    assert done.code == 1
    assert done.reported["error"]["type"] == "UnexpectedError"
    assert "Traceback" in done.err
    assert "error: ZeroDivisionError: division by zero" in done.err
    assert "please report it" in done.err
