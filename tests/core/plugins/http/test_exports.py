"""The kit's table of contents."""

import subprocess
import sys
from importlib import import_module

import pytest

from tarash.tarash_gateway.plugins import http

HOMES = {name: module for module, names in http._MODULES.items() for name in names.split()}


def test_every_name_has_a_home_and_every_home_a_name():
    assert sorted(HOMES) == sorted(http.__all__)


@pytest.mark.parametrize("name", http.__all__)
def test_a_name_is_that_of_its_module(name):
    assert getattr(http, name) is getattr(import_module(f"{http.__name__}.{HOMES[name]}"), name)
    assert name in dir(http)


def test_a_name_that_is_none_is_told():
    with pytest.raises(AttributeError, match="has no attribute 'read_everything'"):
        http.read_everything  # noqa: B018 # the look alone raises


def test_the_package_alone_loads_none_of_its_modules():
    program = (
        "import sys; import tarash.tarash_gateway.plugins.http; "
        "print([name for name in sys.modules if '.plugins.http.' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
