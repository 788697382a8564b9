"""Fetches the input images that are at a URL, before anything is paid for."""

from __future__ import annotations

from typing import Any

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.flows.commands import Call, Flow, Now
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.loading import Input, Remote, input_file
from tarash.tarash_gateway.flows.plan import Plan
from tarash.tarash_gateway.media import fetch
from tarash.tarash_gateway.plugins.provider import InputFile
from tarash.tarash_gateway.problems import Problem

FETCH_SECONDS = 60.0
"""Seconds that one input image may take to come."""


def resolve_inputs(context: Context, plan: Plan[Any]) -> Flow[tuple[tuple[InputFile, ...], InputFile | None]]:
    """The input images and the mask of a plan, as files ready to be sent.

    Raises:
        ValidationError: what came is no picture, or not one that the model takes.
        UnsafeUrlError: the address is not a public one.
        DownloadError: it could not be fetched.
    """
    problems: list[Problem] = []
    images: list[InputFile | None] = []
    for image in plan.images:
        file = yield from _resolve(context, plan, image, problems)
        images.append(file)
    mask = None if plan.mask is None else (yield from _resolve(context, plan, plan.mask, problems))
    if problems:
        raise ValidationError.of(plan.subject, problems)
    return tuple(file for file in images if file is not None), mask


def _resolve(context: Context, plan: Plan[Any], image: Input, problems: list[Problem]) -> Flow[InputFile | None]:
    if not isinstance(image, Remote):
        return image
    left = context.left((yield Now()))
    allow_private = plan.config.provider_config.get("allow_private_urls") is True
    fetched = yield Call(
        fetch, "fetch", (image.url,), {"timeout": min(left, FETCH_SECONDS), "allow_private": allow_private}
    )
    try:
        return input_file(fetched.content, image.source, image.place, plan.row)
    except ValueError as error:
        problems.append(Problem(image.place, str(error)))
        return None
