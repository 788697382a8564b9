"""A job is plain JSON: all that another process needs, and no secret."""

import json
import pickle
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway.journal import Entry
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import UnconfirmedSubmit

JOB = VideoJob(
    provider="acme",
    model="acme-video",
    id="job_1",
    endpoint="https://api.acme.test/v1",
    status="in_progress",
    progress=40,
    created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    request={"prompt": "a private wish", "image_list": [{"type": "reference", "sha256": "ab"}]},
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


def test_the_name_that_the_request_had_in_1_0_is_read():
    stored = {("asked" if name == "request" else name): value for name, value in JOB.model_dump(mode="json").items()}
    assert VideoJob.model_validate(stored) == JOB
    assert VideoJob.model_validate_json(json.dumps(stored)) == JOB
    assert JOB.asked == JOB.request
    changed = JOB.model_copy(update={"asked": {"prompt": "a lake"}})
    assert changed.request == changed.asked == {"prompt": "a lake"}
    assert "asked" not in changed.model_dump()
    assert Entry("int_1", request={"prompt": "a"}).asked == {"prompt": "a"}
    assert UnconfirmedSubmit("m", JOB.created_at, {"prompt": "a"}).asked == {"prompt": "a"}


def test_a_newer_gateway_may_add_a_field():
    assert VideoJob.model_validate({**JOB.model_dump(), "mood": "good"}) == JOB
