"""What some of the vendor's models take, from its side: it shares nothing with the plugin's rows.

A model that is not here takes anything, and makes what its name says.
"""

from __future__ import annotations

from dataclasses import dataclass

PRESETS = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
SHORT_SIDES = {"480p": 480, "580p": 580, "720p": 720, "1080p": 1080, "4k": 2160}


@dataclass(frozen=True)
class Model:
    """The input of one model: field to its words, or to the kind of its value."""

    fields: dict[str, tuple[object, ...] | type]
    required: tuple[str, ...] = ("prompt",)
    price: float = 0.025
    unit: str = "images"


_FLUX: dict[str, tuple[object, ...] | type] = {
    "prompt": str,
    "image_size": object,
    "num_images": int,
    "num_inference_steps": int,
    "guidance_scale": float,
    "seed": int,
    "output_format": ("jpeg", "png"),
    "enable_safety_checker": bool,
    "sync_mode": bool,
    "acceleration": ("none", "regular", "high"),
}
_BANANA: dict[str, tuple[object, ...] | type] = {
    "prompt": str,
    "aspect_ratio": (
        *("auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"),
        *("4:1", "1:4", "8:1", "1:8"),
    ),
    "resolution": ("0.5K", "1K", "2K", "4K"),
    "num_images": int,
    "seed": int,
    "output_format": ("jpeg", "png", "webp"),
    "sync_mode": bool,
    "enable_web_search": bool,
    "limit_generations": bool,
    "safety_tolerance": ("1", "2", "3", "4", "5", "6"),
    "thinking_level": ("minimal", "high"),
}
_KLING: dict[str, tuple[object, ...] | type] = {
    "prompt": str,
    "duration": ("5", "10"),
    "negative_prompt": str,
    "generate_audio": bool,
}
_VEO: dict[str, tuple[object, ...] | type] = {
    "prompt": str,
    "aspect_ratio": ("auto", "16:9", "9:16"),
    "duration": ("4s", "6s", "8s"),
    "resolution": ("720p", "1080p", "4k"),
    "negative_prompt": str,
    "generate_audio": bool,
    "seed": int,
    "auto_fix": bool,
    "safety_tolerance": ("1", "2", "3", "4", "5", "6"),
}

# Read from the types of fal's own client 1.10.1, November 2026.
MODELS = {
    "fal-ai/flux/dev": Model(_FLUX, unit="megapixels"),
    "fal-ai/flux/schnell": Model(_FLUX, price=0.003, unit="megapixels"),
    "fal-ai/nano-banana-2": Model(_BANANA, price=0.08),
    "fal-ai/nano-banana-2/edit": Model({**_BANANA, "image_urls": list}, ("prompt", "image_urls"), 0.08),
    "fal-ai/kling-video/v2.6/pro/text-to-video": Model(
        {**_KLING, "aspect_ratio": ("16:9", "9:16", "1:1"), "cfg_scale": float}, price=0.14, unit="seconds"
    ),
    "fal-ai/kling-video/v2.6/pro/image-to-video": Model(
        {**_KLING, "start_image_url": str, "end_image_url": str, "voice_ids": list},
        ("prompt", "start_image_url"),
        0.14,
        "seconds",
    ),
    "fal-ai/veo3.1": Model(_VEO, price=0.40, unit="seconds"),
    "fal-ai/veo3.1/first-last-frame-to-video": Model(
        {**_VEO, "first_frame_url": str, "last_frame_url": str},
        ("prompt", "first_frame_url", "last_frame_url"),
        0.40,
        "seconds",
    ),
}
