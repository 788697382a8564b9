"""`tarash video` and `tarash jobs`: a clip, and every way to be broken off and go on."""

import json
import re
from dataclasses import replace

import pytest

from tarash.tarash_gateway.journal import Journal
from tarash.tarash_gateway.media.structure import inspect_file

CLIP = ("-m", "sora-2", "--seconds", 4, "-o", "boat.mp4")


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def test_the_clip_is_saved_with_its_sidecar(typed, at_sandbox, folder, journal):
    done = typed("video", "A paper boat", *CLIP, "--aspect", "16:9", *at_sandbox)
    assert (done.code, done.out) == (0, "boat.mp4\n"), done.err
    facts = inspect_file(folder / "boat.mp4")
    assert (facts.content_type, facts.width, facts.height) == ("video/mp4", 1280, 720)
    told = json.loads((folder / "boat.mp4.json").read_text(encoding="utf-8"))
    (entry,) = journal.entries()
    assert (told["prompt"], told["job_id"]) == ("A paper boat", entry.job.id)
    assert (entry.status, entry.files[0]["path"]) == ("saved", str(folder / "boat.mp4"))


def test_in_a_pipe_progress_is_plain_lines(typed, at_sandbox):
    done = typed("video", "A paper boat", *CLIP, *at_sandbox)
    lines = [line for line in done.err.splitlines() if line.startswith("sandbox/sora-2: ")]
    assert lines[0] == "sandbox/sora-2: submitting"
    assert re.fullmatch(r"sandbox/sora-2: completed in \d s, job video_\w+", lines[-1])
    assert "\x1b" not in done.err


def test_with_json_there_is_one_object_on_stdout(typed, at_sandbox):
    done = typed("video", "A paper boat", *CLIP, "--json", *at_sandbox)
    assert done.told["job"]["status"] == "completed"
    assert done.told["files"][0]["duration_seconds"] == 4.0
    assert done.told["duration_seconds"] == 4.0


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
    assert (done.told["request"]["operation"], done.told["request"]["video"]) == ("extend", "video_1")
    assert [problem["field"] for problem in done.told["problems"]] == ["operation"]
    (folder / "video_1").write_bytes(b"a file")
    assert "video" not in typed(*words).told["request"]


def test_a_file_that_is_there_is_found_before_anything_is_sent(typed, at_sandbox, tarash_sandbox, folder):
    (folder / "boat.mp4").write_bytes(b"mine")
    assert typed("video", "A paper boat", *CLIP, *at_sandbox).code == 6
    kept = typed("video", "A paper boat", *CLIP, "--exists", "skip", "--json", *at_sandbox)
    assert (kept.code, kept.told["skipped"]) == (0, True)
    assert tarash_sandbox.requests == []


@pytest.fixture
def timed_out(typed, at_sandbox, tarash_sandbox, pauses_leap):
    """A command whose job was not done after a minute."""
    tarash_sandbox.job_seconds = 600
    with pauses_leap():
        return typed("video", "A paper boat", *CLIP, "--timeout", "60", "--json", *at_sandbox)


class TestATimeout:
    def test_leaves_the_job_running_and_says_how_to_fetch_it(self, timed_out, tarash_sandbox):
        error = timed_out.told["error"]
        assert (timed_out.code, error["type"]) == (32, "GenerationTimeoutError")
        resume = f"tarash jobs resume {error['job']['id']} -o boat.mp4 --base-url {tarash_sandbox.url}"
        assert error["resume"] == resume
        assert f"Fetch it later, at no further cost:\n  {resume}\n" in timed_out.err

    def test_is_in_the_list_of_jobs(self, timed_out, typed):
        listed = typed("jobs")
        job = timed_out.told["error"]["job"]["id"]
        assert job in listed.out
        assert "submitted" in listed.out
        assert f"Fetch the result of a job: tarash jobs resume {job}" in listed.err


