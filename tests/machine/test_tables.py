"""Tables and prompts as Excel, PowerShell and Windows save them: read as they were meant, or one error and nothing sent."""

import base64
import codecs
import csv
import io
import json
import os
import sys
from pathlib import Path

import pytest

from tarash_gateway_batch.source import read_stream

ROWS = [{"id": "a", "prompt": "A boat, at sea"}, {"id": "b", "prompt": 'She said "Grüße"\nand left; 💧'}]


def read(data, form="csv"):
    """The rows of a table: their fields, or what is wrong with them."""
    rows = read_stream(io.BytesIO(data), form, [Path("nowhere")])
    return [row.problem or dict(row.fields) for row in rows]


def table(separator=",", end="\r\n", head=""):
    out = io.StringIO(newline="")
    out.write(head)
    writer = csv.DictWriter(out, ["id", "prompt"], delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue()


ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 little": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 big": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-32": lambda text: text.encode("utf-32"),
}


@pytest.mark.parametrize("encoded", ENCODINGS.values(), ids=ENCODINGS)
class TestEncodings:
    @pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
    def test_csv(self, encoded, separator):
        assert read(encoded(table(separator))) == ROWS

    @pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
    def test_json_lines(self, encoded, end):
        text = end.join(json.dumps(row, ensure_ascii=False) for row in ROWS) + end
        assert read(encoded(text), "jsonl") == ROWS

    def test_a_prompt_on_stdin(self, encoded, monkeypatch):
        from tarash_gateway_cli.config import read_prompt

        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(encoded("Grüße 💧\r\n"))))
        assert read_prompt("-") == "Grüße 💧"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_ends_of_lines(end):
    assert [row["id"] for row in read(table(end=end).encode())] == ["a", "b"]


SAVED = {
    "a hint for Excel": ("sep=;\r\nid;prompt\r\na;A boat\r\n", [{"id": "a", "prompt": "A boat"}]),
    "the type of PowerShell": ('#TYPE System.Object\r\n"id","prompt"\r\n"a","A boat"\r\n', [{"id": "a", "prompt": "A boat"}]),
    "columns that were emptied": ("id,prompt,,\r\na,A boat,,\r\n", [{"id": "a", "prompt": "A boat"}]),
    "rows that were emptied": ("id,prompt\r\n,\r\na,A boat\r\n,\r\n\r\n", [{"id": "a", "prompt": "A boat"}]),
    "a semicolon in a cell": ("id,prompt\na,one; two\n", [{"id": "a", "prompt": "one; two"}]),
    "a comma among semicolons": ("id;prompt\na;one, two\n", [{"id": "a", "prompt": "one, two"}]),
    "one column": ("id\na\n", [{"id": "a"}]),
    "a quote within a cell": ('id,prompt\na,a 5" pipe\nb,x\n', [{"id": "a", "prompt": 'a 5" pipe'}, {"id": "b", "prompt": "x"}]),
    "no end of the last line": ("id,prompt\na,x", [{"id": "a", "prompt": "x"}]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "rows"), SAVED.values(), ids=SAVED)
def test_what_programs_save(text, rows):
    assert read(text.encode()) == rows


LATIN = "is not UTF-8: it holds the byte 0xfc. Save the table as CSV UTF-8"
GOES_ON = "are left out: a cell that begins with a quote goes on up to there"
BROKEN = {
    "the code page of Windows": ("id,prompt\na,Grüße\nb,x\n".encode("cp1252"), [LATIN, {"id": "b", "prompt": "x"}]),
    "a quote that never ends": (
        b'id,prompt\na,x\nb,"She said\nc,x\nd,x\n',
        [{"id": "a", "prompt": "x"}, f"is no CSV: unexpected end of data; lines 3 to 5 {GOES_ON}"],
    ),
    "a word behind a quote": (
        b'id,prompt\na,"x" y\nb,z\n',
        [f"is no CSV: ',' expected after '\"'; lines 2 to 3 {GOES_ON}"],
    ),
    "quotes in quotes": (
        b'id,prompt\na,"He said "no,\nc,x" to her"\nd,x\n',
        [f"is no CSV: ',' expected after '\"'; lines 2 to 3 {GOES_ON}", {"id": "d", "prompt": "x"}],
    ),
    "quotes in quotes on one line": (
        b'id,prompt\na,"He said "no" to her"\nd,x\n',
        ["is no CSV: ',' expected after '\"'", {"id": "d", "prompt": "x"}],
    ),
}


@pytest.mark.parametrize(("data", "rows"), BROKEN.values(), ids=BROKEN)
def test_after_an_error_nothing_of_its_cell_is_a_row(data, rows):
    assert read(data) == rows


def test_half_of_a_character_is_told():
    data = codecs.BOM_UTF16_LE + "id,prompt\na,x\n".encode("utf-16-le") + b"\x20"
    assert read(data)[-1] == "is not UTF-16 to its end, as its beginning says: truncated data. Save it as CSV UTF-8"


def test_a_cell_may_be_as_long_as_a_line_of_json(tarash, folder, paid):
    """An image as base64 is longer than what Python's own reader takes for a cell."""
    long = base64.b64encode(os.urandom(160_000)).decode()
    lines = "\n".join(long[at : at + 76] for at in range(0, len(long), 76))
    prompt = f"a boat {lines}"[:31_000]
    (folder / "rows.csv").write_text(f'id,prompt,extra_params\na,a boat,"{lines}"\nb,another,\n')
    assert [row["id"] for row in read((folder / "rows.csv").read_bytes())] == ["a", "b"]
    assert len(read((folder / "rows.csv").read_bytes())[0]["extra_params"]) == len(lines)
    assert len(prompt) == 31_000
    done = tarash("batch", "rows.csv", "-o", "out", "-m", "dall-e-2", "--set", "size=256x256", "--json")
    assert (done.code, paid()) == (4, ["another"])
    assert (done.reported["rows"], done.reported["failed"]) == (2, 1)


@pytest.mark.parametrize("extra", ["", "c,x\n"])
def test_a_cell_that_is_too_long_is_one_error(monkeypatch, extra):
    monkeypatch.setattr("tarash_gateway_batch.formats.MAX_LINE", 100)
    cell = "\n".join(["b,not a row"] * 50)
    found = read(f'id,prompt\na,"{cell}"\n{extra}'.encode())
    assert found[0] == f"has more than 100 characters; lines 2 to 51 {GOES_ON}"
    assert found[1:] == ([{"id": "c", "prompt": "x"}] if extra else [])
    flat = read(f"id,prompt\na,{'x' * 1000}\n{extra}".encode())
    assert flat[0] == "has more than 100 characters"
    assert flat[1:] == ([{"id": "c", "prompt": "x"}] if extra else [])


def test_the_limit_of_the_process_stays_as_it_was():
    before = csv.field_size_limit()
    read(table().encode())
    assert csv.field_size_limit() == before


def test_a_prompt_that_is_no_text_is_told(tarash, paid):
    done = tarash("image", "-", "-o", "a.png", "-m", "dall-e-2", stdin="Grüße".encode("cp1252"))
    assert (done.code, paid()) == (3, [])
    assert "error: the prompt on stdin is not UTF-8: byte 3 is 0xfc. Save it as UTF-8." in done.err
