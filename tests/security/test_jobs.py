"""What a tampered job, and a journal's folder that others can write to, try."""

from __future__ import annotations

import json
import logging
import os

import pytest

from tarash.tarash_gateway import cancel_video, poll_video
from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.journal import lines
from tarash.tarash_gateway.journal.lines import Place, line_at, lines_of, read_lines
from tarash.tarash_gateway.models import VideoGenerationConfig, VideoJob
from tarash_gateway_sandbox import SandboxServer

LINE = {"v": 1, "at": "2026-11-30T12:00:00+00:00", "event": "intent", "intent": "i", "kind": "image"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "journal"
    folder.mkdir()
    (folder / "a.jsonl").write_text(json.dumps(LINE) + "\n")
    return folder


@pytest.fixture(params=["pipe", "device", "folder", "link to a pipe", "broken link"])
def planted(request, folder, tmp_path):
    """Something in the journal's folder that is no regular file."""
    place = folder / "b.jsonl"
    if request.param == "pipe":
        os.mkfifo(place)
    elif request.param == "device":
        place.symlink_to("/dev/zero")
    elif request.param == "folder":
        place.mkdir()
    elif request.param == "broken link":
        place.symlink_to(tmp_path / "nowhere")
    else:
        os.mkfifo(tmp_path / "pipe")
        place.symlink_to(tmp_path / "pipe")
    return place


class TestTheFolderOfAJournal:
    def test_only_regular_files_are_read(self, folder, planted, caplog):
        with caplog.at_level(logging.WARNING, "tarash.journal"):
            assert list(read_lines(folder)) == [LINE]
        assert caplog.messages == ["b.jsonl: no regular file, left out"]

    def test_the_list_of_jobs_does_not_hang(self, folder, planted, typed):
        code, out, _ = typed("jobs")
        assert (code, "(no prompt)" in out) == (0, True)

    def test_a_line_of_a_file_that_was_replaced_is_empty(self, planted):
        assert line_at(Place(planted, 0)) == {}

    def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(self, tmp_path, monkeypatch):
        place = tmp_path / "a.jsonl"
        os.mkfifo(place)
        monkeypatch.setattr("pathlib.Path.is_file", lambda self: True)  # as it was when it was read
        assert list(lines_of(place)) == []

    def test_a_link_to_a_regular_file_is_read(self, folder, tmp_path):
        (tmp_path / "old").write_text(json.dumps(LINE | {"intent": "old"}) + "\n")
        (folder / "old.jsonl").symlink_to(tmp_path / "old")
        assert [line["intent"] for line in read_lines(folder)] == ["i", "old"]


class TestLongLines:
    def test_a_line_without_an_end_is_left_out_and_the_next_one_read(self, folder, monkeypatch, caplog):
        monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
        first = json.dumps(LINE) + "\n"
        (folder / "a.jsonl").write_text(first + "x" * 10_500 + "\n" + json.dumps(LINE | {"intent": "j"}) + "\n")
        found = list(lines_of(folder / "a.jsonl"))
        assert [line["intent"] for _, line in found] == ["i", "j"]
        assert [line_at(place) for place, _ in found] == [line for _, line in found]
        assert caplog.messages == ["a.jsonl: 1 torn or unreadable line(s) left out"]

    @pytest.mark.parametrize("length", [999, 1000, 1001, 2000])
    def test_around_the_limit(self, folder, monkeypatch, length):
        monkeypatch.setattr(lines, "LONGEST_LINE", 1000)
        head = json.dumps(LINE | {"pad": ""}) + "\n"
        padded = json.dumps(LINE | {"pad": "p" * (length - len(head))}) + "\n"
        assert len(padded) == length
        (folder / "a.jsonl").write_text(padded + json.dumps(LINE | {"intent": "j"}) + "\n")
        assert [line["intent"] for line in read_lines(folder)] == (["i", "j"] if length <= 1000 else ["j"])

    def test_a_file_of_one_line_takes_no_memory(self, tmp_path):
        """A sparse file of 256 MiB without a line break: read in pieces."""
        place = tmp_path / "a.jsonl"
        with place.open("wb") as file:
            file.truncate(256 * 1024 * 1024)
        assert list(lines_of(place)) == []


@pytest.mark.parametrize("name", [".", "..", "a/b", "../models", "a\\b", "a\nb"])
def test_an_id_that_would_be_another_address_is_refused_and_nothing_is_sent(name):
    with SandboxServer(quick=True) as server:
        config = VideoGenerationConfig(provider="openai", model="my-model", api_key="sk-of-nobody", base_url=server.url)
        job = VideoJob(provider="openai", model="my-model", id=name, endpoint=server.url)
        for call in (poll_video, cancel_video):
            with pytest.raises(TarashError):
                call(config, job)
        assert server.requests == []
