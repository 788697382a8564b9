"""A vendor whose images are jobs, as a plugin over the HTTP kit; and what its author may do instead."""

from __future__ import annotations

import time
from datetime import date

from tarash.tarash_gateway.capabilities import ImageModel
from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import ImageJob
from tarash.tarash_gateway.plugins import HTTP_SETTINGS, ImageAnswer, ImageOutput, ImageStatus, ProviderSpec, hookimpl
from tarash.tarash_gateway.plugins.http import HttpProvider, HttpRequest, creation_errors, job_errors, path_segment

SPEC = ProviderSpec(
    name="acme_prints",
    api_version=1,
    title="Acme Prints",
    key_variables=("ACME_PRINTS_API_KEY",),
    settings=HTTP_SETTINGS,
    image_models=(
        ImageModel(
            model="acme-print-1",
            max_images=4,
            unsupported=("image_list", "mask_image", "negative_prompt", "quality", "style", "background", "size"),
            source="https://docs.acme.test/prints",
            checked_on=date(2026, 11, 30),
        ),
    ),
)


class PrintsProvider(HttpProvider):
    """One request for each primitive; the gateway does the rest."""

    base_url = "https://api.acme.test/v1"
    key_variables = ("ACME_PRINTS_API_KEY",)
    key_header, key_prefix = "x-acme-key", ""

    def submit_image(self, prepared, *, timeout):
        body = {"model": prepared.model, "text": prepared.request.prompt, "copies": prepared.request.n}
        body |= {"seed": prepared.request.seed} if prepared.request.seed is not None else {}
        request = HttpRequest("POST", "/prints", {**body, **prepared.request.extra_params})
        with creation_errors():
            answer = self.client.send(request, timeout).object()
            if not isinstance(answer.get("print"), str):
                msg = "the answer holds no id of a print"
                raise InvalidResponseError(msg)
        job = ImageJob(provider=self.config.provider, model=prepared.model, id=answer["print"], endpoint=self.endpoint)
        return ImageStatus.of(job, status=answer.get("state"), outputs=prepared.request.n)

    def poll_image(self, job, *, timeout):
        with job_errors(job):
            answer = self.client.send(HttpRequest("GET", f"/prints/{path_segment(job.id)}"), timeout).object()
        return ImageStatus.of(job, status=answer.get("state"), error=answer.get("why"))

    def fetch_image(self, job, *, timeout):
        with job_errors(job):
            answer = self.client.send(HttpRequest("GET", f"/prints/{path_segment(job.id)}/files"), timeout).object()
        if answer.get("refused"):
            msg = "the vendor's moderation refused the print"
            raise ContentPolicyError(msg, stage="output")
        return ImageAnswer([ImageOutput(url=url) for url in answer["files"]])

    def cancel_image(self, job, *, timeout):
        with job_errors(job):
            answer = self.client.send(HttpRequest("POST", f"/prints/{path_segment(job.id)}/stop"), timeout).object()
        return ImageStatus.of(job, status=answer.get("state"))


class _OneCall(PrintsProvider):
    """Waits in `generate_image`; then it has no jobs for the gateway."""

    submit_image = poll_image = fetch_image = cancel_image = None

    def begun(self, prepared, job):
        """What it tells of the job."""

    def generate_image(self, prepared, *, timeout):
        report = PrintsProvider.submit_image(self, prepared, timeout=timeout)
        self.begun(prepared, report.job)
        while report.job.status != "completed":
            time.sleep(0.01)
            report = PrintsProvider.poll_image(self, report.job, timeout=timeout)
        return PrintsProvider.fetch_image(self, report.job, timeout=timeout)


class NaiveProvider(_OneCall):
    """The natural plugin, which pays twice."""


class TellingProvider(_OneCall):
    """The same, which says that a job exists."""

    def begun(self, prepared, job):
        prepared.created(job.id)


@hookimpl
def tarash_provider_specs():
    yield SPEC


@hookimpl
def tarash_create_provider(config):
    return PrintsProvider(config)
