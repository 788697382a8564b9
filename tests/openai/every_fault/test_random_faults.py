"""Random scripts of faults, for any call with any settings: nothing is paid twice, nothing that was made is lost."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tarash.tarash_gateway import (
    Journal,
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    recover_videos,
    resume_video,
)
from tarash.tarash_gateway.errors import (
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    JobExpiredError,
    TarashError,
)
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash.tarash_gateway.models.response import GenerationResponse
from tarash_gateway_sandbox import FAULTS, SandboxServer
from tarash_gateway_sandbox.faults.fault import USUAL

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

FINAL = (ContentPolicyError, GenerationFailedError, JobExpiredError)
"""Errors after which there is nothing left to fetch."""

SILENT = {name for name in FAULTS if "never_answers" in name or "stalls" in name}
"""Each takes what is left of a call's time, so that few are drawn."""


def faults_on(operation):
    names = [
        name
        for name, row in FAULTS.items()
        if (operation in row.on or (not row.on and operation in ("image", "video")))
        and not row.of_a_job
        and row.only != "streamed"
    ]
    often, seldom = [name for name in names if name not in SILENT], [name for name in names if name in SILENT]
    return st.one_of(st.sampled_from(often), st.sampled_from(often), st.sampled_from(often + seldom))


def some(faults, most):
    return st.lists(st.tuples(faults, st.integers(1, 3)), max_size=most)


@dataclass(frozen=True)
class Vendor:
    """What a server is to do."""

    create: list
    status: list
    content: list
    list_: list
    course: str | None


@dataclass(frozen=True)
class Script:
    kind: str
    awaited: bool
    vendors: list[Vendor]
    n: int
    fan_out: bool
    max_retries: int
    save: bool
    calls: int
    """Equal calls, side by side."""


COURSES = [name for name, row in FAULTS.items() if row.of_a_job]


@st.composite
def scripts(draw):
    kind = draw(st.sampled_from(["image", "video", "video"]))
    video = kind == "video"

    def vendor():
        return Vendor(
            draw(some(faults_on(kind), 3)),
            draw(some(faults_on("status"), 2)) if video else [],
            draw(some(faults_on("content"), 2)) if video else [],
            draw(some(faults_on("list"), 1)) if video else [],
            draw(st.none() | st.none() | st.sampled_from(COURSES)) if video else None,
        )

    return Script(
        kind,
        draw(st.booleans()),
        [vendor() for _ in range(draw(st.integers(1, 2)))],
        1 if video else draw(st.integers(1, 3)),
        draw(st.booleans()),
        draw(st.integers(0, 2)),
        video and draw(st.booleans()),
        draw(st.sampled_from([1, 1, 2, 3])),
    )


@pytest.fixture(scope="module")
def servers(quick_server):
    with SandboxServer(quick=True, job_seconds=0.02, slow_seconds=0.05) as second:
        yield [quick_server, second]


def let_fail(server, vendor, kind):
    server.clear()
    for name, times in vendor.create:
        server.fail(name, method="POST", times=times)
    for name, times in [*vendor.status, *vendor.content, *vendor.list_]:
        server.fail(name, times=times)
    if vendor.course is not None:
        server.fail(vendor.course)


def cure(server):
    """From now on everything goes well, but for jobs that have failed."""
    server._dispatcher.script.clear()
    for job in server._vendor.jobs.all():
        ended = job.course.steps[-1][1] in ("failed", "cancelled", "expired")
        server._vendor.jobs.add(dataclasses.replace(job, course=job.course if ended else USUAL, faults=()))


def settle(server):
    """Waits until the server has read what was sent to it by calls that did not wait for the answer."""
    for _ in range(5):
        with urllib.request.urlopen(f"{server.origin}/car.jpg", timeout=60) as answer:
            answer.read()


def config_of(script, servers):
    """The chain: one config for each server."""
    kind = VideoGenerationConfig if script.kind == "video" else ImageGenerationConfig
    model = "sora-2" if script.kind == "video" else "dall-e-3" if script.fan_out else "gpt-image-2"
    fixed = {"provider": "openai", "model": model, "api_key": "k", "timeout": 0.35, "max_retries": script.max_retries}
    fixed |= {"poll_interval": 0.01} if script.kind == "video" else {}
    chain = [
        kind(**fixed, fan_out=script.fan_out, base_url=server.url)
        for server, _ in zip(servers, script.vendors, strict=False)
    ]
    return chain[0].model_copy(update={"fallback_configs": tuple(chain[1:])})


