"""The paths of both backends: the Gemini API, and Vertex AI, whose paths name a project and a location. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tarash.tarash_gateway.errors import ConfigurationError, InvalidResponseError
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins.http import check_base_url, path_segment

GOOGLE = ".googleapis.com"
"""Google's own hosts: what they name is asked for at the address of the config, which may be a proxy before them."""

_VERSION = re.compile(r"v[0-9]+(?:(?:alpha|beta)[0-9]*)?")
_FILE = re.compile(r"/files/([A-Za-z0-9_-]{1,200})(?::download)?$")


@dataclass(frozen=True, slots=True)
class Urls:
    """The paths of one server, below `root`."""

    root: str
    """The address without a version: the connection's base URL."""

    version: str
    project: str | None = None
    location: str | None = None

    @property
    def of_vertex(self) -> bool:
        """Whether they are Vertex AI's."""
        return self.project is not None

    def interactions(self, job_id: str | None = None, verb: str | None = None) -> str:
        """Returns the interactions, or one of them, or what is done with it."""
        parts = [path_segment(part) for part in (job_id, verb) if part is not None]
        return "/".join((f"{self._base()}/interactions", *parts))

    def model(self, name: str, verb: str) -> str:
        """Returns what a model does, such as `generateContent`."""
        publisher = "/publishers/google" if self.of_vertex else ""
        return f"{self._base()}{publisher}/models/{path_segment(name)}:{verb}"

    def upload(self) -> str:
        """Returns where the upload of a file begins."""
        return f"/upload/{self.version}/files"

    def file(self, name: str) -> str:
        """Returns what is known of an uploaded file."""
        return f"{self._base()}/files/{path_segment(name)}"

    def download(self, name: str) -> str:
        """Returns the bytes of a file that was made."""
        return f"{self.file(name)}:download?alt=media"

    def own_path(self, url: str) -> str:
        """Returns path and query of a vendor's address, below `root`, which may be a proxy before the vendor.

        Raises:
            InvalidResponseError: it is no address of http or https; a path alone would be read as part of a host.
        """
        try:
            parts, own = urlsplit(url), urlsplit(self.root)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path.startswith("/")
        except ValueError:  # half of an IPv6 address
            usable = False
        if not usable or not url.isascii() or not url.isprintable():
            msg = "the vendor names an address for an upload that is none; nothing was sent to it"
            raise InvalidResponseError(msg, billable="no")
        # A proxy below a path has that path in front; the vendor does not know of it.
        path = parts.path.removeprefix(own.path) if parts.path.startswith(f"{own.path}/") else parts.path
        return f"{path}?{parts.query}" if parts.query else path

    def file_of(self, uri: str) -> str | None:
        """Returns the name of a file of the Files API in an address of it; None where the address is somewhere else."""
        try:
            parts, own = urlsplit(uri), urlsplit(self.root)
        except ValueError:  # half of an IPv6 address
            return None
        if parts.netloc != own.netloc and not (parts.hostname or "").endswith(GOOGLE):
            return None
        found = _FILE.search(parts.path)
        return found[1] if found else None

    def of_job(self, job: VideoJob) -> Urls:
        """Returns the urls of a job, which may be in another project than the config."""
        project, location = job.provider_data.get("project"), job.provider_data.get("location")
        if not self.of_vertex or not isinstance(project, str) or not isinstance(location, str):
            return self
        return replace(self, project=project, location=location)

    def _base(self) -> str:
        if self.project is None:
            return f"/{self.version}"
        return f"/{self.version}/projects/{path_segment(self.project)}/locations/{path_segment(self.location or '')}"


def split_version(url: str) -> tuple[str, str | None]:
    """Returns an address without the version that it may end with, and that version.

    Raises:
        ConfigurationError: it is no address, carries a password, or a query.
    """
    plain = check_base_url(url)
    if "?" in url:
        msg = f"base_url of {urlsplit(plain).hostname} has a query, which this provider does not send; leave it out"
        raise ConfigurationError(msg)
    before, _, last = plain.rpartition("/")
    return (before, last) if _VERSION.fullmatch(last) and urlsplit(before).hostname else (plain, None)
