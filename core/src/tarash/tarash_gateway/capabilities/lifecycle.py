"""Where a model stands in its life: current, deprecated or retired."""

from datetime import date
from typing import Literal

from tarash.tarash_gateway.records import StrictModel


class ModelLifecycleWarning(UserWarning):
    """A model is deprecated or retired at its vendor; the request still goes out, since compatible servers serve it."""


class Lifecycle(StrictModel):
    """Where a model stands at its vendor, as of the row's `checked_on`."""

    status: Literal["current", "deprecated", "retired"] = "current"
    """`deprecated` and `retired` models are warned of, and the request still goes out."""

    shutdown: date | None = None
    """The day on which the vendor stopped serving the model, or will."""

    replacement: str | None = None
    """What the vendor names instead."""

    source: str | None = None
    """Where the vendor says so."""

    def status_on(self, day: date) -> Literal["current", "deprecated", "retired"]:
        """Returns the status on `day`: a model is retired from its shutdown day on."""
        if self.shutdown is not None and day >= self.shutdown:
            return "retired"
        return self.status

    def days_left(self, day: date) -> int | None:
        """Counts the days from `day` to the shutdown, negative after it; None where no day is known."""
        return None if self.shutdown is None else (self.shutdown - day).days

    def notice(self, model: str, day: date) -> str | None:
        """Returns the warning for a caller of `model` on `day`; None while the model is current."""
        status = self.status_on(day)
        if status == "current":
            return None
        if status == "retired":
            when = f" since {self.shutdown}" if self.shutdown else ""
            text = f"{model} is retired at its vendor{when}"
        else:
            when = f" and will be shut down on {self.shutdown}" if self.shutdown else ""
            text = f"{model} is deprecated at its vendor{when}"
        return f"{text}; use {self.replacement} instead" if self.replacement else text
