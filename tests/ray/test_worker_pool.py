"""Workers elsewhere do the work; the limits, the money and the telling stay with the batch, and a death costs nothing."""

import asyncio
import logging
import random
from collections import Counter

import pytest

from tarash.tarash_gateway import run_batch_async
from tarash.tarash_gateway.errors import ConfigurationError, SaveError
from tarash_gateway_ray import worker as workers_module
from tarash_gateway_ray.budget_lease import LeasedBudget
from tarash_gateway_ray.fencing import FencedJournal

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def paid_twice(server):
    return [prompt for prompt, count in Counter(item.prompt for item in server.paid).items() if count > 1]


def test_rows_are_made_by_several_workers_and_told_by_the_batch(run, image, video, out, actors, tarash_sandbox):
    heard = []
    result = run([*(image(f"p{n}") for n in range(6)), video("v")], on_row=heard.append)
    assert (result.done, result.made, len(heard), len(tarash_sandbox.paid)) == (7, 7, 7, 7)
    assert all("run_row" in actor.calls for actor in actors)
    assert {outcome.files[0].path.is_relative_to(out) for outcome in heard} == {True}
    assert len(list((out / ".journal").glob("*.jsonl"))) == 3  # the batch's own, and one of each worker
    assert not list((out / ".journal" / "workers").iterdir())


def test_another_run_finds_everything_done(run, image, tarash_sandbox):
    run([image("a"), image("b")])
    again = run([image("a"), image("b")])
    assert (again.done, again.made, len(tarash_sandbox.paid)) == (2, 0, 2)


def test_this_machine_goes_on_where_the_cluster_stopped(run, image, tarash_sandbox):
    run([image("a")])
    result = run([image("a"), image("b")], engine="local")
    assert (result.done, result.made, len(tarash_sandbox.paid)) == (2, 1, 2)


