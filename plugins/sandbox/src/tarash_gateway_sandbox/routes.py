"""From a path to its handler: the faces of the vendors, one after the other."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.fal.routes import FACE as FAL
from tarash_gateway_sandbox.google.routes import find as find_google
from tarash_gateway_sandbox.openai.routes import find as find_openai
from tarash_gateway_sandbox.openrouter.routes import FACE as OPENROUTER
from tarash_gateway_sandbox.xai.routes import FACE as XAI

if TYPE_CHECKING:
    from tarash_gateway_sandbox.fault_choice import CountedFault
    from tarash_gateway_sandbox.replies import Reply
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.vendor import Call, Handler, Vendor


def find(request: RecordedRequest) -> tuple[Call, Handler]:
    """Finds the handler of a request that is let in.

    Returns:
        The call with what its path names, and the handler.

    Raises:
        VendorError: There is no such route, its version does not fit, or the key is refused.
    """
    return (
        OPENROUTER.find(request)
        or find_google(request)
        or XAI.find(request)
        or FAL.find(request)
        or find_openai(request)
    )


async def answer(request: RecordedRequest, vendor: Vendor, job_faults: tuple[CountedFault, ...] = ()) -> Reply:
    """Gives the real answer to a request, also where it is a refusal.

    Args:
        request: The request.
        vendor: The vendor that answers.
        job_faults: What the job meets that it creates.
    """
    try:
        call, handler = find(request)
        return await handler(dataclasses.replace(call, job_faults=job_faults), vendor)
    except VendorError as error:
        return error.answer()
