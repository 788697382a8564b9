"""A vendor whose images are jobs passes the kit; a plugin that waits in `generate_image` and pays twice is told so."""

import pytest
from acme_prints import SPEC, NaiveProvider, TellingProvider
from prints_kit import PrintsKit
from wrong import Wrong

CHECK = "test_nothing_after_the_creating_request_pays_twice"


class TestPrints(PrintsKit):
    provider = "acme_prints"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        *((fault, "2 creating requests were sent") for fault in ("401", "503", "429")),
        ("404", "the error has no job"),
    ],
)
def test_the_naive_plugin_is_told_what_to_do(fault, says):
    naive = Wrong(CHECK, says, NaiveProvider, SPEC, {"provider": "acme_prints"}, base=PrintsKit)
    naive.params = {"fault": fault}
    naive.assert_told()
    assert "give submit_image, poll_image and fetch_image" in " ".join(naive.message().split())
    assert "prepared.created(job_id)" in naive.message()


@pytest.mark.parametrize("fault", ["401", "404"])
def test_one_that_says_which_job_it_waits_for_pays_once(fault):
    telling = Wrong(CHECK, "", TellingProvider, SPEC, {"provider": "acme_prints"}, {"fault": fault}, PrintsKit)
    assert telling.message() is None
