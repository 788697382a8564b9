# ruff: noqa: I001, PLE0605 # each name stands twice, for type checkers and for `lazy_names`, and not a third time
"""Tarash Gateway: one Python interface to generative media, every vendor behind a plugin.

The names of this package are resolved when they are first used: importing it loads no SDK, no HTTP library
and no plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway._lazy import import_companion, lazy_names, names_in

if TYPE_CHECKING:
    from tarash.tarash_gateway.budget import Budget as Budget
    from tarash.tarash_gateway.capabilities.cost import CostEstimate as CostEstimate
    from tarash.tarash_gateway.capabilities.lifecycle import ModelLifecycleWarning as ModelLifecycleWarning
    from tarash.tarash_gateway.catalog import (
        check_request as check_request,
        estimate_cost as estimate_cost,
        list_models as list_models,
        list_providers as list_providers,
        plan as plan,
        refresh_models as refresh_models,
        refresh_models_async as refresh_models_async,
        register_plugin as register_plugin,
    )
    from tarash.tarash_gateway.display.progress import progress as progress
    from tarash.tarash_gateway.errors import (
        AuthenticationError as AuthenticationError,
        Billable as Billable,
        ConfigurationError as ConfigurationError,
        ConnectionFailedError as ConnectionFailedError,
        ContentPolicyError as ContentPolicyError,
        DownloadError as DownloadError,
        GenerationFailedError as GenerationFailedError,
        GenerationTimeoutError as GenerationTimeoutError,
        InvalidRequestError as InvalidRequestError,
        InvalidResponseError as InvalidResponseError,
        JobExpiredError as JobExpiredError,
        MediaTooLargeError as MediaTooLargeError,
        ModelNotFoundError as ModelNotFoundError,
        PermissionDeniedError as PermissionDeniedError,
        PluginApiVersionError as PluginApiVersionError,
        PluginConflictError as PluginConflictError,
        PluginError as PluginError,
        PluginLoadError as PluginLoadError,
        Problem as Problem,
        ProviderError as ProviderError,
        ProviderNotFoundError as ProviderNotFoundError,
        ProviderUnavailableError as ProviderUnavailableError,
        QuotaExceededError as QuotaExceededError,
        RateLimitError as RateLimitError,
        SaveError as SaveError,
        TarashError as TarashError,
        UnconfirmedGenerationError as UnconfirmedGenerationError,
        UnsafeUrlError as UnsafeUrlError,
        UnsupportedOperationError as UnsupportedOperationError,
        ValidationError as ValidationError,
    )
    from tarash.tarash_gateway.flows.plan import RequestPlan as RequestPlan
    from tarash.tarash_gateway.images import (
        cancel_image as cancel_image,
        cancel_image_async as cancel_image_async,
        generate_image as generate_image,
        generate_image_async as generate_image_async,
        poll_image as poll_image,
        poll_image_async as poll_image_async,
        recover_images as recover_images,
        recover_images_async as recover_images_async,
        resume_image as resume_image,
        resume_image_async as resume_image_async,
        stream_image as stream_image,
        stream_image_async as stream_image_async,
        submit_image as submit_image,
        submit_image_async as submit_image_async,
    )
    from tarash.tarash_gateway.journal import Journal as Journal
    from tarash.tarash_gateway.models import (
        Adjustment as Adjustment,
        Attempt as Attempt,
        GenerationConfig as GenerationConfig,
        GenerationJob as GenerationJob,
        GenerationResponse as GenerationResponse,
        ImageGenerationConfig as ImageGenerationConfig,
        ImageGenerationRequest as ImageGenerationRequest,
        ImageGenerationResponse as ImageGenerationResponse,
        ImageGenerationUpdate as ImageGenerationUpdate,
        ImageJob as ImageJob,
        ImageType as ImageType,
        Media as Media,
        MediaKind as MediaKind,
        VideoGenerationConfig as VideoGenerationConfig,
        VideoGenerationRequest as VideoGenerationRequest,
        VideoGenerationResponse as VideoGenerationResponse,
        VideoGenerationUpdate as VideoGenerationUpdate,
        VideoJob as VideoJob,
    )
    from tarash.tarash_gateway.plugins import plugin_report as plugin_report
    from tarash.tarash_gateway.videos import (
        cancel_video as cancel_video,
        cancel_video_async as cancel_video_async,
        generate_video as generate_video,
        generate_video_async as generate_video_async,
        poll_video as poll_video,
        poll_video_async as poll_video_async,
        recover_videos as recover_videos,
        recover_videos_async as recover_videos_async,
        resume_video as resume_video,
        resume_video_async as resume_video_async,
        submit_video as submit_video,
        submit_video_async as submit_video_async,
    )
    from tarash_gateway_batch import run_batch as run_batch, run_batch_async as run_batch_async

__version__ = "1.0.0"

_MODULES = {
    "budget": "Budget",
    "capabilities.cost": "CostEstimate",
    "capabilities.lifecycle": "ModelLifecycleWarning",
    "catalog": (
        "check_request estimate_cost list_models list_providers plan refresh_models refresh_models_async "
        "register_plugin"
    ),
    "display.progress": "progress",
    "errors": "Problem",
    "flows.plan": "RequestPlan",
    "images": (
        "cancel_image cancel_image_async generate_image generate_image_async poll_image poll_image_async "
        "recover_images recover_images_async resume_image resume_image_async stream_image stream_image_async "
        "submit_image submit_image_async"
    ),
    "journal": "Journal",
    "plugins": "plugin_report",
    "videos": (
        "cancel_video cancel_video_async generate_video generate_video_async poll_video poll_video_async "
        "recover_videos recover_videos_async resume_video resume_video_async submit_video submit_video_async"
    ),
}

__all__ = names_in(_MODULES, "run_batch", "run_batch_async")

_ALIASES = {
    "errors": (
        "AuthenticationError Billable ConfigurationError ConnectionFailedError ContentPolicyError "
        "DownloadError GenerationFailedError GenerationTimeoutError InvalidRequestError "
        "InvalidResponseError JobExpiredError MediaTooLargeError ModelNotFoundError PermissionDeniedError "
        "PluginApiVersionError PluginConflictError PluginError PluginLoadError Problem "
        "ProviderError "
        "ProviderNotFoundError ProviderUnavailableError QuotaExceededError RateLimitError SaveError "
        "TarashError UnconfirmedGenerationError UnsafeUrlError UnsupportedOperationError ValidationError"
    ),
    "models": (
        "Adjustment Attempt GenerationConfig GenerationJob GenerationResponse ImageGenerationConfig "
        "ImageGenerationRequest ImageGenerationResponse ImageGenerationUpdate ImageJob ImageType Media "
        "MediaKind VideoGenerationConfig VideoGenerationRequest VideoGenerationResponse "
        "VideoGenerationUpdate VideoJob"
    ),
}
"""Models and errors may be imported from here too; `__all__` does not list them a second time."""

_find, __dir__ = lazy_names(__name__, {**_MODULES, **_ALIASES}, __all__)


def __getattr__(name: str) -> Any:
    if name in ("run_batch", "run_batch_async"):
        return getattr(import_companion("tarash_gateway_batch", "batch", name), name)
    return _find(name)
