"""The journal over real HTTP, and through `kill -9` at every stage: one paid request, and nothing that is lost."""

import asyncio
import json
import os
import signal
import textwrap

import pytest

from tarash.tarash_gateway import (
    Journal,
    cancel_video,
    generate_image,
    generate_video,
    generate_video_async,
    recover_videos,
    recover_videos_async,
    resume_video,
    stream_image,
    submit_video,
)
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    GenerationFailedError,
    GenerationTimeoutError,
    SaveError,
    UnconfirmedGenerationError,
    ValidationError,
)
from tarash_gateway_sandbox import Answer, RawBytes
from tarash_gateway_sandbox.openai.videos import OpenAIJob

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal") as journal:
        yield journal


class TestWhatIsWritten:
    def test_a_video_that_was_saved(self, journal, make_video, video_config, video_request, tmp_path):
        response = make_video(video_config(), video_request(), save_to=tmp_path / "clip.mp4")

        [entry] = journal.entries()
        assert (entry.status, entry.kind, entry.provider, entry.model) == ("saved", "video", "openai", "sora-2")
        assert (entry.request_id, entry.job.id) == (response.request_id, response.job.id)
        assert entry.request == response.job.request
        assert entry.files == [{"path": str(tmp_path / "clip.mp4"), "sha256": response.video.sha256}]

    def test_a_video_in_memory(self, journal, make_video, video_config, video_request):
        make_video(video_config(), video_request())

        assert journal.entries()[0].status == "made"

    def test_pictures(self, journal, make_image, image_config, image_request, tmp_path):
        response = make_image(image_config(), image_request())

        assert [(entry.kind, entry.status) for entry in journal.entries()] == [("image", "made")]
        journal.note_saved(response.request_id, tmp_path / "a.png", response.images[0].sha256)
        assert journal.entries()[0].status == "saved"

    def test_every_paid_request_of_a_fan_out_is_an_entry(self, journal, image_config, image_request):
        generate_image(image_config("dall-e-3", fan_out=True), image_request(size="1024x1024", n=3))

        assert [entry.status for entry in journal.entries()] == ["made"] * 3
        assert len({entry.request_id for entry in journal.entries()}) == 1

    def test_a_stream(self, journal, image_config, image_request):
        list(stream_image(image_config("gpt-image-1"), image_request(size="1024x1024")))

        assert [(entry.kind, entry.status) for entry in journal.entries()] == [("image", "made")]

    def test_a_refusal(self, journal, tarash_sandbox, make_image, image_config, image_request):
        tarash_sandbox.play(Answer(401, body=b'{"error":{"message":"no such key"}}'))

        with pytest.raises(AuthenticationError):
            make_image(image_config(), image_request())
        [entry] = journal.entries()
        assert entry.status == "refused"
        assert entry.error.startswith("AuthenticationError: no such key")

    def test_a_lost_answer(self, journal, tarash_sandbox, make_image, image_config, image_request):
        tarash_sandbox.play(RawBytes())

        with pytest.raises(UnconfirmedGenerationError):
            make_image(image_config(), image_request())
        assert journal.entries()[0].status == "unconfirmed"

    def test_a_failed_job(self, journal, tarash_sandbox, make_video, video_config, video_request):
        tarash_sandbox.end_jobs_as("failed")

        with pytest.raises(GenerationFailedError) as caught:
            make_video(video_config(), video_request())
        [entry] = journal.entries()
        assert (entry.status, entry.job.id) == ("failed", caught.value.job.id)

    def test_a_job_that_is_left_running(
        self, journal, tarash_sandbox, make_video, video_config, video_request, pauses_leap
    ):
        tarash_sandbox.job_seconds = 600

        with pauses_leap(), pytest.raises(GenerationTimeoutError) as caught:
            make_video(video_config(timeout=60, poll_interval=20), video_request())
        assert [job.id for job in journal.jobs()] == [caught.value.job.id]

    def test_each_config_of_a_chain_that_was_tried(
        self, journal, tarash_sandbox, make_image, image_config, image_request
    ):
        tarash_sandbox.play(Answer(401, body=b"{}"))
        chain = image_config(fallback_configs=(image_config("dall-e-3"),))

        make_image(chain, image_request(size="1024x1024"))
        assert [(entry.model, entry.status) for entry in journal.entries()] == [
            ("dall-e-2", "refused"),
            ("dall-e-3", "made"),
        ]

    def test_a_job_that_is_resumed_and_one_that_is_cancelled(
        self, journal, tarash_sandbox, video_config, video_request, tmp_path
    ):
        first = submit_video(video_config(), video_request())
        resume_video(video_config(), first, save_to=tmp_path / "clip.mp4")
        second = submit_video(video_config(), video_request())
        cancel_video(video_config(), second)

        assert [(entry.job.id, entry.status) for entry in journal.entries()] == [
            (first.id, "saved"),
            (second.id, "failed"),
        ]

    def test_nothing_that_is_secret(self, journal, tarash_sandbox, make_video, video_config, video_request):
        config = video_config(provider_config={"headers": {"x-gateway": "hidden-in-here"}})
        make_video(config, video_request())

        text = "".join(path.read_text() for path in journal.path.iterdir())
        assert config.api_key.get_secret_value() not in text
        assert "hidden-in-here" not in text

    def test_a_request_that_is_not_sent_is_not_in_it(self, journal, video_config, video_request):
        with pytest.raises(ValidationError):
            generate_video(video_config(), video_request(size="1x1"))
        assert journal.entries() == []

    def test_nothing_is_sent_when_the_intent_cannot_be_written(
        self, tarash_sandbox, make_image, image_config, image_request, tmp_path
    ):
        (tmp_path / "file").write_text("")
        with Journal(tmp_path / "file"), pytest.raises(SaveError):
            make_image(image_config(), image_request())
        assert tarash_sandbox.requests == []

    def test_a_disk_that_fills_up_later_harms_no_job(
        self, journal, tarash_sandbox, make_video, video_config, video_request, caplog
    ):
        def fill_up(update):
            if update.job is None and journal.path.exists():
                os.truncate(next(journal.path.iterdir()), 0)

        class Full(Journal):
            def write(self, event, **facts):
                if event != "intent":
                    msg = "the disk is full"
                    raise SaveError(msg)
                super().write(event, **facts)

        with Full(journal.path):
            assert make_video(video_config(), video_request()).job is not None
        assert "the journal could not be written (the disk is full)" in caplog.text

    def test_the_environment_turns_it_on(
        self, tarash_sandbox, make_image, image_config, image_request, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("TARASH_JOURNAL", str(tmp_path / "env"))
        make_image(image_config(), image_request())
        assert [entry.status for entry in Journal(tmp_path / "env").entries()] == ["made"]


SCRIPT = """
    import sys, warnings
    warnings.simplefilter("ignore")
    from tarash.tarash_gateway import Journal, generate_video
    from tarash.tarash_gateway.models import VideoGenerationConfig, VideoGenerationRequest

    with Journal("journal"):
        generate_video(
            VideoGenerationConfig(provider="openai", model="sora-2", api_key="sk-x", base_url=sys.argv[1]),
            VideoGenerationRequest(prompt=sys.argv[2], duration_seconds=4),
            save_to="clip.mp4",
        )
"""


class Killing:
    """Kills the process of the test in place of an answer; what came before it has happened."""

    def __init__(self, server, *, creates=False, reply=None):
        self.server, self.creates, self.reply = server, creates, reply
        self.process = None

    async def send(self, wire, headers):

        if self.creates:
            fields = self.server.requests[-1].fields
            wanted = {"model": fields["model"], "prompt": fields["prompt"], "size": "720x1280", "seconds": 4}
            self.server._vendor.jobs.add(OpenAIJob(**wanted, duration=0.1))
        if self.reply is not None:
            await self.reply.send(wire, headers)
        while self.process is None:  # noqa: ASYNC110 # the test sets it from another thread
            await asyncio.sleep(0.01)
        self.process.kill()
        wire.drop()


STAGES = {
    "before-the-vendor-has-it": ({"method": "POST"}, {}),
    "the-vendor-has-it": ({"method": "POST"}, {"creates": True}),
    "waiting": ({"method": "GET", "path": "/v1/videos/video_*"}, {}),
    "downloading": ({"method": "GET", "path": "/v1/videos/*/content"}, {"reply": "half"}),
}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
@pytest.mark.parametrize("stage", STAGES)
def test_a_process_killed_at_any_stage_loses_and_repeats_nothing(
    tarash_sandbox, video_config, video_request, posts, tmp_path, warm_python, stage
):
    where, how = STAGES[stage]
    reply = RawBytes(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n" + b"\0" * 9000) if how.get("reply") else None
    killing = Killing(tarash_sandbox, creates=how.get("creates", False), reply=reply)
    tarash_sandbox.play(killing, **where)
    words = ["-c", textwrap.dedent(SCRIPT), tarash_sandbox.url, f"killed {stage}"]
    killing.process = warm_python.start(words, files=(0, 1, 2), cwd=tmp_path)
    assert killing.process.wait(60) == -signal.SIGKILL
    journal = Journal(tmp_path / "journal")

    with journal:
        jobs = recover_videos(video_config(), journal)
        for job in jobs:
            resume_video(video_config(), job, save_to=tmp_path / "clip.mp4")

    made = stage != "before-the-vendor-has-it"
    [entry] = journal.entries()
    assert len(posts()) == 1
    assert len(jobs) == made
    assert (tmp_path / "clip.mp4").exists() is made
    assert entry.status == ("saved" if made else "open")
    assert entry.request["prompt"] == f"killed {stage}"


class TestRecovery:
    def test_an_old_intent_that_the_vendor_does_not_list_was_never_accepted(self, journal, video_config):
        at = "2026-01-01T00:00:00+00:00"
        facts = {"provider": "openai", "model": "sora-2", "endpoint": video_config().base_url}
        journal.path.mkdir()
        line = {
            "v": 1,
            "at": at,
            "event": "intent",
            "intent": "int_1",
            "kind": "video",
            **facts,
            "asked": {"prompt": "x"},
        }
        (journal.path / "20260101T000000-1-a.jsonl").write_text(json.dumps(line) + "\n")

        assert recover_videos(video_config(), journal) == []
        assert journal.entries()[0].status == "absent"

    def test_each_of_two_equal_intents_gets_a_job_of_its_own(
        self, journal, tarash_sandbox, video_config, video_request
    ):
        tarash_sandbox.play(RawBytes(), method="POST", times=2)
        for _ in range(2):
            with pytest.raises(UnconfirmedGenerationError):
                submit_video(video_config(), video_request(prompt="twin"))
        for _ in range(3):
            wanted = {"model": "sora-2", "prompt": "twin", "size": "720x1280", "seconds": 4, "duration": 0.1}
            tarash_sandbox._vendor.jobs.add(OpenAIJob(**wanted))

        jobs = asyncio.run(recover_videos_async(video_config(), journal))

        assert len({job.id for job in jobs}) == 2
        assert {entry.job.id for entry in journal.entries()} == {job.id for job in jobs}

    def test_what_is_fetched_or_came_to_nothing_is_not_recovered(
        self, journal, tarash_sandbox, video_config, video_request
    ):
        generate_video(video_config(), video_request())
        tarash_sandbox.end_jobs_as("failed")
        with pytest.raises(GenerationFailedError):
            generate_video(video_config(), video_request())

        assert recover_videos(video_config(), journal) == []

    def test_a_job_of_another_place_is_left_to_its_own_config(self, journal, video_config, video_request):
        submit_video(video_config(), video_request())
        elsewhere = video_config(base_url="http://127.0.0.1:9/v1")

        assert recover_videos(elsewhere, journal) == []

    def test_something_else_than_a_journal_is_refused(self, video_config):
        with pytest.raises(ValidationError, match="a VideoGenerationConfig and a Journal belong here"):
            recover_videos(video_config(), "journal")

    def test_without_a_key_it_says_so(self, journal, video_config):
        with pytest.raises(ConfigurationError, match="there is no key"):
            recover_videos(video_config(api_key=None), journal)


def test_calls_side_by_side_write_whole_lines(journal, tarash_sandbox, video_config, video_request):
    async def many():
        await asyncio.gather(
            *(generate_video_async(video_config(), video_request(prompt=f"clip {n}")) for n in range(8))
        )

    asyncio.run(many())
    entries = journal.entries()
    assert {entry.request["prompt"] for entry in entries} == {f"clip {n}" for n in range(8)}
    assert all(entry.status == "made" for entry in entries)
