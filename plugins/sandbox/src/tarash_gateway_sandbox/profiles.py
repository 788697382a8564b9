"""How strict a server is: as the vendor, or as a server that only speaks its protocol. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field

from tarash_gateway_sandbox.jobs import JobWords


@dataclass(frozen=True)
class Profile:
    """One kind of server."""

    name: str
    any_model: bool = False
    """Whether every model is taken, and only types are checked."""
    poll_hint: bool = True
    """Whether a running job says when to poll again."""
    job_words: JobWords = field(default_factory=JobWords)
    bare_jobs: bool = False
    """Whether a job is shown with id, status and time only."""


# As vLLM-Omni (create answers id, status and time only) and OpenRouter (pending) do it, November 2026.
PROFILES = {
    row.name: row
    for row in (
        Profile("openai"),
        Profile(
            "compatible",
            any_model=True,
            poll_hint=False,
            job_words=JobWords("pending", "processing", "succeeded"),
            bare_jobs=True,
        ),
    )
}
"""Every profile, by the name `SandboxServer` takes."""


def profile_named(name: str) -> Profile:
    """Returns a profile by its name.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in PROFILES:
        msg = f"There is no profile {name!r}. There are: {', '.join(PROFILES)}."
        raise ValueError(msg)
    return PROFILES[name]
