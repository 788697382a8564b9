"""Media: an image or a video, in memory, in a file, or still at a URL."""

import hashlib
import os
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

from tarash.tarash_gateway._environment import expand_home
from tarash.tarash_gateway.errors import DownloadError, SaveError
from tarash.tarash_gateway.media.files import Exists, atomic_file, check_place
from tarash.tarash_gateway.media.reader import MediaFacts, open_regular
from tarash.tarash_gateway.media.sidecar import Origin, check_sidecar, write_sidecar
from tarash.tarash_gateway.records import FrozenModel, clip


class Media(FrozenModel):
    """An image or a video, with what its own bytes say about it.

    `print(media)` gives one short line. Equal media have equal bytes, or the same URL where there are none.
    """

    content_type: str = "application/octet-stream"
    """Read from the bytes, never taken from the vendor's word."""

    width: int | None = None
    """Pixels."""

    height: int | None = None
    """Pixels."""

    duration_seconds: float | None = None
    """Seconds, of a video."""

    verified: bool = False
    """Whether the bytes were checked and are one whole image or video. False where they were not read, where their
    kind is not checked (AVIF, TIFF) and where bytes follow their end; `unverified_reason` says which."""

    unverified_reason: str | None = Field(default=None, repr=False)
    """Why bytes that were checked are not verified."""

    url: str | None = None
    """Where the vendor keeps it; most such addresses expire within hours."""

    path: Path | None = None
    """The file, when `save_to` was given."""

    size_bytes: int | None = None
    """Bytes."""

    revised_prompt: str | None = Field(default=None, repr=False)
    """The prompt as the model rewrote it, where the vendor says so."""

    seed: int | None = Field(default=None, repr=False)
    """The seed that it was made with, where the vendor says so."""

    data: bytes | None = Field(default=None, repr=False)
    """The bytes when they are held in memory; `content` is the way to read them wherever they are. A pickle has them
    only where they are in no file."""

    _sha256: str | None = PrivateAttr(default=None)
    _named: bool = PrivateAttr(default=False)
    """Whether the path comes from JSON: then its file is read only where it has the digest that stands beside it."""
    _saved: Path | None = PrivateAttr(default=None)
    """The path of the last `save`."""
    _origin: Origin | None = PrivateAttr(default=None)

    @classmethod
    def from_bytes(cls, data: bytes, **fields: Any) -> Self:
        """Makes media of bytes.

        Raises:
            BrokenMediaError: `data` is not an image or a video, or is cut.
        """
        from tarash.tarash_gateway.media.structure import inspect_media  # noqa: PLC0415 # the readers of all formats

        return cls(data=data, size_bytes=len(data), **_fields_of(inspect_media(data)), **fields)

    @classmethod
    def from_file(cls, path: Path | str, **fields: Any) -> Self:
        """Makes media of a file, which is not read into memory.

        Raises:
            BrokenMediaError: the file is not an image or a video, or is cut.
        """
        path = expand_home(path)
        from tarash.tarash_gateway.media.structure import inspect_file  # noqa: PLC0415 # see above

        facts = inspect_file(path)
        return cls(path=path, size_bytes=path.stat().st_size, **_fields_of(facts), **fields)

    @property
    def content(self) -> bytes:
        """The bytes: those in memory, or read from the file.

        Raises:
            DownloadError: there is only a URL, or the file is gone or changed, or JSON named it without its digest.
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
        self._refuse_named(self.path)
        changed = f"{self.path} has changed since it was saved"
        try:
            with open_regular(self.path) as file:
                if self._named and self.size_bytes not in {None, os.fstat(file.fileno()).st_size}:
                    raise DownloadError(changed)
                data = file.read()
        except OSError as error:
            raise _cannot_read(self.path, error) from error
        if self._sha256 is not None and hashlib.sha256(data).hexdigest() != self._sha256:
            raise DownloadError(changed)
        return data

    @property
    def sha256(self) -> str | None:
        """The hex digest of the bytes, computed on first use; None where there is only a URL.

        Raises:
            DownloadError: the file is gone, or JSON named it without its digest.
        """
        if self._sha256 is None and self.data is not None:
            self._sha256 = hashlib.sha256(self.data).hexdigest()
        elif self._sha256 is None and self.path is not None:
            self._refuse_named(self.path)
            self._sha256 = _digest_of(self.path)
        return self._sha256

    def _refuse_named(self, path: Path) -> None:
        if self._named and self._sha256 is None:
            msg = f"{path} is not read: JSON named it without its sha256. If it is yours, give Media.from_file(path)."
            raise DownloadError(msg)

    def with_digest(self, sha256: str) -> Self:
        """Copies the media with the digest of their file: a file that changes later is refused."""
        copy = self.model_copy()
        copy._sha256 = sha256  # noqa: SLF001 # its own class
        return copy

    def with_origin(self, origin: Origin) -> Self:
        """Returns the media with the call that made them: themselves, or a copy where they have another one."""
        if self._origin == origin:
            return self
        copy = self if self._origin is None else self.model_copy()
        copy._origin = origin  # noqa: SLF001 # its own class
        return copy

    def save(self, path: Path | str, exists: Exists = "error", *, sidecar: bool = False) -> Path:
        """Writes the bytes to `path`: the file is either whole or not there.

        Args:
            path: the file; its folder must exist.
            exists: what to do about a file that is already there: `error`, `replace` or `skip`.
            sidecar: write `path` with `.json` behind it too: prompt, provider, model, parameters, adjustments, cost,
                time and digest. `exists` holds for it as for the file; a file that is no sidecar is never replaced.

        Returns:
            The path as given.

        Raises:
            SaveError: the file or its sidecar cannot be written, or is there already.
            DownloadError: there are no bytes to save.
        """
        place = expand_home(path)
        content = self.content
        to_write = check_place(place, exists)
        if sidecar:
            check_sidecar(place, exists)
        if to_write:
            with atomic_file(place, exists) as file:
                file.write(content)
            self._saved = place.absolute()
        # With `skip`, another file may be at that place: these facts are not about it.
        if sidecar and (exists != "skip" or _digest_of(place) == self.sha256):
            write_sidecar(place, self._facts(), exists)
        return place

    def write_sidecar(self, exists: Exists = "error") -> Path:
        """Writes the sidecar of the file that `save_to` made, as `save(path, sidecar=True)` does.

        Args:
            exists: what to do about a sidecar that is already there: `error`, `replace` or `skip`.

        Returns:
            The sidecar's path: that of the file with `.json` behind it.

        Raises:
            SaveError: it cannot be written or is there already, or these media are in no file.
            DownloadError: the file is gone.
        """
        if self.path is None:
            msg = "these media are in no file yet: save(path, sidecar=True) writes both"
            raise SaveError(msg)
        return write_sidecar(self.path, self._facts(), exists)

    def _facts(self) -> dict[str, Any]:
        """Returns the facts of a sidecar: of the bytes, and of the call where it is known."""
        call = (self._origin or Origin()).facts()
        kind = self.content_type.partition("/")[0]
        return {
            "sha256": self.sha256,
            "content_type": self.content_type,
            "width": self.width,
            "height": self.height,
            "duration_seconds": self.duration_seconds,
            "size_bytes": self.size_bytes,
            "kind": kind if kind in ("image", "video") else None,
            "verified": self.verified,
            "prompt": call.pop("prompt"),
            "revised_prompt": self.revised_prompt,
            "seed": self.seed,
            **call,
        }

    def _repr_mimebundle_(self, **_options: Any) -> Any:
        from tarash.tarash_gateway.display.notebook import media_bundle  # noqa: PLC0415 # only where something is shown

        return media_bundle(self)

    def __str__(self) -> str:
        if self.data is None and self.path is None:
            return clip(self.url or "<no media>")
        shape = f" {self.width}x{self.height}" if self.width and self.height else ""
        length = f", {self.duration_seconds:g} s" if self.duration_seconds else ""
        return f"<{self.content_type}{shape}{length}, {_readable(self.size_bytes or 0)}>"

    def __repr__(self) -> str:
        return f"Media({self})"

    @model_serializer(mode="wrap")
    def _with_digest(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        if self.path is not None:
            with suppress(DownloadError):  # a file that is gone is dumped without its digest
                dumped["sha256"] = self.sha256
        return dumped

    @model_validator(mode="wrap")
    @classmethod
    def _keep_digest(cls, value: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        media = build(value)
        if isinstance(value, dict):
            digest, path = value.get("sha256"), value.get("path")
            media._sha256 = digest if isinstance(digest, str) else media._sha256  # noqa: SLF001 # its own class
            media._named = path is not None and not isinstance(path, Path)  # noqa: SLF001 # its own class
        return media

    def __getstate__(self) -> dict[Any, Any]:
        """Pickles media in a file as path and digest: their bytes are read when they are needed."""
        place = self.path if self.data is None else self._saved
        with suppress(DownloadError):  # the file is gone: its facts are all that there is
            if place is not None and (self.data is None or _digest_of(place) == self.sha256):
                digest = self.sha256
                state = super().__getstate__()
                state["__dict__"] = {**state["__dict__"], "data": None, "path": place.absolute()}
                state["__pydantic_private__"] = {**state["__pydantic_private__"], "_sha256": digest}
                return state
        return super().__getstate__()

    def __eq__(self, other: object) -> bool:
        # Whether the digest was computed makes no difference.
        return isinstance(other, Media) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.content_type, self.url, self.path, self.size_bytes))


def _fields_of(facts: MediaFacts) -> dict[str, Any]:
    return {
        "content_type": facts.content_type,
        "width": facts.width,
        "height": facts.height,
        "duration_seconds": facts.duration_seconds,
        "verified": facts.verified,
        "unverified_reason": facts.unverified_reason,
    }


def _readable(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def _digest_of(path: Path) -> str:
    """Computes the hex digest of a file, which is not read into memory."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: Path, error: OSError) -> DownloadError:
    msg = f"{path} cannot be read: {error.strerror or error}"
    return DownloadError(msg)
