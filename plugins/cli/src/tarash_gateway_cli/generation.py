"""One generation of a command: its journal, its progress, its signals, and the command that resumes its job."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning
from tarash.tarash_gateway.display.progress import Progress, View, in_terminal
from tarash.tarash_gateway.display.text import LineView
from tarash.tarash_gateway.errors import ConfigurationError, ConnectionFailedError, SaveError, TarashError
from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.models import GenerationJob, ImageGenerationResponse, VideoGenerationResponse
from tarash.tarash_gateway.models.rescue import keep_broken
from tarash.tarash_gateway.plugins import data_folder, normalize_name, read_variable
from tarash_gateway_cli.defaults import SANDBOX
from tarash_gateway_cli.errors import CommandError, Interrupted, defer_signals
from tarash_gateway_cli.exit_codes import INTERRUPTED, OK, exit_code, interrupted_by
from tarash_gateway_cli.output import Output, shell_command
from tarash_gateway_cli.results import (
    Response,
    Saved,
    check_paths,
    note_saved,
    print_result,
    print_skipped,
    save_images,
    save_sidecars,
    show_images,
)

if TYPE_CHECKING:
    from tarash.tarash_gateway.models import ImageGenerationUpdate, VideoGenerationUpdate


def generate(
    output: Output,
    paths: list[Path],
    exists: Exists,
    hint: ResumeHint,
    call: Callable[[CallMonitor], Response],
) -> int:
    """Runs `call`, shows its progress, saves its result and prints it.

    Args:
        output: where to print.
        paths: one file for each image, or the file of the video.
        exists: what to do with files that exist.
        hint: makes the command that resumes the job after an error or a signal.
        call: generates or resumes; gets the monitor as its `on_progress`.

    Returns:
        The exit code.
    """
    if not check_paths(paths, exists):
        print_skipped(output, paths)
        return OK
    journal = open_journal()
    with CallMonitor(output, journal) as monitor, journal:
        try:
            response = call(monitor)
        except TarashError as error:
            keep_broken(error, paths[0])
            raise hint.of_error(error) from error
        except KeyboardInterrupt as interrupt:
            raise hint.of_interrupt(monitor.job, interrupt) from None
        saved = _save(output, journal, response, paths, exists)
    print_result(output, response, saved)
    if isinstance(response, ImageGenerationResponse):
        show_images(output, [path for _, path in saved.files])
    if monitor.signal is not None and len(saved.files) < len(paths):
        return interrupted_by(monitor.signal)
    return exit_code(SaveError("")) if saved.problems else OK


def _save(
    output: Output,
    journal: CommandJournal,
    response: Response,
    paths: list[Path],
    exists: Exists,
) -> Saved:
    if isinstance(response, VideoGenerationResponse):  # the download has written the file
        return save_sidecars(response.videos, paths[0], exists)
    saved = save_images(response.images, paths, exists)
    for problem in note_saved(journal, response, saved.files):
        output.warn(problem)
    return saved


class CommandJournal(Journal):
    """The journal of one command. It knows which requests have no answer yet, and can refuse further ones."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.unanswered: set[str] = set()
        """Requests that were sent, or are about to be, and have no answer yet."""

        self.sent = 0
        """How many requests were sent."""

        self.has_result = False
        """Whether a result came, which may not be in its file yet."""

        self.closing = False
        """Whether to refuse further requests."""

    def write(self, event: str, **facts: Any) -> None:
        """Appends one line.

        Raises:
            NotSentError: it announces a request, and no further one is to be sent.
            SaveError: it could not be written.
        """
        intent = str(facts.get("intent"))
        if event == "intent":
            if self.closing:
                msg = "interrupted before it was sent"
                raise NotSentError(msg, billable="no")
            self.unanswered.add(intent)
            self.sent += 1
        else:
            self.unanswered.discard(intent)
            self.has_result = self.has_result or event in ("made", "saved")
        try:
            super().write(event, **facts)
        except SaveError:
            self.unanswered.discard(intent)
            raise


class NotSentError(TarashError):
    """A request was not sent, since the command is to stop."""


def journal_folder() -> Path:
    """Returns the folder of TARASH_JOURNAL, or `journal` in the user's data folder.

    Raises:
        ConfigurationError: `TARASH_JOURNAL` is not set, and the user has no home folder.
    """
    folder = read_variable("TARASH_JOURNAL")
    if folder is not None:
        return Path(folder)
    data = data_folder()
    if data is None:
        msg = (
            "there is no home folder to keep the journal in, without which a crash could lose what was paid for. "
            "TARASH_JOURNAL=FOLDER names another folder; nothing was sent"
        )
        raise ConfigurationError(msg)
    return data / "journal"


def open_journal() -> CommandJournal:
    """Opens the journal of the user; writes nothing yet."""
    return CommandJournal(journal_folder())


