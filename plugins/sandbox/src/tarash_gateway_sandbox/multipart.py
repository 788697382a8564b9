"""Reading multipart forms."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True)
class UploadedFile:
    """One file part of a form."""

    field: str
    """The part's name: `image`, `image[]`, `mask`, `input_reference`."""
    filename: str
    content_type: str
    """As the part says it; `application/octet-stream` when it says nothing."""
    content: bytes = dataclasses.field(repr=False)


@dataclass
class _Part:
    headers: dict[str, str]
    name: bytes = b""
    value: bytes = b""
    content: bytearray = dataclasses.field(default_factory=bytearray)


def parse_form(content_type: str, body: bytes) -> tuple[dict[str, str], list[UploadedFile]]:
    """Take a form apart.

    A part with a file name is a file, every other one a text field. A broken form gives the parts before the
    break: the vendor then misses a parameter, and says so.

    Args:
        content_type: The request's Content-Type, with its boundary.
        body: The request's body.

    Returns:
        The text fields by name (the last of a name wins), and the files in order.
    """
    from python_multipart.exceptions import FormParserError  # noqa: PLC0415 - loaded with the first form
    from python_multipart.multipart import MultipartParser, parse_options_header  # noqa: PLC0415

    fields: dict[str, str] = {}
    files: list[UploadedFile] = []
    part = _Part({})

    def begin() -> None:
        nonlocal part
        part = _Part({})

    def header_name(data: bytes, start: int, end: int) -> None:
        part.name += data[start:end]

    def header_value(data: bytes, start: int, end: int) -> None:
        part.value += data[start:end]

    def header_end() -> None:
        part.headers[part.name.decode("latin-1").lower()] = part.value.decode("utf-8", "replace")
        part.name = part.value = b""

    def content(data: bytes, start: int, end: int) -> None:
        part.content += data[start:end]

    def finish() -> None:
        _, options = parse_options_header(part.headers.get("content-disposition", ""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        filename = options.get(b"filename")
        if filename is None:
            fields[name] = part.content.decode("utf-8", "replace")
        else:
            kind = part.headers.get("content-type", "application/octet-stream")
            files.append(UploadedFile(name, filename.decode("utf-8", "replace"), kind, bytes(part.content)))

    _, options = parse_options_header(content_type)
    try:
        parser = MultipartParser(
            options.get(b"boundary", b""),
            {
                "on_part_begin": begin,
                "on_header_field": header_name,
                "on_header_value": header_value,
                "on_header_end": header_end,
                "on_part_data": content,
                "on_part_end": finish,
            },
        )
        parser.write(body)
        parser.finalize()
    except FormParserError:
        pass
    return fields, files
