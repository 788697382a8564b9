"""A job is plain JSON: all that another process needs, and no secret."""

import json
import pickle
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway.models import VideoJob

JOB = VideoJob(
    provider="acme",
    model="acme-video",
    id="job_1",
    endpoint="https://api.acme.test/v1",
    status="in_progress",
    progress=40,
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    asked={"prompt": "a private wish", "image_list": [{"type": "reference", "sha256": "ab"}]},
    provider_data={"project": "p1"},
)


def test_a_job_survives_json():
    assert VideoJob.model_validate_json(JOB.model_dump_json()) == JOB
    assert json.loads(JOB.model_dump_json())["created_at"] == "2026-03-01T12:00:00Z"


def test_a_job_pickles():
    assert pickle.loads(pickle.dumps(JOB)) == JOB


def test_what_was_asked_is_not_in_a_repr():
    assert "private wish" not in repr(JOB)
    assert "project" not in repr(JOB)


@pytest.mark.parametrize(
    ("status", "finished"),
    [
        ("queued", False),
        ("in_progress", False),
        ("completed", True),
        ("failed", True),
        ("cancelled", True),
        ("expired", True),
    ],
)
def test_a_job_in_a_final_status_is_finished(status, finished):
    assert JOB.model_copy(update={"status": status}).finished is finished


def test_a_job_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        JOB.status = "completed"


def test_a_newer_gateway_may_add_a_field():
    assert VideoJob.model_validate({**JOB.model_dump(), "mood": "good"}) == JOB
