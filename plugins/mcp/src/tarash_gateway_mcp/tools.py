"""The seven tools: what each of them does with its arguments."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError as ArgumentsError

from tarash.tarash_gateway import (
    Budget,
    Journal,
    generate_image_async,
    list_models,
    list_providers,
    plan,
    resume_image_async,
    resume_video_async,
    submit_video_async,
)
from tarash.tarash_gateway.errors import GenerationTimeoutError, TarashError, ValidationError
from tarash.tarash_gateway.media.files import check_place, content_type_of, ending_of
from tarash.tarash_gateway.models import (
    GenerationJob,
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageGenerationUpdate,
    ImageJob,
    ImageType,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
    VideoGenerationUpdate,
)
from tarash.tarash_gateway.models.rescue import keep_broken
from tarash.tarash_gateway.plugins import read_variable
from tarash_gateway_cli.defaults import choose, split_model
from tarash_gateway_cli.results import note_saved, numbered_paths, save_images
from tarash_gateway_ledger.costs import read_costs
from tarash_gateway_mcp import arguments as args
from tarash_gateway_mcp.answers import Answer, answer_with_files, describe_response, describe_row, describe_videos
from tarash_gateway_mcp.files import allowed_file
from tarash_gateway_mcp.reservation import Reservation, dollars_to_reserve

PULSE: Final = 2.0
"""Seconds between two progress notifications, so that a client's patience does not end before the work."""

REPEAT_HOURS: Final = 24
"""For how long a request whose answer was lost is not sent again."""

VIDEO_SECONDS: Final = 3600.0
"""For how long this process waits for a video; the next check_video waits again."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user decided, and no agent can change."""

    folder: Path
    """The folder of the results; its files may be inputs too."""

    inputs: tuple[Path, ...] = ()
    """Further folders whose files may be inputs."""

    budget: Budget | None = None
    unpriced: float = 0.5
    """US dollars set aside for an image, or for a second of video, whose price is known only afterwards."""

    provider: str | None = None
    """The provider where an agent names none."""


@dataclass(slots=True)
class Work:
    """Something that goes on whether its client waits for it or not: it may have been paid for."""

    task: asyncio.Task[Answer] | None = None
    status: str = "starting"

    async def __call__(self, update: ImageGenerationUpdate | VideoGenerationUpdate) -> None:
        """Takes in the progress of a call."""
        self.status = update.status if update.progress is None else f"{update.status} {update.progress:.0f} %"


