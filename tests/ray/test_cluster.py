"""A cluster of three nodes on this machine, one of them killed on the way: nothing is lost, nothing is paid twice."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="Ray is not installed: scripts/setup scale")

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).resolve().parents[2]


def test_a_node_that_dies_loses_nothing_and_pays_nothing_twice():
    command = [sys.executable, CHECKOUT / "benchmarks" / "batch_ray.py", "--rows", "60", "--at", "0.3"]
    environment = os.environ | {"TARASH_DISABLE_PLUGINS": "ledger,opentelemetry"}
    outcomes = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    found = json.loads(outcomes.stdout)
    assert (found["rows without a file or a word"], found["paid twice"], found["broken files"]) == (0, 0, 0)
    assert found["processes killed"] > 0
    assert found["workers"] >= 3  # a fourth begins where the batch lasts long enough
    assert found["exit code"] == (3 if found["unconfirmed"] else 0)
    assert outcomes.returncode == 0
