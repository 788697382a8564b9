"""Which row a config follows, and whether it may refuse."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import ImageModel, VideoModel
from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins import ProviderSpec

SAID = {"source": "https://acme.test", "checked_on": date(2026, 1, 1)}
IMAGE = ImageModel(model="acme-image", aliases=("acme-image-2026-01-01",), **SAID)
VIDEO = VideoModel(model="acme-video", **SAID)
ANY_VIDEO = VideoModel(model="any", **SAID)
OWN = ImageModel(model="own", **SAID)
SPEC = ProviderSpec(
    name="acme",
    api_version=1,
    image_models=(IMAGE,),
    video_models=(VIDEO,),
    default_video_model=ANY_VIDEO,
    model_prefix="acme/",
)


@pytest.mark.parametrize(
    ("config", "row", "refuses"),
    [
        (ImageGenerationConfig(provider="acme", model="acme-image"), IMAGE, True),
        (ImageGenerationConfig(provider="acme", model="acme-image-2026-01-01"), IMAGE, True),
        (ImageGenerationConfig(provider="acme", model="acme/acme-image"), IMAGE, True),
        (ImageGenerationConfig(provider="acme", model="my-deployment", base_model="acme-image"), IMAGE, True),
        (ImageGenerationConfig(provider="acme", model="my-deployment", base_model="acme/acme-image"), IMAGE, True),
        (ImageGenerationConfig(provider="acme", model="acme-image", base_model="gone"), None, False),
        (ImageGenerationConfig(provider="acme", model="unknown"), None, False),
        (ImageGenerationConfig(provider="acme", model="acme-video"), None, False),
        (ImageGenerationConfig(provider="acme", model="acme-image", capabilities=OWN), OWN, True),
        (VideoGenerationConfig(provider="acme", model="acme-video"), VIDEO, True),
        (VideoGenerationConfig(provider="acme", model="unknown"), ANY_VIDEO, False),
        (VideoGenerationConfig(provider="acme", model="unknown", capabilities=VIDEO), VIDEO, True),
    ],
    ids=[
        "model",
        "alias",
        "prefix",
        "base model",
        "base model with prefix",
        "unknown base model",
        "unknown image model",
        "model of the other kind",
        "own row",
        "video model",
        "default row",
        "own video row",
    ],
)
def test_the_row_of_a_config(config, row, refuses):
    assert find_row(config, SPEC) == (row, refuses)


def test_two_providers_with_one_model_name_have_their_own_rows():
    other = ImageModel(model="acme-image", prompt_max_chars=7, **SAID)
    config = ImageGenerationConfig(provider="acme", model="acme-image")
    for spec, row in ((SPEC, IMAGE), (ProviderSpec(name="b", api_version=1, image_models=(other,)), other)):
        assert find_row(config, spec)[0] is row


@pytest.mark.parametrize(
    ("prefix", "model", "wire"),
    [("acme/", "acme/acme-image", "acme-image"), ("acme/", "acme-image", "acme-image"), (None, "acme/x", "acme/x")],
)
def test_the_name_on_the_wire(prefix, model, wire):
    assert ProviderSpec(name="acme", api_version=1, model_prefix=prefix).wire_model(model) == wire


@pytest.mark.parametrize("name", ["", "Acme", "acme image", "-acme", "acme\n", "acme!", "acme--x"], ids=repr)
def test_a_provider_has_a_plain_name(name):
    with pytest.raises(ValidationError):
        ProviderSpec(name=name, api_version=1)


@pytest.mark.parametrize("name", ["acme", "acme-image", "acme_image", "a1"])
def test_plain_names(name):
    assert ProviderSpec(name=name, api_version=1).name == name
