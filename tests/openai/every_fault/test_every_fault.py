"""Every fault of the sandbox's catalogue over real HTTP: what the caller gets, what was sent and what was paid.

The table is the specification. A row says what a call with that fault ends in: its error, or None for a result.
"""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass, replace

import pytest

from tarash.tarash_gateway import recover_videos, resume_video
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ContentPolicyError,
    DownloadError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidRequestError,
    InvalidResponseError,
    JobExpiredError,
    ModelNotFoundError,
    PermissionDeniedError,
    ProviderUnavailableError,
    QuotaExceededError,
    RateLimitError,
    TarashError,
    UnconfirmedGenerationError,
)
from tarash_gateway_sandbox import FAULTS

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

KEY = "sk-of-the-tests-0123456789"
NEVER, SHORT, ENOUGH = 90.0, 1.0, 1.5
"""Seconds of a call that does not get to its deadline, of one that does, and of one in which something is made first."""

LEAPT = 60.0
"""Seconds of a call that waits for a job until its deadline; its pauses take no time."""


@dataclass(frozen=True)
class End:
    """How a call ends."""

    error: type[TarashError] | None = None
    """None is a result."""
    says: str = ""
    """Part of the error's text, or of the result's warnings: what is to be done about it."""
    billable: str = "no"
    posts: int = 1
    """Creating requests that were sent."""
    paid: int = 1
    """Creating requests that made something."""
    journal: str = "made"
    job: bool = False
    """Whether the error has a job, which gives the video once the fault is gone."""
    timeout: float = NEVER
    submit: float | None = None
    """Seconds that the submit may take, where the rest of the call needs more."""
    n: int = 1
    stage: str | None = None


def made(says="", **options):
    return End(says=says, **options)


def refused(error, says, **options):
    return End(error, says, paid=0, journal="refused", **options)


def unknown(says="or set retry_unconfirmed=True to risk a second bill", **options):
    """An answer that was lost, or that says nothing: it is not sent again."""
    return End(UnconfirmedGenerationError, says, "unknown", journal="unconfirmed", **options)


def unusable(says, **options):
    """An answer that was paid for and holds nothing of use."""
    return End(InvalidResponseError, says, "yes", journal="failed", **options)


def left(error, says, billable="yes", **options):
    """A job that is left at the vendor and can be resumed."""
    return End(error, says, billable, journal="submitted", job=True, **options)


def ended(error, says, billable="unknown", **options):
    """A job that came to nothing."""
    return End(error, says, billable, journal="failed", **options)


def each(names, end):
    return dict.fromkeys(names.split(), end)


def each_of(call, names, reason):
    return {(call, name): reason for name in names.split()}


NAME = "Is the model's name right, and does base_url end where the API begins"
MODERATED = "rejected by the safety system"
REFUSED = {
    "unauthorized": refused(AuthenticationError, "The key was looked for in api_key, then in OPENAI_API_KEY"),
    "forbidden": refused(PermissionDeniedError, "Your organization must be verified"),
    "model_not_found": refused(ModelNotFoundError, NAME),
    "path_not_found": refused(ModelNotFoundError, NAME),
    "conflict": refused(InvalidRequestError, "The request conflicts with another one. (HTTP 409"),
    "gone": refused(ModelNotFoundError, "This API has been shut down"),
    "rate_limited": refused(RateLimitError, "Please try again later", posts=3),
    "rate_limited_bare": refused(RateLimitError, "Please try again later", posts=3),
    "rate_limited_for_an_hour": refused(RateLimitError, "Please try again later", posts=1),
    "unavailable": refused(ProviderUnavailableError, "overloaded", posts=3),
    "unavailable_with_retry_after": refused(ProviderUnavailableError, "overloaded", posts=3),
    **each(
        "insufficient_quota billing_hard_limit_reached",
        refused(QuotaExceededError, "Waiting does not help: look at the account's billing"),
    ),
    **each(
        "moderation_blocked content_policy_violation content_filter",
        refused(ContentPolicyError, MODERATED, stage="input"),
    ),
    "redirect": refused(InvalidResponseError, "set base_url to it if you trust it"),
}
"""Nothing is made, and the vendor says so."""

WAITED_FOR = each(
    "rate_limited_once rate_limited*2 rate_limited_bare_once unavailable_once unavailable_with_retry_after_once",
    made(posts=2),
) | {"rate_limited*2": made(posts=3)}

SILENT = "request_timeout server_error bad_gateway gateway_timeout dropped reset"
"""Nothing is made, and nobody can know."""

LOST = (
    "server_error_after_creation bad_gateway_after_creation gateway_timeout_after_creation dropped_after_creation "
    "reset_after_creation"
)
CUT = "dropped_after_head dropped_half_way length_too_long"
STRANGE = {
    "empty_body": "is not JSON",
    "malformed_json": "is not JSON",
    "length_too_short": "is not JSON",
    "html_page_after_creation": "is it not behind a proxy's login page?",
    "json_null": "JSON NoneType where an object belongs",
    "json_list": "JSON list where an object belongs",
    "json_object": "holds no image",
}
"""Answers of status 200 that are no answer; the picture was made."""

