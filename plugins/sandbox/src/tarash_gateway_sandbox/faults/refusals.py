"""Refusals, and servers that fail before anything is made."""

from __future__ import annotations

from tarash_gateway_sandbox.faults.fault import Change, Delay, Fault, Instead, error, page
from tarash_gateway_sandbox.replies import Answer

BUSY = "Rate limit reached. Please try again later."
OVERLOADED = "The server is overloaded or not ready yet."
BROKEN = "The server had an error while processing your request. Sorry about that!"
QUOTA = "You exceeded your current quota, please check your plan and billing details."
# The vendor's shortest wait is in milliseconds; the second header is for clients that do not know the first.
SOON = {"retry-after-ms": "50", "retry-after": "1"}
IN_AN_HOUR = {"retry-after": "3600"}
HARD_LIMIT = error(400, "Billing hard limit has been reached", "billing_hard_limit_reached")
"""With 400, not 429 (the vendor's answers to image requests, 2023 to 2025)."""


def _text_plain(answer: Answer) -> Answer:
    return Answer(answer.status, answer.headers, answer.body, "text/plain; charset=utf-8")


REFUSALS = (
    Fault(
        "unauthorized",
        "401 invalid_api_key",
        (),
        Instead(error(401, "Incorrect API key provided: sk-sand***.", "invalid_api_key")),
    ),
    Fault(
        "forbidden",
        "403, the account may not do this",
        (),
        Instead(error(403, "Your organization must be verified to use this model.")),
    ),
    Fault(
        "model_not_found",
        "404 model_not_found, as for a retired model",
        ("image", "video"),
        Instead(error(404, "The model does not exist or you do not have access to it.", "model_not_found")),
    ),
    Fault("path_not_found", "404, the server has no such path", (), Instead(error(404, "Invalid URL"))),
    Fault("request_timeout", "408", (), Instead(error(408, "The request took too long to arrive."))),
    Fault("conflict", "409", (), Instead(error(409, "The request conflicts with another one."))),
    Fault("gone", "410, the API is retired", (), Instead(error(410, "This API has been shut down."))),
    Fault(
        "rate_limited",
        "429 with Retry-After of 1 second, and retry-after-ms of 50",
        (),
        Instead(error(429, BUSY, "rate_limit_exceeded", headers=SOON)),
    ),
    Fault(
        "rate_limited_bare", "429 without Retry-After", (), Instead(error(429, BUSY, "rate_limit_exceeded", headers={}))
    ),
    Fault(
        "rate_limited_for_an_hour",
        "429 with Retry-After of an hour",
        (),
        Instead(error(429, BUSY, "rate_limit_exceeded", headers=IN_AN_HOUR)),
    ),
    Fault("insufficient_quota", "429 insufficient_quota", (), Instead(error(429, QUOTA, "insufficient_quota"))),
    Fault("billing_hard_limit_reached", "400 billing_hard_limit_reached", (), Instead(HARD_LIMIT)),
    Fault("server_error", "500, nothing was made", (), Instead(error(500, BROKEN))),
    Fault("bad_gateway", "502, nothing was made", (), Instead(error(502, "Bad gateway."))),
    Fault("bad_gateway_page", "502 with a proxy's web page, nothing was made", (), Instead(page(502, "Bad Gateway"))),
    Fault("gateway_timeout", "504, nothing was made", (), Instead(error(504, "The upstream server timed out."))),
    Fault("unavailable", "503 without Retry-After", (), Instead(error(503, OVERLOADED))),
    Fault(
        "unavailable_with_retry_after",
        "503 with Retry-After of 1 second, and retry-after-ms of 50",
        (),
        Instead(error(503, OVERLOADED, headers=SOON)),
    ),
    Fault("html_page", "200 with a web page, nothing was made", (), Instead(page(200, "Sign in"))),
    Fault(
        "redirect",
        "307 to another origin, nothing was made",
        (),
        Instead(lambda scene: Answer(307, {"location": scene.elsewhere})),
    ),
    Fault(
        "slow_first_byte",
        "the real answer, after a silence of `slow_seconds`",
        (),
        Delay(),
    ),
    Fault(
        "wrong_content_type",
        "the real answer, called text/plain",
        (),
        Change(lambda answer, scene: _text_plain(answer)),  # noqa: ARG005 - a change's signature
    ),
)
"""Faults of any request. As part of a model's name they hit the creating request."""
