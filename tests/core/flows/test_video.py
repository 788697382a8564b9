"""One video call: a job is submitted once, never lost, looked at with patience, and downloaded whole."""

import hashlib
import os

import pytest

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    GenerationTimeoutError,
    JobExpiredError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    SaveError,
    UnconfirmedGenerationError,
)
from tarash.tarash_gateway.flows.commands import Sleep
from tarash.tarash_gateway.flows.video import video_call
from tarash.tarash_gateway.models import ImageType, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import VideoStatus


def status(word="queued", *, poll_after=None, usage=None, cost=None, raw=None, **job):
    known = {"provider": "acme", "model": "acme-video", "id": "job_1", "endpoint": "https://api.acme.test/v1"}
    return VideoStatus(VideoJob(status=word, **{**known, **job}), poll_after, usage, cost, raw)


def delivery(*chunks, length=None, resumed=False, content_type=None):
    """An answer to a download: fills the sink as a provider does."""

    def deliver(command):
        _, sink = command.args
        sink.begin(length=length, resumed=resumed, content_type=content_type)
        for chunk in chunks:
            sink.write(chunk)

    return deliver


@pytest.fixture
def called(feed, plan_for, context_of, video_cfg):
    """Feeds answers to one video call; gives what came of it and the feed."""

    def called(*answers, config=None, columns=None, save_to=None, exists="error", interrupt=None, **fields):
        plan = plan_for(VideoGenerationRequest(prompt="a cat", **fields), video_cfg(**(config or {})), video=columns)
        fed = feed(*answers, interrupt=interrupt or (lambda command: None))
        try:
            result = fed(video_call(context_of(plan.config), plan, save_to, exists))
        except BaseException as error:
            result = error
        return result, fed

    return called


def test_a_video_is_submitted_looked_at_and_downloaded(called, clip):
    result, fed = called(
        status(provider_request_id="v1"),
        status("in_progress", progress=40),
        status("completed", progress=100, usage={"seconds": 1}, cost=0.1, raw={"id": "job_1"}),
        delivery(clip, length=len(clip)),
    )
    assert [call.name for call in fed.calls] == ["submit_video", "poll_video", "poll_video", "download_video"]
    assert (result.video.content, result.duration_seconds, result.size) == (clip, 1.0, "64x48")
    assert (result.job.id, result.job.status, result.job.request_id) == ("job_1", "completed", "req_1")
    assert (result.provider_request_id, result.usage, result.cost) == ("v1", {"seconds": 1}, 0.1)
    assert (result.raw_response, result.warnings) == ({"id": "job_1"}, [])
    assert [update.status for update in fed.updates] == [
        "submitting",
        "queued",
        "in_progress",
        "in_progress",
        "downloading",
        "completed",
    ]
    assert [update.job.id if update.job else None for update in fed.updates] == [None] + ["job_1"] * 5


def test_a_job_that_is_done_at_once_is_not_looked_at(called, clip):
    _, fed = called(status("completed"), delivery(clip))
    assert [call.name for call in fed.calls] == ["submit_video", "download_video"]
    assert fed.sleeps == []


def test_what_was_asked_is_kept_with_a_digest_for_media(called, clip, png):
    result, _ = called(
        status("completed"),
        delivery(clip),
        size="64x48",
        seed=3,
        image_list=[ImageType(image=png, type="first_frame")],
    )
    assert result.job.request == {
        "prompt": "a cat",
        "size": "64x48",
        "seed": 3,
        "image_list": [{"type": "first_frame", "sha256": hashlib.sha256(png).hexdigest()}],
    }


def test_a_remix_keeps_the_id_of_its_job(called, clip):
    earlier = status("completed", id="job_0").job
    columns = {"operations": ("generate", "remix")}
    result, _ = called(status("completed"), delivery(clip), video=earlier, operation="remix", columns=columns)
    assert result.job.request["video"] == "job_0"


def test_what_a_vendor_does_not_repeat_is_not_forgotten(called, clip):
    result, _ = called(
        status(size="64x48", provider_data={"project": "p"}),
        status("completed", endpoint="https://evil.test"),
        delivery(clip),
    )
    assert (result.job.size, result.job.provider_data) == ("64x48", {"project": "p"})
    assert result.job.endpoint == "https://api.acme.test/v1"


def test_an_image_of_another_size_is_told(called, clip, png):
    result, _ = called(
        status("completed"),
        delivery(clip),
        size="64x48",
        image_list=[ImageType(image=png)],
        columns={"input_match_size": True},
    )
    assert result.warnings == ["image_list.0: the image has 8x6 pixels, not the video's 64x48; it may be refused"]


