"""The journal: lines that are on the disk before a call goes on, and what they come to when they are read back."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from tarash.tarash_gateway import Journal
from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.journal import active_journal
from tarash.tarash_gateway.models import VideoJob


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def intended(journal, **facts):
    known = {"provider": "acme", "model": "m", "endpoint": "https://a/v1", "request_id": "req_1"}
    return journal.record_request("video", **{**known, "asked": {"prompt": "a kite"}, **facts})


def job(**known):
    return VideoJob(**{"provider": "acme", "model": "m", "id": "video_1", "endpoint": "https://a/v1", **known})


def files(journal):
    return sorted(journal.path.glob("*.jsonl"))


class TestWriting:
    def test_a_folder_is_made_with_the_first_line_and_is_nobody_elses_business(self, journal):
        assert not journal.path.exists()
        intended(journal)
        assert journal.path.stat().st_mode & 0o077 == 0
        assert files(journal)[0].stat().st_mode & 0o077 == 0

    def test_a_line_is_there_as_soon_as_it_was_written(self, journal):
        intent = intended(journal)
        line = json.loads(files(journal)[0].read_text())
        assert (line["event"], line["intent"], line["v"]) == ("intent", intent, 1)
        assert datetime.fromisoformat(line["at"]).tzinfo == UTC

    def test_what_is_written_first_is_read_first_whatever_the_file(self, journal):
        first = intended(journal)
        journal.close()
        second = intended(journal)
        assert len(files(journal)) == 2
        assert [entry.intent for entry in journal.entries()] == [first, second]

    def test_every_process_has_a_file_of_its_own(self, journal):
        intended(journal)
        code = f"from tarash.tarash_gateway import Journal; Journal({str(journal.path)!r}).record_request('image', asked={{}})"
        subprocess.run([sys.executable, "-c", code], check=True)
        assert len(files(journal)) == 2
        assert [entry.kind for entry in journal.entries()] == ["video", "image"]

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
    def test_a_forked_child_begins_a_file_of_its_own(self, journal):
        intended(journal)
        child = multiprocessing.get_context("fork").Process(target=intended, args=(journal,))
        child.start()
        child.join(60)
        intended(journal)
        assert child.exitcode == 0
        assert sorted(len(path.read_text().splitlines()) for path in files(journal)) == [1, 2]

    def test_threads_never_mix_their_lines(self, journal):
        prompts = [f"{'x' * 3000}{number}" for number in range(24)]
        threads = [threading.Thread(target=intended, args=(journal,), kwargs={"asked": {"prompt": p}}) for p in prompts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {entry.request["prompt"] for entry in journal.entries()} == set(prompts)

    def test_a_folder_that_cannot_be_written_to_is_told(self, tmp_path):
        place = tmp_path / "file"
        place.write_text("not a folder")
        with pytest.raises(SaveError, match="cannot be written"):
            intended(Journal(place / "journal"))


class TestReading:
    def test_an_empty_journal_has_no_entries(self, journal):
        assert journal.entries() == []
        assert journal.find("video_1") is None

    def test_an_intent_is_open_until_something_is_known(self, journal):
        intended(journal)
        [entry] = journal.entries()
        assert (entry.status, entry.kind, entry.provider, entry.model) == ("open", "video", "acme", "m")
        assert (entry.endpoint, entry.request_id, entry.request) == ("https://a/v1", "req_1", {"prompt": "a kite"})
        assert (entry.job, entry.files, entry.error) == (None, [], None)

    @pytest.mark.parametrize("event", ["unconfirmed", "absent", "refused", "failed", "made"])
    def test_an_outcome_is_the_entrys_status(self, journal, event):
        journal.write(event, intent=intended(journal), error="SomeError: because")
        [entry] = journal.entries()
        assert (entry.status, entry.error) == (event, "SomeError: because")

    def test_a_job_belongs_to_its_intent_and_its_file_to_the_job(self, journal):
        intent = intended(journal)
        journal.write("job", intent=intent, job=job().model_dump(mode="json"))
        assert [known.id for known in journal.jobs()] == ["video_1"]
        journal.write("saved", endpoint="https://a/v1", job_id="video_1", path="/c.mp4", sha256="ab")
        entry = journal.find("video_1")
        assert (entry.intent, entry.status) == (intent, "saved")
        assert entry.files == [{"path": "/c.mp4", "sha256": "ab"}]
        assert list(journal.jobs()) == []

    def test_a_job_of_elsewhere_that_is_taken_up_has_an_entry(self, journal):
        journal.write("job", job=job(request_id="req_9").model_dump(mode="json"))
        journal.write("job", job=job(progress=50.0).model_dump(mode="json"))
        [entry] = journal.entries()
        assert (entry.status, entry.request_id, entry.job.progress) == ("submitted", "req_9", 50.0)

    def test_jobs_of_one_id_at_two_places_are_two(self, journal):
        journal.write("job", job=job().model_dump(mode="json"))
        journal.write("job", job=job(endpoint="https://b/v1").model_dump(mode="json"))
        assert len(journal.entries()) == 2

    def test_a_file_that_the_caller_saved_belongs_to_the_call(self, journal, tmp_path):
        intent = intended(journal, request_id="req_7")
        journal.write("made", intent=intent, count=1)
        journal.note_saved("req_7", tmp_path / "a.png", "cd")
        assert journal.entries()[0].status == "saved"
        assert journal.entries()[0].files == [{"path": str(tmp_path / "a.png"), "sha256": "cd"}]

    def test_what_is_known_is_not_forgotten_for_a_line_that_says_less(self, journal):
        intent = intended(journal)
        journal.write("saved", intent=intent, path="/c.mp4")
        journal.write("job", intent=intent, job=job().model_dump(mode="json"))
        journal.write("unconfirmed", intent=intent)
        assert journal.entries()[0].status == "saved"

    def test_every_cut_of_a_file_can_be_read(self, journal):
        intent = intended(journal)
        journal.write("job", intent=intent, job=job().model_dump(mode="json"))
        journal.write("saved", intent=intent, path="/ü.mp4", sha256="ab")
        journal.close()
        [path] = files(journal)
        whole = path.read_bytes()
        ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
        for cut in range(len(whole)):
            path.write_bytes(whole[:cut])
            known = sum(end <= cut for end in ends)
            entries = journal.entries()
            assert len(entries) == min(known, 1)
            if known:
                assert entries[0].status == ["open", "submitted", "saved"][known - 1]

    def test_rubbish_in_a_file_is_left_out_and_told(self, journal, caplog):
        intent = intended(journal)
        journal.close()
        [path] = files(journal)
        path.write_bytes(b'\xff\xfe\n[1]\n{"event":\n\x00\n' + path.read_bytes() + b'{"event": "made", "int')
        assert [entry.intent for entry in journal.entries()] == [intent]
        assert "5 torn or unreadable line(s) left out" in caplog.text

    def test_lines_of_a_later_version_harm_nothing(self, journal):
        intent = intended(journal)
        journal.write("teleported", intent=intent, whither=[1, {"a": None}])
        journal.write("job", intent=intent, job={"no": "job"})
        assert journal.entries()[0].status in ("open", "submitted")


class TestWhichOne:
    def test_none_is_active_by_itself(self):
        assert active_journal() is None

    def test_the_innermost_block_counts(self, tmp_path):
        with Journal(tmp_path / "a") as outer:
            with Journal(tmp_path / "b") as inner:
                assert active_journal() is inner
            assert active_journal() is outer
        assert active_journal() is None

    def test_a_thread_started_in_the_block_writes_to_it_too(self, tmp_path):
        received = []
        with Journal(tmp_path / "a") as journal:
            thread = threading.Thread(target=lambda: received.append(active_journal()))
            thread.start()
            thread.join()
        assert received == [journal]

    def test_the_environment_names_one(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TARASH_JOURNAL", str(tmp_path / "j"))
        assert active_journal().path == tmp_path / "j"
        assert active_journal() is active_journal()
        with Journal(tmp_path / "b") as inner:
            assert active_journal() is inner
