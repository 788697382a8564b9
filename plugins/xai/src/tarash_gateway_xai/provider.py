"""The provider: builds a request, sends it, reads the answer. It never loops, sleeps or retries.

The vendor has no list of jobs and cancels none, so there is no `find_video` and no `cancel_video`.
"""

from __future__ import annotations

from typing import ClassVar

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, PreparedRequest, VideoStatus
from tarash.tarash_gateway.plugins.http import (
    Answer,
    HttpProvider,
    Steps,
    both_flavours,
    creation_errors,
    job_errors,
)
from tarash_gateway_xai.answers import read_failure, read_images, read_status, read_submitted
from tarash_gateway_xai.requests import image_request, status_request, video_request


class XaiProvider(HttpProvider):
    """xAI's REST API, bound to one config."""

    base_url: ClassVar[str] = "https://api.x.ai/v1"
    key_variables: ClassVar[tuple[str, ...]] = ("XAI_API_KEY",)

    def read_error(self, answer: Answer) -> TarashError:
        return read_failure(answer)

    def _generate_image(self, prepared: PreparedRequest[ImageGenerationRequest]) -> Steps[ImageAnswer]:
        return read_images((yield image_request(prepared)), prepared.model)

    def _submit_video(self, prepared: PreparedRequest[VideoGenerationRequest]) -> Steps[VideoStatus]:
        with creation_errors():
            return read_submitted((yield video_request(prepared)), self.new_job(VideoJob, prepared.model))

    def _poll_video(self, job: VideoJob) -> Steps[VideoStatus]:
        with job_errors(job):
            return read_status((yield status_request(job)), job)

    generate_image, generate_image_async = both_flavours(_generate_image)
    submit_video, submit_video_async = both_flavours(_submit_video)
    poll_video, poll_video_async = both_flavours(_poll_video)
    download_video, download_video_async = both_flavours(HttpProvider.download_result)
