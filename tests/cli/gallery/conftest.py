"""A folder of pictures with their sidecars, and the data of a gallery as the page's script reads them."""

import json
import re

import pytest

from tarash_gateway_cli.gallery import make_gallery


@pytest.fixture
def hang(tmp_path, png):
    """Puts a picture of 8x6 pixels into the folder, and a sidecar where something is told of it."""

    def item(name="a.png", /, content=png, **reported):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if reported:
            sidecar = {"tarash_sidecar": 1, "file": path.name, **reported}
            path.with_name(f"{path.name}.json").write_text(json.dumps(sidecar), encoding="utf-8")
        return path

    return item


@pytest.fixture
def gallery(tmp_path):
    """Makes the gallery of the folder: its entries by their paths, and its notes."""

    def made(**options):
        html = make_gallery(tmp_path, **options).read_text(encoding="utf-8")
        (block,) = re.findall(r'<script id="data" type="application/json">(.*?)</script', html, re.DOTALL)
        data = json.loads(block)
        return {entry["path"]: entry for entry in data["entries"]}, data["notes"]

    return made
