"""Calls of OpenRouter's own SDK, unchanged, against the sandbox: its address is the argument."""

from __future__ import annotations

import base64
import sys
import time

from openrouter import OpenRouter

MODEL, VIDEO = "openai/gpt-image-2", "google/veo-3.1"

with OpenRouter(api_key="sk-or-of-the-tests", server_url=sys.argv[1], retry_config=None) as client:
    listed = {model.id for model in client.models.list(output_modalities="image,video").result.data}
    assert {MODEL, VIDEO} <= listed
    assert client.models.list().result.data == []
    assert MODEL in {model.id for model in client.images.list_models().data}
    assert VIDEO in {model.id for model in client.video_generation.list_videos_models().data}

    answer = client.images.generate(model=MODEL, prompt="a boat", n=2)
    assert [base64.b64decode(image.b64_json)[1:4] for image in answer.data] == [b"PNG"] * 2
    with client.images.generate(model=MODEL, prompt="a boat", stream=True) as events:
        assert any("completed" in str(event) for event in events)

    job = client.video_generation.generate(model=VIDEO, prompt="a boat", duration=4)
    while job.status in ("pending", "in_progress"):
        time.sleep(0.05)
        job = client.video_generation.get_generation(job_id=job.id)
    assert (str(job.status), job.usage.cost > 0) == ("completed", True)
    answer = client.video_generation.get_video_content(job_id=job.id, index=0)
    assert answer.read()[4:8] == b"ftyp"
print("all calls work")
