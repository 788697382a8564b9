"""What an HTTP status means on its own, and how long a vendor asks to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tarash.tarash_gateway.errors import (
    AuthenticationError,
    InvalidRequestError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
)
from tarash.tarash_gateway.plugins import error_for_status, seconds_to_wait


@pytest.mark.parametrize(
    ("status", "kind", "retryable", "billable"),
    [
        (400, InvalidRequestError, False, "no"),
        (401, AuthenticationError, False, "no"),
        (402, QuotaExceededError, False, "no"),
        (403, PermissionDeniedError, False, "no"),
        (404, ModelNotFoundError, False, "no"),
        (408, ProviderUnavailableError, True, "unknown"),
        (409, InvalidRequestError, False, "no"),
        (410, ModelNotFoundError, False, "no"),
        (413, InvalidRequestError, False, "no"),
        (418, InvalidRequestError, False, "no"),
        (422, InvalidRequestError, False, "no"),
        (429, RateLimitError, True, "no"),
        (500, ProviderUnavailableError, True, "unknown"),
        (502, ProviderUnavailableError, True, "unknown"),
        (503, ProviderUnavailableError, True, "no"),
        (504, ProviderUnavailableError, True, "unknown"),
        (529, ProviderUnavailableError, True, "no"),
        (599, ProviderUnavailableError, True, "unknown"),
    ],
)
def test_a_status_says_what_it_is_and_whether_something_was_created(status, kind, retryable, billable):
    error = error_for_status(status, "no", headers={"retry-after": "7"}, code="c", raw={"a": 1})
    assert type(error) is kind
    assert (str(error), error.status_code, error.retryable, error.billable) == ("no", status, retryable, billable)
    assert (error.retry_after, error.code, error.raw) == (7.0, "c", {"a": 1})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after-ms": "-1"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}, 86_400.0),
        ({"retry-after": "Wed, 21 Oct 99999 07:28:00 GMT"}, None),
    ],
    ids=lambda value: ",".join(f"{k}={v}" for k, v in value.items()) or "none" if isinstance(value, dict) else "",
)
def test_how_long_a_vendor_asks_to_wait(headers, seconds):
    assert seconds_to_wait(headers) == seconds


def test_a_date_is_read_as_seconds_from_now():
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert 3000 < seconds_to_wait({"retry-after": format_datetime(soon, usegmt=True)}) <= 3600


def test_a_plain_dict_of_headers_may_be_spelled_as_the_standard_does():
    assert seconds_to_wait({"Retry-After": "7"}) == 7.0


@given(st.text(max_size=30))
def test_whatever_a_vendor_writes_there_does_no_harm(text):
    seconds = seconds_to_wait({"retry-after": text, "retry-after-ms": text})
    assert seconds is None or seconds >= 0
