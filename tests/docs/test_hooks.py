"""Every hook is a contract: it is documented on its page, its docstring says what must not happen, and it is tested."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest

from tarash.tarash_gateway.plugins import hookspecs
from tarash_gateway_batch import interfaces as batch_hookspecs

CHECKOUT = Path(__file__).resolve().parents[2]
HOOKS = {
    name: hook
    for module in (hookspecs, batch_hookspecs)
    for name, hook in vars(module).items()
    if name.startswith("tarash_")
}
PAGE = (CHECKOUT / "docs" / "hooks.md").read_text(encoding="utf-8")


def test_a_hook_of_another_distribution_is_known_where_plugins_are_loaded():
    assert {name: HOOKS[name].__module__ for name in hookspecs.EXTENSIONS} == {
        name: module for name, (module, _) in hookspecs.EXTENSIONS.items()
    }


def test_there_are_the_hooks_of_the_design():
    assert set(HOOKS) == {
        "tarash_provider_specs",
        "tarash_create_provider",
        "tarash_before_generate",
        "tarash_after_generate",
        "tarash_job_updated",
        "tarash_register_commands",
        "tarash_batch_engines",
    }


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_has_a_section_of_its_own(name):
    assert re.search(rf"^## {name}$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hooks_docstring_says_when_it_is_called_and_shows_how(name):
    reported = inspect.getdoc(HOOKS[name])
    assert "Called" in reported
    [example] = re.findall(r"```python\n(.*?)```", reported, re.DOTALL)
    assert f"def {name}(" in example
    ast.parse(textwrap.dedent(example))


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_implemented_by_a_test(name):
    tests = [path for path in (CHECKOUT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert any(f"def {name}(" in path.read_text(encoding="utf-8") for path in tests)
