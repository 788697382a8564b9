"""Files: where they lie, what is beside them, and what becomes of those that are there already."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tarash.tarash_gateway.errors import SaveError

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def place(out):
    """The folder of a row's files."""

    def place(name):
        digest = hashlib.sha256(name.encode()).hexdigest()
        return out / digest[:2] / digest[2:4]

    return place


@pytest.fixture
def there(place):
    """Puts a file where one of a row would go."""

    def there(name, content=b"mine"):
        path = place(name.split(".")[0].removesuffix("-2")) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return there


class TestPlaces:
    def test_a_file_lies_under_the_beginning_of_its_ids_digest_with_a_sidecar(self, run, image, place):
        run([image("boat")])
        assert sorted(path.name for path in place("boat").iterdir()) == ["boat.png", "boat.png.json"]
        outcomes = json.loads((place("boat") / "boat.png.json").read_text())
        assert (outcomes["prompt"], outcomes["cost"]) == ("prompt of boat", 0.016)
        assert outcomes["sha256"] == hashlib.sha256((place("boat") / "boat.png").read_bytes()).hexdigest()

    def test_further_results_of_a_row_are_numbered(self, run, image, files):
        run([image("boat", n=3)])
        assert files() == ["boat-2.png", "boat-3.png", "boat.png"]

    def test_a_clip_and_its_sidecar(self, run, video, place):
        run([video("boat")])
        assert sorted(path.name for path in place("boat").iterdir()) == ["boat.mp4", "boat.mp4.json"]

    def test_nothing_else_is_left_in_the_folder(self, run, image, video, out):
        run([image("a"), video("b")])
        assert sorted(path.name for path in out.iterdir() if len(path.name) > 2) == [".journal", "results.jsonl"]
        assert not [path for path in out.rglob("*") if path.name.endswith(".part")]

    def test_no_id_leads_out_of_the_folder(self, run, image, out, paid):
        result = run([image(name) for name in ("../x", "/etc/x", "a/../../b", "..", "~")])
        assert (result.failed, paid()) == (5, [])
        assert not list(out.parent.glob("x*"))

    def test_a_name_that_a_row_before_it_has_for_its_second_picture_is_taken(self, run, image, paid):
        result = run([image("boat", n=2), image("boat-2")])
        assert str(result.failures[0]).startswith("line 2, boat-2: ValidationError: id: line 1 has it already")
        assert paid() == ["prompt of boat"]


class TestFilesThatAreThere:
    def test_they_are_refused_before_anything_is_paid(self, run, image, there, paid):
        mine = there("a.png")
        [failure] = run([image("a")]).failures
        assert failure.error == (
            f"SaveError: {mine} is already there, and no run of this batch made it (exists: error, skip or replace)"
        )
        assert (paid(), mine.read_bytes()) == ([], b"mine")

    def test_they_are_kept_without_paying(self, run, image, there, paid, outcomes):
        mine = there("a.png")
        result = run([image("a"), image("b")], exists="skip")
        assert (result.done, result.kept, result.complete) == (1, 1, True)
        assert (paid(), mine.read_bytes()) == (["prompt of b"], b"mine")
        assert outcomes()["a"]["files"] == [{"path": f"{mine.parent.parent.name}/{mine.parent.name}/a.png"}]

    def test_they_are_replaced(self, run, image, there):
        mine = there("a.png")
        assert run([image("a")], exists="replace").done == 1
        assert mine.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("name", ["a.webp", "a-2.png", "a.png.json"])
    def test_any_name_that_the_results_may_have_counts(self, run, image, there, paid, name):
        there(name)
        assert run([image("a", n=2)]).failed == 1
        assert paid() == []

    @pytest.mark.parametrize("name", ["ab.png", "a.b.png", "a-3.png"])
    def test_names_of_other_rows_do_not(self, run, image, place, name):
        place("a").mkdir(parents=True)
        (place("a") / name).write_bytes(b"another's")
        assert run([image("a", n=2)]).done == 1

    def test_a_clip_that_is_there_is_refused_too(self, run, video, there, paid):
        there("a.mp4")
        assert run([video("a")]).failed == 1
        assert paid() == []

    def test_what_this_batch_made_is_never_refused(self, run, image, paid):
        assert run([image("a")]).made == 1
        assert [run([image("a")], exists=exists).complete for exists in ("error", "skip", "replace")] == [True] * 3
        assert paid() == ["prompt of a"]

    def test_one_that_appears_meanwhile_is_not_overwritten_and_the_picture_is_kept(self, run, image, there, outcomes):
        def rows():
            yield image("a")
            there("a.png")  # the request is on its way

        assert run(rows()).done == 1
        outcome = outcomes()["a"]
        assert "The image is paid for, and was saved as" in outcome["error"]
        kept = Path(outcome["files"][0]["path"])
        assert kept.read_bytes().startswith(b"\x89PNG")
        shutil.rmtree(kept.parent)


class TestFoldersThatCannotBeWrittenTo:
    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="no folder that root cannot write to either")
    def test_the_batchs_own_is_found_before_anything_is_paid(self, run, image, paid):
        with pytest.raises(SaveError, match="cannot be written"):
            run([image("a")], out=Path("/proc/batch"))
        assert paid() == []

    def test_a_file_in_its_place_is_found_before_anything_is_paid(self, run, image, out, paid):
        out.write_text("no folder")
        with pytest.raises(SaveError, match="cannot be written"):
            run([image("a")])
        with pytest.raises(SaveError, match="cannot be written to"):
            run([image("a")], dry_run=True)
        assert paid() == []

    def test_that_of_one_row_fails_this_row_alone(self, run, image, place, paid):
        place("a").parent.mkdir(parents=True)
        place("a").write_text("a file where a folder belongs")
        result = run([image("a"), image("b")])
        assert [failure.id for failure in result.failures] == ["a"]
        assert paid() == ["prompt of b"]

    def test_a_link_that_leads_elsewhere_is_not_followed(self, run, image, place, tmp_path, paid):
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        place("a").parent.mkdir(parents=True)
        place("a").symlink_to(elsewhere)
        [failure] = run([image("a")]).failures
        assert "leads elsewhere, by a link" in failure.error
        assert (paid(), list(elsewhere.iterdir())) == ([], [])

    def test_the_journals_folder_is_found_before_anything_is_paid(self, run, image, tmp_path, paid):
        (tmp_path / "journal").write_text("no folder")
        with pytest.raises(SaveError, match="cannot be written"):
            run([image("a")], journal=tmp_path / "journal")
        assert paid() == []


def test_a_picture_that_is_broken_is_kept_beside_its_place(run, image, out):
    result = run([image("a", model="dall-e-2@not_an_image")])
    [failure] = result.failures
    [kept] = out.rglob("*.incomplete")
    assert failure.error.endswith(f"Its bytes are in {kept}.")
    assert (kept.name.startswith("a."), kept.read_bytes() != b"") == (True, True)
    # It is no result: another run may have the place.
    assert run([image("a")], retry_failed=True).done == 1
