"""One call in a process of its own; prints what came of it, and the most memory that it took.

python call_vendor.py '{"provider": …, "base_url": …, "operation": …, "async": …}'
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from tarash.tarash_gateway import (
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    stream_image,
    stream_image_async,
)
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

wanted = json.loads(sys.argv[1])
common = {
    "provider": wanted["provider"],
    "base_url": wanted["base_url"],
    "api_key": "sk-0123456789abcdef",
    "timeout": wanted.get("timeout", 120.0),
    "max_retries": 0,
    "provider_config": wanted.get("provider_config", {}),
}


async def drain(stream):
    return [update async for update in stream]


def image():
    config = ImageGenerationConfig(model=wanted["model"], **common)
    request = ImageGenerationRequest(prompt="a boat", n=1)
    if wanted["operation"] == "stream":
        return (
            asyncio.run(drain(stream_image_async(config, request)))
            if wanted["async"]
            else list(stream_image(config, request))
        )
    return asyncio.run(generate_image_async(config, request)) if wanted["async"] else generate_image(config, request)


def video():
    config = VideoGenerationConfig(model=wanted["model"], poll_interval=0.05, **common)
    request = VideoGenerationRequest(prompt="a boat", duration_seconds=4)
    with tempfile.TemporaryDirectory() as folder:
        options = {"save_to": Path(folder) / "clip.mp4"} if wanted.get("save_to") else {}
        if wanted["async"]:
            return asyncio.run(generate_video_async(config, request, **options))
        return generate_video(config, request, **options)


begun = time.monotonic()
try:
    answer = image() if wanted["kind"] == "image" else video()
    outcome = {"outcome": "answer", "text": repr(answer)[:2000], "outputs": len(getattr(answer, "media", []))}
except TarashError as error:
    outcome = {
        "outcome": type(error).__name__,
        "text": str(error),
        "billable": error.billable,
        "repr": len(repr(error)),
    }
except Exception as error:
    outcome = {"outcome": f"foreign {type(error).__name__}", "text": str(error)[:500]}
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
print(
    json.dumps(
        {**outcome, "mib": int(status["VmHWM"].split()[0]) // 1024, "seconds": round(time.monotonic() - begun, 1)}
    )
)
