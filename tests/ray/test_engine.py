"""The engine by its name: what it takes, and what it says where it cannot work."""

import subprocess
import sys

import pytest

from tarash.tarash_gateway import plugin_report, run_batch
from tarash.tarash_gateway.errors import ConfigurationError, ValidationError
from tarash_gateway_batch.interfaces import make_engine


def test_it_is_found_by_its_name():
    assert callable(make_engine("ray", {"address": "auto", "workers": 3}))
    (report,) = [report for report in plugin_report() if report.distribution == "tarash-gateway-ray"]
    assert (report.name, report.group, report.status) == ("ray", "tarash_gateway.engines", "ok")
    assert report.hooks == ("tarash_batch_engines",)


@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        ({"workers": 0}, "workers=0 is not a whole number from 1"),
        ({"workers": True}, "workers=True is not a whole number from 1"),
        ({"address": " "}, "address=' ' is no address of a cluster, such as auto or head:6379"),
        ({"nodes": 2}, "the engine 'ray' takes address, workers, and not nodes"),
    ],
)
def test_options_that_cannot_be_right_are_told(options, outcomes):
    with pytest.raises(ValidationError) as caught:
        make_engine("ray", options)
    assert str(caught.value) == outcomes


def test_without_ray_it_says_what_to_install(monkeypatch, tmp_path, image, tarash_sandbox):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError) as caught:
        run_batch([image("a", provider="openai", model="dall-e-2")], tmp_path, engine="ray")
    assert str(caught.value) == (
        "the engine 'ray' needs Ray: pip install --find-links dist \"tarash-gateway[ray]\" on this machine and on each node"
    )
    assert tarash_sandbox.paid == []


def test_naming_the_engine_loads_no_ray():
    program = """
        import sys
        from tarash_gateway_batch.interfaces import make_engine
        make_engine("ray", {"address": "auto"})
        assert "ray" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", "\n".join(map(str.strip, program.splitlines()))], check=True)


@pytest.mark.parametrize("where", [{"out": "s3://bucket/out"}, {"out": "here", "journal": "gs://bucket/journal"}])
def test_an_address_is_no_folder(where, monkeypatch, tmp_path, image):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match=r"is an address\. A batch writes to folders"):
        run_batch([image("a")], engine="ray", **where)
    assert list(tmp_path.iterdir()) == []
