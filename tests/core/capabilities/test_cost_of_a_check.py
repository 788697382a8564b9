"""What a check must not do over and over: figures are in `benchmarks/startup.py`, here is what makes them."""

import pydantic
import pytest

from tarash.tarash_gateway import check_request
from tarash.tarash_gateway.capabilities import ImageModel, SizeRule, VideoModel
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

PICTURE = (
    ImageGenerationConfig(provider="openai", model="gpt-image-1"),
    ImageGenerationRequest(prompt="A harbour", size="1024x1024", quality="high"),
)
CLIP = (
    VideoGenerationConfig(provider="openai", model="sora-2"),
    VideoGenerationRequest(prompt="A harbour", duration_seconds=8, aspect_ratio="16:9"),
)


@pytest.mark.parametrize("requested", [PICTURE, CLIP], ids=["picture", "clip"])
def test_a_later_check_asks_no_record_for_a_field_that_it_has_not(requested, monkeypatch):
    check_request(*requested)
    missed = []
    monkeypatch.setattr(pydantic.BaseModel, "__getattr__", lambda self, name: missed.append(name), raising=False)
    assert check_request(*requested) == []
    assert missed == []


@pytest.mark.parametrize("requested", [PICTURE, CLIP], ids=["picture", "clip"])
def test_a_later_check_validates_nothing_again(requested, monkeypatch):
    check_request(*requested)

    def refuse(*args, **options):
        raise AssertionError("a record was made anew")

    monkeypatch.setattr(pydantic.BaseModel, "__init__", refuse)
    monkeypatch.setattr(pydantic.BaseModel, "model_validate", refuse)
    assert check_request(*requested) == []


@pytest.mark.parametrize("kind", [ImageModel, VideoModel, SizeRule])
def test_the_schema_of_a_row_is_there_before_the_first_row(kind):
    assert kind.__pydantic_complete__
