"""Vertex AI: the same models below a project and a location, and Veo, whose jobs are operations."""

from __future__ import annotations

import re
from dataclasses import replace

from tarash.tarash_gateway.errors import ConfigurationError, UnsupportedOperationError
from tarash.tarash_gateway.models import GenerationConfig, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import PreparedRequest, VideoStatus, read_variable
from tarash.tarash_gateway.plugins.http import Answer, Connection, KeySource, Steps
from tarash_gateway_google import omni, veo
from tarash_gateway_google.credentials import find_credentials
from tarash_gateway_google.interactions import Video, read_interaction
from tarash_gateway_google.provider import GoogleProvider
from tarash_gateway_google.urls import Urls, split_version

VERTEX_VERSION = "v1beta1"
PROJECT_VARIABLE = "GOOGLE_CLOUD_PROJECT"
LOCATION_VARIABLE = "GOOGLE_CLOUD_LOCATION"
ANYWHERE = "global"
"""The location where the config names none."""

_NAME = re.compile(r"[a-z0-9][a-z0-9:.-]{0,99}")


class VertexProvider(GoogleProvider):
    """Vertex AI in one project and location."""

    key_variables = ()
    key_header = "Authorization"
    key_prefix = "Bearer "

    def connect(self, config: GenerationConfig) -> Connection:
        """Returns the connection of a config, its project and its location; reads the environment now."""
        self._location = _named(config, "location", LOCATION_VARIABLE) or ANYWHERE
        credentials = self._credentials = find_credentials(config)
        project = _named(config, "project", PROJECT_VARIABLE) or credentials.project
        if project is None:
            msg = (
                f"there is no project for {config.provider!r}: give provider_config={{'project': …, 'location': …}}, "
                f"or set {PROJECT_VARIABLE}"
            )
            raise ConfigurationError(msg, provider=config.provider, model=config.model)
        self._project = project
        connection = super().connect(
            config.model_copy(update={"base_url": config.base_url or _home_of(self._location)})
        )
        quota = credentials.quota_project
        headers = (*connection.headers, ("x-goog-user-project", quota)) if quota else connection.headers
        key = KeySource(credentials.key, identity=credentials.key_id)
        return replace(connection, key=key, headers=headers)

    @property
    def key_origin(self) -> str:
        """Where a key is looked for, for the text of an error."""
        return self._credentials.source

    def _urls(self) -> Urls:
        _, version = split_version(self.config.base_url or _home_of(self._location))
        version = self.config.api_version or version or VERTEX_VERSION
        return Urls(self.endpoint, version, self._project, self._location)

    def _home(self) -> dict[str, str]:
        return {"project": self.urls.project or "", "location": self.urls.location or ""}

    def _begin(self, prepared: PreparedRequest[VideoGenerationRequest], notes: list[str]) -> Steps[Answer]:
        if _is_veo(prepared.model):
            return (yield from veo.submit(self.urls, prepared))
        return (yield from omni.submit(self.urls, prepared, self._uploads, notes))

    def _read_job(self, job: VideoJob) -> Steps[Answer]:
        poll = veo.poll if _is_veo(job.model) else omni.poll
        return (yield from poll(self.urls, job))

    def _cancel(self, job: VideoJob) -> Steps[VideoStatus]:
        if _is_veo(job.model):
            msg = f"{job.model} has no way to cancel a job; it goes on, and is billed"
            raise UnsupportedOperationError(msg)
        return (yield from super()._cancel(job))

    def _read(self, answer: Answer, job: VideoJob) -> tuple[VideoStatus, list[Video]]:
        return veo.read_operation(answer, job) if _is_veo(job.model) else read_interaction(answer, job, self.urls)


def _is_veo(model: str) -> bool:
    return model.startswith(veo.FAMILY)


def _home_of(location: str) -> str:
    prefix = "" if location == ANYWHERE else f"{location}-"
    return f"https://{prefix}aiplatform.googleapis.com"


def _named(config: GenerationConfig, entry: str, variable: str) -> str | None:
    value = config.provider_config.get(entry) or read_variable(variable)
    if value is None or (isinstance(value, str) and _NAME.fullmatch(value)):
        return value
    msg = f"{entry} must be the {entry}'s id as Google writes it, such as 'my-project' or 'us-central1'"
    raise ConfigurationError(msg, provider=config.provider, model=config.model)
