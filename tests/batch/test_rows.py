"""Rows that cannot be right: each is named with its line and everything that is wrong with it, and the rest goes on."""

import json

import pytest

from tarash.tarash_gateway.errors import ValidationError

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

BAD = {
    "{broken": "line: is no JSON: Expecting property name enclosed in double quotes at column 2",
    "[1]": "line: is a list: one JSON object with the fields of a row belongs on each line",
    '"text"': "line: is text: one JSON object with the fields of a row belongs on each line",
    '{"prompt": "x"}': "id: is required: the files are named after it, and a rerun knows the row by it",
    '{"id": "good", "prompt": "x"}': (
        "id: line 1 has it already (ids that differ in upper and lower case only are the same)"
    ),
    '{"id": "GOOD", "prompt": "x"}': (
        "id: line 1 has it already (ids that differ in upper and lower case only are the same)"
    ),
    '{"id": "../../etc/x", "prompt": "x"}': (
        "id: holds '..'; the files are named after it: letters, digits and - _ . + = @ , ( ) fit"
    ),
    '{"id": "b", "prompt": "x", "qualty": "hd"}': "qualty: unknown field (did you mean quality?)",
    '{"id": "b", "prompt": "x", "modle": "m"}': "modle: unknown field (did you mean model?)",
    '{"id": "b", "prompt": "x", "zzz": 1}': "zzz: unknown field",
    '{"id": "b", "prompt": "x", "duration_seconds": 4}': (
        "duration_seconds: unknown field of a row of the kind 'image'; the other kind has it"
    ),
    '{"id": "b", "kind": "film", "prompt": "x"}': "kind: is neither; allowed: image, video",
    '{"id": "b", "kind": ["image"], "prompt": "x"}': "kind: is neither; allowed: image, video",
    '{"id": "b", "prompt": " "}': "prompt: is empty",
    '{"id": "b", "prompt": "x", "n": "2"}': "n: input should be a valid integer",
    '{"id": "b", "prompt": "x", "model": ""}': "model: ",
    '{"id": "b", "prompt": "x", "provider": "nobody", "model": "m"}': "ProviderNotFoundError: no installed plugin",
    '{"id": "b", "prompt": "x", "size": "3x3"}': "size: ",
    '{"id": "b", "prompt": "x", "image_list": ["no-such-file.png"]}': (
        "image_list.0.image: is no file in the folder of the rows; files of another folder are read where it is named "
        "with --inputs FOLDER (input_folders=)"
    ),
    '{"id": "b", "prompt": "x", "image_list": [{"image": {"path": "good.png"}}]}': "image_list.0.image: names a file: ",
    '{"id": "", "prompt": "", "sise": "1x1"}': "id: is empty",
}
"""A line, and the beginning of what is told of it."""


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_named_and_the_rest_goes_on(run, written, image, lines, files, line):
    result = run(written(image("good"), line, image("last")))
    assert (result.rows, result.done, result.failed) == (3, 2, 1)
    assert files() == ["good.png", "last.png"]
    [failure] = result.failures
    expected = BAD[line] if BAD[line].startswith("Provider") else f"ValidationError: {BAD[line]}"
    assert failure.line == 2
    assert failure.error.startswith(expected)
    assert [outcome["line"] for outcome in lines() if outcome["status"] == "failed"] == [2]


def test_all_that_is_wrong_with_a_row_is_told_at_once(run, written):
    [failure] = run(written('{"id": "a/b", "prompt": "", "sise": "1x1"}')).failures
    assert [part.partition(":")[0] for part in failure.error.removeprefix("ValidationError: ").split("; ")] == [
        "id",
        "the files are named after it",
        "sise",
        "prompt",
    ]


def test_a_bad_row_is_told_before_the_first_is_sent(run, written, image, tarash_sandbox):
    received = []
    run(
        written(image("a"), "{broken"),
        on_row=lambda outcome: received.append((outcome.line, outcome.status, len(tarash_sandbox.paid))),
    )
    assert received == [(2, "failed", 0), (1, "done", 1)]


def test_a_file_without_rows_is_named(run, written):
    result = run(written())
    assert [str(failure) for failure in result.failures] == ["line 1: ValidationError: line: there are no rows in it"]
    assert run([]).rows == 0


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"id": "\xff"}', "is not UTF-8: byte 9 of the line is 0xff"),
        (b"[" * 100_000, "is no JSON that can be read: RecursionError"),
        (b'{"id": 1' + b"0" * 5000 + b"}", "is no JSON that can be read: ValueError"),
    ],
    ids=["not utf-8", "nested", "a number of 5000 digits"],
)
def test_bytes_that_are_no_text_and_depths_without_end_are_named(run, written, image, line, why):
    result = run(written(image("a"), line, image("b")))
    assert (result.done, [str(failure) for failure in result.failures]) == (
        2,
        [f"line 2: ValidationError: line: {why}"],
    )


