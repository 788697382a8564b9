"""The base class of a provider over HTTP."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, TypeVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models.config import GenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob, VideoJob
from tarash.tarash_gateway.plugins.exchange import Sink
from tarash.tarash_gateway.plugins.http.answer import Answer
from tarash.tarash_gateway.plugins.http.client import HttpClient
from tarash.tarash_gateway.plugins.http.connection import Connection, redacted_errors
from tarash.tarash_gateway.plugins.http.errors import download_errors, read_error
from tarash.tarash_gateway.plugins.http.keys import KeySource
from tarash.tarash_gateway.plugins.http.request import result_file_request
from tarash.tarash_gateway.plugins.http.steps import DownloadStep, Steps, run_steps, run_steps_async
from tarash.tarash_gateway.plugins.provider import Provider

JobT = TypeVar("JobT", bound=GenerationJob)
ReturnT = TypeVar("ReturnT")


class HttpProvider(Provider):
    """A vendor's API over HTTP, bound to one config: address, key, errors and sockets are settled here.

    A simple vendor sets the class attributes and writes its primitives with `self.client`.
    """

    base_url: ClassVar[str]
    """The vendor's own address, where a config has none."""

    key_variables: ClassVar[tuple[str, ...]] = ()
    """Environment variables that hold a key; empty where no key is needed."""

    key_header: ClassVar[str] = "Authorization"
    key_prefix: ClassVar[str] = "Bearer "

    def __init__(self, config: GenerationConfig) -> None:
        self.config = config
        self.connection = self.connect(config)
        self.endpoint = self.connection.base_url

    @cached_property
    def client(self) -> HttpClient:
        """Sends the requests."""
        return HttpClient(self.connection, read_error=self.read_error)

    def connect(self, config: GenerationConfig) -> Connection:
        """Returns the way to the vendor; reads the environment now.

        Raises:
            ConfigurationError: there is no key, or an address or a header that is none.
        """
        key = KeySource.of(config, *self.key_variables) if self.key_variables else None
        address = config.base_url or self.base_url
        return Connection.of(config, address, key, key_header=self.key_header, key_prefix=self.key_prefix)

    def redacted(self) -> redacted_errors:
        """Returns a context in which an error that quotes the key is masked, wherever it was made."""
        return redacted_errors(self.connection)

    def read_error(self, answer: Answer) -> TarashError:
        """Returns what an answer with a status of 300 or above means."""
        return read_error(answer)

    def run(self, steps: Steps[ReturnT], timeout: float) -> ReturnT:
        """Sends the requests of `steps`, within `timeout` seconds; what `both_flavours` makes calls this."""
        return run_steps(self.client, steps, timeout)

    async def run_async(self, steps: Steps[ReturnT], timeout: float, *, aside: bool = False) -> ReturnT:
        """The twin of `run`; see `run_steps_async` for `aside`."""
        return await run_steps_async(self.client, steps, timeout, aside=aside)

    def new_job(self, kind: type[JobT], model: str, **fields: Any) -> JobT:
        """Makes a job of this provider without an id, for a reader to fill in.

        Args:
            kind: `VideoJob` or `ImageJob`.
            model: the model's name on the wire.
            fields: what else is known.
        """
        return kind(**{"provider": self.config.provider, "model": model, "id": "", "endpoint": self.endpoint, **fields})

    def download_result(self, job: VideoJob, sink: Sink, index: int = 0) -> Steps[None]:  # noqa: ARG002 # there is one
        """Downloads the one result of a job whose status named its address: steps for `both_flavours`."""
        with download_errors(job, sink):
            yield DownloadStep(result_file_request(job), sink)
