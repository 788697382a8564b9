"""The same batch again goes on where the last one ended, whatever ended it, and pays for nothing twice."""

import json
import pickle
import urllib.request

import pytest

from tarash.tarash_gateway.errors import ConfigurationError, ValidationError

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def broken_off(journal, tarash_sandbox):
    """What a run leaves that dies once its request is written down: nothing else is known of it."""

    def broken_off(row, kind="image", model="dall-e-2", **facts):
        wanted = {name: value for name, value in row.items() if name not in ("id", "kind")}
        settings = {"provider": "openai", "model": model, "endpoint": tarash_sandbox.url, "request_id": "req_1"}
        return journal.record_request(kind, label=row["id"], asked=wanted, **{**settings, **facts})

    return broken_off


@pytest.fixture
def at_the_vendor(tarash_sandbox):
    """A job whose answer nobody read: another process had asked for it."""

    def at_the_vendor(row):
        wanted = {"model": "sora-2", "prompt": row["prompt"], "seconds": "4"}
        headers = {"Authorization": "Bearer sk-x", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{tarash_sandbox.url}/videos", json.dumps(wanted).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["id"]

    return at_the_vendor


def counts(result):
    return {name: value for name in ("done", "made", "failed", "unconfirmed") if (value := getattr(result, name))}


class TestAfterAGoodRun:
    def test_nothing_is_sent_and_every_row_is_told_again(self, run, image, video, tarash_sandbox, outcomes):
        rows = [image("a"), video("b")]
        first, wanted, before = run(rows), len(tarash_sandbox.requests), outcomes()
        again = run(rows)
        assert counts(again) == {"done": 2}
        assert (again.spent, len(tarash_sandbox.requests)) == (pytest.approx(first.spent), wanted)
        assert [outcome["files"] for outcome in outcomes().values()] == [
            outcome["files"] for outcome in before.values()
        ]

    def test_new_rows_are_made(self, run, image, paid):
        run([image("a")])
        assert counts(run([image("b"), image("a")])) == {"done": 2, "made": 1}
        assert paid() == ["prompt of a", "prompt of b"]

    def test_the_folder_may_have_been_moved(self, run, image, out, paid):
        run([image("a")])
        out.rename(moved := out.with_name("moved"))
        assert counts(run([image("a")], out=moved)) == {"done": 1}
        assert paid() == ["prompt of a"]

    def test_another_prompt_under_an_id_is_refused(self, run, image, paid):
        run([image("a")])
        [failure] = run([image("a", prompt="another")]).failures
        assert failure.error == (
            "ValidationError: id: an earlier run sent another prompt under this id; give the row an id of its own"
        )
        assert paid() == ["prompt of a"]

    def test_a_picture_that_was_removed_is_paid_for_again_only_where_that_is_wanted(self, run, image, out, paid):
        run([image("a")])
        next(out.rglob("a.png")).unlink()
        [failure] = run([image("a")]).failures
        assert failure.error == ("DownloadError: a.png was saved and is gone (retry_failed=True pays for a new one)")
        next(out.rglob("a.png.json")).unlink()
        assert counts(run([image("a")], retry_failed=True)) == {"done": 1, "made": 1}
        assert paid() == ["prompt of a"] * 2

    def test_a_clip_that_was_removed_is_fetched_again(self, run, video, out, paid):
        run([video("a")])
        next(out.rglob("a.mp4")).unlink()
        assert counts(run([video("a")])) == {"done": 1, "made": 1}
        assert paid() == ["prompt of a"]


class TestPicturesWhoseAnswerIsLost:
    def test_they_are_unconfirmed_and_not_sent_again(self, run, image, broken_off, paid):
        broken_off(image("a"))
        result = run([image("a"), image("b")])
        assert counts(result) == {"done": 1, "made": 1, "unconfirmed": 1}
        assert result.failures[0].error == (
            "UnconfirmedGenerationError: an earlier run was broken off while the request was on its way "
            "(it may have been billed; retry_unconfirmed=True sends it again)"
        )
        assert paid() == ["prompt of b"]

    def test_they_are_sent_again_where_that_is_wanted(self, run, image, broken_off, paid):
        broken_off(image("a"))
        assert counts(run([image("a")], retry_unconfirmed=True)) == {"done": 1, "made": 1}
        assert paid() == ["prompt of a"]
        assert counts(run([image("a")], retry_unconfirmed=True)) == {"done": 1}

    def test_what_they_may_have_cost_counts(self, run, image, broken_off):
        broken_off(image("a"), expected=0.5)
        assert run([image("a")]).spent == pytest.approx(0.5)

    def test_a_lost_answer_of_this_run_is_the_same(self, run, image, tarash_sandbox, paid):
        tarash_sandbox.fail("dropped_after_creation")
        assert counts(run([image("a")])) == {"unconfirmed": 1}
        assert counts(run([image("a")])) == {"unconfirmed": 1}
        assert paid() == ["prompt of a"]

    def test_a_file_that_was_written_before_the_end_is_taken(self, run, image, journal, out, paid):
        run([image("a", n=2)])
        for path in journal.path.glob("*.jsonl"):  # as if the last lines had not been written
            lines = [line for line in path.read_bytes().splitlines(keepends=True) if b'"saved"' not in line]
            path.write_bytes(b"".join(lines))
        next(out.rglob("a.png.json")).unlink()
        result = run([image("a", n=2)])
        assert counts(result) == {"done": 1}
        assert json.loads(next(out.rglob("a.png.json")).read_text())["prompt"] == "prompt of a"
        assert paid() == ["prompt of a"]


class TestClipsWhoseAnswerIsLost:
    def test_the_vendors_list_has_the_job(self, run, video, broken_off, at_the_vendor, paid, outcomes):
        broken_off(video("a"), "video", "sora-2")
        job_id = at_the_vendor(video("a"))
        assert counts(run([video("a")])) == {"done": 1, "made": 1}
        assert outcomes()["a"]["job_id"] == job_id
        assert paid() == ["prompt of a"]

    def test_what_the_vendors_list_does_not_have_is_sent(self, run, video, broken_off, paid):
        broken_off(video("a"), "video", "sora-2")
        assert counts(run([video("a")])) == {"done": 1, "made": 1}
        assert paid() == ["prompt of a"]

    def test_where_the_vendor_has_no_list_they_are_unconfirmed(self, run, video, broken_off, tarash_sandbox, paid):
        broken_off(video("a"), "video", "sora-2")
        tarash_sandbox.fail("list_404", times=None)
        assert counts(run([video("a")])) == {"unconfirmed": 1}
        assert paid() == []
        assert counts(run([video("a")], retry_unconfirmed=True)) == {"done": 1, "made": 1}

    def test_two_of_one_prompt_get_a_job_each(self, run, video, broken_off, at_the_vendor, outcomes, paid):
        rows = [video(name, prompt="the same") for name in "ab"]
        jobs = set()
        for row in rows:
            broken_off(row, "video", "sora-2")
            jobs.add(at_the_vendor(row))
        assert counts(run(rows)) == {"done": 2, "made": 2}
        assert {outcomes()[name]["job_id"] for name in "ab"} == jobs
        assert paid() == ["the same"] * 2


class TestJobsThatWereLeft:
    def test_a_clip_that_could_not_be_fetched_is_fetched_by_the_next_run(self, run, video, tarash_sandbox, paid):
        tarash_sandbox.fail("content_401", times=None)
        [failure] = run([video("a")]).failures
        assert failure.error.endswith("(the job is kept: another run fetches it)")
        tarash_sandbox._dispatcher.script.clear()
        assert counts(run([video("a")])) == {"done": 1, "made": 1}
        assert paid() == ["prompt of a"]

    def test_a_job_that_failed_stays_failed_until_that_is_to_be_tried_again(self, run, video, tarash_sandbox, paid):
        tarash_sandbox.fail("job_failed")
        [failure] = run([video("a")]).failures
        assert failure.error.startswith("GenerationFailedError: ")
        [again] = run([video("a")]).failures
        assert again.error.endswith("(in an earlier run; retry_failed=True sends it again)")
        assert paid() == ["prompt of a"]
        assert counts(run([video("a")], retry_failed=True)) == {"done": 1, "made": 1}


class TestRowsThatFailed:
    def test_a_refusal_of_what_a_row_asks_is_kept_until_it_is_to_be_tried_again(self, run, image, tarash_sandbox, paid):
        tarash_sandbox.fail("moderation_blocked")
        assert counts(run([image("a")])) == {"failed": 1}
        wanted = len(tarash_sandbox.requests)
        [failure] = run([image("a")]).failures
        assert failure.error.endswith("(in an earlier run; retry_failed=True sends it again)")
        assert len(tarash_sandbox.requests) == wanted
        assert counts(run([image("a")], retry_failed=True)) == {"done": 1, "made": 1}
        assert paid() == ["prompt of a"]

    def test_what_was_refused_for_the_account_or_the_moment_is_sent_by_itself(self, run, image, tarash_sandbox):
        tarash_sandbox.fail("unauthorized")
        assert counts(run([image("a")])) == {"failed": 1}
        assert counts(run([image("a")])) == {"done": 1, "made": 1}


class TestTheJournal:
    def test_a_torn_last_line_is_dropped(self, run, image, journal, paid):
        run([image("a"), image("b")])
        [path] = journal.path.glob("*.jsonl")
        with path.open("ab") as file:
            file.write(b'{"v":1,"event":"intent","intent":"int_x","label":"c","kin')
        assert counts(run([image("a"), image("b"), image("c")])) == {"done": 3, "made": 1}
        assert paid() == ["prompt of a", "prompt of b", "prompt of c"]

    def test_it_may_lie_elsewhere(self, run, image, out, tmp_path):
        run([image("a")], journal=tmp_path / "journal")
        assert not (out / ".journal").exists()
        assert list((tmp_path / "journal").glob("*.jsonl"))
        assert counts(run([image("a")], journal=tmp_path / "journal")) == {"done": 1}

    def test_lines_of_nobody_are_no_trouble(self, run, image, journal):
        run([image("a")])
        [path] = journal.path.glob("*.jsonl")
        strange = ["null", "[]", "{}", '{"intent": 7}', '{"intent": "x", "event": {}}', '{"event": "job", "job": 1}']
        strange += [
            '{"intent": "x", "label": ["a"], "cost": "much", "expected": 1e999, "path": 3}',
            "\ud800{",
            "{" * 99,
        ]
        path.write_bytes("\n".join([*strange, ""]).encode("utf-8", "surrogatepass") + path.read_bytes())
        assert counts(run([image("a")])) == {"done": 1}

    def test_one_process_at_a_time_works_with_it(self, run, image, journal, paid):
        from tarash_gateway_batch.folder import lock_folder

        with (
            lock_folder(journal.path),
            pytest.raises(ConfigurationError, match="another process runs a batch with the"),
        ):
            run([image("a")])
        assert paid() == []
        assert run([image("a")]).done == 1

    def test_it_holds_no_key(self, run, image, video, out):
        run([image("a"), video("b")])
        texts = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
        assert b"sk-of-the-tests" not in texts
        assert b"prompt of a" in texts


def test_a_result_pickles_and_names_its_files(run, image):
    result = run([image("a"), {"id": "b"}])
    assert pickle.loads(pickle.dumps(result)) == result
    assert json.loads(result.model_dump_json())["done"] == 1


class TestAnotherRequestUnderTheSameId:
    """The row's id is known, and its request is not the one that was sent."""

    @pytest.mark.parametrize("news", [{"size": "512x512"}, {"model": "dall-e-3", "size": "1024x1024"}])
    def test_the_result_is_kept_and_told(self, run, image, outcomes, paid, news):
        run([image("a")])
        again = run([image("a", **news)])
        assert counts(again) == {"done": 1}
        assert outcomes()["a"]["warning"] == (
            "an earlier run sent another request or model under this id, whose result is kept "
            "(changed='redo' makes it again)"
        )
        assert paid() == ["prompt of a"]

    def test_it_may_be_refused(self, run, image, outcomes, paid):
        run([image("a")])
        assert counts(run([image("a", size="512x512")], changed="refuse")) == {"failed": 1}
        assert outcomes()["a"]["error"].startswith("ValidationError: id: an earlier run sent another request or model")
        assert paid() == ["prompt of a"]

    @pytest.mark.parametrize("news", [{"size": "512x512"}, {"prompt": "another"}])
    def test_it_may_be_made_again_and_then_it_is_done(self, run, image, outcomes, paid, news):
        run([image("a")])
        changed = image("a", **news)
        assert counts(run([changed], changed="redo")) == {"made": 1, "done": 1}
        assert counts(run([changed], changed="redo")) == {"done": 1}
        assert "warning" not in outcomes()["a"]
        assert len(paid()) == 2

    def test_the_same_request_is_told_nothing_of(self, run, image, outcomes):
        run([image("a")])
        run([image("a")], changed="refuse")
        assert "warning" not in outcomes()["a"]

    def test_another_word_is_refused(self, run, image):
        with pytest.raises(ValidationError, match="changed='maybe' is none of keep, refuse, redo"):
            run([image("a")], changed="maybe")
