"""`tarash batch`, as it is typed."""

import io
import json
import signal
import sys
import threading
import time
from dataclasses import dataclass

import pytest

from tarash_gateway_batch.command import work
from tarash_gateway_batch.results import BatchProgress
from tarash_gateway_cli.defaults import choose

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Chosen:
    """`choose`, which remembers the models that it was given."""

    def __init__(self):
        self.models = []

    def __call__(self, kind, provider, model, *extra, **options):
        self.models.append(model)
        return choose(kind, provider, model, *extra, **options)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the commands run."""
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    return place


@pytest.fixture
def typed(folder, capsys, monkeypatch, tarash_sandbox):
    """Runs `tarash batch`, with the options that lead to the sandbox of this test."""
    from tarash_gateway_cli.app import run

    def typed(*words, stdin=None):
        capsys.readouterr()
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        known = ("-p", "sandbox", "-m", "dall-e-2", "--base-url", tarash_sandbox.url)
        code = run(["batch", *map(str, words), *known])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return typed


@pytest.fixture
def rows(folder, image):
    """Writes rows.jsonl."""

    def rows(*inputs):
        texts = [row if isinstance(row, str) else json.dumps(row) for row in inputs]
        (folder / "rows.jsonl").write_text("".join(f"{text}\n" for text in texts))
        return "rows.jsonl"

    return rows


class TestRows:
    def test_a_file_of_json_lines(self, typed, rows, image, folder):
        done = typed(rows(image("a"), image("b")), "-o", "out")
        assert (done.code, done.out) == (0, "out/results.jsonl\n")
        assert "2 rows: 2 done, " in done.err
        assert sorted(path.name for path in folder.rglob("*.png")) == ["a.png", "b.png"]

    def test_stdin_is_read_as_it_comes(self, typed, image, folder):
        lines = f"{json.dumps(image('a'))}\n{{broken\n{json.dumps(image('b'))}"
        done = typed("-", "-o", "out", stdin=lines)
        assert done.code == 4
        assert "line 2: ValidationError: line: is no JSON" in done.err
        assert sorted(path.name for path in folder.rglob("*.png")) == ["a.png", "b.png"]

    def test_stdin_may_be_csv(self, typed, folder):
        done = typed("-", "-o", "out", "--format", "csv", stdin="id,prompt,size\na,A boat,256x256\n")
        assert done.code == 0
        assert [path.name for path in folder.rglob("*.png")] == ["a.png"]

    def test_a_csv_file_is_known_by_its_ending(self, typed, folder):
        (folder / "rows.csv").write_text("id,prompt,size\na,A boat,256x256\n")
        assert typed("rows.csv", "-o", "out").code == 0

    def test_what_all_rows_have_is_given_once(self, typed, folder, tarash_sandbox):
        (folder / "rows.csv").write_text("id,prompt\na,A boat\n")
        done = typed("rows.csv", "-o", "out", "--set", "size=256x256", "--set", "n=2")
        assert done.code == 0
        assert sorted(path.name for path in folder.rglob("*.png")) == ["a-2.png", "a.png"]

    def test_a_file_that_is_not_there(self, typed):
        done = typed("none.jsonl", "-o", "out")
        assert (done.code, "there is no file none.jsonl" in done.err) == (2, True)

    @pytest.mark.parametrize("strict_from", ["file", "stdin"])
    def test_strict_sends_nothing_unless_every_row_can_be_right(self, typed, rows, image, folder, paid, strict_from):
        inputs = (image("a"), {"id": "b", "promt": "x"})
        if strict_from == "file":
            done = typed(rows(*inputs), "-o", "out", "--strict")
        else:
            done = typed("-", "-o", "out", "--strict", stdin="\n".join(map(json.dumps, inputs)))
        assert done.code == 4
        assert "1 of 2 rows cannot be right, and nothing was sent" in done.err
        assert "line 2, b: ValidationError: promt: unknown field (did you mean prompt?)" in done.err
        assert paid() == []


class TestWhoMakesIt:
    """What the rows name is taken; what they leave open is filled in, and told."""

    @pytest.fixture(autouse=True)
    def _key(self, monkeypatch, tarash_sandbox):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
        monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)

    @pytest.mark.parametrize("model", ["sora-2", "openai/sora-2"])
    def test_a_row_that_names_both_asks_for_no_default(self, typed, rows, video, model, monkeypatch):
        monkeypatch.setattr(work, "choose", choose_as_typed := Chosen())
        done = typed(rows(video("a", provider="openai", model=model)), "-o", "out", "--dry-run")
        assert (done.code, choose_as_typed.models) == (0, [model])
        assert "The model is" not in done.err
        assert "1 row: 1 to be sent" in done.err

    def test_timeout_and_address_are_for_rows_that_name_both(self, typed, rows, image, paid, monkeypatch):
        monkeypatch.delenv("OPENAI_BASE_URL")
        inputs = rows(image("a", provider="sandbox", model="dall-e-3", size="1024x1024"))
        done = typed(inputs, "-o", "out", "--timeout", "60")
        assert done.code == 0
        assert paid() == ["prompt of a"]

    def test_rows_of_the_other_kind_name_their_model_themselves(self, typed, rows, image, video):
        done = typed(rows(image("a"), video("b")), "-o", "out", "--dry-run")
        assert done.code == 0
        [outcomes] = [line for line in done.err.splitlines() if "The model is" in line]
        assert "rows of the kind video name another as their model, tarash models lists them." in outcomes
        assert "-m names another" not in outcomes

    def test_a_choice_is_told_once(self, typed, rows, video):
        done = typed(rows(video("a"), video("b"), video("c", provider="sandbox")), "-o", "out", "--dry-run")
        assert done.err.count("The model is") == 1


class TestExitCodes:
    def test_some_failed(self, typed, rows, image):
        done = typed(rows(image("a"), image("b", size="7x7")), "-o", "out")
        assert done.code == 4
        assert "line 2, b: ValidationError: size: " in done.err

    def test_unconfirmed_ones_are_left(self, typed, rows, image, tarash_sandbox):
        tarash_sandbox.fail("dropped_after_creation")
        inputs = rows(image("a"), image("b", size="7x7"))
        done = typed(inputs, "-o", "out")
        assert done.code == 3
        assert "1 row(s) may have been billed and have no file" in done.err
        assert "--retry-unconfirmed sends them again" in done.err
        rows(image("a"))
        assert "(it may have been billed; --retry-unconfirmed sends it again)" in typed(inputs, "-o", "out").err
        assert typed(inputs, "-o", "out", "--retry-unconfirmed").code == 0

    def test_rows_that_failed_before_are_sent_again_where_that_is_wanted(self, typed, rows, image, tarash_sandbox):
        tarash_sandbox.fail("moderation_blocked")
        inputs = rows(image("a"))
        assert typed(inputs, "-o", "out").code == 4
        again = typed(inputs, "-o", "out")
        assert again.code == 4
        assert "(in an earlier run; --retry-failed sends it again)" in again.err
        assert "--retry-failed sends those again that failed in an earlier run." in again.err
        assert typed(inputs, "-o", "out", "--retry-failed").code == 0

    def test_files_that_are_there(self, typed, rows, image, folder):
        inputs = rows(image("a"))
        typed(inputs, "-o", "out")
        done = typed(inputs, "-o", "out", "--journal", "another")
        assert done.code == 4
        assert "(--exists skip keeps it, --exists replace makes it again)" in done.err
        kept = typed(inputs, "-o", "out", "--journal", "another", "--exists", "skip")
        assert (kept.code, "1 row: 0 done, 1 kept" in kept.err) == (0, True)

    def test_rows_for_which_there_is_no_money_left(self, typed, rows, image, monkeypatch, tarash_sandbox, paid):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
        monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)
        inputs = rows(*(image(name, provider="openai", model="dall-e-2") for name in "ab"))
        done = typed(inputs, "-o", "out", "--max-cost", "0.02")
        assert (done.code, len(paid())) == (4, 1)
        assert "budget: the request may cost up to $0.016, and $0.004 of the budget" in done.err
        assert "2 rows: 1 done, 1 failed, $0.016 spent" in done.err

    def test_an_interrupt(self, typed, rows, image, tarash_sandbox, paid):
        def interrupt_once_it_is_asked():
            while not tarash_sandbox.requests:
                time.sleep(0.005)
            signal.raise_signal(signal.SIGINT)

        tarash_sandbox.fail("slow_first_byte")
        thread = threading.Thread(target=interrupt_once_it_is_asked)
        thread.start()
        done = typed(rows(image("a"), image("b")), "-o", "out", "-j", "1")
        thread.join()
        assert done.code == 130
        assert "Stopped: interrupted. The same command continues." in done.err
        assert paid() == ["prompt of a"]
        assert typed("rows.jsonl", "-o", "out").code == 0
        assert paid() == ["prompt of a", "prompt of b"]

    @pytest.mark.parametrize("option", [("--max-cost", "-1"), ("-j", "0"), ("--engine", "none"), ("--address", "x")])
    def test_an_option_that_cannot_be_right(self, typed, rows, image, option, paid):
        assert typed(rows(image("a")), "-o", "out", *option).code == 2
        assert paid() == []

    def test_a_folder_that_cannot_be_written_to(self, typed, rows, image, folder, paid):
        (folder / "out").write_text("no folder")
        assert typed(rows(image("a")), "-o", "out").code == 6
        assert paid() == []


class TestWhatIsSeen:
    def test_a_dry_run_tells_the_costs_and_sends_nothing(self, typed, rows, image, folder, tarash_sandbox):
        done = typed(rows(image("a"), image("b"), {"id": "c"}), "-o", "out", "--dry-run")
        assert (done.code, done.out) == (4, "")
        assert "3 rows: 2 to be sent, 0 done, 1 failed; it costs nothing" in done.err
        assert "Nothing was sent." in done.err
        assert tarash_sandbox.requests == []
        assert not (folder / "out").exists()

    def test_json_is_one_object(self, typed, rows, image):
        outcomes = json.loads(typed(rows(image("a"), {"id": "b"}), "-o", "out", "--json").out)
        assert {name: outcomes[name] for name in ("rows", "done", "made", "failed", "results")} == {
            "rows": 2,
            "done": 1,
            "made": 1,
            "failed": 1,
            "results": "out/results.jsonl",
        }
        assert outcomes["failures"][0]["line"] == 2

    def test_a_gallery_is_made_at_the_end(self, typed, rows, image, folder):
        done = typed(rows(image("a")), "-o", "out", "--gallery")
        page = done.out.splitlines()[-1]
        assert "a.png" in (folder / page).read_text()

    def test_no_more_than_twenty_failures_are_told_one_by_one(self, typed, rows):
        done = typed(rows(*({"id": f"row-{number}"} for number in range(25))), "-o", "out")
        assert done.err.count("prompt: is required") == 20
        assert "and 5 more rows. They are in out/results.jsonl." in done.err

    def test_away_from_a_terminal_there_is_a_line_every_few_seconds(self, capsys, monkeypatch):
        now = 100.0
        monkeypatch.setattr(work.time, "monotonic", lambda: now)
        lines = work.Lines()
        for now in (101.0, 104.9, 105.0, 106.0, 110.0, 111.0):
            lines.show(BatchProgress(total=10, done=int(now - 100), in_flight=2))
        lines.show(BatchProgress(total=10, done=10, finished=True))
        lines.close()
        assert capsys.readouterr().err.splitlines() == [
            "5 of 10 done, 2 in flight",
            "10 of 10 done, 2 in flight",
        ]

    def test_help_tells_the_exit_codes_and_shows_examples(self, typed, capsys):
        done = typed("--help")
        assert "tarash batch prompts.jsonl -o out --dry-run" in done.out
        assert "0 every row has its files, 3 some may have been billed without a file, 4 some failed" in done.out
