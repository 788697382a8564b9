"""Streamed images."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway.errors import UnconfirmedGenerationError, UnsupportedOperationError, ValidationError
from tarash_gateway_testing.base import ROLE_OF, Case, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.fake.faults import Cut, Stalls
from tarash_gateway_testing.fake.forms import ODD_EVENTS, whole_answer
from tarash_gateway_testing.rules import Rule

__all__ = ["StreamChecks"]

_PARTS = Rule(
    "stream_image gives an ImagePart for each partial image as it comes, and at last one ImageAnswer.",
    "yield each part when its event is read, and the answer when the stream has ended.",
    "Streams",
)
_NO_RESULT = Rule(
    "a stream that ends before the result, however orderly, may have been billed: core makes an "
    "UnconfirmedGenerationError of it.",
    "yield no ImageAnswer without a finished image: let the generator end, or raise ConnectionFailedError with "
    'billable="unknown".',
    "Streams",
)
_EVENTS = Rule(
    "a stream is read as the standard of server-sent events says, and as servers write it: comments, heartbeats, "
    "empty events, `retry:`, types in `event:` lines, a last event without its blank line, and one whole answer.",
    "read it with client.events(...) of your HttpProvider, or EventReader and ImageEvents of "
    "tarash.tarash_gateway.plugins.http.",
    "Streams",
)
_LEFT = Rule(
    "leaving the loop closes the generator, and closing the generator closes the connection.",
    "keep the response in a with block of the generator, so that its end closes it.",
    "Streams",
)
_NOT_AT_ALL = Rule(
    "what the provider cannot do is left out of the class, and UnsupportedOperationError says so before anything "
    "is sent.",
    "inherit from Provider, and do not define the primitive.",
    "Before you begin",
)


class StreamChecks(Case):
    """Streamed images."""

    def test_a_stream_gives_partial_pictures_and_then_the_result(self, calls: Calls) -> None:
        """In that order."""
        self.needs("stream")
        outcome = attempt(calls.stream_image, self.config("stream"), self.request("stream"))
        updates = outcome.value or []
        steps = [update.status for update in updates]
        right = steps[:1] == ["submitting"] and steps[-1:] == ["completed"] and set(steps[1:-1]) <= {"partial"}
        if not right or updates[-1].response is None:
            self.broken(_PARTS, f"a stream went {steps}: {outcome.error or 'no error'}")

    def test_a_stream_that_ends_without_a_result_may_have_been_billed(self, calls: Calls) -> None:
        """It ends as if it were whole."""
        self.needs("stream")
        self.vendor.fail(Cut(orderly=True), "stream")
        outcome = attempt(calls.stream_image, self.config("stream"), self.request("stream"))
        if not isinstance(outcome.error, UnconfirmedGenerationError):
            self.broken(_NO_RESULT, f"a stream ended half-way, in good order: {outcome}")

    def test_leaving_a_stream_closes_its_connection(self, calls: Calls) -> None:
        """After the first partial image."""
        self.needs("stream")
        config, request = self.config("stream"), self.request("stream")
        whole = attempt(calls.stream_image, config, request)
        if not any(update.status == "partial" for update in whole.value or ()):
            pytest.skip("the handler of 'stream' gives no partial image")
        self.vendor.fail(Stalls(), "stream")
        attempt(calls.stream_image, config, request, 2)
        if not self.vendor.left("stream", within=1.5):
            self.broken(_LEFT, "the loop was left after a partial image, and the connection stayed open for 1.5 s")

    @pytest.mark.parametrize("form", ODD_EVENTS)
    def test_events_with_odd_lines_are_read(self, calls: Calls, form: str) -> None:
        """Comments, heartbeats and empty events are passed over."""
        self.needs("stream")
        form_of_stream = self.changed(ODD_EVENTS[form], "stream")
        outcome = attempt(calls.stream_image, self.config("stream"), self.request("stream"))
        self.needs_form(form_of_stream)
        if outcome.error is not None or outcome.value[-1].response is None:
            self.broken(_EVENTS, f"the stream came with {form}: {outcome}")

    @pytest.mark.parametrize("content_type", ["text/plain", "Application/JSON"])
    def test_a_whole_answer_in_place_of_a_stream_is_read(self, calls: Calls, content_type: str) -> None:
        """As the handler of 'image' gives it."""
        self.needs("stream", "image")
        vendor = self.fake_vendor()
        attempt(calls.generate_image, self.config("stream"), self.request("image"))
        whole = vendor.last_answer("image")
        if whole is None:
            pytest.skip("the handler of 'image' gave no answer")
        self.changed(whole_answer(whole, content_type), "stream")
        outcome = attempt(calls.stream_image, self.config("stream"), self.request("stream"))
        if outcome.error is not None or outcome.value[-1].response is None:
            self.broken(_EVENTS, f"a whole answer ({content_type}) came in place of a stream: {outcome}")

    def test_what_is_left_out_is_told_as_unsupported(self, calls: Calls) -> None:
        """A provider without streams, or without videos."""
        kinds: tuple[Kind, ...] = ("stream", "video")
        missing = [kind for kind in kinds if ROLE_OF[kind] not in self.vendor.roles]
        if not missing or "image" not in self.vendor.roles:
            pytest.skip("the vendor has handlers for all of it")
        for kind in missing:
            model = self.model("image")
            outcome = attempt(calls.create, kind, self.config(kind, model=model), self.request(kind))
            if not isinstance(outcome.error, (UnsupportedOperationError, ValidationError)) or self.vendor.sent():
                sent = len(self.vendor.sent())
                self.broken(_NOT_AT_ALL, f"there is no handler for {kind}, {sent} requests were sent, and {outcome}")
