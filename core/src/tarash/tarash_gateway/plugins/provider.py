"""What a plugin gives: a provider bound to one config, with the primitives that core's flows are made of."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

from tarash.tarash_gateway.errors import UnsupportedOperationError
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob, VideoJob
from tarash.tarash_gateway.models.request import ImageGenerationRequest, Role, VideoGenerationRequest

if TYPE_CHECKING:
    from tarash.tarash_gateway._redaction import Redaction
    from tarash.tarash_gateway.capabilities.price import TokenKind
    from tarash.tarash_gateway.capabilities.rows import ModelRow
    from tarash.tarash_gateway.plugins.sink import Sink

RequestT = TypeVar("RequestT", ImageGenerationRequest, VideoGenerationRequest)
JobT = TypeVar("JobT", bound=GenerationJob)


@dataclass(frozen=True, slots=True)
class InputFile:
    """An input image, fetched and looked at, ready to be sent."""

    name: str
    """A file name whose ending fits the content type."""

    content: bytes = field(repr=False)
    content_type: str
    role: Role = "reference"
    width: int | None = None
    height: int | None = None


@dataclass(slots=True)
class RequestControl:
    """What core and a plugin tell each other while one request runs. Made by core."""

    provider: str = ""
    concurrency: int | None = None
    """Calls of the provider that run at a time; None for no limit."""

    deadline: float = math.inf
    """When the time of the call ends, by `time.monotonic`."""

    stopped: bool = False
    """Whether nobody waits for the result any more."""

    job_id: str | None = None
    listener: Callable[[float | None, str | None], None] | None = None


@dataclass(frozen=True, slots=True)
class PreparedRequest(Generic[RequestT]):
    """A request that was checked and converted: what goes out is what is in it."""

    model: str
    """The model's name on the wire."""

    request: RequestT
    """The request with every substitute in place and every unsupported field taken out."""

    request_id: str
    """Our id of the call."""

    row: ModelRow | None = None
    """The capability row that the request was checked against; None where the model has none."""

    images: tuple[InputFile, ...] = ()
    """The bytes of `request.image_list`, in its order."""

    mask: InputFile | None = None

    control: RequestControl = field(default_factory=RequestControl, repr=False, compare=False)
    """What the three below work with."""

    def created(self, job_id: str) -> None:
        """Notes that the vendor has a job for this request: from here on nothing is sent again, whatever goes wrong.

        For a provider that makes several requests in `generate_image`. One whose images are jobs gives `submit_image`,
        `poll_image` and `fetch_image` instead, so that a crash loses nothing.
        """
        if self.control.job_id is None:
            self.control.job_id = job_id

    def report(self, *, progress: float | None = None, message: str | None = None) -> None:
        """Tells the caller's progress callback how far the request is. From any thread; it raises nothing.

        Args:
            progress: percent, 0 to 100.
            message: one line.
        """
        listener = self.control.listener
        if listener is not None:
            listener(progress, message)

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the result any more: the caller left, or the time of the call is over."""
        return self.control.stopped or time.monotonic() >= self.control.deadline


@dataclass(frozen=True, slots=True)
class ImageOutput:
    """One image of an answer, with every source that the answer gives for it: core tries one after the other."""

    base64: str | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    url: str | None = field(default=None, repr=False)
    """An address, or a data URL. A relative one is read against the provider's `endpoint`."""

    revised_prompt: str | None = field(default=None, repr=False)

    seed: int | None = None
    """The seed that it was made with, where the vendor tells or the model is yours."""

    others: tuple[str, ...] = field(default=(), repr=False)
    """Further sources, base64 or addresses, for when the first ones are broken."""

    error: str | None = field(default=None, repr=False)
    """Why the vendor did not make this one of several images; nothing else is given then."""


