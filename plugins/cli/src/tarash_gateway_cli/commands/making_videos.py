"""What `tarash video` does, and the end that `tarash jobs resume` shares with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tarash.tarash_gateway.errors import SaveError, TarashError
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.models import (
    ImageType,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationResponse,
)
from tarash.tarash_gateway.videos import generate_video
from tarash_gateway_cli.config import config_of, need_output, said
from tarash_gateway_cli.dry_run import preview
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.exit_codes import OK, exit_code
from tarash_gateway_cli.files import Saved, check_places
from tarash_gateway_cli.generation import Watch
from tarash_gateway_cli.inputs import params_of, picture_of, prompt_of, video_of
from tarash_gateway_cli.journals import open_journal
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.results import tell_kept, tell_result
from tarash_gateway_cli.resuming import LeftBehind

if TYPE_CHECKING:
    from tarash_gateway_cli.commands.video import Clip
    from tarash_gateway_cli.options import Maker, Result


def make_video(prompt: str, clip: Clip, maker: Maker, result: Result) -> int:
    """Makes a video and saves it.

    Returns:
        The exit code.
    """
    output = Output(as_json=result.as_json)
    config = config_of(VideoGenerationConfig, "video", maker, output)
    request = _request(prompt, clip)
    if result.dry_run:
        return preview(output, config, request)
    place = need_output(result.output)
    left = LeftBehind(place, exists=result.exists, base_url=maker.base_url)
    return fetch(
        output,
        place,
        result.exists,
        left,
        lambda watch: generate_video(config, request, on_progress=watch, save_to=place, exists=result.exists),
    )


def fetch(
    output: Output,
    place: Path,
    exists: Exists,
    left: LeftBehind,
    call: Callable[[Watch], VideoGenerationResponse],
) -> int:
    """Waits for a video with `call`, and tells of it or of what it leaves behind."""
    if not check_places([place], exists):
        tell_kept(output, [place])
        return OK
    journal = open_journal()
    with Watch(output, journal) as watch, journal:
        try:
            response = call(watch)
        except TarashError as error:
            raise left.of_error(error) from error
        except KeyboardInterrupt as interrupt:
            raise left.of_interrupt(watch, interrupt) from None
    files = [(media, media.path or place) for media in response.videos]
    saved = Saved(files, list(_without_sidecar(response, exists)))
    tell_result(output, response, saved)
    return exit_code(SaveError("")) if saved.problems else OK


def _without_sidecar(response: VideoGenerationResponse, exists: Exists) -> Iterator[str]:
    """Writes what the clips were made of beside them, and tells of what cannot be written: the clips are there."""
    for media in response.videos:
        try:
            media.write_sidecar(exists)
        except SaveError as error:
            yield str(error)


def _request(prompt: str, clip: Clip) -> VideoGenerationRequest:
    pictures = [ImageType(image=picture_of(text)) for text in clip.image]
    if clip.last_frame is not None:
        if len(pictures) == 1:
            pictures = [pictures[0].model_copy(update={"type": "first_frame"})]
        pictures.append(ImageType(image=picture_of(clip.last_frame), type="last_frame"))
    options = said(
        duration_seconds=clip.seconds,
        aspect_ratio=clip.aspect,
        size=clip.size,
        resolution=clip.resolution,
        generate_audio=clip.audio,
        negative_prompt=clip.negative,
        seed=clip.seed,
        image_list=pictures,
        extra_params=params_of(clip.param) or None,
        **_source(clip),
    )
    return VideoGenerationRequest(prompt=prompt_of(prompt), **options)


def _source(clip: Clip) -> dict[str, Any]:
    """The video to start from, and what is to become of it.

    Raises:
        CommandError: there is more than one.
    """
    named = {"remix": clip.remix, "edit": clip.edit, "extend": clip.extend}
    given = {operation: text for operation, text in named.items() if text is not None}
    if len(given) > 1:
        msg = f"{' and '.join(f'--{operation}' for operation in given)} do not go together: one of them"
        raise CommandError(msg)
    return next(({"operation": operation, "video": video_of(text)} for operation, text in given.items()), {})
