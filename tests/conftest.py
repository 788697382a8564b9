"""What every test gets: no setting of the machine it runs on, and a process that has warned of no model yet."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_setting_of_this_machine(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "AZURE_", "TARASH_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_was_warned_of(monkeypatch):
    # A lifecycle warning comes once for each process and model: without this, tests would depend on their order.
    from tarash.tarash_gateway.flows import plan

    monkeypatch.setattr(plan, "_warned", set())