class TestSubmitting:
    def test_a_lost_answer_is_not_sent_again(self, called):
        result, fed = called(ProviderUnavailableError("502", retryable=True, billable="unknown"))
        assert type(result) is UnconfirmedGenerationError
        assert (result.job, len(fed.calls)) == (None, 1)

    def test_a_refused_job_is_sent_again_and_the_wait_is_told(self, called, clip):
        result, fed = called(RateLimitError("busy", retryable=True, retry_after=3), status("completed"), delivery(clip))
        assert result.job.id == "job_1"
        assert [(update.status, update.wait_seconds, update.message) for update in fed.updates][1] == (
            "waiting",
            3,
            "busy",
        )

    def test_a_provider_that_gives_no_status_is_told(self, called):
        result, _ = called({"id": "job_1"})
        assert (type(result), result.billable) == (PluginError, "unknown")
        assert str(result) == "Acme.submit_video returned a dict instead of a VideoStatus"


class TestWaiting:
    @pytest.mark.parametrize(
        ("config", "poll_after", "pause"),
        [
            ({"poll_interval": 7}, 3, 7),
            ({"poll_interval": 0.01}, None, 0.01),
            ({}, 3, 3),
            ({}, 0, 0.05),
            ({}, 600, 20),
        ],
        ids=["the config's", "a short one", "the vendor's", "not at once", "not too long"],
    )
    def test_the_pause_between_two_looks(self, config, poll_after, pause, called, clip):
        hints = [status(poll_after=poll_after) for _ in range(2)]
        _, fed = called(*hints, status("completed"), delivery(clip), config=config)
        assert fed.sleeps == [min(pause, 0.5), pause]

    def test_an_older_job_is_looked_at_less_often(self, called, clip):
        looks = [status("in_progress") for _ in range(120)]
        _, fed = called(status(), *looks, status("completed"), delivery(clip), config={"timeout": 10_000})
        assert fed.sleeps == sorted(fed.sleeps)

    def test_a_passing_fault_is_waited_out(self, called, clip):
        error = ProviderUnavailableError("502", retryable=True, billable="unknown")
        result, fed = called(status(), error, error, status("completed"), delivery(clip))
        assert result.job.status == "completed"
        assert [call.name for call in fed.calls].count("submit_video") == 1

    def test_the_deadline_leaves_the_job_running(self, called):
        result, fed = called(status(), *[status("in_progress")] * 9, config={"timeout": 10, "poll_interval": 4})
        assert type(result) is GenerationTimeoutError
        assert (
            str(result)
            == "job job_1 was still in_progress after 10 s. It was left running: resume_video(config, error.job) picks it up."
        )
        assert (result.job.id, result.job.status, result.billable) == ("job_1", "in_progress", "unknown")
        # The first look is soon, and the last one in time.
        assert fed.sleeps == [0.5, 4, 4, pytest.approx(1.45)]

    def test_an_interval_longer_than_the_deadline_still_gets_its_looks(self, called, clip):
        _, fed = called(status(), status("completed"), delivery(clip), config={"timeout": 10, "poll_interval": 60})
        assert fed.sleeps == [0.5]

    @pytest.mark.parametrize(
        "error", [AuthenticationError("401"), PluginError("a defect")], ids=["key revoked", "plugin"]
    )
    def test_every_later_error_says_which_job_it_is(self, error, called):
        result, _ = called(status(), error)
        assert result is error
        assert (result.job.id, result.job.request["prompt"]) == ("job_1", "a cat")

    def test_a_provider_that_gives_no_status_is_told_with_the_job(self, called):
        result, _ = called(status(), None)
        assert type(result) is PluginError
        assert result.job.id == "job_1"

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)], ids=["Ctrl-C", "exit"])
    def test_a_break_says_which_job_is_left_running(self, error, called):
        result, _ = called(status(), interrupt=lambda command: error if isinstance(command, Sleep) else None)
        assert result is error
        assert result.__notes__ == ["job job_1 at acme was left running; its video can still be fetched"]

    @pytest.mark.parametrize(
        ("word", "known", "kind", "text"),
        [
            (
                "failed",
                {"error_code": "boom", "error_message": "no luck"},
                GenerationFailedError,
                "job job_1 failed: boom: no luck",
            ),
            ("failed", {}, GenerationFailedError, "job job_1 failed: the vendor gives no reason"),
            ("cancelled", {}, GenerationFailedError, "job job_1 was cancelled: the vendor gives no reason"),
            ("expired", {}, JobExpiredError, "job job_1 expired: the vendor keeps its result no longer."),
        ],
        ids=["failed", "without a reason", "cancelled", "expired"],
    )
    def test_a_job_without_a_result_is_an_error(self, word, known, kind, text, called):
        result, _ = called(status(), status(word, raw={"id": "job_1"}, **known))
        assert (type(result), str(result)) == (kind, text)
        assert (result.job.status, result.code, result.raw) == (word, known.get("error_code"), {"id": "job_1"})

    def test_a_refusal_that_comes_with_the_job_keeps_it(self, called):
        error = ContentPolicyError("no", stage="output", job=status("failed", id="job_1").job)
        result, _ = called(status(), error)
        assert result is error
        assert (result.job.status, result.job.request["prompt"], result.stage) == ("failed", "a cat", "output")


