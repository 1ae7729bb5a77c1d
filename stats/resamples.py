"""Number of bootstrap resamples behind every printed interval.

One number for terminal, page and report, so that they print the same digits. It lies in a
module of its own so that a command's help can name it without loading numpy.
"""

from __future__ import annotations

from typing import Final

RESAMPLES: Final = 2000
