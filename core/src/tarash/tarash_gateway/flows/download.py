"""The videos of a finished job on their way to memory or to files, which appear when they are whole.

A download is continued where it was cut, and begun again once where what came is not a whole video.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from tarash.tarash_gateway.errors import (
    ConnectionFailedError,
    DownloadError,
    GenerationTimeoutError,
    InvalidResponseError,
    JobExpiredError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    SaveError,
    TarashError,
)
from tarash.tarash_gateway.flows.commands import Blocking, Flow, Now, ProviderCall, Sleep
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.flows.jobs import attach_job
from tarash.tarash_gateway.flows.outputs import broken_media
from tarash.tarash_gateway.flows.recording import record, record_video
from tarash.tarash_gateway.flows.retry import send_reading
from tarash.tarash_gateway.media.files import Exists, atomic_file, cannot_write, keep_part, numbered
from tarash.tarash_gateway.media.structure import BrokenMediaError
from tarash.tarash_gateway.models.job import VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.plugins.exchange import Sink
from tarash.tarash_gateway.plugins.http.request import VIDEO_BYTES
from tarash.tarash_gateway.plugins.provider import Provider

RESUME = "It costs nothing to fetch it again: resume_video(config, error.job)."

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of one video in memory; a longer one wants `save_to`."""

FILE_LIMIT = VIDEO_BYTES
"""Bytes of one video in a file."""

GIVEN_UP = "the download was given up"


def download(
    context: Context, provider: Provider, job: VideoJob, save_to: Path | None = None, exists: Exists = "error"
) -> Flow[list[Media]]:
    """Fetches the videos of a finished job. A failure costs nothing: the job keeps them until it expires."""
    videos: list[Media] = []
    policy = context.policy
    try:
        yield context.emit("downloading", progress=job.progress, job=job)
        for index in range(job.outputs):
            sink = _sink_of(save_to, index, exists)
            call = ProviderCall(provider, Provider.download_video, (job, sink), {"index": index})
            tries, problem = 0, None
            try:
                yield Blocking(sink.open)
                while True:
                    try:
                        yield from send_reading(context, call, max_tries=policy.download_tries, job=job)
                    except TarashError as error:
                        raise _ended(error, job) from (error if _is_passing(error) else error.__cause__)
                    if sink.closed:
                        msg = f"{call.label} closed what it was to write to. This is a defect of the plugin."
                        raise PluginError(msg, billable="yes")
                    # Hashing and syncing 200 MB takes a second, which no event loop should stand still for.
                    result = yield Blocking(sink.finish)
                    if isinstance(result, Media):
                        break
                    tries += 1
                    broken = isinstance(result, BrokenMediaError)
                    if tries >= policy.download_tries or (broken and isinstance(problem, BrokenMediaError)):
                        raise _not_whole(sink, job, result) from result
                    if broken:
                        sink.restart()
                    problem = result
                    context.log(logging.WARNING, "the download of job %s is not whole (%s), it goes on", job.id, result)
                    delay = policy.first_delay * 2.0 ** (tries - 1)
                    yield Sleep(min(delay, max(context.deadline - (yield Now()), 0.0)))
            except GeneratorExit:  # nobody answers a command any more
                sink.close()
                raise
            except BaseException:
                yield Blocking(sink.close)
                raise
            videos.append(result)
            yield from record_video(context, job, result)
        yield context.emit("completed", progress=100.0, job=job)
    except BaseException as error:
        attach_job(error, job, context)
        if isinstance(error, JobExpiredError):
            yield from record(context, "failed", result_of=job, error=error)
        raise
    return videos


def _sink_of(save_to: Path | None, index: int, exists: Exists) -> MediaSink:
    return MemorySink() if save_to is None else FileSink(save_to.with_stem(numbered(save_to.stem, index)), exists)


_PASSING = (ConnectionFailedError, DownloadError, InvalidResponseError, ProviderUnavailableError, RateLimitError)
"""What a download may run into that says nothing of the video."""


def _is_passing(error: TarashError) -> bool:
    return isinstance(error, _PASSING) or (isinstance(error, GenerationTimeoutError) and error.__cause__ is not None)


def _ended(error: TarashError, job: VideoJob) -> TarashError:
    """Names what ended the tries: the video is there all the same, unless the vendor says that it is not."""
    if not _is_passing(error):
        return error
    msg = f"the video of job {job.id} could not be fetched: {str(error).rstrip('.')}. {RESUME}"
    return DownloadError(msg, status_code=error.status_code, code=error.code, raw=error.raw, retryable=True)


