"""The pictures that come with a request: of the right kind, whole, and of the right size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox import checks
from tarash_gateway_sandbox.references import referenced
from tarash_gateway_sandbox.vendor_errors import VendorError, listed, missing_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tarash_gateway_sandbox.models import ImageModel
    from tarash_gateway_sandbox.multipart import UploadedFile

REFERENCE_TYPES = ("image/jpeg", "image/png", "image/webp")
DALL_E_BYTES = 4 * 1024 * 1024
GPT_BYTES = 50 * 1024 * 1024


def check_type(file: UploadedFile, types: tuple[str, ...]) -> None:
    """Refuse a file part whose content type is not a picture's.

    Args:
        file: The part.
        types: The content types there are.

    Raises:
        VendorError: It has another one.
    """
    kind = file.content_type.split(";")[0].strip().lower()
    if kind not in types:
        message = (
            f"Invalid file '{file.field}': unsupported mimetype ('{kind}'). Supported file formats are {listed(types)}."
        )
        raise VendorError(message, param=file.field.removesuffix("[]"), code="unsupported_file_mimetype")


def pixels(content: bytes, param: str) -> tuple[int, int]:
    """The size of a picture, which is decoded wholly to be sure that it is one.

    Args:
        content: An encoded picture.
        param: The parameter it came in.

    Returns:
        Width and height.

    Raises:
        VendorError: It is no picture, or half of one.
    """
    from tarash_gateway_sandbox.drawing import open_picture  # noqa: PLC0415 - brings Pillow

    try:
        return open_picture(content).size
    except Exception as error:  # Pillow raises a dozen kinds of error for broken files
        msg = "Invalid image file or mode for image 1, please check your image file."
        raise VendorError(msg, param=param, code="invalid_image_file") from error


def edit_inputs(files: Sequence[UploadedFile], model: ImageModel) -> tuple[bytes, ...]:
    """The input pictures of an edit, checked, and its mask with them.

    Args:
        files: The file parts of the request.
        model: The model's row.

    Returns:
        The input pictures, encoded, in order.

    Raises:
        VendorError: One of them is not what the model takes.
    """
    images = [file for file in files if file.field in ("image", "image[]")]
    masks = [file for file in files if file.field == "mask"]
    checks.known_keys({file.field: file for file in files}, ("image", "image[]", "mask"))
    if not images:
        raise missing_parameter(name="image")
    if len(images) > model.inputs:
        message = (
            f"Invalid 'image': array too long. Expected an array with maximum length {model.inputs}, "
            f"but got an array with length {len(images)} instead."
        )
        raise VendorError(message, param="image", code="array_above_max_length")
    sizes = []
    limit = GPT_BYTES if model.output_formats else DALL_E_BYTES
    for file in (*images, *masks):
        check_type(file, ("image/png",) if file.field == "mask" else model.input_types)
        sizes.append(pixels(file.content, file.field.removesuffix("[]")))
        if len(file.content) > limit:
            msg = f"Invalid file '{file.field}': file too large. Maximum size is {limit // 1024**2} MB."
            raise VendorError(msg, param=file.field.removesuffix("[]"), code="file_too_large")
    if not model.output_formats and sizes[0][0] != sizes[0][1]:
        msg = "Uploaded image must be square."
        raise VendorError(msg, param="image", code="image_dimensions_invalid")
    if masks and sizes[-1] != sizes[0]:
        msg = "Invalid mask image format - mask size does not match image size."
        raise VendorError(msg, param="mask", code="invalid_image_file")
    return tuple(file.content for file in images)


def reference_of(body: Mapping[str, Any], files: Sequence[UploadedFile], size: tuple[int, int]) -> bytes | None:
    """The reference picture of a video.

    Args:
        body: The request's fields.
        files: The request's file parts.
        size: The clip's width and height: a URL is not fetched but drawn, in this size.

    Returns:
        The picture, encoded; None if the request has none.

    Raises:
        VendorError: It is no picture.
    """
    checks.known_keys({file.field: file for file in files}, ("input_reference",))
    if files:
        check_type(files[0], REFERENCE_TYPES)
        return files[0].content
    value = body.get("input_reference")
    return None if value is None else referenced(value, "input_reference", size)[0]
