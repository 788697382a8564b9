"""Google's routes: the Gemini API's, and Vertex AI's below a project and a location."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.google import PREFIX, content, files, interactions, veo
from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.models import IMAGE_MODELS, OMNI
from tarash_gateway_sandbox.google.state import STORE
from tarash_gateway_sandbox.replies import Answer, json_answer
from tarash_gateway_sandbox.route import find_route, key_of
from tarash_gateway_sandbox.vendor import Call, Vendor

if TYPE_CHECKING:
    from tarash_gateway_sandbox.replies import Reply
    from tarash_gateway_sandbox.request import RecordedRequest
    from tarash_gateway_sandbox.route import Route
    from tarash_gateway_sandbox.vendor import Handler

WORDS = {400: "invalid_request", 403: "permission_denied", 404: "not_found"}
"""The interactions' words for an HTTP status."""

_PATH = re.compile(r"/(upload/)?(v1|v1beta|v1beta1|v1alpha)(/projects/[^/]+/locations/[^/]+)?(/.*)")


async def models(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /models."""
    return json_answer({"models": [_model(name) for name in (*OMNI, *IMAGE_MODELS)]})


async def model(call: Call, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """Answers GET /models/{model}."""
    if call.name not in OMNI and call.name not in IMAGE_MODELS:
        msg = f"models/{call.name} is not found."
        raise GoogleError(404, msg)
    return json_answer(_model(call.name))


def _model(name: str) -> dict[str, Any]:
    methods = ["generateContent"] if name in IMAGE_MODELS else ["createInteraction"]
    limits = {"version": "001", "displayName": name, "inputTokenLimit": 32768, "outputTokenLimit": 65536}
    return {"name": f"models/{name}", **limits, "supportedGenerationMethods": methods}


def _with_words(handler: Handler) -> Handler:
    """Gives the errors of the interactions their texts for codes."""

    async def handle(call: Call, vendor: Vendor) -> Reply:
        try:
            return await handler(call, vendor)
        except GoogleError as error:
            if error.word is None:
                error.word = WORDS.get(error.status)
            raise

    return handle


INTERACTION_ROUTES: tuple[Route, ...] = (
    ("POST", r"/interactions", _with_words(interactions.create)),
    ("GET", r"/interactions/([^/]+)", _with_words(interactions.retrieve)),
    ("POST", r"/interactions/([^/]+)/cancel", _with_words(interactions.cancel)),
    ("DELETE", r"/interactions/([^/]+)", _with_words(interactions.delete)),
)
ROUTES: tuple[Route, ...] = (
    *INTERACTION_ROUTES,
    ("GET", r"/files/([^/:]+):download", files.download),
    ("GET", r"/files/([^/:]+)", files.retrieve),
    ("DELETE", r"/files/([^/:]+)", files.delete),
    ("GET", r"/files", files.list_files),
    ("GET", r"/models", models),
    ("GET", r"/models/([^/:]+)", model),
    ("POST", r"/models/([^/:]+):generateContent", content.generate),
    ("POST", r"/models/([^/:]+):streamGenerateContent", content.stream),
)
VERTEX_ROUTES: tuple[Route, ...] = (
    *INTERACTION_ROUTES,
    ("POST", r"/publishers/google/models/([^/:]+):generateContent", content.generate),
    ("POST", r"/publishers/google/models/([^/:]+):streamGenerateContent", content.stream),
    ("POST", r"/publishers/google/models/([^/:]+):predictLongRunning", veo.create),
    ("POST", r"/publishers/google/models/([^/:]+):fetchPredictOperation", veo.retrieve),
)


def find(request: RecordedRequest) -> tuple[Call, Handler] | None:
    """Finds the handler of a request to this vendor; None where it is for another.

    Raises:
        GoogleError: There is no such route, or the key is refused.
    """
    path = request.path
    if path.startswith(STORE):
        return Call(request, name=path.rpartition("/")[2]), files.stored
    if not path.startswith(f"{PREFIX}/"):
        return None
    parts = _PATH.fullmatch(path.removeprefix(PREFIX))
    if parts is None:
        raise _not_found(path)
    upload, version, project = parts[1], parts[2], parts[3] or ""
    if not upload or "upload_id" not in request.query:  # the address of a begun upload is its own key
        _authorize(request, vertex=bool(project))
    found = ("", files.upload) if upload else find_route(VERTEX_ROUTES if project else ROUTES, request.method, parts[4])
    if found is None:
        raise _not_found(path)
    return Call(request, version=version, project=project, name=found[0]), found[1]


def _not_found(path: str) -> GoogleError:
    return GoogleError(404, f"The requested URL {path} was not found on this server.")


def _authorize(request: RecordedRequest, *, vertex: bool) -> None:
    key, bearer = request.headers.get("x-goog-api-key", "").strip(), key_of(request)
    if vertex:
        if not bearer or bearer.startswith("invalid"):
            msg = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            raise GoogleError(401, msg)
        return
    if key and bearer:
        msg = "Multiple authentication credentials received. Please pass only one."
        raise GoogleError(400, msg)
    if not key:
        msg = "Method doesn't allow unregistered callers. Please use API Key or other form of API consumer identity."
        raise GoogleError(403, msg)
    if key.startswith("sk-invalid"):
        detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        msg = "API key not valid. Please pass a valid API key."
        raise GoogleError(400, msg, details=[detail])
