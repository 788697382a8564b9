"""`tarash video`: a video is saved, and every way to be stopped and to continue."""

import json
import re

from tarash.tarash_gateway.media.structure import inspect_file

CLIP = ("-m", "sora-2", "--seconds", 4, "-o", "boat.mp4")


def test_the_clip_is_saved_with_its_sidecar(typed, at_sandbox, folder, journal):
    done = typed("video", "A paper boat", *CLIP, "--aspect", "16:9", *at_sandbox)
    assert (done.code, done.out) == (0, "boat.mp4\n"), done.err
    facts = inspect_file(folder / "boat.mp4")
    assert (facts.content_type, facts.width, facts.height) == ("video/mp4", 1280, 720)
    reported = json.loads((folder / "boat.mp4.json").read_text(encoding="utf-8"))
    (entry,) = journal.entries()
    assert (reported["prompt"], reported["job_id"]) == ("A paper boat", entry.job.id)
    assert (entry.status, entry.files[0]["path"]) == ("saved", str(folder / "boat.mp4"))


def test_in_a_pipe_progress_is_plain_lines(typed, at_sandbox):
    done = typed("video", "A paper boat", *CLIP, *at_sandbox)
    lines = [line for line in done.err.splitlines() if line.startswith("sandbox/sora-2: ")]
    assert lines[0] == "sandbox/sora-2: submitting"
    assert re.fullmatch(r"sandbox/sora-2: completed in \d s, job video_\w+", lines[-1])
    assert "\x1b" not in done.err


def test_with_json_there_is_one_object_on_stdout(typed, at_sandbox):
    done = typed("video", "A paper boat", *CLIP, "--json", *at_sandbox)
    assert done.reported["job"]["status"] == "completed"
    assert done.reported["files"][0]["duration_seconds"] == 4.0
    assert done.reported["duration_seconds"] == 4.0


def test_a_picture_to_start_from_and_other_options_are_sent(typed, at_sandbox, tarash_sandbox, folder, picture):
    (folder / "car.png").write_bytes(picture(1280, 720))
    done = typed("video", "It drives off", *CLIP, "--image", "car.png", "--size", "1280x720", *at_sandbox)
    assert done.code == 0, done.err
    request = tarash_sandbox.requests[0]
    assert (request.fields["size"], request.fields["seconds"]) == ("1280x720", "4")
    assert [file.field for file in request.files] == ["input_reference"]


def test_a_remix_starts_from_an_earlier_job(typed, at_sandbox, tarash_sandbox, journal):
    typed("video", "A paper boat", *CLIP, *at_sandbox)
    (entry,) = journal.entries()
    done = typed("video", "Make it snow", "-m", "sora-2", "--remix", entry.job.id, "-o", "snow.mp4", *at_sandbox)
    assert done.code == 0, done.err
    remixes = [request.path for request in tarash_sandbox.requests if request.path.endswith("/remix")]
    assert remixes == [f"/v1/videos/{entry.job.id}/remix"]


def test_a_video_is_remixed_edited_or_extended_and_only_one_of_them(typed):
    done = typed("video", "On and on", "-p", "openai", "-m", "sora-2", "--extend", "video_1", "--edit", "video_2")
    assert done.code == 2
    assert "error: --edit and --extend do not go together: use one of them" in done.err


def test_a_video_to_go_on_from_may_be_a_file_or_a_job(typed, folder):
    words = ("video", "On and on", "-p", "openai", "-m", "sora-2", "--extend", "video_1", "--dry-run", "--json")
    done = typed(*words)
    assert (done.reported["request"]["operation"], done.reported["request"]["video"]) == ("extend", "video_1")
    assert [problem["field"] for problem in done.reported["problems"]] == ["operation"]
    (folder / "video_1").write_bytes(b"a file")
    assert "video" not in typed(*words).reported["request"]


def test_a_file_that_is_there_is_found_before_anything_is_sent(typed, at_sandbox, tarash_sandbox, folder):
    (folder / "boat.mp4").write_bytes(b"mine")
    assert typed("video", "A paper boat", *CLIP, *at_sandbox).code == 6
    kept = typed("video", "A paper boat", *CLIP, "--exists", "skip", "--json", *at_sandbox)
    assert (kept.code, kept.reported["skipped"]) == (0, True)
    assert tarash_sandbox.requests == []


class TestATimeout:
    def test_leaves_the_job_running_and_says_how_to_fetch_it(self, timed_out, tarash_sandbox):
        error = timed_out.reported["error"]
        assert (timed_out.code, error["type"]) == (32, "GenerationTimeoutError")
        resume = f"tarash jobs resume {error['job']['id']} -o boat.mp4 --base-url {tarash_sandbox.url}"
        assert error["resume"] == resume
        assert f"Fetch it later, at no further cost:\n  {resume}\n" in timed_out.err

    def test_is_in_the_list_of_jobs(self, timed_out, typed):
        listed = typed("jobs")
        job = timed_out.reported["error"]["job"]["id"]
        assert job in listed.out
        assert "submitted" in listed.out
        assert f"Fetch the result of a job: tarash jobs resume {job}" in listed.err


def test_a_failed_job_is_not_to_be_resumed(typed, at_sandbox, tarash_sandbox):
    tarash_sandbox.end_jobs_as("failed")
    done = typed("video", "A paper boat", *CLIP, "--json", *at_sandbox)
    assert (done.code, done.reported["error"]["type"]) == (31, "GenerationFailedError")
    assert "resume" not in done.reported["error"]
    assert done.reported["error"]["job"]["status"] == "failed"


class TestTheEmbeddedSandbox:
    def test_says_that_its_jobs_end_with_it(self, started):
        words = ("video", "A paper boat", *CLIP, "--timeout", "2", "-p", "sandbox", "--json")
        done = started(*words, TARASH_SANDBOX_JOB_SECONDS="600")
        assert done.code == 32
        assert "resume" not in done.reported["error"]
        assert "The embedded sandbox ends with this command, and its jobs end with it." in done.err

        again = started("jobs", "resume", done.reported["error"]["job"]["id"])
        assert again.code == 20
        assert "An embedded sandbox ends with its command, and its jobs end with it." in again.err
