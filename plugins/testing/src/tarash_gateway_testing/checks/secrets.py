"""The key: where it goes, and where it never shows."""

from __future__ import annotations

import logging
import pickle
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tarash.tarash_gateway.errors import ConfigurationError
from tarash_gateway_testing.base import ROLE_OF, Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.checks.money import KINDS
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.faults import Cut, Dropped, Fault
from tarash_gateway_testing.fake.handlers import Role
from tarash_gateway_testing.fake.requests import Request
from tarash_gateway_testing.key_search import places_of_key
from tarash_gateway_testing.rules import Rule

__all__ = ["SecretChecks"]

_HIDDEN = Rule(
    "no key is in any message, `raw`, repr, traceback, pickle or log line, not even where the vendor's own answer "
    "quotes it.",
    "mask what you take from an answer: redaction.mask(text, [key]) for texts and redaction.mask_all(parsed, "
    "[key]) for JSON; and raise `from` an exception of your HTTP library only after its text is masked, or `from "
    "None`.",
    "Secrets",
)
_BELOW = Rule(
    "no local variable and no object of a traceback holds the key: Sentry, rich and `pytest -l` write them out.",
    "let the transport of the HTTP kit put the key on: inherit from HttpProvider, or give an SDK the kit's client and "
    "a key that is none.",
    "Secrets",
)
UNQUOTED: dict[str, Fault | int] = {"401": 401, "dropped": Dropped(), "cut": Cut()}
"""What a request runs into; no answer quotes the key."""

_ENVIRONMENT = Rule(
    "a config without a key is served with the one of the environment, read when the call is made, from the "
    "variables that the spec names in key_variables.",
    "read os.environ in tarash_create_provider, and never keep what was found in a module's variable.",
    "Secrets",
)
_PLACE = Rule(
    "every request to the vendor has the key in the header where the vendor looks for it (`key_header` of the test "
    "class), and nowhere else.",
    "set key_header and key_prefix of your HttpProvider as the vendor's page says.",
    "Secrets",
)
_MISSING = Rule(
    "without a key anywhere, tarash_create_provider raises ConfigurationError; its text names the variable to "
    "set, and nothing is sent.",
    "check the key there, not in a primitive.",
    "Secrets",
)


