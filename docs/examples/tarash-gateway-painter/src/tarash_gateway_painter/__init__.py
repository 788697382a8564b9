"""A model on this machine as a provider: it draws circles with Pillow, where yours runs a pipeline."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from datetime import date

from tarash.tarash_gateway.capabilities import ImageModel, SizeRule
from tarash.tarash_gateway.errors import GenerationTimeoutError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest
from tarash.tarash_gateway.plugins import (
    ImageAnswer,
    ImageOutput,
    PreparedRequest,
    Provider,
    ProviderSpec,
    hookimpl,
)

STEPS = 20

MODEL = ImageModel(
    model="circles-1",
    sizes=SizeRule(multiple_of=8, min_pixels=64 * 64, max_edge=2048),
    max_images=4,
    output_formats=("png", "jpeg", "webp"),
    unsupported=("negative_prompt", "image_list", "mask_image", "quality", "style", "background", "resolution"),
    source="https://pillow.readthedocs.io",
    checked_on=date(2026, 11, 30),
)


class PainterProvider(Provider):
    """One call with one config. A real one loads its weights here, or keeps them for all calls of the process."""

    def generate_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        request = prepared.request
        first = random.randrange(2**32) if request.seed is None else request.seed
        outputs = []
        for number in range(request.n):
            done = 100 * number / request.n
            outputs.append(self._painted(prepared, first + number, done, 100 / request.n))
        return ImageAnswer(outputs)

    def _painted(
        self, prepared: PreparedRequest[ImageGenerationRequest], seed: int, done: float, share: float
    ) -> ImageOutput:

        from PIL import Image, ImageDraw  # here, so that listing the models stays cheap

        chance = random.Random(f"{prepared.request.prompt} {seed}")
        width, height = (int(edge) for edge in (prepared.request.size or "512x512").split("x"))
        image = Image.new("RGB", (width, height), chance.choice(("navy", "maroon", "teal")))
        for step in range(STEPS):
            if prepared.cancelled:  # looked at between two steps: nobody waits for the rest
                raise GenerationTimeoutError(f"stopped after {step} of {STEPS} steps", billable="no")
            x, y, radius = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(4, width / 6)
            colour = tuple(chance.randrange(256) for _ in range(3))
            ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
            prepared.report(progress=done + share * (step + 1) / STEPS)
        file = io.BytesIO()
        image.save(file, prepared.request.output_format or "png")
        return ImageOutput(content=file.getvalue(), seed=seed)


@hookimpl
def tarash_provider_specs() -> Iterable[ProviderSpec]:
    yield ProviderSpec(name="painter", api_version=1, title="Painter", image_models=(MODEL,), local=True, concurrency=1)


@hookimpl
def tarash_create_provider(config: GenerationConfig) -> Provider:
    return PainterProvider()
