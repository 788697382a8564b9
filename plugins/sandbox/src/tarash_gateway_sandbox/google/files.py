"""The Files API: uploads in two steps, what is known of a file, and the bytes of those that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.faults import Answer, json_answer
from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.state import OWN_ADDRESS, StoredFile, new_id
from tarash_gateway_sandbox.videos import part_of

if TYPE_CHECKING:
    from tarash_gateway_sandbox.google.routes import Asked
    from tarash_gateway_sandbox.vendor import Vendor

KEY_HEADERS = ("x-goog-api-key", "authorization")


async def upload(asked: Asked, vendor: Vendor) -> Answer:
    """POST /upload/{version}/files: begins an upload, or takes its bytes."""
    headers = asked.request.headers
    command = headers.get("x-goog-upload-command", "")
    if command == "start":
        length, kind = (headers.get(f"x-goog-upload-header-content-{name}", "") for name in ("length", "type"))
        if headers.get("x-goog-upload-protocol") != "resumable" or not length.isdigit() or not kind:
            msg = "Upload headers are missing."
            raise GoogleError(400, msg)
        token = new_id("up-")
        vendor.google.uploads.keep(token, (int(length), kind), len(kind))
        url = f"{vendor.origin}{asked.path}?upload_id={token}&upload_protocol=resumable"
        return json_answer({}, headers={"x-goog-upload-url": url, "x-goog-upload-status": "active"})
    begun = vendor.google.uploads.pop(asked.request.query.get("upload_id", ""), None)
    if begun is None or command != "upload, finalize" or headers.get("x-goog-upload-offset") != "0":
        msg = "There is no such upload."
        raise GoogleError(400, msg)
    if begun[0] != len(asked.request.body):
        msg = "The upload has another length than announced."
        raise GoogleError(400, msg)
    file = StoredFile(new_id("")[:12], asked.request.body, begun[1])
    if vendor.google.takes("slow_file"):
        file.processing = 1
    vendor.google.files.keep(file.name, file, len(file.content))
    return json_answer({"file": _shown(file, asked)}, headers={"x-goog-upload-status": "final"})


def known_file(name: str, vendor: Vendor) -> StoredFile:
    """Return a file by its name.

    Raises:
        GoogleError: There is none.
    """
    file = vendor.google.files.get(name)
    if file is None:
        msg = f"You do not have permission to access the File {name} or it may not exist."
        raise GoogleError(403, msg)
    return file


def stored_file(uri: str, vendor: Vendor) -> StoredFile:
    """Return the file of an address, ready to be used.

    Raises:
        GoogleError: There is none, or it is still being processed.
    """
    file = known_file(uri.rpartition("/files/")[2], vendor)
    if file.processing > 0:
        msg = f"The File {file.name} is not in an ACTIVE state and usage is not allowed."
        raise GoogleError(400, msg)
    return file


async def list_files(asked: Asked, vendor: Vendor) -> Answer:
    """GET /files."""
    return json_answer({"files": [_shown(file, asked) for file in [*vendor.google.files.values()][::-1]]})


async def delete(asked: Asked, vendor: Vendor) -> Answer:
    """DELETE /files/{name}."""
    del vendor.google.files[known_file(asked.name, vendor).name]
    return json_answer({})


async def retrieve(asked: Asked, vendor: Vendor) -> Answer:
    """GET /files/{name}."""
    file = known_file(asked.name, vendor)
    file.processing = max(0, file.processing - 1)
    return json_answer(_shown(file, asked))


async def download(asked: Asked, vendor: Vendor) -> Answer:
    """GET /files/{name}:download?alt=media."""
    made = vendor.google.clips.get(asked.name)
    job = vendor.google.jobs.get(made[0]) if made else None
    if made is None or job is None or asked.request.query.get("alt") != "media":
        msg = f"File {asked.name} was not found."
        raise GoogleError(404, msg)
    if "elsewhere" in job.faults:
        port = vendor.origin.rpartition(":")[2]
        return Answer(302, {"location": f"http://localhost:{port}/google-store/{job.id}"})
    content = await vendor.studio.video(job.orders[made[1]])
    return part_of(asked.request.headers, content, "video/mp4")


async def stored(asked: Asked, vendor: Vendor) -> Answer:
    """What stands at another origin: anything may be asked for, and no key is wanted."""
    state = vendor.google
    if any(name in asked.request.headers for name in KEY_HEADERS):
        state.leaks.append(asked.path)
    state.fetched.append(asked.path)
    job = state.jobs.get(asked.name)
    if job is None:
        return json_answer({"stolen": True})
    content = await vendor.studio.video(job.orders[0])
    return part_of(asked.request.headers, content, "video/mp4")


def _shown(file: StoredFile, asked: Asked) -> dict[str, Any]:
    return {
        "name": f"files/{file.name}",
        "mimeType": file.content_type,
        "sizeBytes": str(len(file.content)),
        "uri": f"{OWN_ADDRESS}/{asked.version}/files/{file.name}",
        "state": "PROCESSING" if file.processing else "ACTIVE",
        "source": "UPLOADED",
    }
