"""A stream that breaks the contract is told by the plugin's name, and ends at the deadline whatever it does."""

from __future__ import annotations

import asyncio
import time

import pytest

from tarash.tarash_gateway import register_plugin, stream_image, stream_image_async
from tarash.tarash_gateway.errors import GenerationTimeoutError, UnconfirmedGenerationError
from tarash.tarash_gateway.models import ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart
from tarash.tarash_gateway.plugins import _bridge as bridge

WISH = ImageGenerationRequest(prompt="a cat")


def giving(thing):
    return lambda *_, **__: thing


def raising(error):
    def primitive(*_, **__):
        raise error

    return primitive


def items(*inputs, then=None):
    def stream(*_, **__):
        yield from inputs
        if then is not None:
            raise then

    return stream


def later(stream):
    async def items(*args, **options):
        for item in stream(*args, **options):
            yield item

    return items


def drained(config):
    return list(stream_image(config, WISH))


def drained_async(config):
    async def drain():
        return [update async for update in stream_image_async(config, WISH)]

    return asyncio.run(drain())


@pytest.fixture(params=[drained, drained_async], ids=["read blocking", "read in a loop"])
def drain(request):
    return request.param


@pytest.fixture
def streaming(flavour, plugin_of, provider_of):
    """Registers a plugin that streams in one flavour."""
    registered = []

    def register(stream, *, as_it_is=False):
        name = "stream_image" if flavour == "sync" else "stream_image_async"
        call = stream if flavour == "sync" or as_it_is else later(stream)
        provider = provider_of(**{name: lambda self, *args, **options: call(*args, **options)})
        registered.append(register_plugin(plugin_of(lambda config: provider), replace=True))

    yield register
    for entry in reversed(registered):
        entry.unregister()


class TestStreams:
    @pytest.mark.parametrize("thing", [None, "x", 5, {}], ids=lambda thing: type(thing).__name__)
    def test_an_item_of_another_type_is_told(self, streaming, drain, thing, image_config, refused):
        streaming(items(thing))
        refusal = refused(drain, image_config())
        assert str(refusal) == (f"AcmeProvider.stream_image returned a {type(thing).__name__} instead of an ImagePart")
        assert refusal.billable == "unknown"

    @pytest.mark.parametrize(
        ("item", "text"),
        [
            (ImagePart(None), "an invalid ImagePart: output is a NoneType"),
            (ImagePart(ImageOutput(url=5)), "an invalid ImagePart: output.url is a int"),
            (ImagePart(ImageOutput(url="x"), "first"), "an invalid ImagePart: index is a str"),
            (ImageAnswer(None), "an invalid ImageAnswer: outputs is a NoneType"),
            (ImageAnswer([None]), "an invalid ImageAnswer: outputs.0 is a NoneType"),
        ],
        ids=["output", "url", "index", "outputs", "item"],
    )
    def test_a_half_filled_item_is_told_by_its_field(self, streaming, drain, item, text, image_config, refused):
        streaming(items(item))
        assert f"AcmeProvider.stream_image returned {text}" in str(refused(drain, image_config()))

    @pytest.mark.parametrize("before", [[], [ImagePart(ImageOutput(url="file:///x"))]], ids=["at once", "later"])
    def test_a_foreign_error_may_have_been_billed(self, streaming, drain, before, image_config, refused):
        streaming(items(*before, then=KeyError("x")))
        refusal = refused(drain, image_config())
        assert "raised KeyError ('x'). This is a defect of the plugin" in str(refusal)
        assert refusal.billable == "unknown"

    def test_a_foreign_error_names_the_plugin(self, streaming, drain, image_config, refused):
        streaming(items(then=KeyError("x")))
        assert str(refused(drain, image_config())).startswith("AcmeProvider.stream_image raised KeyError")

    def test_a_stream_that_cannot_be_opened_is_the_plugins_fault(self, streaming, drain, image_config, refused):
        streaming(raising(KeyError("x")), as_it_is=True)
        refusal = refused(drain, image_config())
        assert "AcmeProvider.stream_image raised KeyError" in str(refusal)
        assert refusal.billable == "unknown"

    @pytest.mark.parametrize("thing", [None, [], 5], ids=lambda thing: type(thing).__name__)
    def test_something_else_than_a_stream_is_told(self, streaming, drain, thing, image_config, refused):
        streaming(giving(thing), as_it_is=True)
        refusal = refused(drain, image_config())
        assert str(refusal) == f"AcmeProvider.stream_image returned a {type(thing).__name__} instead of a generator"

    @pytest.mark.parametrize("inputs", [[], [ImagePart(ImageOutput(url="file:///x"))]], ids=["nothing", "a part"])
    def test_a_stream_without_an_answer_is_unconfirmed(self, streaming, drain, inputs, image_config, refused):
        streaming(items(*inputs))
        refusal = refused(drain, image_config(), kind=UnconfirmedGenerationError)
        assert "the stream ended without a result" in str(refusal)

    def test_a_stream_without_an_end_ends_at_the_deadline(self, streaming, drain, image_config, refused):
        def forever(*_, **__):
            while True:
                time.sleep(0.01)
                yield ImagePart(ImageOutput(url="file:///x"))

        streaming(forever)
        refusal = refused(drain, image_config(timeout=0.2), kind=GenerationTimeoutError)
        assert refusal.billable == "unknown"

    def test_what_comes_after_the_answer_is_not_read(self, streaming, drain, png, image_config):
        streaming(items(ImageAnswer([ImageOutput(content=png)]), None, then=KeyError("x")))
        assert drain(image_config())[-1].response.images[0].content == png

    def test_an_async_stream_that_falls_silent_is_given_up(
        self, monkeypatch, image_config, plugin_of, provider_of, refused
    ):
        monkeypatch.setattr(bridge, "GRACE", 0.05)

        async def silent(self, prepared, *, timeout):
            yield ImagePart(ImageOutput(url="file:///x"))
            await asyncio.sleep(3)

        provider = provider_of(stream_image_async=silent)
        with register_plugin(plugin_of(lambda config: provider)):
            refusal = refused(drained_async, image_config(timeout=0.2))
        assert "AcmeProvider.stream_image did not keep to its timeout" in str(refusal)