def test_paths_are_those_that_the_batch_was_given(run, image, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    heard = []
    run([image("a")], out="here", on_row=heard.append)
    assert str(heard[0].files[0].path).startswith("here/")


def test_pictures_are_found_from_another_folder(run, image, tmp_path, monkeypatch, tarash_sandbox):
    run([image("a")], out=tmp_path / "first")
    (picture,) = (tmp_path / "first").rglob("a.png")
    (tmp_path / "rows.jsonl").write_text(
        '{"id": "b", "kind": "image", "prompt": "again", "model": "gpt-image-2", "provider": "openai", '
        f'"image_list": ["{picture.relative_to(tmp_path)}"]}}\n'
    )
    monkeypatch.chdir(tmp_path)
    assert run("rows.jsonl").complete


def test_a_rate_limit_of_the_vendor_holds_for_all_workers(run, image, tarash_sandbox):
    tarash_sandbox.fail("rate_limited_bare", times=1)
    result = run([image(f"p{n}") for n in range(4)], concurrency=1)
    assert result.complete


def test_the_budget_is_one_for_all_workers(run, image, outcomes, tarash_sandbox):
    result = run([image(f"p{n}") for n in range(8)], max_cost=0.05, workers=3)  # 16 tenths of a cent each
    assert (result.done, result.failed, len(tarash_sandbox.paid)) == (3, 5, 3)
    assert result.spent == pytest.approx(0.048)
    (error, *_) = [line["error"] for line in outcomes().values() if line["status"] == "failed"]
    assert "$0.002" in error
    assert "of the budget of $0.05" in error


def test_a_refusal_of_the_vendor_is_the_rows_own(run, image, outcomes, tarash_sandbox):
    tarash_sandbox.fail("moderation_blocked", times=1)
    result = run([image("a")])
    assert (result.failed, result.spent) == (1, 0)
    assert outcomes()["a"]["error"].startswith("ContentPolicyError")


class TestDeath:
    """The first worker that comes to a certain point dies there."""

    @pytest.fixture
    def dies(self, monkeypatch, actors):
        """Lets one worker die when it wrote a certain line, or was given money."""
        dead = []

        def dies(moment):
            async def die():
                actor = next(actor for actor in actors if actor.worker._shared.get("journal") is mortal[0])
                dead.append(actor)
                actor.kill()
                await asyncio.Event().wait()

            mortal = []
            write, tell = FencedJournal.write_async, workers_module.Worker.reply

            async def writing(self, event, **facts):
                await write(self, event, **facts)
                if not mortal and event == moment:
                    mortal.append(self)
                    await die()

            async def telling(self, key, answer):
                if not mortal and moment == "money" and isinstance(answer, LeasedBudget):
                    mortal.append(self._shared["journal"])
                    await die()
                return await tell(self, key, answer)

            monkeypatch.setattr(FencedJournal, "write_async", writing)
            monkeypatch.setattr(workers_module.Worker, "reply", telling)
            return dead

        return dies

    def test_before_anything_was_written_the_row_is_sent_by_another(self, run, image, dies, tarash_sandbox):
        dead = dies("money")
        result = run([image("a"), image("b")], max_cost=1.0)
        assert len(dead) == 1
        assert (result.done, len(tarash_sandbox.paid), paid_twice(tarash_sandbox)) == (2, 2, [])
        assert result.spent == pytest.approx(0.032)

    def test_after_the_intent_a_picture_is_unconfirmed(self, run, image, dies, outcomes, tarash_sandbox):
        dies("intent")
        result = run([image("a"), image("b"), image("c")], max_cost=1.0, concurrency=2)
        assert (result.done, result.unconfirmed, len(tarash_sandbox.paid)) == (2, 1, 2)
        assert result.spent == pytest.approx(0.048)  # it may have been billed
        (error,) = [line["error"] for line in outcomes().values() if line["status"] == "unconfirmed"]
        assert "broken off while the request was on its way" in error

    def test_after_the_intent_it_is_sent_again_where_that_is_wanted(self, run, image, dies, tarash_sandbox):
        dies("intent")
        result = run([image("a")], retry_unconfirmed=True)
        assert (result.done, len(tarash_sandbox.paid)) == (1, 1)

    def test_after_the_intent_a_video_is_looked_up(self, run, video, dies, tarash_sandbox):
        dies("intent")
        result = run([video("a"), video("b")])
        assert (result.done, paid_twice(tarash_sandbox), len(tarash_sandbox.paid)) == (2, [], 2)

    def test_a_job_is_resumed_by_another(self, run, video, dies, tarash_sandbox, caplog):
        dies("job")
        with caplog.at_level(logging.WARNING, "tarash.batch"):
            result = run([video("a"), video("b")], max_cost=10.0)
        assert (result.done, paid_twice(tarash_sandbox), len(tarash_sandbox.paid)) == (2, [], 2)
        assert result.spent == pytest.approx(run([video("a"), video("b")]).spent)
        assert "is gone with" in caplog.text

    def test_of_all_workers_others_begin(self, run, image, dies, actors, tarash_sandbox):
        dies("money")
        result = run([image("a"), image("b")], workers=1, max_cost=1.0)
        assert (result.done, len(actors), paid_twice(tarash_sandbox)) == (2, 2, [])

    def test_where_none_can_begin_the_batch_stops_and_a_rerun_goes_on(
        self, run, image, dies, monkeypatch, near, tarash_sandbox
    ):
        dies("money")
        begin = workers_module.Worker.start
        begun = []

        async def start(self):
            if begun:
                msg = "this machine does not see the folder"
                raise ConfigurationError(msg)
            begun.append(self)
            return await begin(self)

        monkeypatch.setattr(workers_module.Worker, "start", start)
        result = run([image("a"), image("b")], workers=1, max_cost=1.0, concurrency=1)
        assert result.stopped == "no worker is left: this machine does not see the folder. Run it again: it goes on."
        monkeypatch.setattr(workers_module.Worker, "start", begin)
        assert run([image("a"), image("b")]).done == 2
        assert len(tarash_sandbox.paid) == 2


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
# Files that a process lets go of when it dies: these workers only play dead.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_workers_that_die_at_any_moment_lose_nothing(
    run, image, video, outcomes, out, actors, tarash_sandbox, retry_policy, seed
):
    # A request that was sent before the death may reach a busy sandbox a moment after it.
    retry_policy(listed_within=1.0)
    chance = random.Random(seed)
    kinds = {f"r{number}": chance.choice((image, image, video)) for number in range(40)}
    deaths = []

    def kill_one(outcome):
        living = [actor for actor in actors if not actor.dead.is_set()]
        if len(deaths) < 3 and living and chance.random() < 0.3:
            deaths.append(chance.choice(living))
            deaths[-1].kill()

    result = run([kind(name) for name, kind in kinds.items()], workers=3, on_row=kill_one)
    lines = outcomes()
    assert len(deaths) == 3
    assert result.stopped is None
    assert paid_twice(tarash_sandbox) == []
    assert set(lines) == set(kinds)
    for line in lines.values():
        files = [out / file["path"] for file in line["files"]]
        assert line["status"] == "unconfirmed" or (line["status"] == "done" and all(file.is_file() for file in files))
    # Of what was unconfirmed a file may have come after all; nothing is paid for the rest.
    assert run([kind(name) for name, kind in kinds.items()]).unconfirmed <= result.unconfirmed
    assert paid_twice(tarash_sandbox) == []


