"""Revisions of the reader of replies.

A run is read by the revision it was begun under, which its header names: replies that an
older reader refused were asked for again, and that is on record. A header that names none
is of revision 1. A revision changes until it is in a release, and never after it.
"""

from __future__ import annotations

REVISION = 2
"""The revision by which new runs are read."""
FIRST = 1
"""The reader of `strict.py`."""
