"""The example of a model on this machine: short, and right wherever it is installed."""

import importlib.util
import re
import subprocess
import sys

import pytest

from tarash.tarash_gateway import generate_image, register_plugin
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

EXAMPLE = "docs/examples/tarash-gateway-painter"
LINES = 80


@pytest.fixture
def folder(request):
    return request.config.rootpath / EXAMPLE


def test_it_is_short(folder):
    assert len((folder / "src/tarash_gateway_painter/__init__.py").read_text().splitlines()) <= LINES


def test_it_paints(folder):
    spec = importlib.util.spec_from_file_location("painter", folder / "src/tarash_gateway_painter/__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with register_plugin(module):
        config = ImageGenerationConfig(provider="painter", model="circles-1")
        response = generate_image(config, ImageGenerationRequest(prompt="dots", size="256x128", seed=3, n=2))
    assert [(image.width, image.height, image.seed) for image in response.images] == [(256, 128, 3), (256, 128, 4)]


def test_its_own_tests_pass_where_it_is_installed(folder, tmp_path):
    # What pip would write, without asking an index for the build backend.
    installed = tmp_path / "tarash_gateway_painter-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: tarash-gateway-painter\nVersion: 0.1.0\n")
    (installed / "entry_points.txt").write_text("[tarash_gateway.providers]\npainter = tarash_gateway_painter\n")
    (tmp_path / "tarash_gateway_painter").symlink_to(folder / "src/tarash_gateway_painter")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    command = [
        sys.executable,
        "-c",
        code,
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
    ]
    done = subprocess.run([*command, str(folder / "tests")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert re.search(r"\d+ passed", done.stdout)


@pytest.mark.slow
def test_pip_installs_it(environment, folder, tmp_path):
    environment.run(f"pip install -q {folder}", tmp_path)
    listed = environment.run("tarash providers", tmp_path)
    assert re.search(r"^painter +Painter .* needs no key *$", listed, re.MULTILINE), listed
