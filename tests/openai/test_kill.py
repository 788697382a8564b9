"""Processes that are killed with `kill -9` between two steps of their own; `test_journal` kills them from the vendor.

Whatever was paid for is found again by another process, and nothing is asked for a second time.
"""

from __future__ import annotations

import signal
import textwrap

import pytest

from tarash.tarash_gateway import Journal, recover_videos, resume_video
from tarash.tarash_gateway.models import VideoJob
from tarash_gateway_sandbox import SandboxServer

pytestmark = [
    pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning"),
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9"),
]

BEGIN = """
    import asyncio, os, signal, sys, warnings
    from pathlib import Path
    from tarash.tarash_gateway import *
    from tarash.tarash_gateway.models import *

    warnings.simplefilter("ignore")
    url, stage = sys.argv[1:]
    known = {"provider": "openai", "api_key": "sk-x", "base_url": url}
    config = VideoGenerationConfig(model="sora-2", poll_interval=0.02, **known)

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    class Dying(Journal):
        '''Dies in place of the line that is named by the stage, or half way through it.'''

        def write(self, event, **facts):
            if event == stage.removesuffix("-torn"):
                if stage.endswith("-torn"):
                    with next(self.path.glob("*.jsonl")).open("ab") as file:
                        file.write(b'{"v":1,"at":"2026-11-22T18:00:00.000000+00:00","event":"jo')
                die()
            super().write(event, **facts)

    def die_at(event, args):
        if event == stage:
            die()

    sys.addaudithook(die_at)
"""


@pytest.fixture(scope="module")
def quick_server():
    with SandboxServer(quick=True, job_seconds=0.05) as server:
        yield server


@pytest.fixture
def tarash_sandbox(quick_server):
    quick_server.clear()
    return quick_server


@pytest.fixture
def kill(tarash_sandbox, tmp_path, warm_python):
    """Runs a script in a process of its own that dies at the stage."""

    def run(script, stage=""):
        code = textwrap.dedent(BEGIN) + textwrap.dedent(script)
        done = warm_python.run(["-c", code, tarash_sandbox.url, stage], cwd=tmp_path)
        assert done.returncode == -signal.SIGKILL, done.stderr

    return run


ONE_VIDEO = """
    with Dying("journal"):
        generate_video(config, VideoGenerationRequest(prompt="a lake"), save_to="clip.mp4")
"""

STAGES = {
    # Stage: what was paid, what is in the journal then, and whether the clip is at its place.
    "intent": (0, [], False),
    "job": (1, ["open"], False),
    "job-torn": (1, ["open"], False),
    "os.link": (1, ["submitted"], False),
    "saved": (1, ["submitted"], True),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_video_survives_a_death_between_two_steps(tarash_sandbox, kill, posts, video_config, tmp_path, stage):
    paid, statuses, there = STAGES[stage]

    kill(ONE_VIDEO, stage)

    journal, clip = Journal(tmp_path / "journal"), tmp_path / "clip.mp4"
    assert len(tarash_sandbox.paid) == paid
    assert [entry.status for entry in journal.entries()] == statuses
    assert clip.exists() is there
    with journal:
        for job in recover_videos(video_config(), journal):
            assert resume_video(video_config(), job, save_to=clip, exists="replace").video.content_type == "video/mp4"
        assert recover_videos(video_config(), journal) == []
    assert [entry.status for entry in journal.entries()] == ["saved"] * paid
    assert clip.exists() is bool(paid)
    assert len(posts()) == paid


def test_a_clip_that_was_saved_and_not_noted_is_kept_and_noted(tarash_sandbox, kill, posts, video_config, tmp_path):
    kill(ONE_VIDEO, "saved")
    journal, clip = Journal(tmp_path / "journal"), tmp_path / "clip.mp4"
    before = clip.stat().st_mtime_ns

    with journal:
        [job] = recover_videos(video_config(), journal)
        resume_video(video_config(), job, save_to=clip, exists="skip")

    assert clip.stat().st_mtime_ns == before
    assert [entry.status for entry in journal.entries()] == ["saved"]
    assert len(posts()) == 1


def test_several_videos_side_by_side_are_all_found(tarash_sandbox, kill, posts, video_config, tmp_path):
    kill(
        """
        class DyingAtTheSecond(Journal):
            seen = 0

            def write(self, event, **facts):
                super().write(event, **facts)
                self.seen += event == "job"
                if self.seen == 2:
                    die()

        async def several():
            requests = [VideoGenerationRequest(prompt="the same lake") for _ in range(4)]
            await asyncio.gather(*(generate_video_async(config, request) for request in requests))

        with DyingAtTheSecond("journal"):
            asyncio.run(several())
        """
    )
    journal = Journal(tmp_path / "journal")
    paid = [item.id for item in tarash_sandbox.paid]
    assert len(paid) == len(posts()) >= 2

    with journal:
        jobs = recover_videos(video_config(), journal)
        for number, job in enumerate(jobs):
            resume_video(video_config(), job, save_to=tmp_path / f"{number}.mp4")

    assert {job.id for job in jobs} == set(paid)
    assert len(jobs) == len(paid) == len(posts())


def test_a_job_is_passed_on_as_json_from_death_to_death(tarash_sandbox, kill, posts, video_config, tmp_path):
    kill(
        """
        Path("job.json").write_text(submit_video(config, VideoGenerationRequest(prompt="a lake")).model_dump_json())
        die()
        """
    )
    kill(
        """
        job = VideoJob.model_validate_json(Path("job.json").read_text())
        resume_video(config, job, save_to="clip.mp4")
        """,
        "os.link",
    )
    assert not (tmp_path / "clip.mp4").exists()

    job = VideoJob.model_validate_json((tmp_path / "job.json").read_text())
    response = resume_video(video_config(), job, save_to=tmp_path / "clip.mp4")

    assert response.video.path.read_bytes()[4:8] == b"ftyp"
    assert response.job.id == tarash_sandbox.paid[0].id
    assert len(posts()) == 1


@pytest.mark.parametrize("how", ["generate_image(*asked)", "asyncio.run(generate_image_async(*asked))"])
def test_every_picture_of_a_fan_out_that_may_be_billed_is_in_the_journal(tarash_sandbox, kill, posts, tmp_path, how):
    kill(
        f"""
        class DyingAtTheFirst(Journal):
            def write(self, event, **facts):
                super().write(event, **facts)
                if event == "made":
                    die()

        asked = (
            ImageGenerationConfig(model="dall-e-3", fan_out=True, **known),
            ImageGenerationRequest(prompt="a lake", size="1024x1024", n=4),
        )
        with DyingAtTheFirst("journal"):
            {how}
        """
    )

    statuses = [entry.status for entry in Journal(tmp_path / "journal").entries()]
    assert 1 <= len(tarash_sandbox.paid) <= len(posts()) <= len(statuses) <= 4
    assert "made" in statuses
    assert set(statuses) <= {"made", "open"}
