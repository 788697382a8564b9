"""The videos of a finished job on their way to memory or to files, which appear when they are whole.

A download is continued where it was cut, and begun again once where what came is not a whole clip.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

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
from tarash.tarash_gateway.flows.recording import record, record_video
from tarash.tarash_gateway.flows.retry import send_reading
from tarash.tarash_gateway.media.files import Exists, atomic_file, cannot_write, keep_part, numbered
from tarash.tarash_gateway.media.structure import BrokenMediaError, sniff
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
    try:
        yield context.emit("downloading", progress=job.progress, job=job)
        for index in range(job.outputs):
            if save_to is None:
                sink: MediaSink = MemorySink()
            else:
                sink = FileSink(save_to.with_stem(numbered(save_to.stem, index)), exists)
            transfer = _Transfer(context, provider, job, sink, index)
            try:
                yield Blocking(sink.open)
                while transfer.video is None:
                    if transfer.tries:
                        yield Sleep(transfer.pause((yield Now())))
                    try:
                        yield from send_reading(
                            context, transfer.call, max_tries=context.policy.download_tries, job=job
                        )
                    except TarashError as error:
                        transfer.fail(error)
                    transfer.refuse_closed()
                    # Hashing and syncing 200 MB takes a second, which no event loop should stand still for.
                    transfer.take((yield Blocking(sink.finish)))
            except GeneratorExit:  # nobody answers a command any more
                sink.close()
                raise
            except BaseException:
                yield Blocking(sink.close)
                raise
            videos.append(transfer.video)
            yield from record_video(context, job, transfer.video)
        yield context.emit("completed", progress=100.0, job=job)
    except BaseException as error:
        attach_job(error, job, context)
        if isinstance(error, JobExpiredError):
            yield from record(context, "failed", result_of=job, error=error)
        raise
    return videos


class _Transfer:
    """One video on its way into a sink, and what went wrong so far."""

    def __init__(self, context: Context, provider: Provider, job: VideoJob, sink: MediaSink, index: int) -> None:
        self._context, self._job, self._sink = context, job, sink
        self.tries = 0
        self._problem: DownloadError | BrokenMediaError | None = None
        self.call = ProviderCall(provider, Provider.download_video, (job, sink), {"index": index})
        self.video: Media | None = None

    def pause(self, now: float) -> float:
        """Seconds to wait before the next try."""
        delay: float = self._context.policy.first_delay * 2.0 ** (self.tries - 1)
        return min(delay, max(self._context.deadline - now, 0.0))

    def fail(self, error: TarashError) -> None:
        """Raises what ended the tries: the video is there all the same, unless the vendor says that it is not."""
        passed = isinstance(error, GenerationTimeoutError) and error.__cause__ is not None
        if not passed and not isinstance(error, _PASSING):
            raise error
        msg = f"the video of job {self._job.id} could not be fetched: {str(error).rstrip('.')}. {RESUME}"
        raise DownloadError(
            msg, status_code=error.status_code, code=error.code, raw=error.raw, retryable=True
        ) from error

    def refuse_closed(self) -> None:
        """Makes sure that the plugin left open what it was to write to."""
        if self._sink.closed:
            msg = f"{self.call.label} closed what it was to write to. This is a defect of the plugin."
            raise PluginError(msg, billable="yes")

    def take(self, result: Media | DownloadError | BrokenMediaError) -> None:
        """Takes what the sink holds; where it is not whole, another try follows.

        Raises:
            DownloadError: there were enough tries.
        """
        self.tries += 1
        if isinstance(result, Media):
            self.video = result
            return
        again = self.tries < self._context.policy.download_tries
        if isinstance(result, BrokenMediaError):
            again = again and not isinstance(self._problem, BrokenMediaError)
            if again:
                self._sink.restart()
        self._problem = result
        if not again:
            kind = f" ({self._sink.content_type})" if self._sink.content_type else ""
            why = result.described if isinstance(result, BrokenMediaError) else str(result)
            kept = self._sink.keep_broken(why)
            where = "" if kept is None else f" What came is in {kept.path or 'error.media'}."
            msg = f"what came for job {self._job.id} is not a whole clip{kind}: {why}. {RESUME}{where}"
            raise DownloadError(msg, media=kept) from result
        self._context.log(logging.WARNING, "the download of job %s is not whole (%s), it goes on", self._job.id, result)


_PASSING = (ConnectionFailedError, DownloadError, InvalidResponseError, ProviderUnavailableError, RateLimitError)
"""What a download may run into that says nothing of the clip."""


class MediaSink(Sink):
    """A sink that becomes media."""

    def media(self) -> Media:
        """The clip, its structure checked.

        Raises:
            BrokenMediaError: what came is not one whole clip.
        """
        raise NotImplementedError

    def finish(self) -> Media | DownloadError | BrokenMediaError:
        """The clip; or what is wrong with what came."""
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
    """A clip in memory."""

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._buffer = io.BytesIO()
        super().__init__(self._buffer, limit)

    def media(self) -> Media:
        """The clip; its bytes are the buffer's own, not a copy."""
        return Media.from_bytes(self._buffer.getvalue())

    def keep_broken(self, reason: str) -> Media | None:
        """The bytes that came."""
        data = self._buffer.getvalue()
        return _broken(data[:_HEAD], reason, data=data, size_bytes=len(data)) if data else None


class FileSink(MediaSink):
    """A clip in a file, which appears at its place once `media` found it whole.

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
        """The clip in its file."""
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
            msg = f"{self._path} appeared in the meantime, was kept, and is not a whole clip: {error}"
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
                    head = file.read(_HEAD)
                kept = keep_part(part, self._file, self._path.with_name(f"{self._path.name}.incomplete"))
            except OSError:  # a full disk: what is told is why the download is not whole
                return None
        return _broken(head, reason, path=kept, size_bytes=self.offset)

    def close(self) -> None:
        """Removes a file that is not whole."""
        with self._step:
            over, self._over = self._over, True
            if self._place is not None and not over:
                self._place.__exit__(SaveError, SaveError(GIVEN_UP), None)


_HEAD = 4096
"""Bytes that tell what came in place of a video."""


def _broken(head: bytes, reason: str, **known: Any) -> Media:
    kind = sniff(head) or "application/octet-stream"
    return Media(content_type=kind, unverified_reason=reason, **known)


def existing_video(place: Path) -> Media:
    """Reads the video in a file that was there before.

    Raises:
        SaveError: it is not a whole clip.
    """
    try:
        return Media.from_file(place)
    except BrokenMediaError as error:
        msg = f"{place} is already there and is not a whole clip: {error}. Remove it, or give exists='replace'."
        raise SaveError(msg) from error
    except OSError as error:
        msg = f"{place} was already there and cannot be read: {error.strerror or error}. Give exists='replace'."
        raise SaveError(msg, errno=error.errno) from error
