"""Media: a picture or a clip, in memory, in a file, or still at a URL."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from tarash.tarash_gateway.errors import DownloadError
from tarash.tarash_gateway.media.saving import Exists, atomic_file, check_place
from tarash.tarash_gateway.media.structure import inspect_file, inspect_media
from tarash.tarash_gateway.records import Record


class Media(Record):
    """A picture or a clip, with what its own bytes say about it.

    `print(media)` gives one short line. Equal media have equal bytes, or the same URL where there are none.
    """

    content_type: str = "application/octet-stream"
    """Read from the bytes, never taken from the vendor's word."""

    width: int | None = None
    """Pixels."""

    height: int | None = None
    """Pixels."""

    duration_seconds: float | None = None
    """Seconds, for a clip."""

    url: str | None = None
    """Where the vendor keeps it; most such addresses expire within hours."""

    path: Path | None = None
    """The file, when `save_to` was given."""

    size_bytes: int | None = None
    """Bytes."""

    revised_prompt: str | None = Field(default=None, repr=False)
    """The prompt as the model rewrote it, where the vendor says so."""

    data: bytes | None = Field(default=None, repr=False)
    """The bytes when they are held in memory; `content` is the way to read them wherever they are."""

    _sha256: str | None = PrivateAttr(default=None)

    @classmethod
    def from_bytes(cls, data: bytes, **known: Any) -> Self:
        """A picture or a clip in memory.

        Raises:
            BrokenMediaError: `data` is not one whole picture or clip.
        """
        facts = inspect_media(data)
        return cls(
            data=data,
            content_type=facts.content_type,
            width=facts.width,
            height=facts.height,
            duration_seconds=facts.duration_seconds,
            size_bytes=len(data),
            **known,
        )

    @classmethod
    def from_file(cls, path: Path | str, **known: Any) -> Self:
        """A picture or a clip in a file, which is not read into memory.

        Raises:
            BrokenMediaError: the file is not one whole picture or clip.
        """
        path = Path(path)
        facts = inspect_file(path)
        return cls(
            path=path,
            content_type=facts.content_type,
            width=facts.width,
            height=facts.height,
            duration_seconds=facts.duration_seconds,
            size_bytes=path.stat().st_size,
            **known,
        )

    @property
    def content(self) -> bytes:
        """The bytes: those in memory, or read from the file.

        Raises:
            DownloadError: there is only a URL, or the file is gone or changed.
        """
        if self.data is not None:
            return self.data
        if self.path is None:
            msg = (
                f"the bytes were not downloaded; the vendor's address of them is {self.url}"
                if self.url
                else "there are no bytes"
            )
            raise DownloadError(msg)
        try:
            data = self.path.read_bytes()
        except OSError as error:
            msg = f"{self.path} cannot be read: {error.strerror or error}"
            raise DownloadError(msg) from error
        if self._sha256 is not None and hashlib.sha256(data).hexdigest() != self._sha256:
            msg = f"{self.path} has changed since it was saved"
            raise DownloadError(msg)
        return data

    @property
    def sha256(self) -> str | None:
        """The hex digest of the bytes, computed when first asked for; None where there is only a URL.

        Raises:
            DownloadError: the file is gone.
        """
        if self._sha256 is None and (self.data is not None or self.path is not None):
            self._sha256 = hashlib.sha256(self.content).hexdigest()
        return self._sha256

    def with_digest(self, sha256: str) -> Self:
        """The same media, whose file is known to have this digest: one that changes later is not taken for it."""
        known = self.model_copy()
        known._sha256 = sha256  # noqa: SLF001 # its own class
        return known

    def save(self, path: Path | str, exists: Exists = "error") -> Path:
        """Writes the bytes to `path`: the file is either whole or not there.

        Args:
            path: the file; its folder must exist.
            exists: what becomes of a file that is already there: `error`, `replace` or `skip`.

        Returns:
            The path as given.

        Raises:
            SaveError: the file cannot be written, or is there already.
            DownloadError: there are no bytes to save.
        """
        place = Path(path)
        content = self.content
        if check_place(place, exists):
            with atomic_file(place, exists) as file:
                file.write(content)
        return place

    def __str__(self) -> str:
        if self.data is None and self.path is None:
            return self.url or "<no media>"
        shape = f" {self.width}x{self.height}" if self.width and self.height else ""
        length = f", {self.duration_seconds:g} s" if self.duration_seconds else ""
        return f"<{self.content_type}{shape}{length}, {_readable(self.size_bytes or 0)}>"

    def __repr__(self) -> str:
        return f"Media({self})"

    @model_serializer(mode="wrap")
    def _with_digest(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        if self.path is not None:
            with suppress(DownloadError):  # a file that is gone is dumped as what is known of it
                dumped["sha256"] = self.sha256
        return dumped

    @model_validator(mode="wrap")
    @classmethod
    def _keep_digest(cls, value: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        media = build(value)
        known = value.get("sha256") if isinstance(value, dict) else None
        if isinstance(known, str):
            media._sha256 = known  # noqa: SLF001 # its own class
        return media

    def __eq__(self, other: object) -> bool:
        # Whether somebody has looked at the digest makes no difference.
        return isinstance(other, Media) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.content_type, self.url, self.path, self.size_bytes))


def _readable(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
