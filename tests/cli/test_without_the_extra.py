"""Without the extra, `tarash` says how to get it."""

import sys

import pytest

BLOCKED = """
import sys
blocked = {blocked!r}
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
from tarash_gateway_cli import main
sys.argv = ["tarash", *{words!r}]
main()
"""


@pytest.mark.parametrize(
    ("blocked", "named"),
    [
        (["cyclopts", "rich"], "cyclopts, rich, which comes"),
        (["cyclopts"], "cyclopts, which comes"),
        (["rich"], "rich, which comes"),
    ],
    ids=["all", "cyclopts", "rich"],
)
@pytest.mark.parametrize("words", [["--help"], ["image", "A harbour", "--json"]], ids=" ".join)
def test_the_way_to_the_extra_is_told(started, blocked, named, words):
    done = started("-c", BLOCKED.format(blocked=blocked, words=words), command=[sys.executable])
    assert done.code == 2
    assert done.out == ""
    assert done.err == (
        f"tarash: the command line needs {named} with the extra 'cli':\n"
        '  pip install --find-links dist "tarash-gateway[cli]"\n'
    )  # fmt: skip


def test_the_gateway_itself_needs_nothing_of_it(started):
    code = BLOCKED.format(blocked=["cyclopts", "rich"], words=[]).rpartition("from tarash")[0]
    code += "import tarash.tarash_gateway as gateway; print(len(gateway.list_models('openai')) > 0)"
    done = started("-c", code, command=[sys.executable])
    assert (done.code, done.out) == (0, "True\n")


def test_a_plugin_that_adds_a_command_is_not_broken_by_its_absence(started):
    code = BLOCKED.format(blocked=["cyclopts", "rich"], words=[]).rpartition("from tarash")[0]
    code += "from tarash.tarash_gateway import plugin_report\n"
    code += "print({report.status for report in plugin_report() if report.distribution == 'tarash-gateway-sandbox'})"
    done = started("-c", code, command=[sys.executable])
    assert (done.code, done.out) == (0, "{'ok'}\n"), done.err
