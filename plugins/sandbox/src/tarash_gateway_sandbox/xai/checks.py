"""Checking a request's fields, and refusing them in this vendor's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.errors import VendorError
from tarash_gateway_sandbox.inputs import data_of, image_size, is_web_url
from tarash_gateway_sandbox.replies import Answer, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call


class XaiError(VendorError):
    """A refusal, answered as `{"code", "error"}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, status=status, code=code)

    def answer(self) -> Answer:
        """This error as what goes back over the wire."""
        return json_answer({"code": self.code, "error": self.message}, status=self.status)


def invalid(message: str) -> XaiError:
    """Returns a request that is refused."""
    return XaiError(400, "invalid-argument", message)


def body_of(call: Call, allowed: Collection[str]) -> Mapping[str, Any]:
    """Returns the fields of a JSON request; this vendor takes no forms.

    Raises:
        XaiError: The body is no JSON object, or has a field that is not known.
    """
    if not call.request.headers.get("content-type", "").startswith("application/json"):
        raise XaiError(415, "unsupported-media-type", "Expected request with `Content-Type: application/json`")
    body = call.request.json
    if not isinstance(body, Mapping):
        raise XaiError(422, "unprocessable-entity", "Failed to deserialize the JSON body into the target type")
    unknown = [name for name in body if name not in allowed]
    if unknown:
        msg = f"Argument not supported: {', '.join(unknown)}"
        raise invalid(msg)
    return body


def text(body: Mapping[str, Any], name: str, allowed: Collection[str] | None = None) -> str | None:
    """Returns a string of the request, one of `allowed` where that is given; None if it is absent.

    Raises:
        XaiError: It is no string, or none of the allowed ones.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        msg = f"`{name}` must be a string"
        raise invalid(msg)
    if allowed is not None and value not in allowed:
        msg = f"`{name}`: unknown variant `{value}`, expected one of {', '.join(allowed)}"
        raise invalid(msg)
    return value


def whole(body: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    """Returns an integer of the request; None if it is absent.

    Raises:
        XaiError: It is no integer, or out of range.
    """
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        msg = f"`{name}` must be an integer between {least} and {most}"
        raise invalid(msg)
    return value


def image(value: Any, name: str) -> bytes | None:
    """Returns the bytes of `{"url": …}`; None where it is at a URL, which the sandbox does not fetch.

    Raises:
        XaiError: It is no such object, or no image.
    """
    url = value.get("url") if isinstance(value, Mapping) else None
    if not isinstance(url, str):
        msg = f"`{name}` must be an object with a `url`"
        raise invalid(msg)
    if is_web_url(url):
        return None
    content = data_of(url)
    if image_size(content) is None:
        msg = f"`{name}` is not an image that can be decoded"
        raise invalid(msg)
    return content