def outcomes_of(script, config, folder):
    """What each of the equal calls ends in: a response or an error of ours."""
    if script.kind == "image":
        request = ImageGenerationRequest(prompt="a boat", size="1024x1024", n=script.n)
        blocking, awaited = generate_image, generate_image_async
    else:
        request = VideoGenerationRequest(prompt="a boat")
        blocking, awaited = generate_video, generate_video_async
    options = [{"save_to": folder / f"{number}.mp4"} if script.save else {} for number in range(script.calls)]

    async def side_by_side():
        calls = (awaited(config, request, **option) for option in options)
        return await asyncio.gather(*calls, return_exceptions=True)

    def item(option):
        try:
            return blocking(config, request, **option)
        except Exception as error:
            return error

    if script.awaited:
        return asyncio.run(side_by_side())
    with ThreadPoolExecutor(script.calls) as pool:
        return list(pool.map(item, options))


def check_money(outcomes, entries, paid, script):
    requests = script.n if script.fan_out and script.kind == "image" else 1
    assert len(paid) <= requests * script.calls
    assert len(paid) <= len([entry for entry in entries if entry.status != "refused"])
    harmless = [item for item in outcomes if isinstance(item, TarashError) and item.billable == "no"]
    assert len(paid) <= requests * (script.calls - len(harmless))
    for item in outcomes:
        if isinstance(item, TarashError):
            assert str(item)
            assert item.request_id
        else:
            made = item.images if script.kind == "image" else item.videos
            assert 1 <= len(made) <= sum(each.count for each in paid)


def check_journal(outcomes, entries, script):
    for item in outcomes:
        own = [entry for entry in entries if entry.request_id == item.request_id]
        statuses = {entry.status for entry in own}
        jobs = {entry.job.id for entry in own if entry.job is not None}
        assert own
        assert "open" not in statuses
        if not isinstance(item, TarashError):
            assert script.kind == "image" or item.job.id in jobs
            # Of two equal calls one may have found the other's job: a job has its end in the journal once.
            assert statuses & {"saved" if script.save else "made", *(["submitted"] if script.calls > 1 else [])}
        elif item.job is not None or jobs:
            assert item.job.id in jobs
        elif item.billable == "no":
            assert statuses == {"refused"}


def check_nothing_is_lost(outcomes, config, journal, paid, folder):
    """Every job that was made is fetched, or its end was told, or it is found and fetched now."""
    ended = [item for item in outcomes if not isinstance(item, TarashError) or (item.job and isinstance(item, FINAL))]
    # The calls were in a hurry; whoever looks for what they have left is not, on however slow a machine.
    patient = [link.model_copy(update={"timeout": 60.0}) for link in (config, *config.fallback_configs)]
    left = {job.id: (link, job) for link in patient for job in recover_videos(link, journal)}
    done = {item.job.id for item in ended} | set(left)
    assert done == {item.id for item in paid}
    assert {item.job.id for item in outcomes if item.job} <= done
    for number, (link, job) in enumerate(left.values()):
        try:
            video = resume_video(link, job, save_to=folder / f"resumed-{number}.mp4").video
            assert video.path.read_bytes()[4:8] == b"ftyp"
        except FINAL:
            event("resumed to its typed end")


@settings(
    max_examples=2 * settings.default.max_examples,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=scripts())
def test_whatever_happens_nothing_is_paid_twice_and_nothing_is_lost(servers, script):
    for server, vendor in zip(servers, script.vendors, strict=False):
        let_fail(server, vendor, script.kind)
    config = config_of(script, servers)
    used = servers[: len(script.vendors)]

    with tempfile.TemporaryDirectory() as name, Journal(Path(name, "journal")) as journal:
        folder = Path(name, "clips")
        folder.mkdir()
        outcomes = outcomes_of(script, config, folder)
        for server in used:
            settle(server)
        paid = [item for server in used for item in server.paid]
        entries = journal.entries()

        for item in outcomes:
            event(type(item).__name__)
            assert isinstance(item, (TarashError, GenerationResponse)), repr(item)
        check_money(outcomes, entries, paid, script)
        check_journal(outcomes, entries, script)
        saved = [f"{at}.mp4" for at, item in enumerate(outcomes) if script.save and not isinstance(item, TarashError)]
        # What came of a download that stays broken is kept beside the file.
        kept = {f"{at}.mp4.incomplete" for at, item in enumerate(outcomes) if isinstance(item, DownloadError)}
        assert sorted({path.name for path in folder.iterdir()} - kept) == saved
        for server in used:
            cure(server)
        if script.kind == "video":
            check_nothing_is_lost(outcomes, config, journal, paid, folder)
        assert [item for server in used for item in server.paid] == paid
        assert {path.suffix for path in folder.iterdir() if path.name not in kept} <= {".mp4"}
