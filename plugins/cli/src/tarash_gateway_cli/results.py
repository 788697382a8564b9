"""What is told of a result: the files, who made them, what they cost, and what was changed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tarash.tarash_gateway.capabilities.price import as_dollars
from tarash.tarash_gateway.models import ImageGenerationResponse, VideoGenerationResponse
from tarash_gateway_cli.files import Saved, file_as_json, mismatch
from tarash_gateway_cli.output import Output

_LEFT_OUT = {"images", "videos", "raw_response", "asked", "warnings"}


def tell_result(
    output: Output,
    response: ImageGenerationResponse | VideoGenerationResponse,
    saved: Saved,
) -> None:
    """Prints the paths on stdout and the rest on stderr; or one JSON object."""
    warnings = [*saved.problems, *response.warnings, *_mismatches(saved)]
    cost = _cost(response)
    for one, path in saved.files:
        output.path(path)
        output.note(f"  {str(one).strip('<>')}{f', {cost}' if cost and len(response.media) == 1 else ''}")
    if cost and len(response.media) > 1:
        output.note(f"  together {cost}")
    for adjustment in response.adjustments:
        output.note(f"  {adjustment}")
    for warning in warnings:
        output.warn(warning)
    files = [file_as_json(one, path) for one, path in saved.files]
    known = response.model_dump(mode="json", exclude=_LEFT_OUT, exclude_none=True)
    output.object({"files": files, **known, "warnings": warnings})


def tell_kept(output: Output, kept: Sequence[Path]) -> None:
    """Tells that everything was there already."""
    for path in kept:
        output.path(path)
    output.note("  already there; nothing was sent")
    output.object({"files": [{"path": str(path)} for path in kept], "skipped": True})


def _cost(response: ImageGenerationResponse | VideoGenerationResponse) -> str | None:
    if response.cost is None:
        return None
    source = "as the vendor says" if response.cost_source == "vendor" else "by its price list"
    return f"{as_dollars(response.cost)} {source}" if response.cost else "free"


def _mismatches(saved: Saved) -> list[str]:
    found = (mismatch(one, path) for one, path in saved.files)
    return [text for text in found if text is not None]
