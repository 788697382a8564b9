"""The catalogue of faults: every fault that the sandbox plays on demand, by name. Data only; `playing` plays it."""

from __future__ import annotations

from tarash_gateway_sandbox.catalogue.contents import CONTENTS
from tarash_gateway_sandbox.catalogue.fault import Fault
from tarash_gateway_sandbox.catalogue.jobs import JOBS, LISTS
from tarash_gateway_sandbox.catalogue.lost import LOST
from tarash_gateway_sandbox.catalogue.moderation import MODERATION
from tarash_gateway_sandbox.catalogue.polls import POLLS
from tarash_gateway_sandbox.catalogue.refusals import REFUSALS
from tarash_gateway_sandbox.catalogue.streams import STREAMS
from tarash_gateway_sandbox.catalogue.unreadable import UNREADABLE

__all__ = ["FAULTS", "Fault"]

FAULTS = {
    row.name: row for row in (*REFUSALS, *MODERATION, *LOST, *UNREADABLE, *STREAMS, *JOBS, *LISTS, *POLLS, *CONTENTS)
}
"""Every fault, by name."""
