"""The images of an answer: every source of one is tried before it is called broken."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urljoin

from tarash.tarash_gateway.errors import InvalidResponseError, MediaTooLargeError, TarashError
from tarash.tarash_gateway.flows.commands import Blocking, Either, Flow
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.retry import send_reading
from tarash.tarash_gateway.media import fetch
from tarash.tarash_gateway.media.base64 import decode_base64, decode_data_url, without_media
from tarash.tarash_gateway.media.structure import BrokenMediaError, MediaFacts, check_pixels, sniff
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.rescue import IN_MEMORY
from tarash.tarash_gateway.plugins.exchange import ImageAnswer, ImageOutput
from tarash.tarash_gateway.plugins.http.request import image_limit
from tarash.tarash_gateway.plugins.provider import Provider

DOWNLOAD_TRIES = 3

IN_A_THREAD = 8 * 1024 * 1024
"""Characters or bytes of an image from which no event loop waits for it to be decoded."""

_HEAD = 4096
"""Bytes that tell what came in place of media."""

SPARE_TRIES = 8
"""Broken images of an answer that may be passed over, where it has more than were asked for."""


def images_of(
    context: Context, provider: Provider, wanted: int, answer: ImageAnswer
) -> Flow[tuple[list[Media], list[str]]]:
    """Reads the images of an answer, the `wanted` first ones, and says what there is to know of them.

    Raises:
        InvalidResponseError: there is none; `media` is the first one that is broken.
    """
    made = len(answer.outputs)
    warnings = list(answer.warnings)
    images: list[Media] = []
    broken: InvalidResponseError | None = None
    room, tries = image_limit(wanted), wanted + SPARE_TRIES
    for at, output in enumerate(answer.outputs, start=1):
        name = f"item {at} of {made}"
        if len(images) == wanted or not tries:
            break
        if output.error is not None:
            warnings.append(f"{name} was not made: {output.error}")
            continue
        tries -= 1
        try:
            image = yield from image_of(context, provider, output, warnings, room)
        except InvalidResponseError as error:
            broken = broken or error
            warnings.append(f"{name} cannot be used: {error}")
        else:
            warnings += media_warnings(image, "the image" if wanted == 1 else name)
            room -= image.size_bytes or 0
            images.append(image)
    if not images:
        broken = broken or InvalidResponseError("the answer holds no image")
        broken.raw = broken.raw or without_media(answer.raw)
        raise broken
    if made < wanted:
        warnings.append(f"{wanted} images were asked for, the vendor made {made}")
    elif made > wanted:
        count = "1 image was" if wanted == 1 else f"{wanted} images were"
        warnings.append(f"{count} asked for, the vendor's answer has {made}: the others were left out")
    return images, warnings


def image_of(context: Context, provider: Provider, output: ImageOutput, warnings: list[str], room: int) -> Flow[Media]:
    """Reads one image from the first of its sources that holds one: those in the answer, then what is downloaded.

    Args:
        context: the call.
        provider: who made it; its endpoint is what a relative address is relative to.
        output: the image as the plugin read it.
        warnings: takes what there is to know of downloads that failed.
        room: bytes that the image may have.

    Raises:
        InvalidResponseError: no source holds an image; `media` has the bytes that came.
    """
    facts: dict[str, Any] = {"revised_prompt": output.revised_prompt, "seed": output.seed}
    embedded, addresses = _sources(output, provider.endpoint)
    if addresses:
        facts["url"] = addresses[0]
    error: InvalidResponseError | None = None
    for source in embedded:
        try:
            if len(source) < IN_A_THREAD:
                return _decoded(source, facts, room)
            media: Media = yield Blocking(_decoded, source, facts, room)
        except InvalidResponseError as broken:
            error = error or broken
        else:
            return media
    options = {
        "origin": provider.endpoint,
        "allow_private": context.config.provider_config.get("allow_private_urls") is True,
        "max_bytes": max(room, 1),
        "use_proxies": True,
    }
    failures: list[str] = []
    for address in addresses:
        call = Either(fetch.fetch, fetch.fetch_async, (address,), options)
        try:
            fetched = yield from send_reading(context, call, max_tries=DOWNLOAD_TRIES)
            return Media.from_bytes(fetched.content, **{**facts, "url": address})
        except (TarashError, BrokenMediaError) as failure:
            failures.append(failure.described if isinstance(failure, BrokenMediaError) else str(failure))
            context.log(logging.WARNING, "an image could not be downloaded (%s)", type(failure).__name__)
    if addresses:
        warnings.append(
            f"an image was made and could not be downloaded ({'; '.join(failures)}); its address is in Media.url"
        )
        return Media(**facts)
    if error is None:
        msg = "the vendor's image has neither base64 nor a URL"
        raise InvalidResponseError(msg)
    raise error


def media_warnings(media: Media, name: str) -> list[str]:
    """Lists what a caller should know of media before they are used.

    Args:
        media: an image or a video that was checked.
        name: what to call it: `the image`, `video 2 of 3`.
    """
    found = [f"{name} could not be verified: {media.unverified_reason}"] if media.unverified_reason else []
    try:
        check_pixels(MediaFacts(media.content_type, media.width, media.height, None))
    except MediaTooLargeError:
        size = f"{media.width}x{media.height}"
        found.append(f"{name} has {size} pixels: unpacking it takes {4 * media.width * media.height:,} bytes of memory")  # type: ignore[operator] # both are numbers, else it has no pixels
    return found


def broken_media(head: bytes, reason: str, **facts: Any) -> Media:
    """Describes bytes that are no whole image or video, for `error.media`.

    Args:
        head: the first bytes, which tell what they are.
        reason: why they are not whole.
        facts: further fields of the media.
    """
    kind = sniff(head[:_HEAD]) or "application/octet-stream"
    return Media(content_type=kind, unverified_reason=reason, **facts)


def _sources(output: ImageOutput, endpoint: str) -> tuple[list[str | bytes], list[str]]:
    """Lists the sources that hold the image itself, and the addresses; a relative one is made whole with `endpoint`."""
    embedded: list[str | bytes] = []
    addresses: list[str] = []
    for source in (output.base64, output.content, output.url, *output.others):
        if source is None:
            continue
        if isinstance(source, bytes) or _is_data_url(source) or not (source is output.url or _is_address(source)):
            embedded.append(source)
            continue
        try:
            addresses.append(source if "://" in source else urljoin(f"{endpoint.rstrip('/')}/", source))
        except ValueError:  # half of an IPv6 address: the fetch says what is wrong with it
            addresses.append(source)
    return embedded, list(dict.fromkeys(addresses))


def _is_data_url(text: str) -> bool:
    return text[:5].lower() == "data:"


def _is_address(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def _decoded(source: str | bytes, facts: dict[str, Any], room: int) -> Media:
    if not isinstance(source, bytes):
        if len(source) // 4 * 3 > room + 3:
            msg = f"the vendor's image has {len(source):,} characters of base64, more than the limit of {room:,} bytes"
            raise InvalidResponseError(msg)
        try:
            source = decode_data_url(source) if _is_data_url(source) else decode_base64(source)
        except ValueError as error:
            msg = f"the vendor's image is broken: {error}"
            raise InvalidResponseError(msg) from error
    try:
        return Media.from_bytes(source, **facts)
    except BrokenMediaError as error:
        msg = f"the vendor's image is broken: {error.described}{IN_MEMORY if source else ''}"
        media = broken_media(source, str(error), data=source, size_bytes=len(source), **facts) if source else None
        raise InvalidResponseError(msg, media=media) from error