def _not_whole(sink: MediaSink, job: VideoJob, problem: DownloadError | BrokenMediaError) -> DownloadError:
    kind = f" ({sink.content_type})" if sink.content_type else ""
    reason = problem.described if isinstance(problem, BrokenMediaError) else str(problem)
    part = sink.keep_broken(reason)
    place = "" if part is None else f" What came is in {part.path or 'error.media'}."
    msg = f"what came for job {job.id} is not a whole video{kind}: {reason}. {RESUME}{place}"
    return DownloadError(msg, media=part)


class MediaSink(Sink):
    """A sink that becomes media."""

    def media(self) -> Media:
        """Returns the video, its structure checked.

        Raises:
            BrokenMediaError: what came is not one whole video.
        """
        raise NotImplementedError

    def finish(self) -> Media | DownloadError | BrokenMediaError:
        """Returns the video; or what is wrong with what came."""
        try:
            self.check_whole()
            return self.media()
        except (DownloadError, BrokenMediaError) as error:
            return error

    def keep_broken(self, reason: str) -> Media | None:
        """Keeps what came although it is no whole video, for whoever can use it; None where nothing came.

        Args:
            reason: why it is not whole.
        """
        raise NotImplementedError

    def open(self) -> None:
        """Makes ready to be written to."""

    def close(self) -> None:
        """Lets go of what was not kept."""


class MemorySink(MediaSink):
    """A video in memory."""

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._buffer = io.BytesIO()
        super().__init__(self._buffer, limit)

    def media(self) -> Media:
        """Returns the video; its bytes are the buffer's own, not a copy."""
        return Media.from_bytes(self._buffer.getvalue())

    def keep_broken(self, reason: str) -> Media | None:
        """Returns the bytes that came."""
        data = self._buffer.getvalue()
        return broken_media(data, reason, data=data, size_bytes=len(data)) if data else None


class FileSink(MediaSink):
    """A video in a file, which appears at its place once `media` found it whole.

    Opening, finishing and closing are for a thread of their own: a call may be broken off in the middle of one.
    """

    def __init__(self, path: Path, exists: Exists, limit: int = FILE_LIMIT) -> None:
        self._path, self._exists = path, exists
        self._place: AbstractContextManager[BinaryIO] | None = None
        self._over = False
        self._step = Lock()
        super().__init__(io.BytesIO(), limit)  # nothing is written to it: `open` comes first

    def open(self) -> None:
        """Opens the file beside its place.

        Raises:
            SaveError: the folder is missing or cannot be written to.
        """
        with self._step:
            if not self._over:
                place = atomic_file(self._path, self._exists)
                self._file = place.__enter__()
                self._place = place

    def media(self) -> Media:
        """Returns the video in its file."""
        with self._step:
            if self._over or self._place is None:
                raise SaveError(GIVEN_UP)
            try:
                self._file.flush()
            except OSError as error:
                raise cannot_write(self._path, error) from error
            part = Path(os.fsdecode(self._file.name))
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            Media.from_file(part)  # raises before the file gets its name
            self._over = True
            self._place.__exit__(None, None, None)
        try:
            kept = Media.from_file(self._path)
        except BrokenMediaError as error:
            msg = f"{self._path} appeared in the meantime, was kept, and is not a whole video: {error}"
            raise SaveError(msg) from error
        if self._exists != "skip":
            return kept.with_digest(digest)
        # Somebody else's file may be at that place: then the digest is its own.
        with self._path.open("rb") as file:
            same = hashlib.file_digest(file, "sha256").hexdigest() == digest
        return kept.with_digest(digest) if same else kept

    def keep_broken(self, reason: str) -> Media | None:
        """Keeps the file as `NAME.incomplete` beside its place."""
        with self._step:
            if self._over or self._place is None or not self.offset:
                return None
            part = Path(os.fsdecode(self._file.name))
            try:
                self._file.flush()
                with part.open("rb") as file:
                    head = file.read(4096)
                kept = keep_part(part, self._file, self._path.with_name(f"{self._path.name}.incomplete"))
            except OSError:  # a full disk: the error says why the download is not whole
                return None
        return broken_media(head, reason, path=kept, size_bytes=self.offset)

    def close(self) -> None:
        """Removes a file that is not whole."""
        with self._step:
            over, self._over = self._over, True
            if self._place is not None and not over:
                self._place.__exit__(SaveError, SaveError(GIVEN_UP), None)


def existing_video(place: Path) -> Media:
    """Reads the video in a file that was there before.

    Raises:
        SaveError: it is not a whole video.
    """
    try:
        return Media.from_file(place)
    except BrokenMediaError as error:
        msg = f"{place} is already there and is not a whole video: {error}. Remove it, or give exists='replace'."
        raise SaveError(msg) from error
    except OSError as error:
        msg = f"{place} was already there and cannot be read: {error.strerror or error}. Give exists='replace'."
        raise SaveError(msg, errno=error.errno) from error
