"""The provider: every model is a job in one queue. It builds a request, sends it, reads the answer.

A submit is sent once, and to one host: it is not repeated on the vendor's second domain, as its own client does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from tarash.tarash_gateway.capabilities import ImageModel, Price, VideoModel
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import (
    GenerationConfig,
    ImageGenerationRequest,
    ImageJob,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import ImageAnswer, ImageStatus, PreparedRequest, VideoStatus, read_variable
from tarash.tarash_gateway.plugins.http import (
    Answer,
    Connection,
    HttpClient,
    HttpProvider,
    KeySource,
    Steps,
    both_flavours,
    creation_errors,
    job_errors,
    run_steps,
    run_steps_async,
)
from tarash_gateway_fal.answers import (
    failure_of,
    is_still_running,
    read_cancelled,
    read_failure,
    read_images,
    read_state,
    read_submitted,
    read_video,
)
from tarash_gateway_fal.requests import (
    cancel_request,
    image_request,
    models_request,
    prices_request,
    result_request,
    status_request,
    video_request,
)
from tarash_gateway_fal.rows import read_models, read_prices

PLATFORM = "https://api.fal.ai/v1"
"""Where models and prices are listed, another host than the queue's."""

MOST_PAGES = 40
"""Pages of the list of models that are read: 2,000 models."""

PRICED_AT_ONCE = 50
"""Models whose prices are asked for in one request."""


class FalProvider(HttpProvider):
    """fal's queue, bound to one config."""

    base_url: ClassVar[str] = "https://queue.fal.run"
    key_variables: ClassVar[tuple[str, ...]] = ("FAL_KEY",)
    key_prefix: ClassVar[str] = "Key "

    def connect(self, config: GenerationConfig) -> Connection:
        name, secret = read_variable("FAL_KEY_ID"), read_variable("FAL_KEY_SECRET")
        if config.api_key is None and read_variable("FAL_KEY") is None and name and secret:
            key = KeySource(f"{name}:{secret}")
            return Connection.of(config, config.base_url or self.base_url, key, key_prefix=self.key_prefix)
        return super().connect(config)

    def read_error(self, answer: Answer) -> TarashError:
        return read_failure(answer)

    def _submit_image(self, prepared: PreparedRequest[ImageGenerationRequest]) -> Steps[ImageStatus]:
        with creation_errors():
            answer = yield image_request(prepared)
            job = self.new_job(ImageJob, prepared.model)
            return read_submitted(answer, job, ImageStatus, _unit_price(prepared.row))

    def _poll_image(self, job: ImageJob) -> Steps[ImageStatus]:
        with job_errors(job):
            return read_state((yield status_request(job)), job, ImageStatus)

    def _fetch_image(self, job: ImageJob) -> Steps[ImageAnswer]:
        try:
            answer = yield result_request(job)
        except TarashError as error:
            if is_still_running(error):
                error.retryable = True
            raise failure_of(error, job) from error.__cause__
        return read_images(answer, job)

    def _cancel_image(self, job: ImageJob) -> Steps[ImageStatus]:
        with job_errors(job):
            return read_cancelled((yield cancel_request(job)), job, ImageStatus)

    def _submit_video(self, prepared: PreparedRequest[VideoGenerationRequest]) -> Steps[VideoStatus]:
        with creation_errors():
            answer = yield video_request(prepared)
            job = self.new_job(VideoJob, prepared.model)
            return read_submitted(answer, job, VideoStatus, _unit_price(prepared.row))

    def _poll_video(self, job: VideoJob) -> Steps[VideoStatus]:
        """Asks for a job's status, and where it is completed for its result: only that says how it ended."""
        with job_errors(job):
            try:
                status = read_state((yield status_request(job)), job, VideoStatus)
                if status.job.status != "completed":
                    return status
                result = yield result_request(job)
            except TarashError as error:
                if is_still_running(error):
                    return VideoStatus.of(job, status="IN_PROGRESS")
                raise failure_of(error, job) from error.__cause__
            return read_video(result, status.job)

    def _cancel_video(self, job: VideoJob) -> Steps[VideoStatus]:
        with job_errors(job):
            return read_cancelled((yield cancel_request(job)), job, VideoStatus)

    submit_image, submit_image_async = both_flavours(_submit_image)
    poll_image, poll_image_async = both_flavours(_poll_image)
    fetch_image, fetch_image_async = both_flavours(_fetch_image)
    cancel_image, cancel_image_async = both_flavours(_cancel_image)
    submit_video, submit_video_async = both_flavours(_submit_video)
    poll_video, poll_video_async = both_flavours(_poll_video)
    cancel_video, cancel_video_async = both_flavours(_cancel_video)
    download_video, download_video_async = both_flavours(HttpProvider.download_result)

    def fetch_models(self, *, timeout: float) -> Sequence[ImageModel | VideoModel]:
        return run_steps(self._platform(), _list_models(), timeout)

    async def fetch_models_async(self, *, timeout: float) -> Sequence[ImageModel | VideoModel]:
        return await run_steps_async(self._platform(), _list_models(), timeout, aside=True)

    def _platform(self) -> HttpClient:
        # Where something stands in the vendor's place, it stands in the platform's too: the key goes to no other host.
        default = PLATFORM if self.config.base_url is None else self.endpoint
        url = self.config.provider_config.get("platform_url") or default
        connection = Connection.of(self.config, url, self.connection.source, key_prefix=self.key_prefix)
        return HttpClient(connection, read_error=self.read_error)


def _list_models() -> Steps[list[ImageModel | VideoModel]]:
    """Reads the platform's models page by page, each page with its prices."""
    today = datetime.now(UTC).date()
    rows: list[ImageModel | VideoModel] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = (yield models_request(cursor)).object()
        names = [entry["endpoint_id"] for entry in page.get("models", ()) if isinstance(entry.get("endpoint_id"), str)]
        prices: dict[str, Price] = {}
        if names:
            try:
                prices = read_prices((yield prices_request(names[:PRICED_AT_ONCE])).object(), today)
            except TarashError:
                prices = {}  # rows without prices are better than none
        rows += read_models(page, prices, today)
        cursor = page.get("next_cursor") if page.get("has_more") is True else None
        if not isinstance(cursor, str):
            break
    return rows


def _unit_price(row: Any) -> float | None:
    """Returns the US dollars of one unit, where a row has just one figure."""
    price = getattr(row, "price", None)
    figures = [] if price is None else [figure for table in price.tables().values() for figure in table.values()]
    return figures[0] if len(figures) == 1 else None
