"""Where a provider puts a download: it writes piece by piece, core decides whether it goes to memory or to a file."""

from __future__ import annotations

from typing import BinaryIO

from tarash.tarash_gateway.errors import DownloadError, MediaTooLargeError, SaveError


class Sink:
    """Takes a download piece by piece and knows whether it is whole. Made by core, filled by a provider."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._expected: int | None = None
        self.offset = 0
        """Bytes that are there; a provider asks the vendor for the rest."""

        self.content_type: str | None = None
        """What the vendor calls it; only used to explain what is not a clip."""

    @property
    def closed(self) -> bool:
        """Whether what it writes to was closed."""
        return self._file.closed

    def begin(self, *, length: int | None, resumed: bool = False, content_type: str | None = None) -> None:
        """Told by a provider once the headers of an answer are there.

        Args:
            length: bytes that follow, as the vendor says; None where it does not.
            resumed: whether the answer continues at `offset` (a 206) or begins anew.
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
