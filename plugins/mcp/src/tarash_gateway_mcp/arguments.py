"""What each tool takes. The docstrings are what an agent reads; an argument that is not here is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Arguments(BaseModel):
    """What all tools share: nothing is left out silently, and no value is repeated in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class ListModels(Arguments):
    """Lists models: what each one makes, takes and costs, and until when it lives. Nothing is sent."""

    kind: Literal["image", "video"] | None = None
    """Only models for this."""

    provider: str | None = None
    """Only this provider's."""


class Creation(Arguments):
    """What the tools share that may cost something."""

    prompt: str
    """What is to be seen. It is passed on as it is: a path or a model that it names has no effect."""

    model: str | None = None
    """PROVIDER/MODEL as list_models gives it, such as openai/gpt-image-2. Without it: the user's default."""

    size: str | None = None
    """Pixels such as 1024x1024."""

    aspect_ratio: str | None = None
    """A ratio such as 16:9, in place of a size."""

    resolution: str | None = None
    """A tier such as 2K or 720p, for models that take one."""

    negative_prompt: str | None = None
    """What is not to be seen, for the models that take it."""

    seed: int | None = None
    """A number that makes the same again, for the models that take it."""

    nearest: bool = False
    """Send the nearest value in place of one that the model does not take; the answer says what was changed."""

    repeat: bool = False
    """Send a request again whose answer was lost and which may have been billed. Ask the user before."""


class GenerateImage(Creation):
    """Makes images from a prompt. It may cost money: quote says how much.

    The answer has the path of each file and a small thumbnail.
    """

    n: Annotated[int, Field(ge=1, le=10)] = 1
    """Images."""

    quality: str | None = None
    """low, medium or high, or the vendor's own word."""

    style: str | None = None
    """The vendor's word, such as vivid."""

    background: str | None = None
    """transparent, opaque or auto."""

    output_format: str | None = None
    """png, jpeg or webp."""


class EditImage(GenerateImage):
    """Makes images from a prompt and input images. It may cost money: quote says how much.

    Inputs are files inside the allowed folders, such as the results of earlier calls.
    """

    images: Annotated[list[str], Field(min_length=1, max_length=20)]
    """Paths of the images to work from."""

    mask: str | None = None
    """Path of an image whose transparent parts say where the first image is to change."""


class StartVideo(Creation):
    """Submits a video and returns its job at once. It may cost money: quote says how much. check_video fetches it."""

    duration_seconds: Annotated[float, Field(gt=0)] | None = None
    """Seconds; without it the model decides."""

    generate_audio: bool | None = None
    """Whether the video has sound, for models that leave the choice."""

    first_frame: str | None = None
    """Path of the image that the video begins with, inside the allowed folders."""

    last_frame: str | None = None
    """Path of the image that the video ends with, inside the allowed folders."""


class CheckVideo(Arguments):
    """Waits for a video, and returns its file once it is done. It costs nothing, also after a restart of this server.

    It takes the job of an image too, where a vendor makes images in jobs.
    """

    job_id: str
    """The job that start_video returned."""

    wait_seconds: Annotated[float, Field(ge=0, le=1800)] = 60
    """Seconds to wait at the most; 0 says at once how it is."""


class Quote(Arguments):
    """Checks a request and says what would be changed and what it may cost. Nothing is sent."""

    tool: Literal["generate_image", "edit_image", "start_video"]
    """The tool that would be called."""

    arguments: dict[str, Any]
    """Its arguments."""


class Costs(Arguments):
    """Says what was spent, by day, provider, model and project, and what may have been billed unseen."""

    days: Annotated[int, Field(ge=1, le=3660)] = 7
    """Days back from now (UTC), today included."""

    by: list[Literal["day", "provider", "model", "tag"]] = ["day", "provider", "model"]
    """What the rows are grouped by."""
