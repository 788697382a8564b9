"""`tarash jobs`: the list of the journal, and resuming, cancelling and recovering jobs."""

import json
from dataclasses import replace

import pytest

from tarash.tarash_gateway.media.structure import inspect_file

CLIP = ("-m", "sora-2", "--seconds", 4, "-o", "boat.mp4")


class TestResuming:
    @pytest.fixture
    def job(self, timed_out, tarash_sandbox):
        """A job that was left running, and is done by now."""
        (left,) = tarash_sandbox._vendor.jobs.all()
        tarash_sandbox._vendor.jobs.add(replace(left, duration=0.01))
        return timed_out.reported["error"]["job"]["id"]

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
    job = timed_out.reported["error"]["job"]["id"]
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
        assert (done.code, done.reported["jobs"], len(done.reported["not_known"])) == (0, [], 1)
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
        assert [(each["provider"], each["endpoint"]) for each in done.reported["not_asked"]] == [
            ("openai", "https://x.example/v1")
        ]
        assert "warning: openai at https://x.example/v1 could not be asked: " in done.err
        assert (
            "If you trust that address with your key: tarash jobs recover --base-url https://x.example/v1" in done.err
        )

    def test_asks_only_the_vendor_that_was_named(self, lost, typed):
        assert typed("jobs", "recover", "-p", "openai").err == "There is no job to recover.\n"


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
        assert [job["request"]["prompt"] for job in typed("jobs", "list", "--json").reported["jobs"]] == [
            "Boat three", "Boat two", "Boat one",
        ]  # fmt: skip

    def test_may_be_of_videos_only(self, typed, at_sandbox):
        typed("image", "A harbour", "-o", "harbour.png", "-m", "gpt-image-2", *at_sandbox)
        assert typed("jobs", "--kind", "video", "--json").reported["jobs"] == []

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
