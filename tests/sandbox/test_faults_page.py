"""The page's table of faults is the catalogue's."""

from __future__ import annotations

from pathlib import Path

from tarash_gateway_sandbox import FAULTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "providers" / "sandbox.md"
WORDS = {
    "image": "create an image",
    "video": "create a video",
    "list": "list videos",
    "status": "status",
    "content": "download",
}


def row_of(fault):
    on = ", ".join(WORDS[name] for name in fault.on) or "any"
    creating = not fault.on or {"image", "video"} & {*fault.on}
    return f"| `{fault.name}` | {fault.summary} | {on} | {('yes' if fault.makes else 'no') if creating else '-'} |"


def test_the_page_lists_every_fault_in_order():
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = lines.index("| Fault | What comes | Requests | Paid |") + 2
    end = lines.index("", begin)

    assert lines[begin:end] == [row_of(fault) for fault in FAULTS.values()]
