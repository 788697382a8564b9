"""What stands for installed distributions: the folder `acme` is on the path, as site-packages would be."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "acme"))
