# ruff: noqa: I001, PLE0605 # each name stands twice, for type checkers and for `lazy_names`, and not a third time
"""The HTTP kit: what every vendor plugin over HTTP is made of, once and public.

    class Acme(HttpProvider):                       # address, key, errors: the base class has them
        def generate_image(self, prepared, *, timeout):
            answer = self.client.send(HttpRequest("POST", "/images", {"prompt": prepared.request.prompt}), timeout)
            return read_images(answer)

No HTTP library is imported before the first request is sent. `docs/http-kit.md` explains each part.
"""

from typing import TYPE_CHECKING

from tarash.tarash_gateway._lazy import lazy_names, names_in

if TYPE_CHECKING:
    from tarash.tarash_gateway.media.steps import Deadline as Deadline
    from tarash.tarash_gateway.plugins.http.answer import Answer as Answer, read_json as read_json
    from tarash.tarash_gateway.plugins.http.cache import ClientCache as ClientCache
    from tarash.tarash_gateway.plugins.http.client import (
        EventStream as EventStream,
        HttpClient as HttpClient,
        close_connections as close_connections,
    )
    from tarash.tarash_gateway.plugins.http.connection import (
        Connection as Connection,
        check_base_url as check_base_url,
        connection_error as connection_error,
    )
    from tarash.tarash_gateway.plugins.http.error_body import (
        ErrorBody as ErrorBody,
        categories_of as categories_of,
        read_error_body as read_error_body,
    )
    from tarash.tarash_gateway.plugins.http.errors import (
        creation_errors as creation_errors,
        download_errors as download_errors,
        embedded_error as embedded_error,
        error_of as error_of,
        event_error as event_error,
        is_not_ready as is_not_ready,
        job_errors as job_errors,
        job_gone as job_gone,
        job_refusal as job_refusal,
        read_error as read_error,
    )
    from tarash.tarash_gateway.plugins.http.event_reader import EventReader as EventReader
    from tarash.tarash_gateway.plugins.http.image_sources import image_items as image_items, read_image as read_image
    from tarash.tarash_gateway.plugins.http.keys import KeySource as KeySource
    from tarash.tarash_gateway.plugins.http.protocol import (
        ImageEvents as ImageEvents,
        read_images as read_images,
        read_job as read_job,
        read_job_list as read_job_list,
        read_stream as read_stream,
        read_stream_async as read_stream_async,
        read_tokens as read_tokens,
        read_video_urls as read_video_urls,
    )
    from tarash.tarash_gateway.plugins.http.provider import HttpProvider as HttpProvider
    from tarash.tarash_gateway.plugins.http.request import (
        FilePart as FilePart,
        HttpRequest as HttpRequest,
        image_limit as image_limit,
        path_segment as path_segment,
        result_file_request as result_file_request,
        video_url as video_url,
        without_none as without_none,
    )
    from tarash.tarash_gateway.plugins.http.steps import (
        DownloadStep as DownloadStep,
        Steps as Steps,
        both_flavours as both_flavours,
        run_steps as run_steps,
        run_steps_async as run_steps_async,
    )
    from tarash.tarash_gateway.plugins.http.transport import AsyncTransport as AsyncTransport, Transport as Transport
    from tarash.tarash_gateway.plugins.http.values import (
        job_object as job_object,
        read_count as read_count,
        read_id as read_id,
        read_job_id as read_job_id,
        read_number as read_number,
        read_status as read_status,
        read_text as read_text,
        read_time as read_time,
        status_of as status_of,
    )

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

__all__ = names_in(_MODULES)

__getattr__, __dir__ = lazy_names(__name__, _MODULES, __all__)
