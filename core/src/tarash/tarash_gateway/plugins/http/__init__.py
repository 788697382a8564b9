"""The HTTP kit: what every vendor plugin over HTTP is made of, once and public.

    class Acme(HttpProvider):                       # address, key, errors: the base class has them
        def generate_image(self, prepared, *, timeout):
            answer = self.client.send(HttpRequest("POST", "/images", {"prompt": prepared.request.prompt}), timeout)
            return read_images(answer)

No HTTP library is imported before the first request is sent. `docs/http-kit.md` explains each part.
"""

from typing import TYPE_CHECKING

from tarash.tarash_gateway._lazy import lazy_names

if TYPE_CHECKING:
    from tarash.tarash_gateway.media.steps import Deadline
    from tarash.tarash_gateway.plugins.http.answer import Answer, read_json
    from tarash.tarash_gateway.plugins.http.cache import ClientCache
    from tarash.tarash_gateway.plugins.http.client import EventStream, HttpClient, close_connections
    from tarash.tarash_gateway.plugins.http.connection import Connection, check_base_url, connection_error
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
    from tarash.tarash_gateway.plugins.http.image_sources import image_items, read_image
    from tarash.tarash_gateway.plugins.http.keys import KeySource
    from tarash.tarash_gateway.plugins.http.protocol import (
        ImageEvents,
        read_images,
        read_job,
        read_job_list,
        read_stream,
        read_stream_async,
        read_tokens,
        read_video_urls,
    )
    from tarash.tarash_gateway.plugins.http.provider import HttpProvider
    from tarash.tarash_gateway.plugins.http.request import (
        FilePart,
        HttpRequest,
        image_limit,
        path_segment,
        result_file_request,
        video_url,
        without_none,
    )
    from tarash.tarash_gateway.plugins.http.steps import DownloadStep, Steps, both_flavours, run_steps, run_steps_async
    from tarash.tarash_gateway.plugins.http.transport import AsyncTransport, Transport
    from tarash.tarash_gateway.plugins.http.values import (
        job_object,
        read_count,
        read_id,
        read_job_id,
        read_number,
        read_status,
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
    "DownloadStep",
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
    "both_flavours",
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
    "read_stream",
    "read_stream_async",
    "read_text",
    "read_time",
    "read_tokens",
    "read_video_urls",
    "result_file_request",
    "run_steps",
    "run_steps_async",
    "status_of",
    "video_url",
    "without_none",
]

_MODULES = {
    "answer": "Answer read_json",
    "transport": "AsyncTransport Transport",
    "cache": "ClientCache",
    "connection": "Connection check_base_url connection_error",
    "client": "Deadline EventStream HttpClient close_connections",
    "error_body": "ErrorBody categories_of read_error_body",
    "event_reader": "EventReader",
    "request": "FilePart HttpRequest image_limit path_segment result_file_request video_url without_none",
    "provider": "HttpProvider",
    "protocol": (
        "ImageEvents read_images read_job read_job_list read_stream read_stream_async read_tokens read_video_urls"
    ),
    "keys": "KeySource",
    "steps": "DownloadStep Steps both_flavours run_steps run_steps_async",
    "errors": (
        "creation_errors download_errors embedded_error error_of event_error "
        "is_not_ready job_errors job_gone job_refusal read_error"
    ),
    "image_sources": "image_items read_image",
    "values": "job_object read_count read_id read_job_id read_number read_status read_text read_time status_of",
}

__getattr__, __dir__ = lazy_names(__name__, _MODULES, __all__)
