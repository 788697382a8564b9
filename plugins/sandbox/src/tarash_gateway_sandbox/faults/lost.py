"""Creating requests that succeed, and whose answer is lost or late; and the same before anything is made."""

from __future__ import annotations

from tarash_gateway_sandbox.broken_replies import Cut, Dripping, Misdeclared, Reset, Silence
from tarash_gateway_sandbox.faults.fault import After, Change, Fault, Instead, error, page
from tarash_gateway_sandbox.faults.refusals import BROKEN
from tarash_gateway_sandbox.operations import Operation
from tarash_gateway_sandbox.replies import RawBytes

CREATE: tuple[Operation, ...] = ("image", "video")

LOST = (
    Fault("server_error_after_creation", "500, and it was made all the same", CREATE, After(error(500, BROKEN))),
    Fault("bad_gateway_after_creation", "502, and it was made all the same", CREATE, After(error(502, "Bad gateway."))),
    Fault(
        "gateway_timeout_after_creation",
        "504, and it was made all the same",
        CREATE,
        After(error(504, "The upstream server timed out.")),
    ),
    Fault("dropped", "the connection closes before the answer, nothing was made", (), Instead(RawBytes())),
    Fault("dropped_after_creation", "the connection closes before the answer", CREATE, After(RawBytes())),
    Fault("reset", "the connection is reset before the answer, nothing was made", (), Instead(Reset())),
    Fault("reset_after_creation", "the connection is reset before the answer", CREATE, After(Reset())),
    Fault(
        "dropped_after_head",
        "the connection closes after the answer's head",
        CREATE,
        Change(lambda answer, scene: Cut(answer, 0)),  # noqa: ARG005 - a change's signature
    ),
    Fault(
        "dropped_half_way",
        "the connection closes in the middle of the answer's body",
        CREATE,
        Change(lambda answer, scene: Cut(answer, len(answer.body) // 2)),  # noqa: ARG005 - as above
    ),
    Fault(
        "stalls_half_way",
        "the answer stops in the middle of its body, the connection stays open",
        CREATE,
        Change(lambda answer, scene: Cut(answer, len(answer.body) // 2, stall=True)),  # noqa: ARG005 - as above
    ),
    Fault("never_answers", "silence, nothing was made", (), Instead(Silence())),
    Fault("never_answers_after_creation", "silence", CREATE, After(Silence())),
    Fault(
        "slow_drip",
        "the body's first 100 bytes come one by one, over `slow_seconds`",
        (),
        Change(lambda answer, scene: Dripping(answer, scene.slow_seconds)),
    ),
    Fault(
        "slow_drip_head",
        "the head's first 100 bytes come one by one, over `slow_seconds`",
        (),
        Change(lambda answer, scene: Dripping(answer, scene.slow_seconds, head=True)),
    ),
    Fault(
        "length_too_long",
        "a whole body whose Content-Length promises more, then the end of the connection",
        CREATE,
        Change(lambda answer, scene: Misdeclared(answer, 100)),  # noqa: ARG005 - as above
    ),
    Fault(
        "length_too_short",
        "a whole body whose Content-Length is 10 bytes short: JSON without its end",
        CREATE,
        Change(lambda answer, scene: Misdeclared(answer, -10)),  # noqa: ARG005 - as above
    ),
    Fault("html_page_after_creation", "200 with a web page", CREATE, After(page(200, "Sign in"))),
)
"""The answer is lost; with `nothing was made` in its summary, the work too."""
