"""What an attacker tries with links: plants one where a file of ours will be, so that ours is written to another."""

import json
import os
import stat
import sys

import pytest

from tarash.tarash_gateway import Journal, generate_image, generate_video, run_batch
from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_cli.gallery import make_gallery

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and modes are those of POSIX systems")

IMAGES = ImageGenerationConfig(provider="sandbox", model="gpt-image-2")
VIDEOS = VideoGenerationConfig(provider="sandbox", model="openai/sora-2")


@pytest.fixture
def precious(tmp_path):
    """A file that a planted link leads to; it must stay as it is."""
    path = tmp_path / "precious"
    path.write_bytes(b"precious")
    path.chmod(0o640)
    yield path
    assert path.read_bytes() == b"precious"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.fixture
def plant(tmp_path, precious):
    """Puts a link to the precious file at a place."""

    def plant(name):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(precious)
        return place

    return plant


def mode(path):
    return stat.S_IMODE(path.stat(follow_symlinks=False).st_mode)


@pytest.mark.parametrize("planted", [".a.png.part", ".a.png.json.part"])
def test_a_link_in_place_of_an_unfinished_file_is_not_followed(planted, plant, tmp_path, png):
    plant(planted)
    Media.from_bytes(png).save(tmp_path / "a.png", sidecar=True)
    assert (tmp_path / "a.png").read_bytes() == png
    assert not (tmp_path / "a.png").is_symlink()
    assert json.loads((tmp_path / "a.png.json").read_bytes())["content_type"] == "image/png"


@pytest.mark.parametrize("exists", ["error", "skip"])
def test_a_link_at_the_place_of_a_file_is_kept(exists, plant, tmp_path, png):
    plant("a.png")
    media = Media.from_bytes(png)
    if exists == "error":
        with pytest.raises(SaveError, match="is already there"):
            media.save(tmp_path / "a.png")
    else:
        media.save(tmp_path / "a.png", exists="skip")
    assert (tmp_path / "a.png").is_symlink()


def test_a_link_at_the_place_of_a_file_is_replaced_itself(plant, tmp_path, png):
    plant("a.png")
    Media.from_bytes(png).save(tmp_path / "a.png", exists="replace")
    assert (not (tmp_path / "a.png").is_symlink(), (tmp_path / "a.png").read_bytes()) == (True, png)


def test_a_link_that_leads_nowhere_is_no_place_for_a_file(tmp_path, png):
    (tmp_path / "a.png").symlink_to(tmp_path / "gone")
    with pytest.raises(SaveError, match="is already there"):
        Media.from_bytes(png).save(tmp_path / "a.png")
    assert not (tmp_path / "gone").exists()


@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning")
@pytest.mark.parametrize("planted", [".a.mp4.part", "a.mp4.incomplete"])
def test_a_download_follows_no_link(planted, plant, tmp_path):
    plant(planted)
    request = VideoGenerationRequest(prompt="x", duration_seconds=4)
    response = generate_video(VIDEOS, request, save_to=tmp_path / "a.mp4")
    assert response.video.path == tmp_path / "a.mp4"
    assert not (tmp_path / "a.mp4").is_symlink()


@pytest.mark.parametrize("planted", ["out/.results.jsonl.part", "out/results.jsonl"])
def test_the_results_of_a_batch_follow_no_link(planted, plant, tmp_path):
    plant(planted)
    result = run_batch([{"id": "a", "prompt": "x"}], tmp_path / "out", configs=IMAGES)
    assert result.done == 1
    results = tmp_path / "out" / "results.jsonl"
    assert not results.is_symlink()
    assert json.loads(results.read_bytes())["id"] == "a"


def test_a_gallery_follows_no_link(plant, tmp_path, png):
    Media.from_bytes(png).save(tmp_path / "a.png")
    plant(".gallery.html.part")
    page = make_gallery(tmp_path)
    assert not page.is_symlink()
    plant("other/.gallery.html.part")


def test_what_holds_prompts_is_for_its_owner_alone(tmp_path):
    old = os.umask(0o022)
    try:
        out = tmp_path / "out"
        run_batch([{"id": "a", "prompt": "x"}], out, configs=IMAGES)
        (journal,) = (out / ".journal").glob("*.jsonl")
        (image,) = out.rglob("a.png")
        with Journal(tmp_path / "journal") as kept:
            kept.record_request("image", provider="p", model="m", request_id="r")
        (line,) = (tmp_path / "journal").iterdir()
    finally:
        os.umask(old)
    assert [mode(path) for path in (out / "results.jsonl", image.with_name("a.png.json"), journal, line)] == [0o600] * 4
    assert mode(image) == 0o644  # what was made is the caller's to show
    assert [mode(folder) for folder in (out / ".journal", tmp_path / "journal")] == [0o700] * 2


def test_a_rescued_file_is_in_a_folder_of_its_owner_alone(tmp_path, monkeypatch, picture):
    from tarash.tarash_gateway.models.rescue import save_paid

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place, error = save_paid(Media.from_bytes(picture()), tmp_path / "gone" / "a.png", "error")
    assert (mode(place.parent), place.name, place.is_file()) == (0o700, "a.png", True)
    assert str(error).endswith(f" The image is paid for, and was saved as {place}.")


def test_the_permits_of_workers_follow_no_link(plant, tmp_path):
    pytest.importorskip("tarash_gateway_ray")
    from tarash_gateway_ray import fencing

    plant("journal/workers/w1")
    plant("journal/workers/.w2.part")
    fencing.write_token(tmp_path / "journal", "w1", tmp_path / "lines.jsonl")
    fencing.write_token(tmp_path / "journal", "w2")
    assert (tmp_path / "journal/workers/w1").read_text() == "lines.jsonl"
    assert not (tmp_path / "journal/workers/w1").is_symlink()
    assert mode(tmp_path / "journal/workers/w2") == 0o600


def test_an_image_is_made_and_saved_with_a_home_folder_in_its_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    made = generate_image(IMAGES, ImageGenerationRequest(prompt="x")).images[0]
    assert made.save("~/a.png") == tmp_path / "a.png"
    assert (tmp_path / "a.png").read_bytes() == made.content
