"""`tarash image` at a vendor whose images are jobs: what is broken off is fetched later, and nothing is sent again."""

import io
import json

import pytest
from PIL import Image

from tarash.tarash_gateway import Journal, register_plugin
from tarash.tarash_gateway.models import ImageJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImageStatus, Provider, ProviderSpec, hookimpl

HOME = "https://api.kiln.test/v1"
WORDS = ("image", "A paper boat", "-p", "kiln", "-m", "kiln-1", "-o", "boat.png")


class Kiln(Provider):
    """A vendor whose jobs are done at once. `interrupt` is what the next fetch runs into."""

    endpoint = HOME

    def __init__(self):
        self.submitted, self.interrupt, self.status = 0, None, "completed"

    @hookimpl
    def tarash_provider_specs(self):
        return [ProviderSpec(name="kiln", api_version=1)]

    @hookimpl
    def tarash_create_provider(self, config):
        return self

    def submit_image(self, prepared, *, timeout):
        self.submitted += 1
        return ImageStatus(ImageJob(provider="kiln", model="kiln-1", id=f"job_{self.submitted}", endpoint=HOME))

    def poll_image(self, job, *, timeout):
        return ImageStatus(job.model_copy(update={"status": self.status}), poll_after=0.0)

    def fetch_image(self, job, *, timeout):
        if self.interrupt is not None:
            raise self.interrupt
        picture = io.BytesIO()
        Image.new("RGB", (8, 6)).save(picture, "PNG")
        return ImageAnswer([ImageOutput(content=picture.getvalue())])

    def cancel_image(self, job, *, timeout):
        return ImageStatus(job.model_copy(update={"status": "cancelled"}))


@pytest.fixture
def kiln():
    vendor = Kiln()
    with register_plugin(vendor):
        yield vendor


@pytest.fixture
def left(kiln, typed):
    """What Ctrl-C left behind, while the vendor works on it."""
    kiln.interrupt = KeyboardInterrupt()
    done = typed(*WORDS)
    kiln.interrupt = None
    return done


def test_an_image_is_made(typed, kiln, folder):
    done = typed(*WORDS)
    assert (done.code, done.out) == (0, "boat.png\n"), done.err
    assert json.loads((folder / "boat.png.json").read_text())["job_id"] == "job_1"


def test_ctrl_c_prints_the_command_that_fetches_it(left):
    assert left.code == 130
    assert "Job job_1 was left running." in left.err
    assert "  tarash jobs resume job_1 -o boat.png\n" in left.err


def test_it_is_fetched_later(left, typed, kiln, folder, tmp_path):
    done = typed("jobs", "resume", "job_1", "-o", "boat.png")
    assert (done.code, done.out) == (0, "boat.png\n"), done.err
    assert (folder / "boat.png").exists()
    assert kiln.submitted == 1
    assert [entry.status for entry in Journal(tmp_path / "journal").entries()] == ["saved"]


def test_without_a_name_the_file_has_that_of_the_job(left, typed, folder):
    assert typed("jobs", "resume", "job_1").out == "job_1.png\n"


def test_a_file_that_is_there_is_kept(left, typed, folder):
    (folder / "boat.png").write_bytes(b"mine")
    assert typed("jobs", "resume", "job_1", "-o", "boat.png").code != 0
    assert typed("jobs", "resume", "job_1", "-o", "boat.png", "--exists", "skip").code == 0
    assert (folder / "boat.png").read_bytes() == b"mine"


def test_it_is_listed_among_those_to_recover(left, typed):
    done = typed("jobs", "recover")
    assert "job_1  kiln/kiln-1  A paper boat" in done.out
    assert "Fetch the images, at no further cost: tarash jobs resume job_1" in done.err


def test_it_is_cancelled(left, typed, tmp_path):
    assert typed("jobs", "cancel", "job_1").out == "job_1 is cancelled\n"
    assert [entry.status for entry in Journal(tmp_path / "journal").entries()] == ["failed"]