class TestFencing:
    """A worker that was given up sends nothing more, even if it lives."""

    def test_a_worker_without_its_token_sends_nothing(self, run, image, monkeypatch, out, outcomes, tarash_sandbox):
        begin = FencedJournal.start

        async def begun(self):
            file = await begin(self)
            asyncio.get_running_loop().call_later(0.05, self._token.unlink)  # somebody took over
            return file

        monkeypatch.setattr(FencedJournal, "start", begun)

        async def rows():
            await asyncio.sleep(0.1)
            yield image("a")

        result = run(rows(), workers=1)
        assert (result.failed, tarash_sandbox.paid) == (1, [])
        assert "was given up by its batch; nothing was sent" in outcomes()["a"]["error"]

    def test_workers_of_a_run_that_was_killed_are_shut_out(self, run, image, out):
        run([image("a")])
        left = out / ".journal" / "workers" / "ray-of-before"
        left.write_text("")
        run([image("b")])
        assert not left.exists()

    def test_a_machine_that_does_not_see_the_folder_is_refused(self, run, image, monkeypatch, tarash_sandbox):
        monkeypatch.setattr("tarash_gateway_ray.fencing.has_token", lambda place: False)
        with pytest.raises(ConfigurationError, match=r"does not see .*journal, where the batch keeps its journal"):
            run([image("a")])
        assert tarash_sandbox.paid == []

    def test_another_release_is_refused(self, run, image, monkeypatch):
        monkeypatch.setattr("tarash_gateway_ray.worker.release", lambda: "0.9")
        with pytest.raises(ConfigurationError, match=r"this machine has tarash-gateway 0\.9, the batch runs with"):
            run([image("a")])

    def test_a_full_disk_on_a_worker_stops_the_batch(self, run, image, monkeypatch, tarash_sandbox):
        async def full(self, kind, **facts):
            msg = "no space left"
            raise SaveError(msg, errno=28)

        monkeypatch.setattr(FencedJournal, "record_request_async", full)
        result = run([image(f"p{n}") for n in range(50)], concurrency=2)
        assert result.stopped == "no space left"
        assert result.rows < 50


def test_a_batch_that_is_broken_off_leaves_nothing_behind(run, image, actors, out, tarash_sandbox, configs, near):
    tarash_sandbox.slow_seconds = 5.0
    tarash_sandbox.fail("slow_first_byte", method="POST", times=None)

    async def broken_off():
        batch = asyncio.create_task(run_batch_async([image("a")], out, configs=configs, engine=near()))
        while not any("reply" in actor.calls for actor in actors):  # noqa: ASYNC110 # they begin later
            await asyncio.sleep(0.01)
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch

    asyncio.run(broken_off())
    assert all(actor.dead.is_set() for actor in actors)
    assert not list((out / ".journal" / "workers").iterdir())
