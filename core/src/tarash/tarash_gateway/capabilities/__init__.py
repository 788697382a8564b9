"""Capability rows: what each model accepts, as data that plugins declare and core checks requests against."""

from tarash.tarash_gateway.capabilities.lifecycle import Lifecycle, ModelLifecycleWarning
from tarash.tarash_gateway.capabilities.price import Price
from tarash.tarash_gateway.capabilities.rows import ImageModel, VideoModel
from tarash.tarash_gateway.capabilities.rules import DurationRule, FieldRule, NumberRule, SizeRule

__all__ = [
    "DurationRule",
    "FieldRule",
    "ImageModel",
    "Lifecycle",
    "ModelLifecycleWarning",
    "NumberRule",
    "Price",
    "SizeRule",
    "VideoModel",
]
