"""The catalogue of faults: every fault that the sandbox plays on demand, by name. Data only; `playing` plays it."""

from __future__ import annotations

from tarash_gateway_sandbox.faults.downloads import CONTENTS
from tarash_gateway_sandbox.faults.fault import Fault
from tarash_gateway_sandbox.faults.jobs import JOBS, LISTS, POLLS
from tarash_gateway_sandbox.faults.lost import LOST
from tarash_gateway_sandbox.faults.moderation import MODERATION
from tarash_gateway_sandbox.faults.refusals import REFUSALS
from tarash_gateway_sandbox.faults.streams import STREAMS
from tarash_gateway_sandbox.faults.unreadable import UNREADABLE

__all__ = ["FAULTS", "Fault"]

FAULTS = {
    row.name: row for row in (*REFUSALS, *MODERATION, *LOST, *UNREADABLE, *STREAMS, *JOBS, *LISTS, *POLLS, *CONTENTS)
}
"""Every fault, by name."""