class TestDownloading:
    def test_it_continues_where_it_broke_off(self, called, clip):
        result, fed = called(
            status("completed"),
            delivery(clip[:1000], length=len(clip)),
            delivery(clip[1000:], length=len(clip) - 1000, resumed=True),
        )
        assert result.video.content == clip
        assert [call.name for call in fed.calls] == ["submit_video", "download_video", "download_video"]

    def test_it_is_given_up_after_five_tries_and_keeps_the_job(self, called, clip):
        result, fed = called(status("completed"), *[delivery(clip[:1000], length=len(clip))] * 9)
        assert type(result) is DownloadError
        assert str(result) == (
            f"what came for job job_1 is not a whole video: the download was cut: 1,000 of {len(clip):,} bytes came. "
            "It costs nothing to fetch it again: resume_video(config, error.job). What came is in error.media."
        )
        assert (result.job.id, result.billable) == ("job_1", "yes")
        assert (result.media.content, result.media.content_type) == (clip[:1000], "video/mp4")
        assert not result.media.verified
        assert [call.name for call in fed.calls].count("download_video") == 5

    def test_what_is_no_whole_clip_is_fetched_once_more(self, called, clip):
        result, fed = called(status("completed"), delivery(clip[:1000]), delivery(clip))
        assert result.video.content == clip
        assert [call.name for call in fed.calls].count("download_video") == 2

    def test_what_is_never_a_clip_is_told_with_what_it_is(self, called):
        result, _ = called(
            status("completed"),
            delivery(b"<html>", content_type="text/html"),
            delivery(b"<html>", content_type="text/html"),
        )
        assert type(result) is DownloadError
        assert str(result) == (
            "what came for job job_1 is not a whole video (text/html): neither PNG, JPEG, WebP, GIF, SVG, AVIF, HEIC, "
            "TIFF, BMP, MP4, MOV nor WebM: begins with <html>. It costs nothing to fetch it again: "
            "resume_video(config, error.job). What came is in error.media."
        )
        assert result.job.id == "job_1"

    def test_every_video_of_a_job_is_fetched(self, called, clip, other_clip):
        result, fed = called(status("completed", outputs=2), delivery(clip), delivery(other_clip), n=2)
        assert [media.content for media in result.videos] == [clip, other_clip]
        assert [call.options["index"] for call in fed.calls[1:]] == [0, 1]

    def test_it_goes_into_files_when_the_caller_says_so(self, called, clip, tmp_path):
        result, _ = called(
            status("completed", outputs=2), delivery(clip), delivery(clip), save_to=tmp_path / "cat.mp4", n=2
        )
        assert sorted(os.listdir(tmp_path)) == ["cat-2.mp4", "cat.mp4"]
        assert [(media.path.name, media.data) for media in result.videos] == [("cat.mp4", None), ("cat-2.mp4", None)]

    def test_what_is_not_whole_stays_beside_its_place_under_another_name(self, called, clip, tmp_path):
        (tmp_path / "other.txt").write_text("mine")
        (tmp_path / "cat.mp4.incomplete").symlink_to(tmp_path / "other.txt")
        result, _ = called(status("completed"), *[delivery(clip[:1000])] * 2, save_to=tmp_path / "cat.mp4")
        kept = tmp_path / "cat.mp4.incomplete"
        assert str(result).endswith(f"resume_video(config, error.job). What came is in {kept}.")
        assert sorted(os.listdir(tmp_path)) == ["cat.mp4.incomplete", "other.txt"]
        assert (kept.read_bytes(), kept.is_symlink()) == (clip[:1000], False)
        assert (result.media.path, result.media.content, result.media.verified) == (kept, clip[:1000], False)
        assert (tmp_path / "other.txt").read_text() == "mine"

    def test_a_download_of_no_bytes_leaves_no_file(self, called, tmp_path):
        result, _ = called(status("completed"), *[delivery(b"")] * 2, save_to=tmp_path / "cat.mp4")
        assert (os.listdir(tmp_path), result.media) == ([], None)

    def test_a_clip_that_cannot_be_verified_is_handed_over_with_a_warning(self, called, clip, tmp_path):
        result, fed = called(status("completed"), delivery(clip + b"\0" * 8), save_to=tmp_path / "cat.mp4")
        assert (result.video.content, result.video.verified) == (clip + b"\0" * 8, False)
        assert result.warnings == ["the video could not be verified: 8 bytes follow the end of the last box"]
        assert [call.name for call in fed.calls].count("download_video") == 1

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), AuthenticationError("401")], ids=["Ctrl-C", "401"])
    def test_a_download_that_is_broken_off_leaves_no_file(self, error, called, tmp_path):
        result, _ = called(status("completed"), error, save_to=tmp_path / "cat.mp4")
        assert result is error
        assert os.listdir(tmp_path) == []

    def test_a_file_that_appeared_in_the_meantime_does_not_lose_the_job(self, called, clip, tmp_path):
        path = tmp_path / "cat.mp4"
        whole = delivery(clip)

        def late(command):
            path.write_bytes(b"somebody else's")
            return whole(command)

        result, _ = called(status("completed"), late, save_to=path)
        assert type(result) is SaveError
        assert result.job.id == "job_1"
        assert path.read_bytes() == b"somebody else's"