IMAGES = {
    **REFUSED,
    **WAITED_FOR,
    **each(f"{SILENT} bad_gateway_page", unknown(paid=0)),
    **each(f"{LOST} {CUT}", unknown()),
    "bad_gateway_page": unknown("a web page came in place of an answer, probably from a proxy", paid=0),
    "never_answers": unknown("did not answer in time", paid=0, timeout=SHORT),
    **each("never_answers_after_creation stalls_half_way", unknown("did not answer in time", timeout=ENOUGH)),
    "html_page": unusable("is it not behind a proxy's login page?", paid=0),
    **{name: unusable(says) for name, says in STRANGE.items()},
    **each("data_empty data_null data_without_picture", unusable("holds no image")),
    **each("not_base64 not_an_image half_an_image", unusable("the vendor's image is broken")),
    # A picture of 30,000 x 30,000 pixels is paid for, and is handed on without being decoded.
    **each("slow_first_byte wrong_content_type slow_drip slow_drip_head image_bomb", made()),
    "content_filter_200": refused(ContentPolicyError, "Generated image was filtered", stage="output"),
    "content_filter_one": made("violence", n=3),
    "fewer_images": made("3 images were asked for, the vendor made 2", n=3),
    "url_not_found": made("its address is in Media.url"),
}

UNREAD = unknown("The vendor's job list, as far as it can be read, does not show it")
UNFINISHED = "was still"
NO_CLIP = "is not a whole video"
AGAIN = "It costs nothing to fetch it again: resume_video(config, error.job)"

VIDEOS = {
    **REFUSED,
    "model_not_found": refused(ModelNotFoundError, "2026-09-24"),
    "gone": refused(ModelNotFoundError, "2026-09-24"),
    **WAITED_FOR,
    **each(f"{SILENT} bad_gateway_page html_page", replace(UNREAD, paid=0)),
    "never_answers": replace(UNREAD, paid=0, timeout=SHORT),
    **each(f"{LOST} {CUT} {' '.join(STRANGE)}", made()),
    **each("never_answers_after_creation stalls_half_way", made(submit=1.0)),
    **each("dropped_after_creation,list_lags dropped_after_creation,list_500_once", made()),
    **each("dropped_after_creation,list_404 dropped_after_creation,list_405 dropped_after_creation,list_500", UNREAD),
    **each("slow_first_byte wrong_content_type slow_drip slow_drip_head", made()),
    "job_moderated": ended(ContentPolicyError, "blocked by our moderation system", stage="output"),
    "job_failed": ended(GenerationFailedError, "video_generation_failed: The video could not be generated"),
    "job_cancelled": ended(GenerationFailedError, "was cancelled"),
    "job_expired": ended(JobExpiredError, "the vendor keeps its result no longer", "yes"),
    **each("job_unknown_status job_goes_backwards", made()),
    "job_stuck_queued": left(GenerationTimeoutError, "was still queued", "unknown", timeout=LEAPT),
    "job_stuck_in_progress": left(GenerationTimeoutError, "It was left running", "unknown", timeout=LEAPT),
    "job_unknown_end": left(GenerationTimeoutError, "'archived'", "unknown", timeout=ENOUGH),
    "poll_401": left(AuthenticationError, "OPENAI_API_KEY", "unknown"),
    "poll_404": ended(JobExpiredError, "does not know job", "yes", job=True),
    "poll_404_early": made(),
    **each(
        "poll_500 poll_502_page poll_503 poll_dropped poll_reset poll_cut poll_html poll_bad_json poll_empty poll_null",
        left(GenerationTimeoutError, " 60 s", "unknown", timeout=LEAPT),
    ),
    # A minute of these would be hundreds of looks, or looks that are waited for.
    **each("poll_429 poll_never_answers", left(GenerationTimeoutError, " 1.5 s", "unknown", timeout=ENOUGH)),
    **each(
        "poll_429*2 poll_500*2 poll_502_page*2 poll_503*2 poll_dropped*2 poll_reset*2 poll_cut*2 poll_html*2 "
        "poll_bad_json*2 poll_empty*2 poll_null*2 poll_never_answers*2 poll_slow",
        made(),
    ),
    "content_401": left(AuthenticationError, "OPENAI_API_KEY"),
    "content_404": ended(JobExpiredError, "is not there (any more)", "yes", job=True),
    "content_404_briefly": made(),
    "content_410": ended(JobExpiredError, "has expired", "yes", job=True),
    **each(
        "content_500 content_dropped content_cut content_stalls content_length_too_long content_redirect",
        left(DownloadError, AGAIN),
    ),
    **each(
        "content_html content_html_as_mp4 content_empty content_half_file content_length_too_short",
        left(DownloadError, NO_CLIP),
    ),
    "content_gzip_bomb": left(DownloadError, "it was not unpacked"),
    **each(
        "content_cut_once content_slow content_500*2 content_dropped*2 content_html_once content_empty_once", made()
    ),
    **each("content_cut_once,content_range_ignored content_cut_once,content_416", made()),
}

