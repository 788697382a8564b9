"""The page to look things up on names every primitive, every field and every helper of the contract."""

import dataclasses
import re

import pytest

from tarash.tarash_gateway import plugins
from tarash.tarash_gateway.models import VideoJob

PAGE = "docs/provider-contract.md"
ELSEWHERE = {"API_VERSION", "CallContext", "CallOutcome", "hookimpl"}
"""Names that other pages are about: hooks, and observers."""

FIELDS = {
    name: [field.name for field in dataclasses.fields(getattr(plugins, name))]
    for name in ("ImageAnswer", "ImageOutput", "ImagePart", "InputFile", "LostVideo", "Prepared", "VideoStatus")
}
FIELDS |= {"ProviderSpec": list(plugins.ProviderSpec.model_fields), "VideoJob": list(VideoJob.model_fields)}
FIELDS |= {"Sink": ["offset", "begin", "write"]}
PRIMITIVES = [name for name in vars(plugins.Provider) if not name.startswith("_")]


@pytest.fixture(scope="module")
def text(request):
    return (request.config.rootpath / PAGE).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(plugins.__all__) - ELSEWHERE))
def test_every_name_that_a_plugin_imports_is_there(text, name):
    assert re.search(rf"`{name}\b", text)


@pytest.mark.parametrize("name", [name for name in PRIMITIVES if not name.endswith("_async")])
def test_every_primitive_is_there(text, name):
    assert f"| `{name}` |" in text


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_there(text, name):
    section = text[text.index(f"`{name}`") :]
    missing = [field for field in FIELDS[name] if not re.search(rf"`{field}\b", section)]
    assert missing == []
