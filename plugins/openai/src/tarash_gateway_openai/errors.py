"""What a refusal means, with what OpenAI's users should look at, and the SDK's exception for it as the cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tarash.tarash_gateway.errors import TarashError, UnsupportedOperationError
from tarash.tarash_gateway.plugins import import_library
from tarash.tarash_gateway.plugins.http import Answer, read_error, read_error_body

_KINDS: Final[Mapping[int, str]] = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}
"""The SDK's exceptions by status."""


_ANY_MODEL: Final = "Is the model's name right, and does base_url end where the API begins (usually /v1)?"
_DEPLOYMENT: Final = (
    "Azure asks for the deployment's name as `model`, not for the model's: is it spelled as in the resource, "
    "is base_url that resource's, and is the deployment older than a few minutes?"
)
_ROUTE: Final = (
    "Azure has no such route here: is base_url the resource's address, and does api_version have it? "
    "Without api_version requests go to the v1 route, which has images, edits and videos."
)


def error_of(answer: Answer, key_variable: str) -> TarashError:
    """Makes the error of an answer with a status of 300 or above; its cause is the SDK's exception for that status.

    Args:
        answer: the answer.
        key_variable: the environment variable that a key is read from, for the text.
    """
    key = f"The key was looked for in api_key, then in {key_variable}."
    error = read_error(answer, hints={401: key, 404: _hint(answer)})
    if answer.status >= 400:
        error.__cause__ = _sdk_error(answer, error)
    return error


def _hint(answer: Answer) -> str:
    """Says what to look at where something is not there; Azure has words of its own for it."""
    if answer.status != 404:
        return ""
    body = read_error_body(answer.body)
    if body.code == "DeploymentNotFound" or "api deployment" in body.words.lower():
        return _DEPLOYMENT
    return _ROUTE if str(body.details.get("code")) == "404" else _ANY_MODEL


def _sdk_error(answer: Answer, error: TarashError) -> Exception:
    """Makes the SDK's exception for an error, without what may hold a key: it becomes the cause."""
    import httpx2

    openai = import_library("openai")
    status = answer.status
    kind = getattr(openai, _KINDS.get(status, "InternalServerError" if status >= 500 else "APIStatusError"))
    inner = error.raw.get("error") if isinstance(error.raw, Mapping) else None
    response = httpx2.Response(status, request=httpx2.Request("POST", answer.url))
    body = inner if isinstance(inner, Mapping) else error.raw
    exception: Exception = kind(f"Error code: {status} - {error.raw}", response=response, body=body)
    return exception


def hide_keys(error: Any, answer: Answer) -> None:
    """Masks the SDK's exception, which stays the cause of ours: a traceback shows its text."""
    error.args = tuple(answer.redaction.value(part) for part in error.args)
    for name in ("message", "body", "code", "param", "type"):
        if hasattr(error, name):
            setattr(error, name, answer.redaction.value(getattr(error, name)))


def is_missing_route(error: TarashError) -> bool:
    """Whether a server has no such operation: 405, 501, or a 404 that is about the route and not about a job."""
    if error.status_code in (405, 501):
        return True
    body = error.raw.get("error") if isinstance(error.raw, Mapping) else None
    about_a_job = isinstance(body, Mapping) and str(body.get("code")) != "404"
    return error.status_code == 404 and not about_a_job


def no_cancel(host: str, error: TarashError) -> UnsupportedOperationError:
    """Makes the error of a cancel that the server does not have."""
    msg = f"{host} has no way to cancel a job (HTTP {error.status_code}): it goes on, and may be billed"
    return UnsupportedOperationError(msg, status_code=error.status_code, raw=error.raw)
