"""What the author of a plugin can say in a test class."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from acme_kit import AcmeKit
from wrong import Wrong

import tarash_gateway_testing as testing
from tarash import tarash_gateway
from tarash.tarash_gateway.errors import RateLimitError
from tarash_gateway_testing import ProviderConformance


def test_exported_names_exist_and_are_sorted():
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []
    assert testing.__all__ == sorted(testing.__all__)
    assert set(testing.__all__) <= set(dir(testing))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'FakeVendro'"):
        testing.FakeVendro  # noqa: B018 # the look is the test


def test_a_class_without_a_provider_is_not_collected():
    class Base(ProviderConformance):
        pass

    class Derived(Base):
        provider = "acme_films"

    assert (ProviderConformance.__test__, Base.__test__, Derived.__test__) == (False, False, True)


def test_a_misspelt_check_is_told():
    with pytest.raises(TypeError) as caught:
        type("Test", (AcmeKit,), {"provider": "acme_films", "not_applicable": {"test_errors_survive_pickles": "why"}})

    assert str(caught.value) == (
        "Test.not_applicable names 'test_errors_survive_pickles', which is no check; "
        "did you mean 'test_errors_survive_a_pickle'?"
    )


BROKEN = {
    "import": ("import no_such_module_of_acme", "No module named 'no_such_module_of_acme'"),
    "syntax": ("def broken(:", "SyntaxError"),
    "empty": ("", "offers no provider"),
}


def test_a_plugin_that_does_not_load_is_told_once(tmp_path):
    for name, (source, _) in BROKEN.items():
        (tmp_path / f"acme_{name}.py").write_text(source)
        (tmp_path / f"test_acme_{name}.py").write_text(
            "from tarash_gateway_testing import ProviderConformance\n\n"
            f"class TestBroken(ProviderConformance):\n    provider = 'acme-{name}'\n    plugin = 'acme_{name}'\n"
        )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    command += ["-k", "deadline"]  # some of the checks are enough
    # With CI in the environment pytest's summary repeats each message in full.
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.count("Contract: ") == len(BROKEN), done.stdout
    assert done.stdout.count("Contract: the plugin can be imported") == len(BROKEN)
    for _, says in BROKEN.values():
        assert says in done.stdout
    assert re.search(rf"\d+ skipped, .*{len(BROKEN)} errors in", done.stdout)


def test_a_vendor_may_mean_something_else_with_a_status():
    right = Wrong("test_a_refusal_becomes_the_error_that_its_status_means", "", params={"status": 409})
    assert right.message() is None

    other = Wrong(right.check, "RateLimitError with status_code=409", params=right.params)
    other.case["expected_errors"] = {409: RateLimitError}
    other.assert_told()


def test_values_may_be_sampled():
    counts = {}
    for most in (1, None):

        class Counting(AcmeKit):
            def reached(self, request, field, value):
                counts.setdefault(self.values_per_field, []).append(field)
                return True

        kit = Wrong("test_every_declared_value_reaches_the_vendor", "", base=Counting)
        kit.case["values_per_field"] = most
        assert kit.message() is None

    assert 1 < len(counts[1]) < len(counts[None])
    assert len(counts[1]) == len(set(counts[1]))


def test_an_author_may_look_for_a_value_otherwise():
    class Odd(AcmeKit):
        def reached(self, request, field, value):
            return None if field != "style" else False

    kit = Wrong("test_every_declared_value_reaches_the_vendor", "style='oil'", base=Odd)

    kit.assert_told()


def test_a_model_that_is_not_among_the_rows_is_tried_by_name():
    kit = Wrong("test_a_good_call_is_one_creating_request", "", case={"image_models": ("acme-paint-9",)})

    assert kit.message() is None


def test_a_vendor_without_a_handler_skips_its_checks():
    class Silent(AcmeKit):
        live = None

    kit = Wrong("test_leaving_a_stream_closes_its_connection", "", base=Silent)

    with pytest.raises(pytest.skip.Exception, match="the vendor has no handler for 'stream'"):
        kit.message()


def test_nothing_of_this_machine_comes_into_play(monkeypatch):
    monkeypatch.setenv("ACME_FILMS_KEY", "a-real-key")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("TARASH_JOURNAL", "/nowhere/at/all")

    assert Wrong("test_a_missing_key_is_told_with_the_variable_to_set", "").message() is None
    assert Wrong("test_a_good_call_is_one_creating_request", "").message() is None


def test_the_plugin_is_registered_for_its_checks_only():
    received = []

    class Looking(AcmeKit):
        def handlers(self):
            received.append("acme_films" in tarash_gateway.list_providers())
            return super().handlers()

    Wrong("test_a_good_call_is_one_creating_request", "", base=Looking).message()

    assert received == [True]
    assert "acme_films" not in tarash_gateway.list_providers()
