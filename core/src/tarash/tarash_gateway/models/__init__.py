"""The models of the public face: configs, requests, responses, updates, media and jobs."""

from tarash.tarash_gateway.models.config import GenerationConfig, ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob, MediaKind, VideoJob
from tarash.tarash_gateway.models.media import Media
from tarash.tarash_gateway.models.request import ImageGenerationRequest, ImageType, VideoGenerationRequest
from tarash.tarash_gateway.models.response import (
    Adjustment,
    Attempt,
    GenerationResponse,
    ImageGenerationResponse,
    VideoGenerationResponse,
)
from tarash.tarash_gateway.models.update import ImageGenerationUpdate, VideoGenerationUpdate

__all__ = [
    "Adjustment",
    "Attempt",
    "GenerationConfig",
    "GenerationJob",
    "GenerationResponse",
    "ImageGenerationConfig",
    "ImageGenerationRequest",
    "ImageGenerationResponse",
    "ImageGenerationUpdate",
    "ImageJob",
    "ImageType",
    "Media",
    "MediaKind",
    "VideoGenerationConfig",
    "VideoGenerationRequest",
    "VideoGenerationResponse",
    "VideoGenerationUpdate",
    "VideoJob",
]