class Tools:
    """The tools. One object serves every client of this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.by_name: dict[str, tuple[type[args.Arguments], Callable[..., Coroutine[Any, Any, Answer]]]] = {
            "list_models": (args.ListModels, self.list_models),
            "quote": (args.Quote, self.quote),
            "generate_image": (args.GenerateImage, self.make_image),
            "edit_image": (args.EditImage, self.make_image),
            "start_video": (args.StartVideo, self.start_video),
            "check_video": (args.CheckVideo, self.check_video),
            "costs": (args.Costs, self.costs),
        }
        self._journal = Journal(read_variable("TARASH_JOURNAL") or settings.folder / ".journal")
        self._jobs: dict[str, Work] = {}
        """Jobs that are waited for, by their ids."""

        self._reserved: dict[str, Reservation] = {}
        """What is set aside for jobs of this process."""

        self._in_flight: Counter[tuple[str, str, str]] = Counter()

    def read_arguments(self, tool: str, values: dict[str, Any]) -> args.Arguments:
        """Checks the arguments of a tool.

        Raises:
            ValidationError: there is no such tool, or they cannot be right: all that is wrong, without the values.
        """
        if tool not in self.by_name:
            msg = f"there is no tool {tool[:60]!r}; there are {', '.join(self.by_name)}"
            raise ValidationError(msg)
        try:
            return self.by_name[tool][0].model_validate(values)
        except ArgumentsError as error:
            problems = (
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            msg = f"the arguments of {tool} cannot be right; nothing was sent. {'; '.join(problems)}"
            raise ValidationError(msg) from None

    async def list_models(self, arguments: args.ListModels, _work: Work) -> Answer:
        """Lists the models that are still served."""

        def describe_rows() -> list[dict[str, Any]]:
            names = [arguments.provider] if arguments.provider is not None else list_providers()
            today = datetime.now(UTC).date()
            return [
                describe_row(name, row)
                for name in names
                for row in list_models(name, kind=arguments.kind)
                if row.lifecycle.status_on(today) != "retired"
            ]

        return Answer({"models": await asyncio.to_thread(describe_rows)})

    async def quote(self, arguments: args.Quote, _work: Work) -> Answer:
        """Says what a call would do and cost."""
        creation = self.read_arguments(arguments.tool, arguments.arguments)
        config, request, notes = await asyncio.to_thread(self._prepare, creation)
        planned = await asyncio.to_thread(plan, config, request)
        content = {
            "model": f"{planned.provider}/{planned.model}",
            "requests": planned.requests,
            "problems": [str(problem) for problem in planned.problems],
            "adjustments": [str(adjustment) for adjustment in planned.adjustments],
            "warnings": list(planned.warnings),
            "cost": None if planned.cost is None else str(planned.cost),
            "set_aside": dollars_to_reserve(config, request, self.settings.unpriced),
            "notes": ["Nothing was sent.", *notes],
        }
        return Answer(content)

    async def make_image(self, arguments: args.GenerateImage, work: Work) -> Answer:
        """Makes or edits images, and saves them."""
        config, request, notes = await asyncio.to_thread(self._prepare, arguments)
        place = self._place(f"image-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}")
        with self._within_limits(arguments, config, request) as reservation:
            try:
                response = await generate_image_async(config, request, on_progress=work)
            except TarashError as error:
                keep_broken(error, place)
                raise
            reservation.settle(response.cost)
        return await asyncio.to_thread(self._save_images, response, place, notes)

    async def start_video(self, arguments: args.StartVideo, work: Work) -> Answer:
        """Submits a video, and begins to wait for it."""
        work.status = "submitting"
        config, request, notes = await asyncio.to_thread(self._prepare, arguments)
        self._place("video")
        with self._within_limits(arguments, config, request) as reservation:
            job = await submit_video_async(config, request)
        self._reserved[job.id] = reservation
        self._watch(job)
        note = f"check_video with job_id {job.id} fetches it, also after a restart of this server."
        content = {"job_id": job.id, "status": job.status, "model": f"{job.provider}/{job.model}"}
        return Answer({**content, "notes": [note, *notes]})

    async def check_video(self, arguments: args.CheckVideo, work: Work) -> Answer:
        """Waits for a job, and returns its files."""
        watched = self._jobs.get(arguments.job_id)
        if watched is None:
            entry = await asyncio.to_thread(self._journal.find, arguments.job_id)
            if entry is None or entry.job is None:
                msg = f"the journal {self._journal.path} knows no job of that id; nothing was sent"
                raise ValidationError(msg)
            watched = self._watch(entry.job)
        assert watched.task is not None  # noqa: S101 # set where it is watched
        loop = asyncio.get_running_loop()
        until = loop.time() + arguments.wait_seconds
        while not watched.task.done() and (left := until - loop.time()) > 0:
            work.status = watched.status
            await asyncio.wait({watched.task}, timeout=min(PULSE, left))
        if not watched.task.done():
            note = "It is not done yet: call check_video again. That costs nothing."
            return Answer({"job_id": arguments.job_id, "status": watched.status, "notes": [note]})
        self._jobs.pop(arguments.job_id, None)
        return watched.task.result()

    async def costs(self, arguments: args.Costs, _work: Work) -> Answer:
        """Reads the ledger and the journal."""
        since = datetime.now(UTC).date() - timedelta(days=arguments.days - 1)
        ledger = read_variable("TARASH_LEDGER")
        rows = await asyncio.to_thread(read_costs, ledger, self._journal, since=since, by=arguments.by)
        return Answer({"since": since.isoformat(), "rows": [row.as_json() for row in rows]})

    # What they share

    def _place(self, name: str) -> Path:
        """The place of a result, whose ending is not known yet.

        Raises:
            SaveError: it cannot be written; nothing is paid for then.
        """
        self.settings.folder.mkdir(parents=True, exist_ok=True)
        place = self.settings.folder / name
        check_place(place, "error")
        return place

    def _prepare(self, arguments: Any) -> tuple[Any, Any, list[str]]:
        """The config and the request of arguments, and what to know of the model that was chosen."""
        video = isinstance(arguments, args.StartVideo)
        provider, model = self._split_model(arguments.model)
        choice = choose("video" if video else "image", provider, model, override="`model` names another")
        options: dict[str, Any] = {"provider": choice.provider, "model": choice.model}
        options["unsupported_values"] = "nearest" if arguments.nearest else "error"
        no_fields = {"model", "nearest", "repeat", "images", "mask", "first_frame", "last_frame"}
        fields = arguments.model_dump(exclude=no_fields, exclude_none=True)
        if video:
            frames = {kind: getattr(arguments, kind) for kind in ("first_frame", "last_frame")}
            images: list[dict[str, Any]] = [{"image": text, "type": kind} for kind, text in frames.items() if text]
        else:
            images = [{"image": text} for text in getattr(arguments, "images", ())]
        fields["image_list"] = [ImageType(**{**image, "image": self._input(image["image"])}) for image in images]
        if video:
            return VideoGenerationConfig(**options), VideoGenerationRequest(**fields), list(choice.notes)
        if mask := getattr(arguments, "mask", None):
            fields["mask_image"] = self._input(mask)
        return ImageGenerationConfig(**options, fan_out=True), ImageGenerationRequest(**fields), list(choice.notes)

    def _input(self, text: str) -> Path:
        return allowed_file(text, (self.settings.folder, *self.settings.inputs))

    def _split_model(self, text: str | None) -> tuple[str | None, str | None]:
        """Provider and model of `PROVIDER/MODEL`, or of a model alone."""
        provider, model = (None, None) if text is None else split_model(text)
        return provider or self.settings.provider, model

    @contextmanager
    def _within_limits(self, arguments: args.Creation, config: Any, request: Any) -> Iterator[Reservation]:
        """Lets a request out once, and within the budget.

        Raises:
            ValidationError: its answer was lost before and `repeat` was not given, or the budget has no room for it.
        """
        key = (config.provider, config.model, arguments.prompt)
        if not self._in_flight[key] and not arguments.repeat:
            _refuse_lost(self._journal, *key)
        reservation = Reservation(self.settings.budget, dollars_to_reserve(config, request, self.settings.unpriced))
        self._in_flight[key] += 1
        try:
            yield reservation
        except TarashError as error:
            if error.billable == "no":
                reservation.settle(0.0)
            raise
        finally:
            self._in_flight[key] -= 1

    def _watch(self, job: GenerationJob) -> Work:
        """Waits for a job in the background, so that its files come whether somebody asks for them or not."""
        work = self._jobs[job.id] = Work(status=job.status)
        work.task = asyncio.create_task(self._fetch(job, work))
        work.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # told when it is asked for
        return work

    async def _fetch(self, job: GenerationJob, work: Work) -> Answer:
        readable, digest = re.sub(r"[^A-Za-z0-9]+", "-", job.id)[:24].strip("-"), hashlib.sha256(job.id.encode())
        name = (
            f"job-{readable}-{digest.hexdigest()[:8]}"  # the same in each process: what is there is not fetched again
        )
        place = self._place(name)
        ready = sorted(path for path in place.parent.glob(f"{name}*") if content_type_of(path.suffix))
        content = {"job_id": job.id, "status": "completed"}
        try:
            if ready:
                media = [await asyncio.to_thread(Media.from_file, path) for path in ready]
                return answer_with_files(content | {"notes": ["It was fetched before."]}, media)
            if isinstance(job, ImageJob):
                config = ImageGenerationConfig(provider=job.provider, model=job.model)
                images = await resume_image_async(config, job, on_progress=work)
                self._settle(job, images.cost)
                return await asyncio.to_thread(self._save_images, images, place, [])
            of_video = VideoGenerationConfig(provider=job.provider, model=job.model, timeout=VIDEO_SECONDS)
            path = place.with_suffix(".mp4")
            videos = await resume_video_async(of_video, job, on_progress=work, save_to=path)
        except TarashError as error:
            if error.billable == "no" and not isinstance(error, GenerationTimeoutError):
                self._settle(job, 0.0)
            raise
        self._settle(job, videos.cost)
        return await asyncio.to_thread(describe_videos, content, videos)

    def _settle(self, job: GenerationJob, cost: float | None) -> None:
        reservation = self._reserved.pop(job.id, None)
        if reservation is not None:
            reservation.settle(cost)

    def _save_images(self, response: ImageGenerationResponse, place: Path, notes: list[str]) -> Answer:
        places = numbered_paths(place.with_suffix(ending_of(response.images[0].content_type)), len(response.images))
        saved = save_images(response.images, places, "error")
        warnings = [*saved.problems, *response.warnings, *note_saved(self._journal, response, saved.files)]
        images = [media.model_copy(update={"path": path}) for media, path in saved.files]
        return answer_with_files({**describe_response(response), "warnings": warnings, "notes": notes}, images)


def _refuse_lost(journal: Journal, provider: str, model: str, prompt: str) -> None:
    """Refuses a request whose answer was lost before.

    Raises:
        ValidationError: it may have been billed.
    """
    since = datetime.now(UTC) - timedelta(hours=REPEAT_HOURS)
    for entry in journal.entries():
        lost = entry.status in ("open", "unconfirmed") and entry.at >= since
        if lost and (provider, model, prompt) == (entry.provider, entry.model, entry.request.get("prompt")):
            msg = (
                f"the same request went to {provider} at {entry.at:%Y-%m-%d %H:%M} UTC, and its answer was lost: it "
                "was possibly billed. It was not sent again. Ask the user, who may look at the vendor's usage page; "
                "repeat=true sends it again"
            )
            raise ValidationError(msg, provider=provider, model=model)