@dataclass(frozen=True, slots=True)
class ImageAnswer:
    """What a vendor answered to one image request."""

    outputs: Sequence[ImageOutput]
    provider_request_id: str | None = None
    usage: dict[str, Any] | None = None
    cost: float | None = None
    """US dollars, where the vendor tells."""

    tokens: Mapping[TokenKind, int] | None = field(default_factory=dict)
    """What the vendor counted, by kind, where it counts tokens: core prices it. None where a count cannot be read, so
    that the cost is not known."""

    warnings: Sequence[str] = ()
    raw: dict[str, Any] | None = field(default=None, repr=False)
    """The answer as parsed JSON; core takes the base64 out of it."""


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A partial picture of a stream."""

    output: ImageOutput
    index: int = 0
    """Its place among the partial pictures, from 0."""


@dataclass(frozen=True, slots=True)
class JobReport(Generic[JobT]):
    """What a vendor answered when a job was submitted, polled or cancelled."""

    job: JobT
    poll_after: float | None = None
    """Seconds the vendor asks to wait before the next poll."""

    usage: dict[str, Any] | None = None
    cost: float | None = None
    """US dollars, where the vendor tells."""

    raw: dict[str, Any] | None = field(default=None, repr=False)

    warnings: Sequence[str] = ()
    """What else the caller should know, such as results that were filtered out of a job."""

    @classmethod
    def of(
        cls,
        job: JobT,
        *,
        id: object = None,  # noqa: A002 # the job's own name for it
        status: object = None,
        progress: object = None,
        error: object = None,
        created_at: object = None,
        completed_at: object = None,
        expires_at: object = None,
        duration_seconds: object = None,
        size: str | None = None,
        outputs: int | None = None,
        provider_request_id: str | None = None,
        provider_data: Mapping[str, Any] | None = None,
        queue_position: int | None = None,
        redaction: Redaction | None = None,
        **beside: Any,
    ) -> Self:
        """Reads what an answer says of `job` in the vendor's own values; what it does not say stays as it was.

        Args:
            job: what is known of the job.
            id: the vendor's id, text or number.
            status: the vendor's word, in any spelling; an unknown one gives way to `error`, `completed_at` and a
                `progress` of 100, and is taken as running where they say nothing either.
            progress: percent, 0 to 100, as a number or as text.
            error: what went wrong, in any shape: text, list, object with `code` and `message`.
            created_at: seconds since 1970, or ISO 8601; as `completed_at` and `expires_at`.
            completed_at: when the job was done.
            expires_at: when the vendor deletes the result.
            duration_seconds: the video's length, as a number or as text.
            size: pixels, WIDTHxHEIGHT.
            outputs: results that the job made, at least 1.
            provider_request_id: the vendor's id of the HTTP request.
            provider_data: what the provider needs besides the id; added to what the job has.
            queue_position: jobs that the vendor does before this one.
            redaction: takes keys and prompts out of what is shown of `error`.
            beside: further fields of the report, such as `usage`, `cost` and `raw`.
        """
        from tarash.tarash_gateway.plugins.http.job_fields import job_fields  # noqa: PLC0415 # it needs this module

        news = job_fields(
            job,
            id=id,
            status=status,
            progress=progress,
            error=error,
            created_at=created_at,
            completed_at=completed_at,
            expires_at=expires_at,
            duration_seconds=duration_seconds,
            redaction=redaction,
        )
        told: dict[str, Any] = {"size": size, "outputs": outputs, "provider_request_id": provider_request_id}
        told["queue_position"] = queue_position
        news |= {name: value for name, value in told.items() if value is not None}
        if provider_data:
            news["provider_data"] = {**job.provider_data, **provider_data}
        return cls(job.model_copy(update=news), **beside)


@dataclass(frozen=True, slots=True)
class VideoStatus(JobReport[VideoJob]):
    """What a vendor answered about a video job."""


@dataclass(frozen=True, slots=True)
class ImageStatus(JobReport[ImageJob]):
    """What a vendor answered about an image job."""


@dataclass(frozen=True, slots=True)
class UnconfirmedSubmit:
    """A submit whose answer was lost: what to look for in the vendor's job list."""

    model: str
    """The model's name on the wire."""

    since: datetime
    """When the request was about to be sent, UTC. The vendor's clock may differ by a minute."""

    asked: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The request as sent: `prompt`, `size`, `duration_seconds`, …"""


class Provider(Protocol):
    """A vendor, bound to one config.

    It translates and calls. It never loops, sleeps, retries or falls back: core does. Each primitive has an `_async`
    twin; one of the two is enough, core bridges the other. What is left out is answered with
    `UnsupportedOperationError`.

    Every primitive takes `timeout`, the seconds that are left of the call, and raises errors of
    `tarash.tarash_gateway.errors` only. An error of a creating primitive says in `billable` whether something may have
    been created: `no` where the vendor refused or was not reached, `unknown` where the answer was lost.
    """

    endpoint: str
    """The base URL that requests go to."""

    def generate_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        """Creates pictures with one request. Creating: it is sent at most once for each call of this function."""
        raise _cannot(self, "generate images")

    async def generate_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageAnswer:
        """The twin of `generate_image`."""
        raise _cannot(self, "generate images")

    def stream_image(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        """Creates a picture and gives its partial pictures as they come, then the answer. A generator function.

        Creating: the request goes out when the first item is asked for, at most once. Closing the generator closes the
        connection.
        """
        raise _cannot(self, "stream images")

    def stream_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        """The twin of `stream_image`: an async generator function."""
        raise _cannot(self, "stream images")

    def submit_image(self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float) -> ImageStatus:
        """Submits a job and returns as soon as the vendor has it. Creating: sent at most once.

        For vendors whose images are jobs; `generate_image` is then not needed: core submits, polls and fetches.
        """
        raise _cannot(self, "submit image jobs")

    async def submit_image_async(
        self, prepared: PreparedRequest[ImageGenerationRequest], *, timeout: float
    ) -> ImageStatus:
        """The twin of `submit_image`."""
        raise _cannot(self, "submit image jobs")

    def poll_image(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        """Asks once how an image job is."""
        raise _cannot(self, "poll image jobs")

    async def poll_image_async(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        """The twin of `poll_image`."""
        raise _cannot(self, "poll image jobs")

    def fetch_image(self, job: ImageJob, *, timeout: float) -> ImageAnswer:
        """Reads the result of a completed image job. It costs nothing, so that core may ask again."""
        raise _cannot(self, "fetch image jobs")

    async def fetch_image_async(self, job: ImageJob, *, timeout: float) -> ImageAnswer:
        """The twin of `fetch_image`."""
        raise _cannot(self, "fetch image jobs")

    def cancel_image(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        """Cancels an image job; what it has cost so far may still be billed."""
        raise _cannot(self, "cancel image jobs")

    async def cancel_image_async(self, job: ImageJob, *, timeout: float) -> ImageStatus:
        """The twin of `cancel_image`."""
        raise _cannot(self, "cancel image jobs")

    def submit_video(self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float) -> VideoStatus:
        """Submits a job and returns as soon as the vendor has it. Creating: sent at most once."""
        raise _cannot(self, "generate videos")

    async def submit_video_async(
        self, prepared: PreparedRequest[VideoGenerationRequest], *, timeout: float
    ) -> VideoStatus:
        """The twin of `submit_video`."""
        raise _cannot(self, "generate videos")

    def poll_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """Looks at a job once."""
        raise _cannot(self, "look at video jobs")

    async def poll_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """The twin of `poll_video`."""
        raise _cannot(self, "look at video jobs")

    def find_video(self, lost: UnconfirmedSubmit, *, timeout: float) -> Sequence[VideoJob]:
        """The jobs of the vendor's list that were made since `lost.since`, newest first; for vendors that have a list.

        Core decides which of them it is: it compares `job.asked["prompt"]`, `job.model`, `job.size` and
        `job.duration_seconds` with what was asked, as far as the vendor tells them. Where the vendor pages, this reads
        on until `lost.since`.
        """
        raise _cannot(self, "list video jobs")

    async def find_video_async(self, lost: UnconfirmedSubmit, *, timeout: float) -> Sequence[VideoJob]:
        """The twin of `find_video`."""
        raise _cannot(self, "list video jobs")

    def download_video(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        """Streams video number `index` of a finished job into `sink`.

        Where `sink.offset` is above 0, earlier bytes are there already: ask for the rest if the vendor can. Call
        `sink.begin(…)` once the answer's headers are there, then `sink.write(chunk)` for each piece.
        """
        raise _cannot(self, "download videos")

    async def download_video_async(self, job: VideoJob, sink: Sink, *, timeout: float, index: int = 0) -> None:
        """The twin of `download_video`."""
        raise _cannot(self, "download videos")

    def cancel_video(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """Cancels a job; what it has cost so far may still be billed."""
        raise _cannot(self, "cancel video jobs")

    async def cancel_video_async(self, job: VideoJob, *, timeout: float) -> VideoStatus:
        """The twin of `cancel_video`."""
        raise _cannot(self, "cancel video jobs")

    def fetch_models(self, *, timeout: float) -> Sequence[ModelRow]:
        """The capability rows as the vendor tells them at this moment, for vendors that publish them.

        Called by `refresh_models` only, never while a request is made. What of the vendor's answer cannot be read as a
        row is left out.
        """
        raise _cannot(self, "list models")

    async def fetch_models_async(self, *, timeout: float) -> Sequence[ModelRow]:
        """The twin of `fetch_models`."""
        raise _cannot(self, "list models")


def _cannot(provider: object, what: str) -> UnsupportedOperationError:
    msg = f"{type(provider).__name__} cannot {what}"
    return UnsupportedOperationError(msg)


LostVideo = UnconfirmedSubmit
"""The name of `UnconfirmedSubmit` in 1.0."""

Prepared = PreparedRequest
"""The name of `PreparedRequest` in 1.0."""