class CallMonitor:
    """The `on_progress` of a command: shows progress, remembers the job, and defers signals.

    A signal waits while a request has no answer, and while a result is not in its file: both are paid for.

    Args:
        output: where to show progress.
        journal: knows which requests have no answer.
    """

    def __init__(self, output: Output, journal: CommandJournal) -> None:
        self._output = output
        self._journal = journal
        self._pause_ends = 0.0
        self._progress = Progress(_view(output))
        self._warnings = warnings.catch_warnings()
        self.job: GenerationJob | None = None
        self.signal: int | None = None
        """The number of the signal that waits."""

    def __call__(self, update: ImageGenerationUpdate | VideoGenerationUpdate) -> None:
        self.job = getattr(update, "job", None) or self.job
        pauses = self.job is None and update.status == "waiting" and self._journal.sent == 1
        self._pause_ends = time.monotonic() + (update.wait_seconds or 0.0) if pauses else 0.0
        if self.signal is not None and not self._journal.has_result and (pauses or self.job is not None):
            raise Interrupted(self.signal)
        # The command prints more about a failure than the progress bar could.
        if update.status != "failed":
            self._progress(update)

    def _must_wait(self, number: int) -> bool:
        """Whether a signal must wait; then no further request is sent."""
        journal = self._journal
        if not journal.has_result and (not journal.unanswered or time.monotonic() < self._pause_ends):
            return False
        self.signal, journal.closing = number, True
        if not journal.has_result:
            with suppress(RuntimeError):  # the signal came in the middle of another line
                self._output.note("Interrupted: waiting for the answer to the request. A second signal ends at once.")
        return True

    def __enter__(self) -> Self:
        defer_signals(self._must_wait)
        # Printed when they come, before anything is sent, and without the place in the code.
        self._warnings.__enter__()
        warnings.simplefilter("always", ModelLifecycleWarning)
        warnings.showwarning = self._show_warning  # type: ignore[assignment] # the other arguments name a place in code
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.close()
        self._warnings.__exit__(kind, error, trace)

    def _show_warning(self, message: Warning | str, *_place: Any) -> None:
        self._output.warn(str(message))


def _view(output: Output) -> View:
    if not in_terminal():
        return LineView()
    from tarash.tarash_gateway.display.terminal import TerminalView  # noqa: PLC0415 # where there is a terminal

    return TerminalView(output.err)


class ResumeHint:
    """Turns an error or a signal into a CommandError with the command that resumes the job.

    Args:
        output: the file that the result is to be written to.
        exists: what to do if it exists.
        base_url: the address, if the command line has one.
        resumed: whether another command submitted the job.
    """

    def __init__(
        self, output: Path | None, *, exists: Exists = "error", base_url: str | None = None, resumed: bool = False
    ) -> None:
        self._output = output
        self._exists = exists
        self._base_url = base_url
        self._resumed = resumed

    def of_error(self, error: TarashError) -> CommandError:
        """Returns the error of the command for an error of the gateway."""
        if isinstance(error, NotSentError):
            return CommandError("Interrupted. Nothing was made.", code=INTERRUPTED)
        if self._resumed and isinstance(error, ConfigurationError | ConnectionFailedError):
            return explain_address(error, error.job)
        if error.job is None or error.job.status in _WITHOUT_RESULT:
            return CommandError.of(error)
        hints, resume = self._hints(error.job)
        return CommandError.of(error, hints=hints, resume=resume)

    def of_interrupt(self, job: GenerationJob | None, interrupt: KeyboardInterrupt) -> CommandError:
        """Returns the error of the command for Ctrl-C or another signal."""
        code = interrupted_by(getattr(interrupt, "number", signal.SIGINT))
        if job is None:
            return CommandError("Interrupted. Nothing was made.", code=code)
        hints, resume = self._hints(job)
        return CommandError(
            f"Interrupted. Job {job.id} was left running.", code=code, hints=hints, job=job, resume=resume
        )

    def _hints(self, job: GenerationJob) -> tuple[tuple[str, ...], str | None]:
        if not self._resumed and self._base_url is None and normalize_name(job.provider) == SANDBOX:
            return (
                "The embedded sandbox ends with this command, and its jobs end with it.",
                "For one that keeps running: tarash sandbox serve, then --base-url with its address.",
            ), None
        resume = self._command(job)
        return ("Fetch it later, at no further cost:", f"  {resume}"), resume

    def _command(self, job: GenerationJob) -> str:
        options: list[str] = []
        if self._output is not None:
            options += ["-o", str(self._output)]
        if self._exists != "error":
            options += ["--exists", self._exists]
        if self._base_url is not None:
            options += ["--base-url", self._base_url]
        return resume_command(job.id, *options)


_WITHOUT_RESULT: Final = ("failed", "cancelled", "expired")
"""The statuses of a job that has nothing to fetch."""


def explain_address(error: TarashError, job: GenerationJob | None) -> CommandError:
    """Returns the error of a command about a job that another command submitted, with a hint about its address."""
    hints: tuple[str, ...] = ()
    if job is not None and isinstance(error, ConnectionFailedError) and normalize_name(job.provider) == SANDBOX:
        hints = ("An embedded sandbox ends with its command, and its jobs end with it.",)
    elif job is not None and isinstance(error, ConfigurationError) and job.endpoint in str(error):
        hints = (f"If you trust that address with your key: {shell_command('--base-url', job.endpoint)}",)
    return CommandError.of(error, hints=hints)


def resume_command(job_id: str, *options: str) -> str:
    """Returns the command that resumes a job, quoted for a shell.

    Args:
        job_id: the vendor's id; one that begins with a hyphen must not become an option.
        *options: further words.
    """
    words = [*options, "--", job_id] if job_id.startswith("-") else [job_id, *options]
    return shell_command("tarash", "jobs", "resume", *words)
