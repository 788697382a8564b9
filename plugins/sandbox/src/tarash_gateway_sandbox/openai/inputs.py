"""The images that come with a request, as files or by reference: of the right kind, whole, and of the right size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.artwork.orders import ImageOrder
from tarash_gateway_sandbox.errors import VendorError, invalid_type, listed, missing_parameter
from tarash_gateway_sandbox.inputs import DATA_URL, data_of, image_size, is_web_url
from tarash_gateway_sandbox.openai import checks
from tarash_gateway_sandbox.request import UploadedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tarash_gateway_sandbox.openai.models import ImageModel

REFERENCE_TYPES = ("image/jpeg", "image/png", "image/webp")
DALL_E_BYTES = 4 * 1024 * 1024
GPT_BYTES = 50 * 1024 * 1024
LONGEST_URL = 20_971_520
"""Characters of an `image_url`."""
DRAWN = (1024, 1024)
"""Width and height of the image that stands for a URL in an edit."""


def check_type(file: UploadedFile, types: tuple[str, ...]) -> None:
    """Refuses a file part whose content type is not an image's.

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
    """Returns the size of an image, which is decoded wholly to be sure that it is one.

    Args:
        content: An encoded image.
        param: The parameter it came in.

    Returns:
        Width and height.

    Raises:
        VendorError: It is no image, or half of one.
    """
    size = image_size(content)
    if size is None:
        msg = "Invalid image file or mode for image 1, please check your image file."
        raise VendorError(msg, param=param, code="invalid_image_file")
    return size


def edit_inputs(files: Sequence[UploadedFile], model: ImageModel) -> tuple[bytes, ...]:
    """Returns the input images of an edit, checked, and its mask with them.

    Args:
        files: The file parts of the request.
        model: The model's row.

    Returns:
        The input images, encoded, in order.

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
    """Returns the reference image of a video.

    Args:
        body: The request's fields.
        files: The request's file parts.
        size: The video's width and height: a URL is not fetched but drawn, in this size.

    Returns:
        The image, encoded; None if the request has none.

    Raises:
        VendorError: It is no image.
    """
    checks.known_keys({file.field: file for file in files}, ("input_reference",))
    if files:
        check_type(files[0], REFERENCE_TYPES)
        return files[0].content
    value = body.get("input_reference")
    return None if value is None else referenced(value, "input_reference", size)[0]


def referenced(value: Any, name: str, size: tuple[int, int]) -> tuple[bytes, str]:
    """Returns the image of one reference.

    Args:
        value: The reference.
        name: The parameter it came in.
        size: Width and height of what is drawn for a URL, which is not fetched.

    Returns:
        The image, encoded, and its content type.

    Raises:
        VendorError: It does not refer to an image.
    """
    if not isinstance(value, Mapping):
        raise invalid_type(name, "an object", value)
    checks.known_keys({f"{name}.{key}": 0 for key in value}, (f"{name}.image_url", f"{name}.file_id"))
    keys = [key for key in ("image_url", "file_id") if value.get(key) is not None]
    if len(keys) != 1:
        msg = f"Invalid '{name}': provide exactly one of 'image_url' or 'file_id'."
        raise VendorError(msg, param=name, code="invalid_value")
    source = checks.text(value, keys[0]) or ""
    if keys[0] == "file_id":
        # The sandbox has no Files API, so there is no file an id could name.
        msg = f"No such File object: {source}"
        raise VendorError(msg, param=name, status=404)
    return _from_url(source, name, size)


def referenced_files(body: Mapping[str, Any], most: int) -> tuple[UploadedFile, ...]:
    """Returns the images of an edit in JSON, as the files they would be in a form.

    Args:
        body: The request's fields.
        most: Most images.

    Returns:
        The images in order, then the mask.

    Raises:
        VendorError: They are missing, too many, or no images.
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
    from tarash_gateway_sandbox.artwork.image import draw  # noqa: PLC0415 - brings Pillow

    if len(source) > LONGEST_URL:
        msg = (
            f"Invalid '{name}.image_url': string too long. Expected a string with maximum length {LONGEST_URL}, "
            f"but got a string with length {len(source)} instead."
        )
        raise VendorError(msg, param=name, code="string_above_max_length")
    found = DATA_URL.fullmatch(source)
    if found is not None:
        content = data_of(source)
        if not content and found[2]:
            msg = "Invalid base64 image_url."
            raise VendorError(msg, param=name, code="invalid_base64")
        return content, found[1]
    if not is_web_url(source):
        msg = f"Invalid '{name}.image_url': expected a valid URL, but got '{source[:80]}'."
        raise VendorError(msg, param=name, code="invalid_value")
    # No network from a stand-in: whatever the URL shows, it is an image of its own.
    return draw(ImageOrder(source, *size)), "image/png"
