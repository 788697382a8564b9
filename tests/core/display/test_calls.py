"""One call as its updates leave it: status, times, and an estimate that is made only where it can be."""

import pytest

from tarash.tarash_gateway.display.text import CallProgress
from tarash.tarash_gateway.models import Media


def follow(*updates, start=1000.0):
    """The call after updates, each heard when it says it was made."""
    call = CallProgress.begun(updates[0], start + updates[0].elapsed_seconds)
    for update in updates[1:]:
        call = call.after(update, start + update.elapsed_seconds)
    return call


def words(call, now=None):
    return list(call.words(call.updated_at if now is None else now))


def test_the_first_moment_is_told_without_a_time(video_update):
    assert words(follow(video_update("submitting"))) == ["submitting"]


def test_a_job_is_told_once_it_is_known(video_update):
    assert words(follow(video_update("submitting"), video_update("queued", 0, 3))) == ["queued", "3 s", "job job_7"]


def test_a_job_stays_known(video_update):
    call = follow(video_update("queued", 0, 3), video_update("in_progress", 10, 4, job=None))
    assert words(call) == ["in progress 10 %", "4 s", "job job_7"]


def test_time_goes_on_between_updates(video_update):
    call = follow(video_update("in_progress", 10, 4))
    assert words(call, call.updated_at + 61) == ["in progress 10 %", "1 min 05 s", "job job_7"]


def test_an_estimate_counts_from_when_the_job_was_first_seen_at_work(video_update):
    # 20 s in the queue, then 30 % in 15 s: another 35 s for the rest.
    call = follow(
        video_update("queued", 0, 0),
        video_update("in_progress", 0, 20),
        video_update("in_progress", 30, 35),
    )
    assert call.expected(call.updated_at) == pytest.approx(70)
    assert call.times(call.updated_at) == "35 s of about 1 min 10 s"


def test_a_job_that_was_resumed_half_way_is_judged_by_what_was_seen_of_it(video_update):
    call = follow(video_update("in_progress", 60, 1), video_update("in_progress", 80, 11))
    assert call.expected(call.updated_at) == pytest.approx(21)


@pytest.mark.parametrize("percents", [(None, None), (0, 0), (30, 30), (30, 34)], ids=str)
def test_nothing_is_estimated_from_too_little(percents, video_update):
    first, second = percents
    call = follow(video_update("in_progress", first, 10), video_update("in_progress", second, 20))
    assert call.expected(call.updated_at) is None


def test_a_job_that_is_later_than_expected_is_not_estimated_any_more(video_update):
    call = follow(video_update("in_progress", 0, 0), video_update("in_progress", 50, 10))
    assert call.expected(call.updated_at + 9) == pytest.approx(20)
    assert call.expected(call.updated_at + 11) is None


def test_another_config_of_a_chain_begins_anew(video_update):
    call = follow(
        video_update("in_progress", 0, 0),
        video_update("in_progress", 50, 10),
        video_update("submitting", None, 11, model="other"),
        video_update("in_progress", 50, 12, model="other"),
    )
    assert call.label == "acme/other"
    assert call.expected(call.updated_at) is None


def test_a_percentage_that_falls_begins_anew(video_update):
    call = follow(video_update("in_progress", 50, 0), video_update("in_progress", 10, 10))
    assert call.since == (10, 10)


def test_a_wait_is_told_with_its_reason_and_counts_down(video_update):
    call = follow(
        video_update("submitting", None, 2),
        video_update("waiting", wait_seconds=30, message="429:\nslow\x1b[2J down"),
    )
    assert words(call) == ["waiting 30 s: 429: slow [2J down", "2 s"]
    assert words(call, call.updated_at + 10)[0] == "waiting 20 s: 429: slow [2J down"
    assert words(call, call.updated_at + 99)[0] == "waiting 0 s: 429: slow [2J down"


def test_partial_pictures_are_counted(image_update, png):
    picture = Media.from_bytes(png)
    call = follow(image_update(), image_update("partial", 1, image=picture))
    assert words(call) == ["drawing", "1 partial image", "1 s"]
    call = call.after(image_update("partial", 2, image=picture), call.updated_at)
    assert words(call)[:2] == ["drawing", "2 partial images"]


def test_the_end_is_told_with_its_time(video_update):
    call = follow(video_update("submitting"), video_update("completed", 100, 65))
    assert (call.finished, words(call)) == (True, ["completed in 1 min 05 s", "job job_7"])


def test_a_failure_is_told_with_its_reason(video_update):
    call = follow(video_update("submitting"), video_update("failed", elapsed=5, message="moderation"))
    assert (call.finished, words(call)) == (True, ["failed after 5 s: moderation", "job job_7"])


def test_names_are_told_on_one_line(image_update):
    assert follow(image_update(model="a\n\x1b[31mb")).label == "acme/a [31mb"
