"""The recipe for a vendor that speaks OpenAI's protocol is a whole plugin of some thirty lines, and passes the kit."""

import re
import subprocess
import sys

import pytest

from tarash.tarash_gateway import generate_image, register_plugin
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

KIT = """
import base64

from tarash_gateway_testing import Answer, ProviderConformance, answers


class TestAcme(ProviderConformance):
    provider = "acme"
    plugin = "tarash_gateway_acme"
    base_path = "/v1"
    key_header = "authorization: Bearer"

    def refusal(self, status, message):
        return {"error": {"message": message, "type": "an_error", "code": None}}

    def moderation(self, role):
        return Answer(400, {"error": {"message": "Refused.", "code": "moderation_blocked"}})

    @answers("image", "POST /images/generations")
    def images(self, request):
        shown = [base64.b64encode(request.image(at)).decode() for at in range(request.json["n"])]
        return {"created": 1, "data": [{"b64_json": text} for text in shown]}
"""


@pytest.fixture
def recipe(request, tmp_path):
    """The plugin of the page, as a module in a folder."""
    page = (request.config.rootpath / "docs/write-a-provider.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^## A vendor that speaks .*?```python\n(.*?)```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "tarash_gateway_acme.py").write_text(text, encoding="utf-8")
    return tmp_path


def test_it_has_thirty_lines_besides_its_row(recipe):
    text = (recipe / "tarash_gateway_acme.py").read_text()
    plugin = re.sub(r"MODEL = ImageModel\(.*?^\)\n", "", text, flags=re.DOTALL | re.MULTILINE)
    assert len([line for line in plugin.splitlines() if line.strip()]) <= 30


def test_it_makes_an_image_at_a_server_of_that_protocol(recipe, tarash_sandbox, monkeypatch):
    monkeypatch.syspath_prepend(recipe)
    monkeypatch.setenv("ACME_API_KEY", tarash_sandbox.api_key)
    monkeypatch.delitem(sys.modules, "tarash_gateway_acme", raising=False)
    import tarash_gateway_acme

    config = ImageGenerationConfig(provider="acme", model="gpt-image-2", base_url=tarash_sandbox.url)
    with register_plugin(tarash_gateway_acme):
        response = generate_image(config, ImageGenerationRequest(prompt="A kite", size="1024x1024"))
    assert response.images[0].content_type == "image/png"
    sys.modules.pop("tarash_gateway_acme")


@pytest.mark.slow
def test_it_passes_the_kit(recipe):
    (recipe / "test_acme.py").write_text(KIT, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(command, cwd=recipe, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
