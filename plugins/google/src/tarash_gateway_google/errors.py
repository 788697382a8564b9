"""What this vendor's refusals mean, over what the kit reads of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tarash.tarash_gateway.errors import AuthenticationError, InvalidRequestError, TarashError
from tarash.tarash_gateway.plugins.http import Answer, error_of, read_error_body
from tarash.tarash_gateway.plugins.http import read_error as read_any_error

_BAD_KEY: Final = "API_KEY_INVALID"
_NO_KEY: Final = "The key was looked for in {where}."
_NO_MODEL: Final = "Is the model's name right, and is it one of this backend? Preview models are shut down often."


def read_error(answer: Answer, where: str = "api_key") -> TarashError:
    """Returns the error of an answer with a status of 300 or above.

    Args:
        answer: the answer.
        where: where a key is looked for, for the text.
    """
    if answer.status < 400:
        return read_any_error(answer)
    body = read_error_body(answer.body)
    hints = {401: _NO_KEY.format(where=where), 404: _NO_MODEL}
    error = error_of(answer, body, hints=hints, creating=True)
    if type(error) is InvalidRequestError and _BAD_KEY in _reasons(body.details):  # a bad key is a 400 here
        msg = f"{answer.text(body.words)} (HTTP {answer.status}, {_BAD_KEY}). {hints[401]}"
        return AuthenticationError(msg, status_code=answer.status, code=_BAD_KEY, raw=error.raw)
    return error


def _reasons(details: Mapping[str, object]) -> set[str]:
    listed = details.get("details")
    items = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return {str(item.get("reason")) for item in items} | {str(details.get("status"))}
