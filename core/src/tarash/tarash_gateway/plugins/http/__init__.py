"""The HTTP kit: what every vendor plugin over HTTP is made of, once and public.

    class Acme(HttpProvider):                       # address, key, errors: the base class has them
        def generate_image(self, prepared, *, timeout):
            answer = self.client.send(HttpRequest("POST", "/images", {"prompt": prepared.request.prompt}), timeout)
            return read_images(answer)

No HTTP library is imported before the first request is sent. `docs/http-kit.md` explains each part.
"""

from tarash.tarash_gateway.plugins.http.cache import ClientCache
from tarash.tarash_gateway.plugins.http.client import EventStream, HttpClient
from tarash.tarash_gateway.plugins.http.connection import Connection, check_base_url
from tarash.tarash_gateway.plugins.http.failures import connection_error
from tarash.tarash_gateway.plugins.http.keys import KeySource
from tarash.tarash_gateway.plugins.http.provider import HttpProvider
from tarash.tarash_gateway.plugins.http.request import FilePart, HttpRequest, image_limit, path_segment

__all__ = [
    "ClientCache",
    "Connection",
    "EventStream",
    "FilePart",
    "HttpClient",
    "HttpProvider",
    "HttpRequest",
    "KeySource",
    "check_base_url",
    "connection_error",
    "image_limit",
    "path_segment",
]