def test_a_failed_job_is_not_to_be_resumed(typed, at_sandbox, tarash_sandbox):
    tarash_sandbox.end_jobs_as("failed")
    done = typed("video", "A paper boat", *CLIP, "--json", *at_sandbox)
    assert (done.code, done.told["error"]["type"]) == (31, "GenerationFailedError")
    assert "resume" not in done.told["error"]
    assert done.told["error"]["job"]["status"] == "failed"


class TestResuming:
    @pytest.fixture
    def job(self, timed_out, tarash_sandbox):
        """A job that was left running, and is done by now."""
        (left,) = tarash_sandbox._vendor.jobs.all()
        tarash_sandbox._vendor.jobs.add(replace(left, duration=0.01))
        return timed_out.told["error"]["job"]["id"]

    def test_fetches_the_clip_in_another_process(self, started, job, folder, journal):
        done = started("jobs", "resume", job, "-o", "boat.mp4")
        assert (done.code, done.out) == (0, "boat.mp4\n"), done.err
        assert inspect_file(folder / "boat.mp4").content_type == "video/mp4"
        assert json.loads((folder / "boat.mp4.json").read_text())["prompt"] == "A paper boat"
        assert [entry.status for entry in journal.entries()] == ["saved"]

    def test_nothing_is_made_anew(self, typed, job, tarash_sandbox):
        typed("jobs", "resume", job)
        assert [request.method for request in tarash_sandbox.requests].count("POST") == 1

    def test_without_a_name_the_file_is_called_after_the_job(self, typed, job, folder):
        done = typed("jobs", "resume", job)
        assert done.out == f"{job}.mp4\n"
        assert (folder / f"{job}.mp4").is_file()

    def test_the_beginning_of_an_id_is_enough(self, typed, job):
        assert typed("jobs", "resume", job[:14], "-o", "boat.mp4").code == 0

    def test_a_job_can_be_cancelled(self, typed, job, tarash_sandbox):
        done = typed("jobs", "cancel", job, "--json")
        assert done.code in (0, 11), done.err  # a job that is done is the vendor's to refuse


def test_a_job_that_runs_is_cancelled(typed, timed_out):
    job = timed_out.told["error"]["job"]["id"]
    done = typed("jobs", "cancel", job)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{job} is ")
    assert "may still be billed" in done.err


def test_an_unknown_job_is_told(typed, tmp_path):
    done = typed("jobs", "resume", "video_nobody")
    assert done.code == 2
    assert f"error: the journal has no job 'video_nobody' ({tmp_path / 'journal'})" in done.err


