"""Answers in the forms that real servers give: what was made and paid for is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tarash.tarash_gateway.capabilities.rows import ImageModel
from tarash.tarash_gateway.errors import ContentPolicyError
from tarash.tarash_gateway.models import MediaKind
from tarash_gateway_testing.base import ROLE_OF, SPOKEN, Case, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.checks.money import KINDS
from tarash_gateway_testing.fake import forms
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.forms import BLOCKED, ODD_JSON
from tarash_gateway_testing.media import sample_image
from tarash_gateway_testing.rules import Rule

__all__ = ["AnswerChecks"]

_READ = Rule(
    "an answer that was paid for is read in every form that has one meaning: what only looks odd loses no image.",
    "read with read_json, read_images, read_image, read_status and EventReader of tarash.tarash_gateway.plugins.http.",
    "Answers",
)
_COUNTED = Rule(
    "a cost is computed from complete counts only: 4160, 4160.0 and '4160' are one count; with one that cannot be "
    "read the cost is not known.",
    "read counts with read_count or read_tokens of tarash.tarash_gateway.plugins.http, and give tokens=None where one "
    "is None.",
    "Answers",
)
_REFUSED = Rule(
    "a refusal by the vendor's safety system is a ContentPolicyError, whatever its code is: a fallback must not get "
    "the prompt.",
    "make errors with read_error(answer) of tarash.tarash_gateway.plugins.http, which knows the words.",
    "Answers",
)

UNUSUAL: dict[str, bytes] = {
    "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\0\0\0\x0cmeta\0\0\0\0\0\0\0\x48mdat" + b"\0" * 64,
    "TIFF": b"II*\0\x08\0\0\0" + b"\0" * 64,
    "BMP": b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0" + b"\0" * 40,
}
"""The beginning of an image of each kind, as no decoder is asked."""

COUNTS: dict[str, Callable[[int], Any]] = {
    "4160.0": float,
    "'4160'": str,
    "4160.4": lambda count: count + 0.4,
    "null": lambda _: None,
}
SPOILED: dict[str, Callable[[str], str]] = {"empty": lambda _: "", "cut": lambda text: text[: len(text) // 2]}


class AnswerChecks(Case):
    """Answers in the forms that real servers give."""

    @pytest.mark.parametrize("form", ODD_JSON)
    @pytest.mark.parametrize("kind", ["image", "video"])
    def test_json_with_an_odd_character_is_read(self, calls: Calls, kind: MediaKind, form: str) -> None:
        """What is odd stands in a field that nobody needs."""
        self.needs(kind)
        form_of_answer = self.changed(ODD_JSON[form], ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        self.needs_form(form_of_answer)
        if outcome.error is not None:
            self.broken(_READ, f"the answer to {SPOKEN[kind]} was JSON with {form}: {outcome}")

    @pytest.mark.parametrize("count", COUNTS)
    def test_a_count_is_read_as_it_is_meant(self, calls: Calls, count: str) -> None:
        """Of the tokens, where the handler of 'image' tells them."""
        self.needs("image")
        config = self.config("image")
        plain = attempt(calls.generate_image, config, self.request("image"))
        form_of_answer = self.changed(forms.counts_as(COUNTS[count]), "image")
        outcome = attempt(calls.generate_image, config, self.request("image"))
        self.needs_form(form_of_answer)
        wanted = plain.value.cost if plain.value is not None and count in ("4160.0", "'4160'") else None
        if plain.error is not None or outcome.error is not None or outcome.value.cost != wanted:
            cost = getattr(outcome.value, "cost", None)
            self.broken(_COUNTED, f"counts were written as {count}: the cost is {cost}, not {wanted} ({outcome})")

    @pytest.mark.parametrize("form", UNUSUAL)
    def test_an_image_of_an_unusual_format_is_handed_over(self, calls: Calls, form: str) -> None:
        """With a warning that it was not checked."""
        self.needs("image")
        self.fake_vendor().image_bytes = UNUSUAL[form]
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image"))
        images = outcome.value.images if outcome.value is not None else []
        if not images or images[0].content != UNUSUAL[form] or images[0].verified or not outcome.value.warnings:
            self.broken(_READ, f"the image was {form}: {outcome}")

    @pytest.mark.parametrize("spoiled", SPOILED)
    def test_an_image_is_taken_from_the_source_that_works(self, calls: Calls, spoiled: str) -> None:
        """Base64 that is none, and an address beside it."""
        self.needs("image")
        url = f"{self.vendor.origin}/kit/images/another-source.png"
        form_of_answer = self.changed(forms.base64_and_url(SPOILED[spoiled], url), "image")
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image"))
        self.needs_form(form_of_answer)
        images = outcome.value.images if outcome.value is not None else []
        if not images or images[0].content != sample_image("another-source"):
            self.broken(_READ, f"the base64 of an image was {spoiled}, and its address worked: {outcome}")

    def test_an_item_that_failed_costs_only_itself(self, calls: Calls) -> None:
        """One of several images was blocked."""
        self.needs("image")
        most = max((row.max_images for row in self.rows("image")[:1] if isinstance(row, ImageModel)), default=1)
        if most < 2:
            pytest.skip("the model makes one image a request (max_images)")
        form_of_answer = self.changed(forms.second_item_fails(min(most, 3)), "image")
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image", n=min(most, 3)))
        self.needs_form(form_of_answer)
        made = len(outcome.value.images) if outcome.value is not None else 0
        warnings = outcome.value.warnings if outcome.value is not None else []
        if made != min(most, 3) - 1 or not any(BLOCKED in warning for warning in warnings):
            self.broken(_READ, f"item 2 of {min(most, 3)} was blocked, {made} images and {warnings!r} came: {outcome}")

    @KINDS
    def test_a_refusal_in_words_of_the_safety_system_is_moderation(self, calls: Calls, kind: Kind) -> None:
        """HTTP 400 without a code of moderation."""
        self.needs(kind)
        words = "Your request was rejected by our safety system: safety_violations=[sexual]"
        self.vendor.fail(Answer(400, self.refusal(400, words)), ROLE_OF[kind])
        outcome = attempt(calls.create, kind, self.config(kind), self.request(kind))
        if not isinstance(outcome.error, ContentPolicyError):
            self.broken(_REFUSED, f"{SPOKEN[kind]} was refused with {words!r}: {outcome}")
