"""Pictures that a JSON request refers to: `{"image_url": …}` or `{"file_id": …}`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from tarash_gateway_sandbox import checks
from tarash_gateway_sandbox.multipart import UploadedFile
from tarash_gateway_sandbox.orders import ImageOrder
from tarash_gateway_sandbox.vendor_errors import VendorError, invalid_type, missing_parameter

DATA_URL = re.compile(r"data:([\w/+.-]+);base64,(.*)", re.DOTALL)
LONGEST_URL = 20_971_520
"""Characters of an `image_url`."""
DRAWN = (1024, 1024)
"""Width and height of the picture that stands for a URL in an edit."""


def referenced(value: Any, name: str, size: tuple[int, int]) -> tuple[bytes, str]:
    """The picture of one reference.

    Args:
        value: The reference.
        name: The parameter it came in.
        size: Width and height of what is drawn for a URL, which is not fetched.

    Returns:
        The picture, encoded, and its content type.

    Raises:
        VendorError: It does not refer to a picture.
    """
    if not isinstance(value, Mapping):
        raise invalid_type(name, "an object", value)
    checks.known_keys({f"{name}.{key}": 0 for key in value}, (f"{name}.image_url", f"{name}.file_id"))
    given = [key for key in ("image_url", "file_id") if value.get(key) is not None]
    if len(given) != 1:
        msg = f"Invalid '{name}': provide exactly one of 'image_url' or 'file_id'."
        raise VendorError(msg, param=name, code="invalid_value")
    source = checks.text(value, given[0]) or ""
    if given[0] == "file_id":
        # The sandbox has no Files API, so there is no file an id could name.
        msg = f"No such File object: {source}"
        raise VendorError(msg, param=name, status=404)
    return _from_url(source, name, size)


def referenced_files(body: Mapping[str, Any], most: int) -> tuple[UploadedFile, ...]:
    """The pictures of an edit in JSON, as the files they would be in a form.

    Args:
        body: The request's fields.
        most: Most images.

    Returns:
        The images in order, then the mask.

    Raises:
        VendorError: They are missing, too many, or no pictures.
    """
    images, mask = body.get("images"), body.get("mask")
    if images is None:
        raise missing_parameter(name="images")
    if not isinstance(images, list):
        raise invalid_type(name="images", expected="an array", value=images)
    if not images:
        msg = "Invalid 'images': empty array. Expected an array with minimum length 1, but got an empty array instead."
        raise VendorError(msg, param="images", code="empty_array")
    if len(images) > most:
        msg = (
            f"Invalid 'images': array too long. Expected an array with maximum length {most}, "
            f"but got an array with length {len(images)} instead."
        )
        raise VendorError(msg, param="images", code="array_above_max_length")
    files = []
    for number, value in enumerate(images):
        content, kind = referenced(value, f"images[{number}]", DRAWN)
        files.append(UploadedFile("image", "", kind, content))
    if mask is not None:
        content, kind = referenced(mask, "mask", DRAWN)
        files.append(UploadedFile("mask", "", kind, content))
    return tuple(files)


def _from_url(source: str, name: str, size: tuple[int, int]) -> tuple[bytes, str]:
    from tarash_gateway_sandbox.drawing import draw  # noqa: PLC0415 - brings Pillow

    if len(source) > LONGEST_URL:
        msg = (
            f"Invalid '{name}.image_url': string too long. Expected a string with maximum length {LONGEST_URL}, "
            f"but got a string with length {len(source)} instead."
        )
        raise VendorError(msg, param=name, code="string_above_max_length")
    found = DATA_URL.fullmatch(source)
    if found is not None:
        try:
            return base64.b64decode(found[2], validate=True), found[1]
        except binascii.Error as error:
            msg = "Invalid base64 image_url."
            raise VendorError(msg, param=name, code="invalid_base64") from error
    if not source.startswith(("https://", "http://")):
        msg = f"Invalid '{name}.image_url': expected a valid URL, but got '{source[:80]}'."
        raise VendorError(msg, param=name, code="invalid_value")
    # No network from a stand-in: whatever the URL shows, it is a picture of its own.
    return draw(ImageOrder(source, *size)), "image/png"
