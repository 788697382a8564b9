"""What `scripts/bench` is made of: topics in processes, figures in a table, a page that shows those of one run."""

import ast
import io
import os
import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

GOOD = """
import sys
from frame.figures import Figure

def measure(rounds):
    sys.stderr.write("round 1 of 1\\n")
    print("what a library prints is no figure")
    runs = [10.0] * rounds
    known = {"topic": "call", "what": "small answer, sync", "unit": "us CPU"}
    return [
        Figure.of(runs, contender="openai SDK", **known),
        Figure.of([8.0] * rounds, contender="tarash", reference=("openai SDK", runs), budget=0.95, **known),
    ]
"""
BAD = """
def measure(rounds):
    raise LookupError("no such vendor")
"""


@pytest.fixture
def topics(tmp_path, monkeypatch):
    """Two topics that `one_topic.py` can import."""
    (tmp_path / "good_topic.py").write_text(GOOD)
    (tmp_path / "bad_topic.py").write_text(BAD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture
def report(bench):
    """A run with a budget kept, one missed, and figures of every kind."""
    figure = bench("frame.figures").Figure
    call = {"topic": "call", "what": "small answer, sync"}
    clip = {"topic": "memory", "what": "200 MB clip to a file"}
    theirs = [1000.0, 1200.0, 1100.0]
    figures = [
        figure.of(theirs, contender="openai SDK", unit="us CPU", **call),
        figure.of([1500.0] * 3, contender="openai SDK", unit="us", **call),
        figure.of(
            [800.0, 900.0, 990.0],
            contender="tarash",
            unit="us CPU",
            reference=("openai SDK", theirs),
            budget=0.95,
            **call,
        ),
        figure.of([2.5] * 3, contender="tarash", unit="MB", budget=2, **clip),
        figure.of([7], contender="tarash", unit="count", topic="jobs", what="connections"),
    ]
    return bench("frame.report").Report({"cores": "2", "Python": "CPython 3.11.7"}, figures)


def test_each_topic_runs_in_a_process_of_its_own_and_tells_that_it_is_done(bench, topics):
    said = io.StringIO()

    report = bench("frame.running").run({"good_topic": 3}, said)

    assert [(item.contender, item.median, item.runs, item.ratio, item.kept) for item in report.figures] == [
        ("openai SDK", 10.0, 3, None, None),
        ("tarash", 8.0, 3, 0.8, True),
    ]
    assert not report.broken
    assert re.fullmatch(r"good_topic done in \d+ s\n", said.getvalue())


def test_a_broken_topic_is_named_and_stops_no_other(bench, topics):
    said = io.StringIO()

    report = bench("frame.running").run({"bad_topic": 1, "good_topic": 1}, said)

    assert report.broken == {"bad_topic": "LookupError: no such vendor"}
    assert len(report.figures) == 2
    assert "bad_topic BROKEN\n    Traceback" in said.getvalue()


def test_nothing_of_the_users_surroundings_changes_what_is_measured(bench):
    inputs = {
        "PATH": "/bin",
        "OPENAI_BASE_URL": "http://else.where",
        "TARASH_LEDGER": "ledger",
        "OTEL_SDK_DISABLED": "1",
        "http_proxy": "http://proxy:3128",
    }

    assert bench("frame.running").surroundings(inputs) == {
        "PATH": "/bin",
        "TARASH_DISABLE_PLUGINS": "ledger,opentelemetry",
        "NO_PROXY": "*",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MODE": "PRODUCTION",
    }


def test_the_table_shows_medians_spreads_ratios_and_budgets(bench, report):
    assert bench("frame.table").as_text(report.figures) == (
        "== call\n"
        "What                Who         Median        Low to high     Against            Budget           Also\n"
        "small answer, sync  openai SDK  1,100 us CPU  1,000 to 1,200                                      1,500 us\n"
        "                    tarash      900 us CPU    800 to 990      0.80 x openai SDK  <= 0.95 x  kept\n"
        "\n"
        "== memory\n"
        "What                   Who     Median   Low to high  Against  Budget           Also\n"
        "200 MB clip to a file  tarash  2.50 MB                        <= 2 MB  MISSED\n"
        "\n"
        "== jobs\n"
        "What         Who     Median  Low to high  Against  Budget    Also\n"
        "connections  tarash  7"
    )


def test_a_run_survives_its_json(bench, report, tmp_path):
    report.save(tmp_path / "bench.json")

    assert bench("frame.report").Report.load(tmp_path / "bench.json") == report


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict"], 1)], ids=["as-it-is", "strict"])
def test_a_missed_budget_is_shown_and_is_an_error_only_where_that_is_asked_for(
    bench, report, tmp_path, capsys, options, code
):
    report.save(tmp_path / "bench.json")

    assert bench("run").main(["--figures", str(tmp_path / "bench.json"), *options]) == code
    shown = capsys.readouterr().out
    assert shown.endswith(
        "cores 2, Python CPython 3.11.7\nBudgets: 1 of 2 kept.\nMissed: memory, 200 MB clip to a file (tarash)\n"
    )


def test_a_run_with_a_broken_topic_is_an_error(bench, tmp_path, capsys):
    bench("frame.report").Report({}, [], {"jobs": "no vendor"}).save(tmp_path / "bench.json")

    assert bench("run").main(["--figures", str(tmp_path / "bench.json")]) == 1
    assert "Broken: jobs: no vendor" in capsys.readouterr().out


def test_the_page_is_of_one_run_of_all_topics(bench, capsys):
    with pytest.raises(SystemExit):
        bench("run").main(["--topic", "calls", "--write-docs"])

    assert "--write-docs: the page shows all topics of one run" in capsys.readouterr().err


def test_parts_of_a_page_are_written_anew(bench, report):
    page = "Before.\n<!-- measured: memory -->\nold\n<!-- end -->\n<!-- measured: startup -->\n<!-- end -->\nAfter.\n"

    assert bench("frame.page").rendered(page, report) == (
        "Before.\n<!-- measured: memory -->\n\n"
        "| What | Who | Median | Low to high | Against | Budget | | Also |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
        "| 200 MB clip to a file | tarash | 2.50 MB | | | <= 2 MB | MISSED | |\n"
        "\n<!-- end -->\n"
        "<!-- measured: startup -->\n\nNot measured in this run.\n\n<!-- end -->\nAfter.\n"
    )


def test_the_documentation_shows_the_figures_that_lie_beside_it(bench):
    page, chart, report = bench("frame.page"), bench("frame.chart"), bench("frame.report")
    shown = report.Report.load(page.FIGURES)

    text = page.PAGE.read_text(encoding="utf-8")
    assert page.rendered(text, shown) == text, "run scripts/bench --figures docs/performance.json --write-docs"
    assert page.PICTURE.read_text(encoding="utf-8") == chart.drawn(shown.figures)


def test_every_topic_is_a_module_that_measures(bench):
    for topic in bench("run").ROUNDS:
        parsed = ast.parse((CHECKOUT / "benchmarks" / f"{topic}.py").read_text(encoding="utf-8"))
        measures = [node for node in parsed.body if isinstance(node, ast.FunctionDef) and node.name == "measure"]
        assert [argument.arg for argument in measures[0].args.args][:1] == ["rounds"], topic


def test_the_command_is_a_script_that_tells_how_it_is_used():
    assert os.access(CHECKOUT / "scripts" / "bench", os.X_OK)
    subprocess.run(["sh", "-n", CHECKOUT / "scripts" / "bench"], check=True)
