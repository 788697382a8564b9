"""From a path to its handler: the Gemini API's paths, and Vertex AI's below a project and a location."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.faults import Answer, Reply, json_answer
from tarash_gateway_sandbox.google import PREFIX, content, files, interactions, veo
from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.models import OMNI, PICTURES
from tarash_gateway_sandbox.vendor import Call, Vendor

if TYPE_CHECKING:
    from tarash_gateway_sandbox.recording import RecordedRequest


@dataclass(frozen=True)
class Asked:
    """A request that found its route."""

    request: RecordedRequest
    path: str
    """The whole path, as it was asked for."""
    version: str = ""
    home: str = ""
    """`/projects/…/locations/…` on Vertex AI, else nothing."""
    name: str = ""
    """The id or the model that the path names."""

    @property
    def body(self) -> Any:
        """The JSON that came."""
        return self.request.json


GoogleHandler = Callable[[Asked, Vendor], Awaitable[Reply]]

STORE = "/google-store/"
"""Where another origin is played: the same server under another name."""

WORDS = {400: "invalid_request", 403: "permission_denied", 404: "not_found"}
"""The interactions' words for an HTTP status."""

_PATH = re.compile(r"/(upload/)?(v1|v1beta|v1beta1|v1alpha)(/projects/[^/]+/locations/[^/]+)?(/.*)")


async def models(asked: Asked, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /models."""
    return json_answer({"models": [_model(name) for name in (*OMNI, *PICTURES)]})


async def model(asked: Asked, vendor: Vendor) -> Answer:  # noqa: ARG001 - a handler's signature
    """GET /models/{model}."""
    if asked.name not in OMNI and asked.name not in PICTURES:
        msg = f"models/{asked.name} is not found."
        raise GoogleError(404, msg)
    return json_answer(_model(asked.name))


def _model(name: str) -> dict[str, Any]:
    methods = ["generateContent"] if name in PICTURES else ["createInteraction"]
    known = {"version": "001", "displayName": name, "inputTokenLimit": 32768, "outputTokenLimit": 65536}
    return {"name": f"models/{name}", **known, "supportedGenerationMethods": methods}


ROUTES: tuple[tuple[str, str, GoogleHandler], ...] = (
    ("POST", r"/interactions", interactions.create),
    ("GET", r"/interactions/([^/]+)", interactions.retrieve),
    ("POST", r"/interactions/([^/]+)/cancel", interactions.cancel),
    ("DELETE", r"/interactions/([^/]+)", interactions.delete),
    ("GET", r"/files/([^/:]+):download", files.download),
    ("GET", r"/files/([^/:]+)", files.retrieve),
    ("DELETE", r"/files/([^/:]+)", files.delete),
    ("GET", r"/files", files.list_files),
    ("GET", r"/models", models),
    ("GET", r"/models/([^/:]+)", model),
    ("POST", r"/models/([^/:]+):generateContent", content.generate),
    ("POST", r"/models/([^/:]+):streamGenerateContent", content.stream),
)
VERTEX_ROUTES: tuple[tuple[str, str, GoogleHandler], ...] = (
    *ROUTES[:4],
    ("POST", r"/publishers/google/models/([^/:]+):generateContent", content.generate),
    ("POST", r"/publishers/google/models/([^/:]+):streamGenerateContent", content.stream),
    ("POST", r"/publishers/google/models/([^/:]+):predictLongRunning", veo.create),
    ("POST", r"/publishers/google/models/([^/:]+):fetchPredictOperation", veo.retrieve),
)


def find(request: RecordedRequest) -> tuple[Call, Callable[[Call, Vendor], Awaitable[Reply]]] | None:
    """The handler of a request to this vendor; None where it is for another.

    Raises:
        GoogleError: There is no such route, or the key is refused.
    """
    path = request.path
    if path.startswith(STORE):
        return Call(request), _bound(files.stored, Asked(request, path, name=path.rpartition("/")[2]))
    if not path.startswith(f"{PREFIX}/"):
        return None
    found = _PATH.fullmatch(path.removeprefix(PREFIX))
    if found is None:
        msg = f"The requested URL {path} was not found on this server."
        raise GoogleError(404, msg)
    asked = Asked(request, path, found[2], found[3] or "")
    if found[1]:
        if "upload_id" not in request.query:  # the address of a begun upload is its own key
            _authorize(asked)
        return Call(request), _bound(files.upload, asked)
    _authorize(asked)
    for method, pattern, handler in VERTEX_ROUTES if asked.home else ROUTES:
        place = re.fullmatch(pattern, found[4])
        if place is not None and method == request.method:
            name = place[1] if place.groups() else ""
            return Call(request), _bound(handler, replace(asked, name=name))
    msg = f"The requested URL {path} was not found on this server."
    raise GoogleError(404, msg)


def _bound(handler: GoogleHandler, asked: Asked) -> Callable[[Call, Vendor], Awaitable[Reply]]:
    async def handle(call: Call, vendor: Vendor) -> Reply:  # noqa: ARG001 - a handler's signature
        try:
            return await handler(asked, vendor)
        except GoogleError as error:
            if "/interactions" in asked.path and error.word is None:  # they have texts for codes
                error.word = WORDS.get(error.status)
            raise

    return handle


def _authorize(asked: Asked) -> None:
    headers = asked.request.headers
    key = headers.get("x-goog-api-key", "").strip()
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    if asked.home:
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
