"""One call after another, each row added to the file: the least a script can do."""

from __future__ import annotations

from functools import partial

from job import measured
from sequential import work

if __name__ == "__main__":
    measured(partial(work, anew=False))
