"""What `tarash image` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tarash.tarash_gateway.capabilities.lookup import find_row
from tarash.tarash_gateway.capabilities.rows import ImageModel
from tarash.tarash_gateway.errors import GenerationFailedError, SaveError, TarashError
from tarash.tarash_gateway.images import generate_image, stream_image
from tarash.tarash_gateway.media.files import Exists
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, ImageGenerationResponse
from tarash.tarash_gateway.models.rescue import keep_broken
from tarash.tarash_gateway.plugins import registry
from tarash_gateway_cli.config import config_of, need_output, said
from tarash_gateway_cli.dry_run import preview
from tarash_gateway_cli.exit_codes import OK, exit_code, interrupted_by
from tarash_gateway_cli.files import check_places, format_of, numbered, save_all
from tarash_gateway_cli.generation import Watch
from tarash_gateway_cli.inputs import params_of, picture_of, prompt_of
from tarash_gateway_cli.journals import open_journal
from tarash_gateway_cli.output import Output
from tarash_gateway_cli.results import tell_kept, tell_result
from tarash_gateway_cli.resuming import LeftBehind
from tarash_gateway_cli.terminal_pictures import show_pictures

if TYPE_CHECKING:
    from tarash_gateway_cli.commands.image import Picture
    from tarash_gateway_cli.options import Maker, Result


def make_images(prompt: str, picture: Picture, maker: Maker, result: Result) -> int:
    """Makes pictures and saves them.

    Returns:
        The exit code.
    """
    output = Output(as_json=result.as_json)
    config = config_of(ImageGenerationConfig, "image", maker, output, fan_out=picture.fan_out)
    request = _request(prompt, picture, config, result.output)
    if result.dry_run:
        return preview(output, config, request, stream=picture.stream)
    places = numbered(need_output(result.output), picture.n)
    if not check_places(places, result.exists):
        tell_kept(output, places)
        return OK
    left = LeftBehind(result.output, exists=result.exists, base_url=maker.base_url)

    def call(watch: Watch) -> ImageGenerationResponse:
        return (
            _streamed(config, request, watch) if picture.stream else generate_image(config, request, on_progress=watch)
        )

    return save_images(output, places, result.exists, left, call)


def save_images(
    output: Output,
    places: list[Path],
    exists: Exists,
    left: LeftBehind,
    call: Callable[[Watch], ImageGenerationResponse],
) -> int:
    """Makes the images, shows how it goes, and saves them.

    Returns:
        The exit code.
    """
    journal = open_journal()
    with Watch(output, journal) as watch, journal:
        try:
            response = call(watch)
        except TarashError as error:
            keep_broken(error, places[0])
            raise left.of_error(error) from error
        except KeyboardInterrupt as interrupt:
            raise left.of_interrupt(watch, interrupt) from None
        saved = save_all(response.images, places, exists)
        # Where a job was taken up again, the journal knows it by the call that submitted it.
        request_id = (response.job and response.job.request_id) or response.request_id
        for media, path in saved.files:
            try:
                journal.note_saved(request_id, path, media.sha256)
            except SaveError as error:  # the picture is there: that is what counts
                output.warn(str(error))
    tell_result(output, response, saved)
    show_pictures(output, [path for _, path in saved.files])
    if watch.stopped is not None and len(saved.files) < len(places):
        return interrupted_by(watch.stopped)
    return exit_code(SaveError("")) if saved.problems else OK


def _request(
    prompt: str, picture: Picture, config: ImageGenerationConfig, output: Path | None
) -> ImageGenerationRequest:
    options = said(
        size=picture.size,
        aspect_ratio=picture.aspect,
        resolution=picture.resolution,
        quality=picture.quality,
        style=picture.style,
        background=picture.background,
        output_format=picture.format or _format_of_ending(config, output),
        seed=picture.seed,
        negative_prompt=picture.negative,
        image_list=[picture_of(text) for text in picture.edit],
        mask_image=None if picture.mask is None else picture_of(picture.mask),
        extra_params=params_of(picture.param) or None,
    )
    return ImageGenerationRequest(prompt=prompt_of(prompt), n=picture.n, **options)


def _format_of_ending(config: ImageGenerationConfig, output: Path | None) -> str | None:
    """`-o city.webp` asks for WebP, where the model is known to make it."""
    row, refuses = find_row(config, registry.spec(config.provider))
    wanted = None if output is None else format_of(output)
    known = row.output_formats if isinstance(row, ImageModel) and refuses else None
    return wanted if known and wanted in known else None


def _streamed(config: ImageGenerationConfig, request: ImageGenerationRequest, watch: Watch) -> ImageGenerationResponse:
    response: ImageGenerationResponse | None = None
    for update in stream_image(config, request):
        watch(update)
        response = update.response or response
    if response is None:
        msg = "the stream ended without a result"
        raise GenerationFailedError(msg)
    return response
