"""Rows are read as a stream, from whatever gives them, and mixed as they come."""

import asyncio

import pytest

from tarash.tarash_gateway import run_batch_async
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def test_pictures_and_clips_go_side_by_side(run, image, video, files, outcomes):
    result = run([image("a"), video("b"), image("c")])
    assert (result.rows, result.done, result.made, result.complete) == (3, 3, 3, True)
    assert files() == ["a.png", "b.mp4", "c.png"]
    assert outcomes()["b"]["job_id"].startswith("video_")
    assert result.spent == pytest.approx(2 * 0.016 + 0.4)


def test_an_iterator_is_read_no_further_than_there_is_room_for_its_rows(run, image, tarash_sandbox):
    ahead = []

    def rows():
        for number in range(40):
            ahead.append(number - len(tarash_sandbox.paid))
            yield image(f"row-{number}")

    assert run(rows(), concurrency=2).done == 40
    # Two at the vendor, one that waits for its turn; answers and files that are on their way back.
    assert max(ahead) <= 2 + 1 + 16


def test_an_async_iterable_is_read_as_it_comes(configs, out, image):
    async def rows():
        for name in "abc":
            await asyncio.sleep(0)
            yield image(name)

    result = asyncio.run(run_batch_async(rows(), out, configs=configs))
    assert (result.done, result.complete) == (3, True)


def test_a_batch_runs_inside_a_loop_too(run, image):
    async def in_a_loop():
        return run([image("a")])

    assert asyncio.run(in_a_loop()).done == 1


def test_defaults_are_for_rows_that_do_not_say_it_themselves(run, tarash_sandbox):
    run([{"id": "a"}, {"id": "b", "prompt": "own"}], defaults={"prompt": "common", "size": "256x256"})
    assert sorted(item.prompt for item in tarash_sandbox.paid) == ["common", "own"]


def test_a_row_names_its_model_and_the_config_gives_the_rest(run, image, tarash_sandbox):
    run([image("a"), image("b", model="gpt-image-1", size="1024x1024")])
    assert sorted(item.model for item in tarash_sandbox.paid) == ["dall-e-2", "gpt-image-1"]


def test_a_row_names_one_of_several_providers(run, image, configs, tarash_sandbox, files):
    sandbox = ImageGenerationConfig(provider="sandbox", model="dall-e-2", base_url=tarash_sandbox.url)
    rows = [image("a", provider="sandbox"), image("b", provider="openai")]
    assert run(rows, configs=[sandbox, *configs]).done == 2
    assert files() == ["a.png", "b.png"]


def test_pictures_that_a_file_names_lie_beside_it(run, written, image, out, tarash_sandbox):
    run([image("first")])
    [picture] = out.rglob("first.png")
    (out.parent / "input.png").write_bytes(picture.read_bytes())
    rows = written({"id": "edit", "prompt": "bluer", "size": "256x256", "image_list": ["input.png"]})
    assert run(rows).done == 1
    assert "/v1/images/edits" in [request.path for request in tarash_sandbox.requests]


def test_files_of_other_folders_are_read_where_the_folder_is_named(run, written, image, out, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "sub").mkdir()
    run([image("first")])
    [picture] = out.rglob("first.png")
    (elsewhere / "sub" / "input.png").write_bytes(picture.read_bytes())
    fields = {"prompt": "bluer", "size": "256x256"}
    names = ["sub/input.png", str(elsewhere / "sub" / "input.png"), f"../{out.name}/first.png"]
    rows = written(*({"id": f"edit-{at}", **fields, "image_list": [name]} for at, name in enumerate(names)))
    assert run(rows).failed == 3
    result = run(rows, retry_failed=True, input_folders=[elsewhere])
    assert [failure.id for failure in result.failures] == ["edit-2"]
    with pytest.raises(ValidationError, match=r"input_folders: .* is no folder"):
        run(rows, input_folders=[elsewhere / "gone"])


class TestBadRowsStopNoOther:
    @pytest.mark.parametrize(
        "fault", ["server_error", "dropped_after_creation", "moderation_blocked", "malformed_json"]
    )
    def test_whatever_the_vendor_says_to_one(self, run, image, files, tarash_sandbox, fault):
        result = run([image("a"), image("b", model=f"dall-e-2@{fault}"), image("c")])
        assert (result.done, result.failed + result.unconfirmed) == (2, 1)
        assert files() == ["a.png", "c.png"]
        assert result.failures[0].id == "b"

    def test_an_error_that_is_none_of_ours_too(self, run, image, files, monkeypatch):
        from tarash_gateway_batch import work

        whole = work.checked_chain

        def broken(config, request):
            if request.prompt == "prompt of b":
                raise ZeroDivisionError
            return whole(config, request)

        monkeypatch.setattr(work, "checked_chain", broken)
        result = run([image("a"), image("b"), image("c")])
        assert (result.done, result.failures[0].error) == (2, "ZeroDivisionError:")


class TestDryRun:
    def test_every_row_is_checked_and_all_costs_are_added_up(self, run, image, video, out, tarash_sandbox):
        rows = [image("a"), image("b", size="7x7"), video("c"), image("d", n=2), {"id": "e"}]
        result = run(rows, dry_run=True)
        assert (result.rows, result.ready, result.failed) == (5, 3, 2)
        assert result.estimate.high == pytest.approx(3 * 0.016 + 0.4)
        assert tarash_sandbox.requests == []
        assert not out.exists()
        assert str(result) == "5 rows: 3 to be sent, 0 done, 2 failed; it may cost $0.448 for 3 rows"

    def test_the_sandbox_costs_nothing(self, run, image, video):
        rows = [
            image("a", provider="sandbox", model="gpt-image-2", size="1024x1024"),
            video("b", provider="sandbox", model="sora-2"),
        ]
        result = run(
            [*rows, image("c", provider="sandbox", model="gpt-image-2", size=None, quality="high")], dry_run=True
        )
        assert str(result) == "3 rows: 3 to be sent, 0 done; it costs nothing"

    def test_what_earlier_runs_did_is_known(self, run, image, out):
        run([image("a")])
        before = sorted(path.name for path in out.rglob("*"))
        result = run([image("a"), image("b")], dry_run=True)
        assert (result.done, result.ready, result.estimate.rows) == (1, 1, 1)
        assert sorted(path.name for path in out.rglob("*")) == before

    def test_rows_whose_price_is_not_known_are_counted(self, run, image):
        result = run([image("a", model="some-new-model")], dry_run=True)
        assert (result.estimate.unknown, result.estimate.rows) == (1, 0)
        assert str(result.estimate).endswith(", and 1 row whose price is not known")
