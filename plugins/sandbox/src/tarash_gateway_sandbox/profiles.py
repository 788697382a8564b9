"""Whose manners a server has: the vendor's own, or those of a server that only speaks its protocol. Data only."""

from __future__ import annotations

from dataclasses import dataclass, field

from tarash_gateway_sandbox.jobs import JobManner


@dataclass(frozen=True)
class Profile:
    """One kind of server."""

    name: str
    any_model: bool = False
    """Whether every model is taken, and only types are checked."""
    poll_hint: bool = True
    """Whether a running job says when to ask again."""
    jobs: JobManner = field(default_factory=JobManner)


# Manners of vLLM-Omni (create answers id, status and time only) and of OpenRouter (pending), November 2026.
PROFILES = {
    row.name: row
    for row in (
        Profile("openai"),
        Profile(
            "compatible",
            any_model=True,
            poll_hint=False,
            jobs=JobManner(waiting="pending", working="processing", done="succeeded", bare=True),
        ),
    )
}
"""Every profile, by the name `SandboxServer` takes."""


def profile_named(name: str) -> Profile:
    """A profile by its name.

    Args:
        name: The name.

    Returns:
        The profile.

    Raises:
        ValueError: There is none of that name.
    """
    if name not in PROFILES:
        msg = f"There is no profile {name!r}. There are: {', '.join(PROFILES)}."
        raise ValueError(msg)
    return PROFILES[name]
