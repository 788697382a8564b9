"""Rows whose images are jobs: what a run leaves behind is fetched by the next one, and nothing is sent again."""

import io

import pytest
from PIL import Image

from tarash.tarash_gateway import register_plugin
from tarash.tarash_gateway.errors import AuthenticationError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImageStatus, Provider, ProviderSpec, hookimpl

HOME = "https://api.kiln.test/v1"


class Kiln(Provider):
    """A vendor whose jobs are done at once; while `open` is False nobody may fetch."""

    endpoint = HOME

    def __init__(self):
        self.submitted, self.fetched, self.open = [], [], True
        picture = io.BytesIO()
        Image.new("RGB", (8, 6)).save(picture, "PNG")
        self.picture = picture.getvalue()

    @hookimpl
    def tarash_provider_specs(self):
        return [ProviderSpec(name="kiln", api_version=1)]

    @hookimpl
    def tarash_create_provider(self, config):
        return self

    async def submit_image_async(self, prepared, *, timeout):
        self.submitted.append(prepared.request.prompt)
        job = ImageJob(provider="kiln", model="kiln-1", id=f"job_{len(self.submitted)}", endpoint=HOME)
        return ImageStatus(job)

    async def poll_image_async(self, job, *, timeout):
        return ImageStatus(job.model_copy(update={"status": "completed"}))

    async def fetch_image_async(self, job, *, timeout):
        if not self.open:
            msg = "the key was revoked"
            raise AuthenticationError(msg)
        self.fetched.append(job.id)
        return ImageAnswer([ImageOutput(content=self.picture)])


@pytest.fixture
def kiln():
    vendor = Kiln()
    with register_plugin(vendor):
        yield vendor


@pytest.fixture
def configs():
    return [ImageGenerationConfig(provider="kiln", model="kiln-1", poll_interval=0.01)]


ROWS = [{"id": f"r{number}", "prompt": f"prompt {number}"} for number in range(8)]


def test_a_batch_of_image_jobs(run, kiln, outcomes, files):
    assert run(ROWS).made == 8
    assert len(files()) == 8
    assert {outcome["job_id"] for outcome in outcomes().values()} == {f"job_{number}" for number in range(1, 9)}


def test_jobs_that_were_left_behind_are_fetched(run, kiln, outcomes, files, journal):
    kiln.open = False
    assert run(ROWS).failed == 8
    assert all(outcome["job_id"] for outcome in outcomes().values())
    assert {entry.status for entry in journal.entries()} == {"submitted"}

    kiln.open = True
    assert run(ROWS).made == 8
    assert (len(kiln.submitted), len(kiln.fetched), len(files())) == (8, 8, 8)
    assert {entry.status for entry in journal.entries()} == {"saved"}
    assert run(ROWS).done == 8
    assert len(kiln.submitted) == 8
