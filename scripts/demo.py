# ruff: noqa: INP001 # a script is in no package
"""One image and one video from the sandbox, through the same functions that reach a real vendor."""

import sys
import warnings
from pathlib import Path

from tarash.tarash_gateway import ModelLifecycleWarning, generate_image, generate_video
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationUpdate,
)

PROMPT = "A lighthouse above a calm sea at dusk"
CHECKOUT = Path(__file__).resolve().parents[1]
OUTPUT = CHECKOUT / "demo-output"


def main(prompt: str) -> None:
    """Makes both and tells where they are."""
    # The models' names are OpenAI's, which has shut them down. The sandbox still serves them.
    warnings.simplefilter("ignore", ModelLifecycleWarning)
    OUTPUT.mkdir(exist_ok=True)
    say(f"Prompt: {prompt}")

    say("\nAn image ...")
    config = ImageGenerationConfig(provider="sandbox", model="dall-e-3")
    request = ImageGenerationRequest(prompt=prompt, size="1792x1024", quality="hd", style="vivid")
    image = generate_image(config, request).images[0]
    tell(image, image.save(OUTPUT / "image.png", exists="replace"))

    say("\nA video ...")
    video_config = VideoGenerationConfig(provider="sandbox", model="sandbox-video")
    video_request = VideoGenerationRequest(prompt=prompt, duration_seconds=4, aspect_ratio="16:9")
    place = OUTPUT / "video.mp4"
    video = generate_video(
        video_config, video_request, save_to=place, exists="replace", on_progress=show_progress
    ).video
    tell(video, place)

    say("\nThe same code makes real ones: provider='openai', and a key in OPENAI_API_KEY or api_key=.")


def show_progress(update: VideoGenerationUpdate) -> None:
    """Called at each step of the video."""
    percent = "" if update.progress is None else f" {update.progress:.0f} %"
    say(f"  {update.elapsed_seconds:4.1f} s  {update.status}{percent}")


def tell(media: Media, path: Path) -> None:
    """Path, size and content type, as the file itself says."""
    length = "" if media.duration_seconds is None else f", {media.duration_seconds:g} seconds"
    say(f"  {path}")
    say(f"  {media.content_type}, {media.width}x{media.height} pixels{length}, {path.stat().st_size:,} bytes")


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)  # noqa: T201 # a demo talks


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or PROMPT)
