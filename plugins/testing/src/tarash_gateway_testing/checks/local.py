"""Models on this machine: what their rows declare really comes out, and a caller can wait, watch and leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tarash import tarash_gateway
from tarash.tarash_gateway.capabilities.rows import ImageModel
from tarash.tarash_gateway.errors import ConfigurationError, TarashError
from tarash.tarash_gateway.media.files import content_type_of
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationConfig,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    MediaKind,
)
from tarash_gateway_testing.base import Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.vendor import Place
from tarash_gateway_testing.row_values import declared_values
from tarash_gateway_testing.rules import Rule

__all__ = ["LocalChecks"]

LONG = 0.5
"""Seconds of one image from which a deadline or a caller that leaves can be told from the end."""

_LOCAL = Rule(
    "a provider that works in this process says so: ProviderSpec(local=True). It has no endpoint and takes no key.",
    "give local=True in tarash_provider_specs.",
    "Local models",
)
_DECLARED = Rule(
    "what a row declares comes out: the sizes, the output formats, the number of images.",
    "make the image in the size and the format of prepared.request, n of them; or take the value out of the row.",
    "Local models",
)
_SEED = Rule(
    "one seed is one image, and another seed is another one; the output says which seed it was.",
    "seed your generator with prepared.request.seed, draw a seed where there is none, and give it as "
    'ImageOutput(seed=...). Where the model has none, name it in unsupported=("seed",).',
    "Local models",
)
_FREE = Rule(
    "an async primitive never blocks the event loop.",
    "define the plain generate_image instead: core runs it in a thread.",
    "Local models",
)
_STOPS = Rule(
    "a call ends soon after its time is over, or its caller has left.",
    "look at prepared.cancelled between two steps of the pipeline, and stop.",
    "Local models",
)
_PROGRESS = Rule(
    "what a provider reports is percent: from 0 to 100, and never less than before.",
    "call prepared.report(progress=100 * step / steps).",
    "Local models",
)


class LocalChecks(Case):
    """A model on this machine."""

    def make_config(self, vendor: Place, kind: MediaKind, **settings: Any) -> GenerationConfig:  # noqa: ARG002 # there is no vendor
        """Returns a config: neither an address nor a key."""
        return ImageGenerationConfig(**{"provider": self.provider, **settings, "timeout": settings.get("timeout", 600)})

    def test_it_says_that_it_is_local(self) -> None:
        """And refuses what it would ignore."""
        if not self.spec().local:
            self.broken(_LOCAL, f"the spec of {self.provider} has local=False")
        config = ImageGenerationConfig(provider=self.provider, model=self.model("image"), api_key="sk-of-nobody")
        outcome = attempt(Calls("sync").generate_image, config, self.request("image"))
        if not isinstance(outcome.error, ConfigurationError):
            self.broken(_LOCAL, f"a config with a key: {outcome}")

    def test_what_the_rows_declare_comes_out(self, calls: Calls) -> None:
        """Each size and each format of each row."""
        for row in self._image_rows():
            for value in declared_values(row):
                if value.field not in ("size", "output_format") or value.value == "auto":
                    continue
                outcome = attempt(calls.generate_image, self._config(model=row.model), self._wish(**value.fields()))
                self._check_value(row, value.field, value.value, self._images_of(outcome, value.field))

    def _check_value(self, row: ImageModel, field: str, value: str, response: ImageGenerationResponse) -> None:
        for image in response.images:
            is_right = (
                f"{image.width}x{image.height}" == value
                if field == "size"
                else image.content_type == content_type_of(f".{value}")
            )
            if not is_right:
                self.broken(_DECLARED, f"{row.model}: {field}={value!r} was asked for, {image} came")

    def test_as_many_images_come_as_were_asked_for(self, calls: Calls) -> None:
        """Up to what the row declares."""
        for row in self._image_rows():
            outcome = attempt(calls.generate_image, self._config(model=row.model), self._wish(n=row.max_images))
            made = len(self._images_of(outcome, "n").images)
            if made != row.max_images:
                self.broken(_DECLARED, f"{row.model}: {row.max_images} images were asked for, {made} came")

    def test_one_seed_is_one_image(self, calls: Calls) -> None:
        """The same again, and another one for another seed."""
        row = next(self._image_rows())
        if "seed" in row.lacking():
            pytest.skip(f"{row.model} has no seed")
        prompt = "A lighthouse at night"
        made = []
        for seed in (7, 7, 8):
            outcome = attempt(
                calls.generate_image, self._config(), self.make_request("image", prompt=prompt, seed=seed)
            )
            made.append(self._images_of(outcome, "seed").images[0])
        if made[0].sha256 != made[1].sha256 or made[0].sha256 == made[2].sha256:
            self.broken(_SEED, "seed=7 was asked for twice and seed=8 once: the images are not two alike and another")
        if made[0].seed != 7:
            self.broken(_SEED, f"seed=7 was asked for, the output says {made[0].seed}")

    def test_the_event_loop_stays_free(self) -> None:
        """While an image is made."""

        async def stall() -> tuple[float, float]:
            began = last = time.monotonic()
            call = asyncio.ensure_future(tarash_gateway.generate_image_async(self._config(), self._wish()))
            longest = 0.0
            while not call.done():
                await asyncio.sleep(0.005)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            await call
            return longest, time.monotonic() - began

        asyncio.run(stall())  # what is slow once, such as loading weights, is over
        longest, whole = asyncio.run(stall())
        if whole >= LONG and longest > whole / 2:
            self.broken(_FREE, f"an image took {whole:.1f} s, and the event loop stood still for {longest:.1f} s of it")

    def test_a_call_ends_when_its_time_is_over(self, calls: Calls) -> None:
        """Or not much later."""
        whole = self._seconds(calls)
        began = time.monotonic()
        outcome = attempt(calls.generate_image, self._config(timeout=whole / 8, max_retries=0), self._wish())
        took = time.monotonic() - began
        if took > 0.75 * whole:
            self.broken(_STOPS, f"an image takes {whole:.1f} s; with timeout={whole / 8:.2f} it took {took:.1f} s")
        if isinstance(outcome.error, TarashError) and outcome.error.billable != "no":
            self.broken(_STOPS, f"its time was over, and the error is billable={outcome.error.billable!r}: {outcome}")

    def test_a_call_ends_when_its_caller_has_left(self) -> None:
        """So that the next one can begin."""
        whole = self._seconds(Calls("async"))

        async def leave() -> float:
            call = asyncio.ensure_future(tarash_gateway.generate_image_async(self._config(), self._wish()))
            await asyncio.sleep(whole / 8)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            began = time.monotonic()
            await tarash_gateway.generate_image_async(self._config(), self._wish())
            return time.monotonic() - began

        if self.spec().concurrency != 1:
            pytest.skip("calls run at a time, so that the next one waits for none")
        took = asyncio.run(leave())
        if took > 1.6 * whole:
            self.broken(_STOPS, f"an image takes {whole:.1f} s; after a caller left, the next one took {took:.1f} s")

    def test_progress_is_percent_and_grows(self, calls: Calls) -> None:
        """Where there is any."""
        percentages: list[float] = []

        def listen(update: ImageGenerationUpdate) -> None:
            if update.status == "in_progress" and update.progress is not None:
                percentages.append(update.progress)

        calls.generate_image(self._config(), self._wish(), on_progress=listen)
        if percentages != sorted(percentages) or any(not 0 <= percent <= 100 for percent in percentages):
            self.broken(_PROGRESS, f"the progress of one call was {percentages}")

    def _image_rows(self) -> Iterator[ImageModel]:
        return (row for row in self.rows("image") if isinstance(row, ImageModel))

    def _config(self, **settings: Any) -> Any:
        return self.config("image", **{"timeout": 600.0, **settings})

    def _wish(self, **fields: Any) -> Any:
        return self.request("image", **fields)

    def _images_of(self, outcome: Outcome, field: str) -> ImageGenerationResponse:
        if not isinstance(outcome.value, ImageGenerationResponse):
            self.broken(_DECLARED, f"a request with {field}: {outcome}")
        return outcome.value

    def _seconds(self, calls: Calls) -> float:
        """Returns what one image takes; the check is skipped where that is too little to tell."""
        calls.generate_image(self._config(), self._wish())
        began = time.monotonic()
        calls.generate_image(self._config(), self._wish())
        whole = time.monotonic() - began
        if whole < LONG:
            pytest.skip(f"an image takes {whole:.2f} s: too little to leave it in the middle")
        return whole