def test_a_line_without_end_is_left_out(run, written, image, monkeypatch):
    monkeypatch.setattr("tarash_gateway_batch.formats.MAX_LINE", 200)
    result = run(written(image("a"), '{"id": "' + "x" * 900 + '"}', image("b")))
    assert (result.done, result.failures[0].line) == (2, 2)
    assert "more than 200 bytes" in result.failures[0].error


def test_what_is_no_mapping_is_named_by_its_place(run, image):
    result = run([image("a"), "text", image("b"), None])
    assert [str(failure) for failure in result.failures] == [
        "line 2: ValidationError: line: is a str, where a mapping of fields belongs",
        "line 4: ValidationError: line: is a NoneType, where a mapping of fields belongs",
    ]


class TestStrict:
    def test_nothing_is_sent_unless_every_row_can_be_right(self, run, written, image, paid, out):
        with pytest.raises(ValidationError) as caught:
            run(written(image("a"), "{broken", image("b"), {"id": "c", "promt": "x"}), strict=True)
        assert str(caught.value).splitlines() == [
            "2 of 4 rows cannot be right, and nothing was sent:",
            "  - line 2: ValidationError: line: is no JSON: Expecting property name enclosed in double quotes at column 2",
            "  - line 4, c: ValidationError: promt: unknown field (did you mean prompt?); prompt: is required",
        ]
        assert paid() == []
        assert not (out / "results.jsonl").exists()

    def test_a_good_batch_is_sent(self, run, written, image, paid):
        assert run(written(image("a"), image("b")), strict=True).complete
        assert paid() == ["prompt of a", "prompt of b"]

    def test_rows_that_come_once_cannot_be_looked_at_first(self, run, image, paid):
        with pytest.raises(ValidationError, match="these can be read once: give a file or a list"):
            run(iter([image("a")]), strict=True)
        assert paid() == []


class TestCsv:
    def test_cells_are_read_as_what_their_columns_hold(self, run, written, files, tarash_sandbox):
        rows = written(
            "id,prompt,size,n,quality", 'a,"A boat,', 'at sea",256x256,2,', "b,A cat,256x256,,", name="r.csv"
        )
        assert run(rows).complete
        assert files() == ["a-2.png", "a.png", "b.png"]
        assert sorted(item.prompt for item in tarash_sandbox.paid) == ["A boat,\nat sea", "A cat"]

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("b,x,256x256,1,,", "line: has 6 cells, and the first line names 5 columns"),
            ("b,x,256x256,two,", "n: input should be a valid integer"),
            (b"b,\xff,256x256,,", "line: is not UTF-8: it holds the byte 0xff. Save the table as CSV UTF-8"),
            (",x,256x256,,", "id: is required"),
        ],
    )
    def test_a_bad_line_is_named_and_the_rest_goes_on(self, run, written, line, why):
        result = run(written("id,prompt,size,n,quality", "a,x,256x256,,", line, "c,x,256x256,,", name="r.csv"))
        assert (result.done, result.failed) == (2, 1)
        assert result.failures[0].line == 3
        assert result.failures[0].error.startswith(f"ValidationError: {why}")

    @pytest.mark.parametrize("header", ["id,id", "id,,prompt"])
    def test_a_header_names_each_column_once(self, run, written, header, paid):
        with pytest.raises(ValidationError, match="the first line must name each column once"):
            run(written(header, "a,b,c", name="rows.csv"))
        assert paid() == []


class TestArguments:
    @pytest.mark.parametrize(
        ("options", "why"),
        [
            ({"concurrency": 0}, "concurrency=0 is not a whole number from 1 to 10,000"),
            ({"concurrency": True}, "concurrency=True is not"),
            ({"exists": "keep"}, "exists='keep' is none of error, replace, skip"),
            ({"max_cost": 0}, "max_cost=0 is not a positive number of US dollars"),
            ({"rate": float("inf")}, "rate=inf is not a positive number of requests a minute"),
            ({"defaults": {"sise": "1x1"}}, "defaults hold what no row has: sise"),
            ({"configs": ["openai"]}, "configs are ImageGenerationConfig and VideoGenerationConfig, not str"),
        ],
    )
    def test_what_cannot_be_right_is_refused(self, run, image, options, why, paid):
        with pytest.raises(ValidationError, match=why):
            run([image("a")], **options)
        assert paid() == []

    def test_rows_are_a_file_that_is_there_or_an_iterable(self, run, tmp_path):
        with pytest.raises(ValidationError, match="there is no file"):
            run(tmp_path / "none.jsonl")
        with pytest.raises(ValidationError, match="rows are a file or an iterable of mappings, not a int"):
            run(7)

    def test_a_row_that_names_nobody_needs_a_config(self, run, image):
        [failure] = run([image("a")], configs=[]).failures
        assert failure.error == (
            "ValidationError: provider: is required: the row names none, and no config for images was given; "
            "model: is required: the row names none, and no config for images was given"
        )


def test_the_file_of_results_bears_every_text(run, written, outcomes):
    run(written('{"id": "a", "prompt": "x", "\\ud800": 1}'))
    assert json.dumps(outcomes()["a"]["error"]).isascii()