STREAMS = {
    **REFUSED,
    **WAITED_FOR,
    **each(f"{SILENT} bad_gateway_page", unknown(paid=0)),
    **each(LOST, unknown()),
    "never_answers": unknown("did not answer in time", paid=0, timeout=SHORT),
    "never_answers_after_creation": unknown("did not answer in time", timeout=ENOUGH),
    **each("stream_dropped stream_dropped_after_partial", unknown("without a whole answer")),
    "stream_stalls": unknown("did not answer in time", timeout=ENOUGH),
    **each("stream_error stream_error_after_partial", unknown("the stream ended with an error")),
    "stream_no_final": unknown("the stream ended without a result"),
}

TABLE = {
    (call, fault): end
    for call, rows in {"image": IMAGES, "stream": STREAMS, "video": VIDEOS}.items()
    for fault, end in rows.items()
}


def names_in(fault):
    plain = (re.sub(r"\*\d+$", "", name) for name in fault.split(","))
    return {name if name in FAULTS else name.removesuffix("_once") for name in plain}


def test_the_table_has_every_fault_and_every_call_that_it_is_for():
    named = {(call, name) for call, fault in TABLE for name in names_in(fault)}
    wanted = {("image", name) for name, row in FAULTS.items() if not row.on or "image" in row.on}
    wanted = {("stream" if FAULTS[name].only == "streamed" else call, name) for call, name in wanted}
    wanted |= {("video", name) for name, row in FAULTS.items() if not row.on or set(row.on) - {"image"}}

    assert wanted <= named
    assert {name for _, name in named} == set(FAULTS)


def check_error(error, end, entry):
    assert type(error) is end.error
    assert end.says in str(error)
    assert error.billable == end.billable
    assert getattr(error, "stage", None) == end.stage
    assert (error.provider, error.request_id) == ("openai", entry.request_id)
    shown = f"{error} {error!r} {getattr(error, '__notes__', '')}"
    assert KEY not in shown
    assert entry.request["prompt"] not in shown
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.billable, copy.job) == (str(error), error.billable, error.job)


def named(places):
    return [pytest.param(*place, marks=marks(*place)) for place in places]


def marks(kind, fault):
    # Before a stream begins it is a request as any picture's is: what the vendor says then is told apart by the same
    # lines, and tried with pictures at each commit.
    return [pytest.mark.slow] if kind == "stream" and fault in {**REFUSED, **WAITED_FOR} else []


@pytest.mark.parametrize(("kind", "fault"), named(TABLE))
def test_a_fault_ends_as_its_row_says(
    tarash_sandbox, make, journal, cure, posts, video_config, retry_policy, pauses_leap, kind, fault
):
    end = TABLE[kind, fault]
    if end.submit is not None:
        retry_policy(lookup_seconds=end.timeout, lookup_share=1 - end.submit / end.timeout)

    if end.timeout == LEAPT:
        with pauses_leap():
            outcome = make(kind, fault, n=end.n, timeout=end.timeout, poll_interval=20)
    else:
        outcome = make(kind, fault, n=end.n, timeout=end.timeout)

    assert len(posts()) == end.posts
    assert len(tarash_sandbox.paid) == end.paid
    # Only a video's content is followed along a redirect, and without the key.
    elsewhere = [request for request in tarash_sandbox.requests if request.path.startswith("/elsewhere")]
    assert all(request.path.endswith("/content") for request in elsewhere)
    assert not [request for request in elsewhere if {"authorization", "api-key"} & set(request.headers)]
    [entry] = journal.entries()
    assert entry.status == end.journal
    if end.error is None:
        assert not isinstance(outcome, TarashError)
        assert end.says in " ".join(outcome.warnings)
    else:
        check_error(outcome, end, entry)
    if kind == "video" and end.journal in ("made", "submitted", "failed"):
        assert outcome.job.id == entry.job.id == tarash_sandbox.paid[0].id
    cure()
    if end.job:
        assert resume_video(video_config(), outcome.job).video.content_type == "video/mp4"
        assert journal.entries()[0].status == "made"
    if kind == "video" and end.journal == "unconfirmed":
        jobs = recover_videos(video_config(), journal)
        assert [job.id for job in jobs] == [paid.id for paid in tarash_sandbox.paid]
        assert all(resume_video(video_config(), job).video for job in jobs)
    assert len(posts()) == end.posts
