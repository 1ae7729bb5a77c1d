"""Where tests find the checkout, and the data shared beside it.

The data may be elsewhere: the environment variable FELLOWSHIP_DATA names their folder.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FELLOWSHIP_DATA") or ROOT.parent / "shared" / "data")
PAPER = SHARED / "paper"
MT_BENCH = SHARED / "prompts" / "mt-bench-80.jsonl"
