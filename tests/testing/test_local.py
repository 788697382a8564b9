"""A model on this machine passes its kit; one that is wrong in one thing is told so."""

import contextlib
import io
import random
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from wrong import Wrong

from tarash.tarash_gateway.capabilities import ImageModel
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider, ProviderSpec
from tarash_gateway_testing import LocalConformance

sys.path.insert(0, str(Path(__file__).parents[2] / "docs/examples/tarash-gateway-painter/src"))


class TestPainter(LocalConformance):
    provider = "painter"
    plugin = "tarash_gateway_painter"


SPEC = ProviderSpec(
    name="crayon",
    api_version=1,
    local=True,
    concurrency=1,
    image_models=(
        ImageModel(
            model="crayon-1",
            sizes=("64x48", "48x64"),
            max_images=2,
            output_formats=("png", "jpeg"),
            source="https://crayon.test",
            checked_on=date(2026, 11, 30),
        ),
    ),
)


class Crayon(Provider):
    """Draws one colour by the seed; each mistake overrides one step."""

    pause = 0.0

    def __init__(self, config):
        self.config = config

    def generate_image(self, prepared, *, timeout):
        seed = prepared.request.seed
        seed = random.randrange(2**24) if seed is None else seed
        prepared.report(progress=50.0)
        self.work(prepared)
        return ImageAnswer([self.drawn(prepared.request, seed + at) for at in range(self.count(prepared.request))])

    def work(self, prepared):
        end = time.monotonic() + self.pause
        while time.monotonic() < end and not prepared.cancelled:
            time.sleep(0.01)

    def count(self, request):
        return request.n

    def size(self, request):
        return tuple(int(edge) for edge in (request.size or "64x48").split("x"))

    def drawn(self, request, seed):
        file = io.BytesIO()
        Image.new("RGB", self.size(request), (seed % 256, seed // 256 % 256, 0)).save(
            file, request.output_format or "png"
        )
        return ImageOutput(content=file.getvalue(), seed=seed)


class Slow(Crayon):
    pause = 0.6


class Fixed(Crayon):
    def size(self, request):
        return (64, 48)


class OnlyPng(Crayon):
    def drawn(self, request, seed):
        return super().drawn(request.model_copy(update={"output_format": "png"}), seed)


class Single(Crayon):
    def count(self, request):
        return 1


class Seedless(Crayon):
    def drawn(self, request, seed):
        return super().drawn(request, random.randrange(2**24))


class Silent(Crayon):
    def drawn(self, request, seed):
        return ImageOutput(content=super().drawn(request, seed).content)


class Stubborn(Slow):
    def work(self, prepared):
        time.sleep(self.pause)


class Blocking(Stubborn):
    generate_image = None

    async def generate_image_async(self, prepared, *, timeout):
        return Crayon.generate_image(self, prepared, timeout=timeout)


class Backwards(Crayon):
    def work(self, prepared):
        prepared.report(progress=10.0)


REMOTE = SPEC.model_copy(update={"local": False})
WRONG = {
    "not local": ("test_it_says_that_it_is_local", "local=False", Crayon, REMOTE),
    "one size": ("test_what_the_rows_declare_comes_out", "size='48x64' was asked for", Fixed, SPEC),
    "one format": ("test_what_the_rows_declare_comes_out", "output_format='jpeg' was asked for", OnlyPng, SPEC),
    "one image": ("test_as_many_images_come_as_were_asked_for", "2 images were asked for, 1 came", Single, SPEC),
    "any seed": ("test_one_seed_is_one_image", "not two alike", Seedless, SPEC),
    "no seed told": ("test_one_seed_is_one_image", "the output says None", Silent, SPEC),
    "a deadline": ("test_a_call_ends_when_its_time_is_over", "with timeout=", Stubborn, SPEC),
    "a caller that left": ("test_a_call_ends_when_its_caller_has_left", "after a caller left", Stubborn, SPEC),
    "a blocked loop": ("test_the_event_loop_stays_free", "stood still", Blocking, SPEC),
    "progress": ("test_progress_is_percent_and_grows", "[50.0, 10.0]", Backwards, SPEC),
}


class CrayonKit(LocalConformance):
    pass


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told(name):
    check, says, make, spec = WRONG[name]
    Wrong(check, says, make, spec, {"provider": "crayon"}, base=CrayonKit).assert_told()


@pytest.mark.parametrize("check", sorted({check for check, *_ in WRONG.values()}))
@pytest.mark.parametrize("make", [Crayon, Slow])
def test_what_is_right_is_let_pass(check, make):
    with contextlib.suppress(pytest.skip.Exception):  # an image that is made at once has no middle
        assert Wrong(check, "", make, SPEC, {"provider": "crayon"}, base=CrayonKit).message() is None
