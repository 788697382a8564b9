"""Rows that the vendor publishes itself: fetched when somebody asks for them, and at no other time."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway.capabilities.rows import ModelRow
from tarash.tarash_gateway.errors import PluginError, TarashError, UnsupportedOperationError
from tarash_gateway_testing.base import Case, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.rules import Rule

__all__ = ["CatalogueChecks"]

_ROWS = Rule(
    "fetch_models gives ImageModel and VideoModel rows, made of what the vendor publishes at this moment, and the "
    "spec says live_models=True. What of the answer cannot be read as a row is left out.",
    "make a row of each item, with the vendor's page as `source` and today as `checked_on`; leave out what does "
    "not fit.",
    "Rows",
)
_UNREADABLE = Rule(
    "a list of models that cannot be fetched or read is an error of tarash.tarash_gateway.errors; the rows that "
    "are known stay.",
    "raise error_for_status(...) or InvalidResponseError; look at the type of what you parsed before you walk "
    "through it.",
    "Rows",
)
_APART = Rule(
    "no request waits for the list of models: it is fetched by refresh_models only.",
    "ask for it in fetch_models, and nowhere else.",
    "Rows",
)
_NONE = Rule(
    "a provider whose vendor publishes no list of models does not define fetch_models, and has live_models=False.",
    "remove the one or the other; or give the fake vendor a handler for the role 'models'.",
    "Rows",
)

UNREADABLE = {
    "500": Answer(500, "it broke down"),
    "web page": Answer(200, "<html></html>", content_type="text/html"),
    "a list": Answer(200, [1, None, "model"]),
    "null": Answer(200, "null", content_type="application/json"),
}


class CatalogueChecks(Case):
    """Rows that the vendor publishes itself."""

    def test_the_rows_that_the_vendor_publishes_are_rows(self, calls: Calls) -> None:
        """Or the provider says that there are none."""
        kind = self.kind()
        outcome = attempt(calls.refresh, self.config(kind))
        if "models" not in self.vendor.roles:
            if not isinstance(outcome.error, UnsupportedOperationError) or self.spec().live_models:
                self.broken(
                    _NONE, f"there is no handler for 'models', live_models={self.spec().live_models}: {outcome}"
                )
            return
        rows = outcome.value if isinstance(outcome.value, list) else []
        if not rows or not all(isinstance(row, ModelRow) for row in rows) or not self.spec().live_models:
            self.broken(_ROWS, f"the vendor publishes its models, live_models={self.spec().live_models}: {outcome}")

    @pytest.mark.parametrize("answer", UNREADABLE)
    def test_a_list_of_models_that_cannot_be_read_is_an_error(self, calls: Calls, answer: str) -> None:
        """Or it has no rows; it is no crash."""
        self.needs("models")
        self.vendor.fail(UNREADABLE[answer], "models")
        outcome = attempt(calls.refresh, self.config(self.kind()))
        is_error = isinstance(outcome.error, TarashError) and not isinstance(outcome.error, PluginError)
        if not is_error and outcome.value != []:
            self.broken(_UNREADABLE, f"the list of models was answered with {answer}: {outcome}")

    def test_no_request_waits_for_the_list_of_models(self, calls: Calls) -> None:
        """However it is made."""
        self.needs("models")
        kind = self.kind()
        attempt(calls.create, kind, self.config(kind), self.request(kind))
        count = len(self.vendor.sent("models"))
        if count:
            self.broken(_APART, f"{count} requests for the list of models were sent while something was made")
