"""What an image answer says besides the images: what was made, what it used, and the events of a stream."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.inputs import encode_base64
from tarash_gateway_sandbox.openai.models import OUTPUT_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOKENS_OF_AN_INPUT = 323
TOKENS_OF_A_PARTIAL = 100
"""Output tokens of one partial image (OpenAI's guide to image generation)."""


def usage(
    prompt: str, quality: str | None, size: tuple[int, int], count: int, *, inputs: int, partials: int = 0
) -> dict[str, Any]:
    """Returns what a request used, in tokens.

    Args:
        prompt: The prompt.
        quality: The quality; one without a row in the table counts as `high`.
        size: Width and height, in pixels.
        count: Images made.
        inputs: Images given.
        partials: Partial images, of one image.

    Returns:
        The vendor's `usage`.
    """
    width, height = size
    square, portrait, landscape = OUTPUT_TOKENS[quality if quality in OUTPUT_TOKENS else "high"]
    each = square if width == height else portrait if height > width else landscape
    made = (each + partials * TOKENS_OF_A_PARTIAL) * count
    words, shown = len(prompt) // 4 + 7, inputs * TOKENS_OF_AN_INPUT
    return {
        "input_tokens": words + shown,
        "input_tokens_details": {"text_tokens": words, "image_tokens": shown},
        "output_tokens": made,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
        "total_tokens": words + shown + made,
    }


def stream_events(
    kind: str, images: Sequence[tuple[Sequence[bytes], bytes]], facts: Mapping[str, Any], used: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Returns the events of a streamed answer.

    Args:
        kind: `image_generation` or `image_edit`.
        images: For each image its unfinished images, and the finished one.
        facts: Size, quality, background and output format.
        used: The usage of one image.

    Returns:
        The events, in order.
    """
    events: list[dict[str, Any]] = []
    for unfinished, finished in images:
        common = {"created_at": int(time.time()), **facts}
        for number, content in enumerate(unfinished):
            partial = {"type": f"{kind}.partial_image", "b64_json": encode_base64(content), **common}
            events.append({**partial, "partial_image_index": number})
        events.append({"type": f"{kind}.completed", "b64_json": encode_base64(finished), **common, "usage": dict(used)})
    return events
