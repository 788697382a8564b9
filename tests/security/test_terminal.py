"""What a vendor's words, and a journal that somebody else wrote, try on the terminal and on whoever copies from it."""

from __future__ import annotations

import shlex

import pytest
from rich.text import Text

from tarash.tarash_gateway.errors import ProviderError
from tarash.tarash_gateway.models import VideoJob
from tarash_gateway_cli.errors import CommandError
from tarash_gateway_cli.generation import resume_command
from tarash_gateway_cli.output import Output

STEERING = {
    "clears the screen": "\x1b[2J\x1b[H",
    "writes the clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "renames the window": "\x1b]0;root@host\x07",
    "makes a link": "\x1b]8;;https://evil.test\x1b\\here\x1b]8;;\x1b\\",
    "eight-bit CSI": "\x9b2J",
    "goes back": "paid\rfree",
    "deletes": "abc\x08\x08\x08xyz",
    "turns the direction": "\u202egnp.exe",
    "hides": "a\u200b\u2066b\ufeff",
    "forges a line": "id\nerror: give your key to https://evil.test",
    "another line end": "id\x0bone\x0ctwo\x85three\u2028four",
    "nul": "a\x00b",
    "half a surrogate pair": "a\ud83db",
}


@pytest.fixture(params=STEERING.values(), ids=STEERING.keys())
def evil(request):
    return request.param


def steers(text, lines=None):
    """Whether a text does more to a terminal than to show characters."""
    return any(not (char.isprintable() or char == "\n") for char in text) or (
        lines is not None and text.count("\n") != lines
    )


def forges(text):
    """Whether a line of theirs looks like one of ours."""
    return any(line.startswith("error: give") for line in text.splitlines())


def write_job(journal, **facts):
    fixed = {"provider": "openai", "model": "sora-2", "id": "video_1", "endpoint": "https://api.openai.com/v1"}
    job = VideoJob(**fixed | facts, asked={"prompt": "a boat"})
    journal.write("intent", intent="i", kind="video", provider=job.provider, model=job.model, endpoint=job.endpoint)
    journal.write("job", intent="i", job=job.model_dump(mode="json"))
    journal.close()


class TestTheJournalOfSomebodyElse:
    @pytest.mark.parametrize("field", ["provider", "model", "id", "endpoint"])
    def test_the_list_of_jobs_steers_nothing(self, typed, journal, evil, field):
        write_job(journal, **{field: evil})
        code, out, err = typed("jobs")
        assert code == 0
        assert not steers(out + err)
        assert not forges(err)

    @pytest.mark.parametrize("field", ["path", "error", "prompt"])
    def test_nor_do_prompts_paths_and_errors(self, typed, journal, evil, field):
        journal.write("intent", intent="i", kind="image", provider="x", model="m", asked={"prompt": evil})
        journal.write("failed", intent="i", error=evil)
        journal.write("saved", intent="i", path=evil, sha256="0")
        journal.close()
        _, out, err = typed("jobs")
        assert not steers(out + err)

    def test_nor_does_looking_for_lost_jobs(self, typed, journal, evil, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        journal.write("intent", intent="i", kind="video", provider="openai", model=evil, endpoint=evil)
        journal.close()
        _, out, err = typed("jobs", "recover")
        assert not steers(out + err)
        assert not forges(err)


class TestOutput:
    def test_no_way_to_write_lets_a_control_character_through(self, capsys, evil):
        output = Output()
        output.note(evil)
        output.warn(evil)
        output.show(Text(evil), evil)
        output.fail(CommandError(evil, hints=(evil,)))
        captured = capsys.readouterr()
        assert not steers(captured.out + captured.err)
        assert not forges(captured.err)

    def test_a_line_of_a_result_is_one_line(self, capsys, evil):
        Output().line(evil)
        assert not steers(capsys.readouterr().out, lines=1)

    def test_colours_stay(self, capsys, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm-256color")
        Output().show(Text("red", "red"))
        assert "\x1b[31mred" in capsys.readouterr().out

    def test_json_is_ascii(self, capsys, evil):
        Output(as_json=True).object({"id": evil})
        assert not steers(capsys.readouterr().out)

    def test_the_path_of_a_file_stays_what_it_is_for_another_program(self, capsys, tmp_path):
        Output().path(tmp_path / "two\nlines")
        assert capsys.readouterr().out == f"{tmp_path}/two\nlines\n"

    def test_a_vendors_error_steers_nothing(self, capsys, evil):
        Output().fail(CommandError.of(ProviderError(evil)))
        captured = capsys.readouterr()
        assert not steers(captured.err)


COPIED = {
    "a command": "video_1; rm -rf ~",
    "a substitution": "$(rm -rf ~)",
    "backquotes": "`rm -rf ~`",
    "quotes": "a' ; rm -rf ~ ; '",
    "a pipe": "x|sh",
    "a comment": "x #",
    "spaces": "a b",
}


class TestCommandsToCopy:
    @pytest.mark.parametrize("job_id", COPIED.values(), ids=COPIED.keys())
    def test_an_id_is_one_word_of_the_command(self, typed, journal, job_id):
        assert shlex.split(resume_command(job_id)) == ["tarash", "jobs", "resume", job_id]
        write_job(journal, id=job_id)
        _, _, err = typed("jobs")
        assert f"tarash jobs resume {shlex.quote(job_id)}\n" in err

    @pytest.mark.parametrize("job_id", ["--base-url=https://evil.test", "-o", "--", "-p=x"])
    def test_an_id_is_no_option(self, typed, journal, job_id):
        assert shlex.split(resume_command(job_id, "-o", "a.mp4")) == [
            "tarash", "jobs", "resume", "-o", "a.mp4", "--", job_id,
        ]  # fmt: skip
        write_job(journal, id=job_id, endpoint="https://elsewhere.test/v1")
        _, _, err = typed("jobs", "resume", "--", job_id)
        assert "Resuming job" in err  # it was taken for an id

    def test_a_line_break_in_an_id_makes_no_second_command(self):
        assert "\n" not in resume_command("video_1'\nrm -rf ~\n'")

    @pytest.mark.parametrize("endpoint", [f"https://x.test/{text}" for text in COPIED.values()], ids=COPIED.keys())
    def test_an_address_is_one_word(self, typed, journal, endpoint, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        journal.write("intent", intent="i", kind="video", provider="openai", model="m", endpoint=endpoint)
        journal.close()
        _, _, err = typed("jobs", "recover")
        assert f"tarash jobs recover --base-url {shlex.quote(endpoint)}\n" in err

    def test_a_folder_is_one_word(self, typed, tmp_path):
        _, _, err = typed("plugin", "new", "acme", "--folder", "a b; rm -rf x")
        assert "  cd 'a b; rm -rf x'\n" in err
