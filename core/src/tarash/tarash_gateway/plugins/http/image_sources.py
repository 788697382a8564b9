"""Images of an answer, in every form and from every field in which servers give them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tarash.tarash_gateway.plugins.exchange import ImageOutput
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.error_body import categories_of, read_error_body
from tarash.tarash_gateway.plugins.http.values import read_text

_LISTS = ("data", "images", "output", "outputs", "result", "results", "image", "artifacts", "generated_images")
_BASE64 = ("b64_json", "base64", "b64", "image_base64", "image_b64", "b64_image", "data", "image", "bytesBase64Encoded")
_URLS = ("url", "image_url", "uri", "download_url", "fileUri", "gcsUri", "image", "src")
_WITHHELD = ("error", "errors", "content_filter_results", "content_filter_result", "finish_reason", "finishReason")

_WEB = ("http://", "https://")
_SHORTEST_BASE64 = 40
"""Characters; a shorter text in a field that is called `data` or `image` is something else."""

_SURELY_BASE64 = 400
"""Characters of a text that stands in the place of a whole list; a shorter one is a word such as `success`."""


def image_items(answer: Mapping[str, Any]) -> list[Any]:
    """Finds the items of an answer that are images, or stand in place of one, whatever the list is called."""
    for name in _LISTS:
        found = answer.get(name)
        if isinstance(found, list) and found:
            return found
        if isinstance(found, Mapping) and found:
            return image_items(found) or [found]
        if isinstance(found, str) and (found.startswith((*_WEB, "data:image/")) or len(found) >= _SURELY_BASE64):
            return [found]
    return [answer] if any(read_text(answer.get(name)) for name in (*_BASE64, *_URLS)) else []


def read_image(item: Any, answer: Answer) -> ImageOutput | None:
    """Reads one image with all its sources: base64, data URL, URL and relative URL; core tries them in turn.

    Args:
        item: an object of an answer, or a text that is the image or its address.
        answer: where it stands.

    Returns:
        None where the item names no source; `ImageOutput(error=…)` where it says why there is no image.
    """
    if isinstance(item, str):
        address = item.startswith((*_WEB, "data:")) or (item.startswith("/") and len(item) < _SURELY_BASE64)
        item = {"url": item} if address else {"b64_json": item} if len(item) >= _SHORTEST_BASE64 else None
    if not isinstance(item, Mapping):
        return None
    sources = list(_sources(item))
    base64 = next((text for kind, text in sources if kind == "base64"), None)
    others = [text for kind, text in sources if kind == "base64" and text is not base64]
    urls = [text for kind, text in sources if kind == "url"]
    if base64 is None and not urls:
        why = _why(item, answer)
        return None if why is None else ImageOutput(error=why)
    revised = item.get("revised_prompt")
    return ImageOutput(
        base64=base64,
        url=urls[0] if urls else None,
        others=(*others, *urls[1:]),
        revised_prompt=answer.shown(revised) if isinstance(revised, str) else None,
    )


def _sources(item: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, str]]:
    for name in _BASE64:
        text = item.get(name)
        if isinstance(text, str) and (name != "image" or not text.startswith(_WEB)):
            long = name not in ("data", "image") or len(text) >= _SHORTEST_BASE64
            yield from ([source] if long and (source := _as_source(text, base64=True)) else ())
    for name in _URLS:
        text = item.get(name)
        if isinstance(text, str) and (name != "image" or text.startswith(_WEB)):
            yield from ([source] if (source := _as_source(text)) else ())
    for name in ("image_url", "image", "inlineData", "inline_data", "fileData", "file", "source"):
        inner = item.get(name)
        if isinstance(inner, Mapping) and not depth:
            yield from _sources(inner, depth + 1)


def _as_source(text: str, *, base64: bool = False) -> tuple[str, str] | None:
    """Tells whether a text is `base64` or a `url` (an address or a data URL); None where it is neither."""
    text = text.strip()
    if text[:5].lower() == "data:":
        head, comma, body = text.partition(",")
        in_base64 = bool(comma) and head.rstrip().lower().endswith(";base64")
        return ("base64", body) if in_base64 and body.strip() else ("url", text)
    if not text or text.startswith(_WEB) or not base64:
        return ("url", text) if text else None
    return "base64", text


def _why(item: Mapping[str, Any], answer: Answer) -> str | None:
    """Returns why an item is no image, as far as it says."""
    if not any(item.get(name) for name in _WITHHELD):
        return None
    categories = categories_of(item)
    body = read_error_body({name: item[name] for name in ("error", "errors", "message") if item.get(name)})
    if body.message or body.code:
        listed = f" ({', '.join(categories)})" if categories else ""
        return answer.text(body.message or body.code) + listed
    if categories:
        return f"it was withheld by the content filter ({answer.text(', '.join(categories))})"
    reason = read_text(item.get("finish_reason")) or read_text(item.get("finishReason"))
    return None if reason is None or reason.lower() in ("stop", "success") else answer.text(reason)
