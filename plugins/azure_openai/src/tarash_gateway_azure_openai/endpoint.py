"""Where requests go: one reading of every spelling that an Azure address comes in. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.plugins.http import check_base_url

AZURE_HOSTS = re.compile(r"\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)$")
"""Microsoft's own hosts: whatever path is behind them, the API is at `/openai`."""

DATED = re.compile(r"\d{4}-\d{2}-\d{2}(-[a-z]+)?")
"""A version of the deployments route; `v1`, `preview` and `latest` are the v1 route's."""

_BEHIND_OPENAI = frozenset(("v1", "deployments", "images", "videos", "video", "models", "responses", "chat"))
"""What may follow the API's own `openai` in a path; another `openai` is part of a gateway's prefix."""

Query = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A resource's address, taken apart."""

    root: str
    """The URL that both routes begin with, as in `https://RESOURCE.openai.azure.com/openai`."""

    api_version: str | None = None
    """The version that goes out."""

    query: Query = field(default=(), repr=False)
    """Other parameters of the address, such as a gateway's; they may hold its key."""

    @property
    def dated(self) -> bool:
        """Whether the version is a dated one, which the v1 route refuses."""
        return self.api_version is not None and DATED.fullmatch(self.api_version) is not None

    @property
    def v1(self) -> str:
        """The base URL of the v1 route."""
        return f"{self.root}/v1"

    @property
    def v1_query(self) -> Query:
        """The query of the v1 route: without a dated version."""
        return self.query if self.dated else self._versioned()

    def deployment(self, name: str) -> str:
        """Returns the base URL of the deployments route."""
        return f"{self.root}/deployments/{quote(name, safe='')}"

    @property
    def deployment_query(self) -> Query:
        """The query of the deployments route."""
        return self._versioned()

    def _versioned(self) -> Query:
        return (*self.query, ("api-version", self.api_version)) if self.api_version else self.query


def read_endpoint(url: str, api_version: str | None = None, default_version: str | None = None) -> Endpoint:
    """Returns the endpoint that an address means.

    Args:
        url: A resource's address, bare or with any part of the API's path behind it, or a gateway's.
        api_version: The version that is asked for; it wins over the address's own.
        default_version: The version where neither names one.

    Raises:
        ConfigurationError: it is no http or https URL, carries a password, or the version is none.
    """
    plain, _, rest = url.strip().partition("?")
    parts = urlsplit(check_base_url(plain.partition("#")[0]))
    parameters = parse_qsl(rest.partition("#")[0], keep_blank_values=True)
    in_url = next((value for name, value in parameters if _is_version(name) and value), None)
    host = parts.hostname or ""
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    origin = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
    prefix = "/openai" if AZURE_HOSTS.search(host) else _api_path(parts.path)
    return Endpoint(
        root=origin + prefix,
        api_version=_checked(api_version or in_url or default_version),
        query=tuple((name, value) for name, value in parameters if not _is_version(name)),
    )


def _is_version(name: str) -> bool:
    return name.lower() == "api-version"


def _checked(version: str | None) -> str | None:
    if version and version[0].isdigit() and not DATED.fullmatch(version):
        msg = (
            f"api_version {version!r} is no version: a dated one is YYYY-MM-DD or YYYY-MM-DD-preview; "
            "leave it out for the v1 route"
        )
        raise ConfigurationError(msg)
    return version or None


def _api_path(path: str) -> str:
    """Returns the path at which a gateway has the API: its prefix, and what the routes begin with."""
    segments = [segment for segment in path.split("/") if segment]
    for at, segment in enumerate(segments):
        if segment == "openai" and _BEHIND_OPENAI.issuperset(segments[at + 1 : at + 2]):
            return _joined(segments[: at + 1])
    if "deployments" in segments:
        return _joined(segments[: segments.index("deployments")])
    if segments[-1:] == ["v1"]:
        return _joined(segments[:-1])
    return _joined([*segments, "openai"])


def _joined(segments: list[str]) -> str:
    return "".join(f"/{segment}" for segment in segments)