class SecretChecks(Case):
    """The key: where it goes, and where it never shows."""

    @KINDS
    def test_the_key_is_where_the_vendor_looks_for_it(self, calls: Calls, kind: Kind) -> None:
        """In the header that `key_header` names, of every request to the vendor."""
        self.needs(kind)
        self._variable()
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        sent = [request for request in self.vendor.sent() if request.role != "other"]
        lacking = [str(request) for request in sent if self.vendor.key not in _credentials(request)]
        misplaced = [trouble for trouble in self.vendor.troubles() if trouble.startswith("the key of ")]
        if lacking or misplaced or not sent:
            self.broken(_PLACE, f"{len(lacking)} of {len(sent)} requests had no key in their head: {outcome}")

    @pytest.mark.parametrize("answer", ["400", "401", "500", "web page"])
    @KINDS
    def test_an_answer_that_quotes_the_key_shows_it_nowhere(self, calls: Calls, kind: Kind, answer: str) -> None:
        """The vendor's answer has the key in it."""
        self.needs(kind)
        words = f"the key {self.vendor.key} may not do this"
        if answer.isdigit():
            self.vendor.fail(Answer(int(answer), self.refusal(int(answer), words)), ROLE_OF[kind])
        else:
            self.vendor.fail(Answer(200, f"<html>{words}</html>", content_type="text/html"), ROLE_OF[kind])
        with _logged() as logs:
            outcome = attempt(calls.create, kind, self.config(kind, max_retries=0), self.request(kind))
        self._shows_no_key(outcome, logs, f"the vendor's answer ({answer}) quoted the key")

    def test_a_failed_job_that_quotes_the_key_shows_it_nowhere(self, calls: Calls) -> None:
        """The reason why a job failed has the key in it."""
        self.needs("video", "poll")
        self.needs_word("failed")
        self.vendor.jobs_go("in_progress", "failed", message=f"the key {self.vendor.key} ran out")
        with _logged() as logs:
            outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        self._shows_no_key(outcome, logs, "the reason why a job failed quoted the key")

    @pytest.mark.parametrize("fault", UNQUOTED)
    @pytest.mark.parametrize("role", ["image", "stream", "submit", "poll", "download", "cancel"])
    def test_no_local_and_no_cause_holds_the_key(self, calls: Calls, role: Role, fault: str) -> None:
        """What error reporters write out: locals of every frame, and what the errors of the chain hold."""
        self.needs("video" if role in ("poll", "download") else role)
        unquoted = UNQUOTED[fault]
        happened = Answer(unquoted, self.refusal(unquoted, "no")) if isinstance(unquoted, int) else unquoted
        kind: Kind = role if role in ("image", "stream") else "video"
        config, request = self.config(kind, max_retries=0), self.request(kind)
        if role in ("image", "stream", "submit"):
            self.vendor.fail(happened, role)
            outcome = attempt(calls.create, kind, config, request)
        else:
            job = attempt(calls.submit, config, request).value
            self.vendor.fail(happened, role, times=1000)
            patient = self.config(kind, timeout=1.0)  # reading is patient until the deadline
            outcome = attempt(calls.cancel if role == "cancel" else calls.resume, patient, job)
        if outcome.error is None:
            pytest.skip("there was no error")
        places = places_of_key(outcome.error, self.vendor.key)
        if places:
            self.broken(_BELOW, "\n".join([f"{role} failed ({fault}), and the key is in", *places]))

    def test_a_key_shows_nowhere_when_all_goes_well(self, calls: Calls) -> None:
        """Neither in the log at DEBUG nor in what a call gives."""
        kind = self.kind()
        with _logged() as logs:
            outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        if outcome.error is None:
            logs += [repr(outcome.value), outcome.value.model_dump_json()]
        self._shows_no_key(outcome, logs, "all went well")

    def test_the_key_of_the_environment_is_read_when_a_call_is_made(self, calls: Calls) -> None:
        """A config without a key, and a variable that is set after everything was imported."""
        kind, variable = self.kind(), self._variable()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(variable, self.vendor.key)
            outcome = attempt(calls.create, kind, self._without_key(kind), self.request(kind))
        sent = self.vendor.sent(ROLE_OF[kind])
        if outcome.error is not None or not (sent and sent[-1].holds(self.vendor.key)):
            self.broken(_ENVIRONMENT, f"{variable} held a key and the config none: {outcome}")

    def test_a_missing_key_is_told_with_the_variable_to_set(self, calls: Calls) -> None:
        """Neither the config nor the environment has a key."""
        kind, variable = self.kind(), self._variable()
        outcome = attempt(calls.create, kind, self._without_key(kind), self.request(kind))
        names_variable = isinstance(outcome.error, ConfigurationError) and variable in str(outcome.error)
        if not names_variable or self.vendor.sent():
            self.broken(_MISSING, f"there was no key, {len(self.vendor.sent())} requests were sent, and {outcome}")

    def _variable(self) -> str:
        variables = self.spec().key_variables
        if not variables:
            pytest.skip("key_variables is empty: the provider needs no key")
        return variables[0]

    def _without_key(self, kind: Kind) -> Any:
        return self.config(kind).model_copy(update={"api_key": None})

    def _shows_no_key(self, outcome: Outcome, logs: list[str], circumstance: str) -> None:
        error = outcome.error
        places: dict[str, str] = {"the log": "\n".join(logs)}
        if error is not None:
            places |= {
                "the message": str(error),
                "raw": repr(getattr(error, "raw", None)),
                "the repr": repr(error),
                "the traceback": "".join(traceback.format_exception(error)),
                "the pickle": repr(attempt(pickle.dumps, error).value),
                "its job": repr(getattr(error, "job", None)),
            }
        shown = [name for name, text in places.items() if self.vendor.key in text]
        if shown:
            self.broken(_HIDDEN, f"{circumstance}, and the key shows in {', '.join(shown)}")


def _credentials(request: Request) -> str:
    """Returns the headers and the query, where a vendor may look for a key."""
    return "\n".join([*request.headers.values(), *request.query.values()])


class _Lines(logging.Handler):
    """Keeps every line, formatted as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Yields what is logged in the block, at DEBUG, by anybody."""
    lines, root = _Lines(), logging.getLogger()
    level, handlers = root.level, root.handlers
    # Only here: at DEBUG, pytest's own record of it would bury what a check has to say.
    root.handlers = [lines]
    root.setLevel(logging.DEBUG)
    try:
        yield lines.lines
    finally:
        root.setLevel(level)
        root.handlers = handlers
