"""The app: its commands, and how their errors end the process."""

from __future__ import annotations

import errno
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from cyclopts import App, CycloptsError, Group

from tarash.tarash_gateway import __version__
from tarash.tarash_gateway.errors import TarashError
from tarash_gateway_cli.errors import CommandError, interruptible
from tarash_gateway_cli.exit_codes import BROKEN_PIPE, OK, OUTPUT_LOST, UNEXPECTED, interrupted_by
from tarash_gateway_cli.output import Output, output_streams, usable_width

CREATE: Final = Group("Create", sort_key=1)
SHOW: Final = Group("Show", sort_key=2)
PLUGINS: Final = Group("From plugins", sort_key=3)
GENERAL: Final = Group("General", sort_key=4)

HELP: Final = """\
Generates images and videos with the models of any vendor.

Keys are read from the environment, never from the command line. Without a key, the sandbox
makes test images and videos."""


class Command(NamedTuple):
    """A command of this distribution; its module is imported when it is used."""

    name: str
    help: str
    group: Group


COMMANDS: Final = (
    Command("image", "Generates images, or edits them.", CREATE),
    Command("video", "Generates a video: submits it, waits for it, downloads it.", CREATE),
    Command("compare", "Generates images with several models, and a page that shows them side by side.", CREATE),
    Command("jobs", "Lists past requests; resumes and cancels jobs.", CREATE),
    Command("models", "Lists the models: what each one accepts, costs, and when it retires.", SHOW),
    Command("providers", "Lists the providers, and the key that each one needs.", SHOW),
    Command("plugins", "Lists the plugins, and what is wrong with broken ones.", SHOW),
    Command("costs", "Shows what was spent, by day, provider, model and project.", SHOW),
    Command("gallery", "Makes one page of the images and videos in a folder.", SHOW),
    Command("plugin", "Starts a plugin of your own.", CREATE),
)


_QUESTIONS: Final = frozenset(("--help", "-h", "--version"))
"""The options that need no command."""


def build(*, with_plugins: bool = True) -> App:
    """Builds the app with its commands; none of them is imported yet.

    Args:
        with_plugins: add the commands of plugins, whose names come from installed metadata.
    """
    app = App(
        name="tarash",
        help=HELP,
        help_format="plaintext",
        version=f"tarash-gateway {__version__}",
        suppress_keyboard_interrupt=False,
    )
    if usable_width() is not None:
        app.console = Output().out  # otherwise laying out the help would never end
    completion = "tarash_gateway_cli.commands.completion:app"
    app.command(completion, name="--install-completion", help="Sets up Tab completion.", group=GENERAL)
    for flag, text in (("--help", "Shows this, or the options of a command."), ("--version", "Shows the version.")):
        app[flag].group, app[flag].help = (GENERAL,), text
    for index, command in enumerate(COMMANDS):
        path = f"tarash_gateway_cli.commands.{command.name}:app"
        app.command(path, name=command.name, help=command.help, group=command.group, sort_key=index)
    if with_plugins:
        from tarash_gateway_cli.extensions import add_commands  # noqa: PLC0415 # most commands are our own

        add_commands(app, PLUGINS)
    return app


def main(tokens: Sequence[str]) -> int:
    """Runs the command line of this process; an output stream that fails stops no work.

    Returns:
        The exit code; see `exit_codes`.
    """
    if _QUESTIONS.isdisjoint(tokens):
        from tarash_gateway_ledger import turn_on  # noqa: PLC0415 # --help needs none of it

        with suppress(TarashError):  # a variable that cannot be read: the journal, which is needed, says so
            turn_on()
    with output_streams() as (out, _):
        code = run(tokens)
        out.flush()
        if out.failed is None or code != OK:
            return code
        if out.failed.errno == errno.EPIPE:  # as in `tarash models | head`: no error to anybody
            return BROKEN_PIPE
        message = f"stdout cannot be written: {out.failed.strerror}. The work is done: the results are in their files."
        return Output().fail(CommandError(message, code=OUTPUT_LOST))


def run(tokens: Sequence[str]) -> int:
    """Runs one command line.

    Returns:
        The exit code; see `exit_codes`.
    """
    if not _QUESTIONS.issuperset(tokens):
        import logging  # noqa: PLC0415 # --help needs neither this nor `traceback` below

        # A command prints by itself what the gateway logs.
        logging.getLogger("tarash").addHandler(logging.NullHandler())
    output = Output(as_json="--json" in tokens)
    names = {command.name for command in COMMANDS}
    app = build(with_plugins=not tokens or tokens[0] not in names)
    with interruptible():
        try:
            code = app(tokens, exit_on_error=False, print_error=False, result_action="return_value")
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 # the last place that can report it
            return output.fail(_failure(error))
    return code if isinstance(code, int) else OK


def _failure(error: BaseException) -> CommandError:
    if isinstance(error, CommandError):
        return error
    if isinstance(error, TarashError):
        return CommandError.of(error)
    if isinstance(error, CycloptsError):
        return CommandError(str(error).strip(), hints=("See tarash --help, or add --help to a command.",))
    if isinstance(error, KeyboardInterrupt):
        return CommandError("Interrupted.", code=interrupted_by(getattr(error, "number", signal.SIGINT)))
    from tarash.tarash_gateway.plugins import hidden_library  # noqa: PLC0415 # when all has failed

    hidden = hidden_library(error, "unknown")
    if hidden is not None:
        return CommandError.of(hidden)
    import traceback  # noqa: PLC0415 # see above

    traceback.print_exception(error)
    hint = "That is an error of tarash itself: please report it, with the lines above."
    return CommandError(f"{type(error).__name__}: {error}", code=UNEXPECTED, hints=(hint,))
