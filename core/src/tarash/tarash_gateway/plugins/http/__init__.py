"""The HTTP kit: what every vendor plugin over HTTP is made of, once and public.

    class Acme(HttpProvider):                       # address, key, errors: the base class has them
        def generate_image(self, prepared, *, timeout):
            answer = self.client.send(HttpRequest("POST", "/images", {"prompt": prepared.request.prompt}), timeout)
            return read_images(answer)

No HTTP library is imported before the first request is sent. `docs/http-kit.md` explains each part.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tarash.tarash_gateway.media.steps import Deadline
    from tarash.tarash_gateway.plugins.http.answer import Answer
    from tarash.tarash_gateway.plugins.http.cache import ClientCache
    from tarash.tarash_gateway.plugins.http.client import EventStream, HttpClient, close_connections
    from tarash.tarash_gateway.plugins.http.connection import Connection, check_base_url
    from tarash.tarash_gateway.plugins.http.error_body import ErrorBody, categories_of, read_error_body
    from tarash.tarash_gateway.plugins.http.errors import (
        creation_errors,
        download_errors,
        embedded_error,
        error_of,
        event_error,
        is_not_ready,
        job_errors,
        job_gone,
        job_refusal,
        read_error,
    )
    from tarash.tarash_gateway.plugins.http.event_reader import EventReader
    from tarash.tarash_gateway.plugins.http.failures import connection_error
    from tarash.tarash_gateway.plugins.http.image_sources import image_items, read_image
    from tarash.tarash_gateway.plugins.http.json_reader import read_json
    from tarash.tarash_gateway.plugins.http.keys import KeySource
    from tarash.tarash_gateway.plugins.http.protocol import (
        ImageEvents,
        read_images,
        read_job,
        read_job_list,
        read_tokens,
        read_video_urls,
    )
    from tarash.tarash_gateway.plugins.http.provider import HttpProvider
    from tarash.tarash_gateway.plugins.http.request import FilePart, HttpRequest, image_limit, path_segment
    from tarash.tarash_gateway.plugins.http.status_words import read_status
    from tarash.tarash_gateway.plugins.http.steps import Steps, run_steps, run_steps_async
    from tarash.tarash_gateway.plugins.http.transport import AsyncTransport, Transport
    from tarash.tarash_gateway.plugins.http.values import (
        job_object,
        read_count,
        read_id,
        read_job_id,
        read_number,
        read_text,
        read_time,
        status_of,
    )

__all__ = [
    "Answer",
    "AsyncTransport",
    "ClientCache",
    "Connection",
    "Deadline",
    "ErrorBody",
    "EventReader",
    "EventStream",
    "FilePart",
    "HttpClient",
    "HttpProvider",
    "HttpRequest",
    "ImageEvents",
    "KeySource",
    "Steps",
    "Transport",
    "categories_of",
    "check_base_url",
    "close_connections",
    "connection_error",
    "creation_errors",
    "download_errors",
    "embedded_error",
    "error_of",
    "event_error",
    "image_items",
    "image_limit",
    "is_not_ready",
    "job_errors",
    "job_gone",
    "job_object",
    "job_refusal",
    "path_segment",
    "read_count",
    "read_error",
    "read_error_body",
    "read_id",
    "read_image",
    "read_images",
    "read_job",
    "read_job_id",
    "read_job_list",
    "read_json",
    "read_number",
    "read_status",
    "read_text",
    "read_time",
    "read_tokens",
    "read_video_urls",
    "run_steps",
    "run_steps_async",
    "status_of",
]

_HOMES = {
    "Answer": "answer",
    "AsyncTransport": "transport",
    "ClientCache": "cache",
    "Connection": "connection",
    "Deadline": "client",
    "ErrorBody": "error_body",
    "EventReader": "event_reader",
    "EventStream": "client",
    "FilePart": "request",
    "HttpClient": "client",
    "HttpProvider": "provider",
    "HttpRequest": "request",
    "ImageEvents": "protocol",
    "KeySource": "keys",
    "Steps": "steps",
    "Transport": "transport",
    "categories_of": "error_body",
    "check_base_url": "connection",
    "close_connections": "client",
    "connection_error": "failures",
    "creation_errors": "errors",
    "download_errors": "errors",
    "embedded_error": "errors",
    "error_of": "errors",
    "event_error": "errors",
    "image_items": "image_sources",
    "image_limit": "request",
    "is_not_ready": "errors",
    "job_errors": "errors",
    "job_gone": "errors",
    "job_object": "values",
    "job_refusal": "errors",
    "path_segment": "request",
    "read_count": "values",
    "read_error": "errors",
    "read_error_body": "error_body",
    "read_id": "values",
    "read_image": "image_sources",
    "read_images": "protocol",
    "read_job": "protocol",
    "read_job_id": "values",
    "read_job_list": "protocol",
    "read_json": "json_reader",
    "read_number": "values",
    "read_status": "status_words",
    "read_text": "values",
    "read_time": "values",
    "read_tokens": "protocol",
    "read_video_urls": "protocol",
    "run_steps": "steps",
    "run_steps_async": "steps",
    "status_of": "values",
}
"""Each name is imported when it is first used: who only looks at rows loads none of this."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
