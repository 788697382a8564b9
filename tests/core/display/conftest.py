"""Updates of two calls, and a clock that is moved by hand."""

import pytest

from tarash.tarash_gateway.models import ImageGenerationUpdate, VideoGenerationUpdate, VideoJob


@pytest.fixture
def job():
    return VideoJob(provider="acme", model="film", id="job_7", endpoint="https://api.acme.test/v1")


@pytest.fixture
def video_update(job):
    def update(status="in_progress", progress=None, elapsed=0.0, request_id="req_video00001", **settings):
        if status not in ("submitting", "waiting"):
            settings.setdefault("job", job)
        return VideoGenerationUpdate(
            status=status,
            progress=progress,
            elapsed_seconds=elapsed,
            request_id=request_id,
            **{"provider": "acme", "model": "film", **settings},
        )

    return update


@pytest.fixture
def image_update():
    def update(status="submitting", elapsed=0.0, request_id="req_image00001", **settings):
        return ImageGenerationUpdate(
            status=status,
            elapsed_seconds=elapsed,
            request_id=request_id,
            **{"provider": "acme", "model": "brush", **settings},
        )

    return update


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()
