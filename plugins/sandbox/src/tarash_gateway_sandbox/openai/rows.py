"""Which row of the tables a request is checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tarash_gateway_sandbox.errors import (
    VendorError,
    invalid_value,
    missing_parameter,
    model_not_found,
)
from tarash_gateway_sandbox.openai import checks
from tarash_gateway_sandbox.openai.models import (
    ANY_IMAGE,
    ANY_VIDEO,
    COMPATIBLE_IMAGE,
    COMPATIBLE_VIDEO,
    IMAGE_MODELS,
    VIDEO_MODELS,
)
from tarash_gateway_sandbox.operations import split_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tarash_gateway_sandbox.openai.models import ImageModel, VideoModel
    from tarash_gateway_sandbox.vendor import Call, Vendor

Row = TypeVar("Row")


def body_of(call: Call) -> Mapping[str, Any]:
    """Returns the fields of a request, from its form or its JSON.

    Args:
        call: The call.

    Returns:
        The fields; of a form, the text parts.

    Raises:
        VendorError: The body is neither.
    """
    request = call.request
    if request.is_form:
        return request.fields
    if request.json is None:
        msg = (
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
            "your HTTP library correctly. The API expects a JSON payload, but what was sent was "
            "not valid JSON.)"
        )
        raise VendorError(msg)
    return checks.fields(request.json)


def model_name(body: Mapping[str, Any]) -> str | None:
    """Returns the model a request names, without the faults behind its `@`; None if it names none."""
    return split_model(checks.text(body, "model") or "")[0] or None


def image_row(call: Call, vendor: Vendor, body: Mapping[str, Any], *, default: str) -> ImageModel:
    """Returns the image model of a request.

    Args:
        call: The call.
        vendor: The vendor, whose deployments may be meant.
        body: The request's fields.
        default: The model when the request names none.

    Returns:
        Its row.

    Raises:
        VendorError: There is no such image model.
    """
    if vendor.profile.any_model:
        model_name(body)  # for its type
        return COMPATIBLE_IMAGE
    return _row(call, vendor, body, table=IMAGE_MODELS, any_row=ANY_IMAGE, default=default)


def video_row(call: Call, vendor: Vendor, body: Mapping[str, Any]) -> VideoModel:
    """Returns the video model of a request, `sora-2` when it names none (see `image_row`)."""
    if vendor.profile.any_model:
        model_name(body)  # for its type
        return COMPATIBLE_VIDEO
    return _row(call, vendor, body, table=VIDEO_MODELS, any_row=ANY_VIDEO, default="sora-2")


def _row(
    call: Call,
    vendor: Vendor,
    body: Mapping[str, Any],
    *,
    table: Mapping[str, Row],
    any_row: Row,
    default: str,
) -> Row:
    name = split_model(call.deployment or "")[0] or model_name(body)
    if call.azure:
        if name is None:
            raise missing_parameter(name="model")
        # A deployment nobody said the model of could be any: its rules are not known.
        model = vendor.deployments.get(name)
        if model is None:
            return any_row
    else:
        model = name or default
    row = table.get(model)
    if row is None and (model in IMAGE_MODELS or model in VIDEO_MODELS):
        raise invalid_value(name="model", value=model, supported=tuple(table))
    if row is None:
        raise model_not_found(model)
    return row
