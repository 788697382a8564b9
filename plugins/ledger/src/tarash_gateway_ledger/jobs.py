"""Which job each call has made, from the moment that it is known until the call ends."""

from __future__ import annotations

MOST = 10_000
"""Calls that are remembered at once; one whose end is never told is forgotten in the end."""


class Jobs:
    """Plain dictionary steps: threads may share it, and a fork leaves no lock behind."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._of_call: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._of_call)

    def note(self, request_id: str, job_id: str) -> None:
        """Remembers the job of a call."""
        self._of_call[request_id] = job_id
        too_many = len(self._of_call) - self._most
        for oldest in list(self._of_call)[:too_many] if too_many > 0 else ():
            self._of_call.pop(oldest, None)

    def take(self, request_id: str) -> str | None:
        """Takes out what is kept of a call that has ended."""
        return self._of_call.pop(request_id, None)
