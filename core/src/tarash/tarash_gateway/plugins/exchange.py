"""What core and a provider hand each other: requests, answers, reports of jobs, and the sink of a download."""

from __future__ import annotations

import math
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Self, TypeVar

from tarash.tarash_gateway.errors import DownloadError, MediaTooLargeError, SaveError
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob, VideoJob
from tarash.tarash_gateway.models.request import ImageGenerationRequest, Role, VideoGenerationRequest

if TYPE_CHECKING:
    from tarash.tarash_gateway._redaction import Redaction
    from tarash.tarash_gateway.capabilities.price import TokenKind
    from tarash.tarash_gateway.capabilities.rows import ModelRow

RequestT = TypeVar("RequestT", ImageGenerationRequest, VideoGenerationRequest)
JobT = TypeVar("JobT", bound=GenerationJob)

LONGEST_WORD = 100
"""Characters of a vendor's status word or error code that a job keeps."""


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

    @property
    def data_url(self) -> str:
        """The file as a data URL."""
        return f"data:{self.content_type};base64,{b64encode(self.content).decode('ascii')}"


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
    listener: Callable[..., None] | None = None


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

    def report(
        self, *, progress: float | None = None, message: str | None = None, queue_position: int | None = None
    ) -> None:
        """Tells the caller's progress callback how far the request is. From any thread; it raises nothing.

        Args:
            progress: percent, 0 to 100.
            message: one line.
            queue_position: requests that the vendor does before this one.
        """
        listener = self.control.listener
        if listener is not None:
            listener(progress=progress, message=message, queue_position=queue_position)

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
    """A partial image of a stream."""

    output: ImageOutput
    index: int = 0
    """Its place among the partial images, from 0."""


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
        from tarash.tarash_gateway._redaction import Redaction  # noqa: PLC0415 # few answers are about jobs
        from tarash.tarash_gateway.plugins.http import error_body, values  # noqa: PLC0415 # as above

        redaction = redaction or Redaction()
        evidence = {"error": error, "completed_at": completed_at, "progress": progress}
        meaning = values.read_status(status, evidence) or ("queued" if status is None and not job.id else "in_progress")
        percent = values.read_number(progress.rstrip("% ") if isinstance(progress, str) else progress)
        body = error_body.read_error_body(error if values.says_something(error) else None)
        fields: dict[str, Any] = {
            "id": values.read_id(id),
            "status": meaning,
            "progress": None if percent is None else min(max(percent, 0.0), 100.0),
            "created_at": values.read_time(created_at),
            "completed_at": values.read_time(completed_at),
            "expires_at": values.read_time(expires_at),
            "duration_seconds": values.read_number(duration_seconds),
            "error_code": None if body.code is None else redaction.text(body.code)[:LONGEST_WORD],
            "error_message": None if body.message is None else redaction.text(body.message),
            "size": size,
            "outputs": outputs,
            "provider_request_id": provider_request_id,
            "queue_position": queue_position,
        }
        changes = {name: value for name, value in fields.items() if value is not None}
        # A word that the vendor used for an earlier status is not kept; what else it does not repeat is.
        is_plain = status is None or status == meaning
        changes["vendor_status"] = None if is_plain else redaction.text(status)[:LONGEST_WORD]
        if provider_data:
            changes["provider_data"] = {**job.provider_data, **provider_data}
        return cls(job.model_copy(update=changes), **beside)


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

    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The request as sent: `prompt`, `size`, `duration_seconds`, …"""

    @property
    def asked(self) -> Mapping[str, Any]:
        """The name that `request` had in 1.0."""
        return self.request


class Sink:
    """Takes a download piece by piece and knows whether it is whole. Made by core, filled by a provider."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._expected: int | None = None
        self.offset = 0
        """Bytes that are there; a provider asks the vendor for the rest."""

        self.content_type: str | None = None
        """What the vendor calls it; only used to explain what is not a video."""

    @property
    def closed(self) -> bool:
        """Whether what it writes to was closed."""
        return self._file.closed

    def begin(self, *, length: int | None, resumed: bool = False, content_type: str | None = None) -> None:
        """Notes what the headers of an answer say; a provider calls it before the first piece.

        Args:
            length: bytes that follow, as the vendor says; None where it does not.
            resumed: whether the answer continues at `offset` (a 206) or begins again.
            content_type: the vendor's word for what follows.
        """
        if not resumed and self.offset:
            self.restart()
        self._expected = None if length is None else self.offset + length
        self.content_type = content_type

    def write(self, chunk: bytes) -> None:
        """Takes the next piece.

        Raises:
            MediaTooLargeError: more bytes than the limit.
            SaveError: the disk is full or gone.
        """
        if self.offset + len(chunk) > self._limit:
            msg = f"the download has more than {self._limit:,} bytes; it was stopped"
            raise MediaTooLargeError(msg)
        try:
            self._file.write(chunk)
        except OSError as error:
            msg = f"the download cannot be written: {error.strerror or error}"
            raise SaveError(msg, errno=error.errno) from error
        self.offset += len(chunk)

    def check_whole(self) -> None:
        """Compares what came with what was promised.

        Raises:
            DownloadError: bytes are missing; asking for the rest may help.
        """
        if self._expected is not None and self.offset < self._expected:
            msg = f"the download was cut: {self.offset:,} of {self._expected:,} bytes came"
            raise DownloadError(msg, retryable=True)

    def restart(self) -> None:
        """Throws away what came: it was not what it should be."""
        self._file.seek(0)
        self._file.truncate()
        self.offset = 0


LostVideo = UnconfirmedSubmit
"""The name of `UnconfirmedSubmit` in 1.0."""

Prepared = PreparedRequest
"""The name of `PreparedRequest` in 1.0."""
