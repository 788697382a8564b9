"""The addresses of both backends: the Gemini API, and Vertex AI, whose paths name a project and a location. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from tarash.tarash_gateway.models import VideoJob

GOOGLE = ".googleapis.com"
"""Google's own hosts: what they name is asked for at the address of the config, which may be a proxy before them."""

_FILE = re.compile(r"/files/([A-Za-z0-9_-]{1,200})(?::download)?$")


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are at one server."""

    root: str
    """The address without a version."""

    version: str
    project: str | None = None
    location: str | None = None

    @property
    def of_vertex(self) -> bool:
        """Whether these are Vertex AI's."""
        return self.project is not None

    def interactions(self, job_id: str | None = None, verb: str | None = None) -> str:
        """The interactions, or one of them, or what is done with it."""
        parts = [part for part in (job_id, verb) if part is not None]
        return "/".join((f"{self._base()}/interactions", *(_segment(part) for part in parts)))

    def model(self, name: str, verb: str) -> str:
        """What a model does, such as `generateContent`."""
        publisher = "/publishers/google" if self.of_vertex else ""
        return f"{self._base()}{publisher}/models/{_segment(name)}:{verb}"

    def upload(self) -> str:
        """Where the upload of a file begins."""
        return f"{self.root}/upload/{self.version}/files"

    def file(self, name: str) -> str:
        """What is known of an uploaded file."""
        return f"{self._base()}/files/{_segment(name)}"

    def download(self, name: str) -> str:
        """The bytes of a file that was made."""
        return f"{self.file(name)}:download?alt=media"

    def at_own_origin(self, url: str) -> str:
        """An address of the vendor's, at the origin that requests go to: it may be behind a proxy."""
        parts = urlsplit(url)
        own = urlsplit(self.root)
        # A proxy below a path has that path in front; the vendor does not know of it.
        prefix = "" if parts.path.startswith(f"{own.path}/") else own.path
        return f"{own.scheme}://{own.netloc}{prefix}{parts.path}{f'?{parts.query}' if parts.query else ''}"

    def file_of(self, uri: str) -> str | None:
        """The name of a file of the Files API in an address of it; None where the address is somewhere else."""
        parts, own = urlsplit(uri), urlsplit(self.root)
        if parts.netloc != own.netloc and not (parts.hostname or "").endswith(GOOGLE):
            return None
        found = _FILE.search(parts.path)
        return found[1] if found else None

    def of_job(self, job: VideoJob) -> Places:
        """The places of a job, which may be in another project than the config."""
        project, location = job.provider_data.get("project"), job.provider_data.get("location")
        if not self.of_vertex or not isinstance(project, str) or not isinstance(location, str):
            return self
        return replace(self, project=project, location=location)

    def _base(self) -> str:
        home = f"/projects/{_segment(self.project)}/locations/{_segment(self.location or '')}" if self.project else ""
        return f"{self.root}/{self.version}{home}"


def _segment(text: str) -> str:
    """A name as one segment of a path, whatever is in it."""
    return quote(text, safe="")
