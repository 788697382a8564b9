"""A chain of two vendors, the first of which meets a fault: the second is asked only where the first made nothing."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway.errors import TarashError
from tarash_gateway_sandbox import FAULTS

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

MOVES_ON = {
    "unauthorized": 1,
    "forbidden": 1,
    "model_not_found": 1,
    "path_not_found": 1,
    "conflict": 1,
    "gone": 1,
    "rate_limited": 3,
    "rate_limited_bare": 3,
    "rate_limited_for_an_hour": 1,
    "insufficient_quota": 1,
    "billing_hard_limit_reached": 1,
    "unavailable": 3,
    "unavailable_with_retry_after": 3,
}
"""Faults with which the first vendor says that it made nothing, and how often it is asked. Moderation is not among
them: another vendor is no way around a refusal of the request itself."""

SILENT = {name for name in FAULTS if "never_answers" in name or "stalls" in name}
CASES = [
    (kind, name)
    for name, row in FAULTS.items()
    for kind in ("image", "video")
    if (not row.on or kind in row.on) and row.only is None and name not in SILENT and "stuck" not in name
]


@pytest.mark.parametrize("make", ["sync"], indirect=True)
@pytest.mark.parametrize(("kind", "fault"), CASES)
def test_nothing_is_ever_paid_at_two_vendors(
    tarash_sandbox, make, journal, posts, image_config, video_config, pauses_leap, kind, fault
):
    second = image_config("gpt-image-2") if kind == "image" else video_config()

    pace = {"poll_interval": 20} if kind == "video" else {}
    with pauses_leap():  # a minute passes at once where only its end ends the call
        outcome = make(kind, fault, timeout=60.0, fallback_configs=(second,), **pace)

    moves = fault in MOVES_ON
    assert len(posts()) == MOVES_ON.get(fault, 1) + moves
    assert len(tarash_sandbox.paid) == (1 if moves else FAULTS[fault].makes)
    assert len(journal.entries()) == 1 + moves
    if moves:
        assert [attempt.outcome for attempt in outcome.attempts] == ["failed", "succeeded"]
        assert [entry.status for entry in journal.entries()] == ["refused", "made"]


@pytest.mark.parametrize("make", ["sync", "async"], indirect=True)
@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_second_vendor_that_refuses_too_is_the_error_and_the_first_is_in_its_notes(
    tarash_sandbox, make, image_config, video_config, kind
):
    config = image_config if kind == "image" else video_config
    second = config("gpt-image-2@unauthorized" if kind == "image" else "sora-2@unauthorized")

    outcome = make(kind, "insufficient_quota", fallback_configs=(second,))

    assert isinstance(outcome, TarashError)
    assert outcome.status_code == 401
    [note] = outcome.__notes__
    assert note.startswith(
        f"before it, openai/{'gpt-image-2' if kind == 'image' else 'sora-2'}@insufficient_quota failed:"
    )
    assert tarash_sandbox.paid == []


@pytest.mark.parametrize("make", ["sync"], indirect=True)
def test_the_fallbacks_of_a_fallback_come_right_behind_it(tarash_sandbox, make, posts, image_config):
    inner = image_config("gpt-image-2@forbidden")
    first = image_config("gpt-image-2@unauthorized", fallback_configs=(inner,))
    last = image_config("gpt-image-2")

    outcome = make("image", "insufficient_quota", fallback_configs=(first, last))

    refused = ["insufficient_quota", "unauthorized", "forbidden"]
    assert [sent.json["model"] for sent in posts()] == [*(f"gpt-image-2@{name}" for name in refused), "gpt-image-2"]
    assert [attempt.outcome for attempt in outcome.attempts] == ["failed"] * 3 + ["succeeded"]
    assert len(tarash_sandbox.paid) == 1
