"""Short texts for people: one line, a duration, an amount of money."""

from __future__ import annotations


def one_line(text: object, most: int = 300) -> str:
    """`text` on one line without control characters: a vendor's words must not steer a terminal.

    Args:
        text: anything that can be printed.
        most: characters that are kept.
    """
    clean = " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def duration(seconds: float) -> str:
    """Seconds as `9 s`, `1 min 05 s` or `1 h 02 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
