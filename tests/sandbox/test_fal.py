"""fal's queue, as its own client reads it; the client itself is in `vendor_sdks`."""

from __future__ import annotations

import pytest

JOB = {"prompt": "a boat"}


@pytest.fixture
def queue(client, server):
    client.headers["authorization"] = "Key id:secret"
    return lambda method, path, **options: client.request(method, f"/fal/fal-ai/flux{path}", **options)


@pytest.mark.parametrize(("wanted", "logs"), [("true", list), ("1", list), ("False", type(None))])
def test_a_status_after_the_queue_always_has_logs(queue, wanted, logs):
    job = queue("POST", "/dev", json=JOB).json()["request_id"]

    status = queue("GET", f"/requests/{job}/status", params={"logs": wanted}).json()

    assert (status["status"], type(status["logs"])) == ("COMPLETED", logs)


def test_a_job_in_the_queue_has_a_position_and_is_removed_by_its_cancellation(queue, server):
    server.job_seconds = 60
    job = queue("POST", "/dev", json=JOB).json()["request_id"]

    status = queue("GET", f"/requests/{job}/status").json()
    cancelled = queue("PUT", f"/requests/{job}/cancel")

    assert (status["status"], status["queue_position"], "logs" in status) == ("IN_QUEUE", 1, False)
    assert (cancelled.status_code, cancelled.json()) == (200, {"status": "OK"})
    assert queue("GET", f"/requests/{job}").status_code == 422
