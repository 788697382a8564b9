"""The count of creating requests: the gateway sends one, and the server counts what it reads."""

from __future__ import annotations

import urllib.request

import pytest


@pytest.fixture
def lost_answers(bench):
    return bench("lost_answers")


def test_the_gateway_sends_one_request(lost_answers):
    assert lost_answers.count_requests(lost_answers.call_gateway) == 1


def test_every_request_is_counted(lost_answers):
    def call(url):
        for _ in range(3):
            with pytest.raises(OSError, match=r".+"):
                urllib.request.urlopen(url, data=b"{}")

    assert lost_answers.count_requests(call) == 3


def test_a_library_that_is_not_installed_has_no_figure(lost_answers):
    def call(_url):
        raise ModuleNotFoundError

    assert lost_answers.count_requests(call) is None
