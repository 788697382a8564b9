"""The Files API: uploads in two steps, what is known of a file, and the bytes of those that were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.state import OWN_ADDRESS, STORE, StoredFile, new_id
from tarash_gateway_sandbox.replies import Answer, file_answer, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

KEY_HEADERS = ("x-goog-api-key", "authorization")


async def upload(call: Call, vendor: Vendor) -> Answer:
    """Answers POST /upload/{version}/files: begins an upload, or takes its bytes."""
    headers = call.request.headers
    command = headers.get("x-goog-upload-command", "")
    if command == "start":
        length, kind = (headers.get(f"x-goog-upload-header-content-{name}", "") for name in ("length", "type"))
        if headers.get("x-goog-upload-protocol") != "resumable" or not length.isdigit() or not kind:
            msg = "Upload headers are missing."
            raise GoogleError(400, msg)
        token = new_id("up-")
        vendor.google.uploads.keep(token, (int(length), kind), len(kind))
        url = f"{vendor.origin}{call.request.path}?upload_id={token}&upload_protocol=resumable"
        return json_answer({}, headers={"x-goog-upload-url": url, "x-goog-upload-status": "active"})
    begun = vendor.google.uploads.pop(call.request.query.get("upload_id", ""), None)
    if begun is None or command != "upload, finalize" or headers.get("x-goog-upload-offset") != "0":
        msg = "There is no such upload."
        raise GoogleError(400, msg)
    if begun[0] != len(call.request.body):
        msg = "The upload has another length than announced."
        raise GoogleError(400, msg)
    file = StoredFile(new_id("")[:12], call.request.body, begun[1])
    if vendor.google.takes("slow_file"):
        file.processing = 1
    vendor.google.files.keep(file.name, file, len(file.content))
    return json_answer({"file": _shown(file, call)}, headers={"x-goog-upload-status": "final"})


def known_file(name: str, vendor: Vendor) -> StoredFile:
    """Returns a file by its name.

    Raises:
        GoogleError: There is none.
    """
    file = vendor.google.files.get(name)
    if file is None:
        msg = f"You do not have permission to access the File {name} or it may not exist."
        raise GoogleError(403, msg)
    return file


def stored_file(uri: str, vendor: Vendor) -> StoredFile:
    """Returns the file of an address, ready to be used.

    Raises:
        GoogleError: There is none, or it is still being processed.
    """
    file = known_file(uri.rpartition("/files/")[2], vendor)
    if file.processing > 0:
        msg = f"The File {file.name} is not in an ACTIVE state and usage is not allowed."
        raise GoogleError(400, msg)
    return file


async def list_files(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /files."""
    return json_answer({"files": [_shown(file, call) for file in [*vendor.google.files.values()][::-1]]})


async def delete(call: Call, vendor: Vendor) -> Answer:
    """Answers DELETE /files/{name}."""
    del vendor.google.files[known_file(call.name, vendor).name]
    return json_answer({})


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /files/{name}."""
    file = known_file(call.name, vendor)
    file.processing = max(0, file.processing - 1)
    return json_answer(_shown(file, call))


async def download(call: Call, vendor: Vendor) -> Answer:
    """Answers GET /files/{name}:download?alt=media."""
    made = vendor.google.videos.get(call.name)
    job = vendor.google.jobs.get(made[0]) if made else None
    if made is None or job is None or call.request.query.get("alt") != "media":
        msg = f"File {call.name} was not found."
        raise GoogleError(404, msg)
    if "elsewhere" in job.faults:
        return Answer(302, {"location": f"{vendor.foreign_origin}{STORE}{job.id}"})
    content = await vendor.studio.video(job.orders[made[1]])
    return file_answer(call.request, content, "video/mp4")


async def stored(call: Call, vendor: Vendor) -> Answer:
    """Returns what stands at another origin: anything may be asked for, and no key is wanted."""
    state = vendor.google
    if any(name in call.request.headers for name in KEY_HEADERS):
        state.leaks.append(call.request.path)
    state.fetched.append(call.request.path)
    job = state.jobs.get(call.name)
    if job is None:
        return json_answer({"stolen": True})
    content = await vendor.studio.video(job.orders[0])
    return file_answer(call.request, content, "video/mp4")


def _shown(file: StoredFile, call: Call) -> dict[str, Any]:
    return {
        "name": f"files/{file.name}",
        "mimeType": file.content_type,
        "sizeBytes": str(len(file.content)),
        "uri": f"{OWN_ADDRESS}/{call.version}/files/{file.name}",
        "state": "PROCESSING" if file.processing else "ACTIVE",
        "source": "UPLOADED",
    }