def test_a_key_goes_nowhere_that_only_the_journal_says(typed, journal, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    job = {"provider": "openai", "model": "sora-2", "id": "video_1", "endpoint": "https://elsewhere.example/v1"}
    journal.write("job", job=job)
    journal.close()
    done = typed("jobs", "resume", "video_1")
    assert done.code == 4
    assert "job video_1 lives at https://elsewhere.example/v1" in done.err
    assert "If you trust that address with your key: --base-url https://elsewhere.example/v1" in done.err


class TestRecovering:
    """The answer of a submit was lost, and the vendor's list could not be read: only the journal knows that it was."""

    @pytest.fixture
    def lost(self, typed, at_sandbox, tarash_sandbox):
        tarash_sandbox.fail("dropped_after_creation", path="/v1/videos", method="POST")
        tarash_sandbox.fail("list_404", method="GET")
        assert typed("video", "A paper boat", *CLIP, *at_sandbox).code == 30

    def test_finds_the_job_and_says_how_to_fetch_it(self, lost, typed, journal, tarash_sandbox):
        done = typed("jobs", "recover")

        [entry] = journal.entries()
        assert (done.code, done.out) == (0, f"{entry.job.id}  sandbox/sora-2  A paper boat\n"), done.err
        assert done.err == f"Fetch the video, at no further cost: tarash jobs resume {entry.job.id}\n"
        assert typed("jobs", "resume", entry.job.id, "-o", "boat.mp4").code == 0
        assert len(tarash_sandbox.paid) == 1
        assert typed("jobs", "recover").err == "There is no job to recover.\n"

    def test_says_of_which_requests_nothing_is_known_still(self, lost, typed, tarash_sandbox):
        tarash_sandbox.fail("list_404", method="GET")
        done = typed("jobs", "recover", "--json")
        assert (done.code, done.told["jobs"], len(done.told["not_known"])) == (0, [], 1)
        assert (
            f"warning: no answer to 1 request to sandbox at {tarash_sandbox.url}: possibly accepted, and billed\n"
            in done.err
        )

    def test_tells_of_a_vendor_that_cannot_be_asked(self, typed, journal, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        journal.write("intent", intent="i", kind="video", provider="openai", model="m", endpoint="https://x.example/v1")
        journal.close()
        done = typed("jobs", "recover", "--json")
        assert done.code == 4
        assert [(each["provider"], each["endpoint"]) for each in done.told["not_asked"]] == [
            ("openai", "https://x.example/v1")
        ]
        assert "warning: openai at https://x.example/v1 could not be asked: " in done.err
        assert (
            "If you trust that address with your key: tarash jobs recover --base-url https://x.example/v1" in done.err
        )

    def test_asks_only_the_vendor_that_was_named(self, lost, typed):
        assert typed("jobs", "recover", "-p", "openai").err == "There is no job to recover.\n"


class TestTheEmbeddedSandbox:
    def test_says_that_its_jobs_end_with_it(self, started):
        words = ("video", "A paper boat", *CLIP, "--timeout", "2", "-p", "sandbox", "--json")
        done = started(*words, TARASH_SANDBOX_JOB_SECONDS="600")
        assert done.code == 32
        assert "resume" not in done.told["error"]
        assert "The embedded sandbox ends with this command, and its jobs end with it." in done.err

        again = started("jobs", "resume", done.told["error"]["job"]["id"])
        assert again.code == 20
        assert "An embedded sandbox ends with its command, and its jobs end with it." in again.err


class TestTheList:
    def test_is_empty_at_first(self, typed, tmp_path):
        done = typed("jobs")
        assert (done.code, done.out) == (0, "")
        assert done.err == f"There are no requests yet ({tmp_path / 'journal'}).\n"

    def test_shows_the_newest_first_and_as_many_as_asked(self, typed, at_sandbox):
        for name in ("one", "two", "three"):
            typed("image", f"Boat {name}", "-o", f"{name}.png", "-m", "gpt-image-2", *at_sandbox)
        done = typed("jobs", "--limit", 2)
        assert done.out.index("Boat three") < done.out.index("Boat two")
        assert "Boat one" not in done.out
        assert "1 older requests: --limit 0 shows all" in done.err
        assert [job["request"]["prompt"] for job in typed("jobs", "list", "--json").told["jobs"]] == [
            "Boat three", "Boat two", "Boat one",
        ]  # fmt: skip

    def test_may_be_of_videos_only(self, typed, at_sandbox):
        typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
        assert typed("jobs", "--kind", "video", "--json").told["jobs"] == []

    def test_tells_why_a_request_came_to_nothing(self, typed, at_sandbox, tarash_sandbox):
        tarash_sandbox.fail("unauthorized")
        typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
        listed = typed("jobs").out
        assert "refused" in listed
        assert "AuthenticationError" in listed

    @pytest.mark.parametrize("columns", [80, 120])
    def test_fits_the_terminal_with_the_longest_ids(self, typed, journal, monkeypatch, columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        job = {"provider": "openai", "model": "sora-2", "id": "video_" + "6" * 48, "endpoint": "https://api.example/v1"}
        journal.write("job", job={**job, "asked": {"prompt": "A paper boat " * 30}})
        journal.close()
        lines = typed("jobs").out.splitlines()
        assert max(map(len, lines)) <= columns
        assert any(job["id"] in line for line in lines)
