"""Figures of an alignment by key, as `--fail-if` names them: its gain on the test pairs."""

from __future__ import annotations

from typing import Any, Final

from fellowship.pipelines.aligning.align_report import AlignReport
from fellowship.pipelines.choosing.choice_records import Figure

ESTIMATES: Final = (
    *("kappa_before", "kappa_after", "difference", "right_before", "right_after"),
)
COUNTS: Final = ("pairs", "prompts")
"""Keys of numbers, which have no limits."""
ALIGN_KEYS: Final = (*ESTIMATES, *COUNTS)


def align_figures(found: AlignReport) -> dict[str, Any]:
    """By `ALIGN_KEYS`; all undefined where nothing was changed, so nothing was tested."""
    if found.gain is None:
        nothing = Figure.undefined_as("nothing was changed, so nothing was tested")
        return dict.fromkeys(ALIGN_KEYS, nothing)
    return {key: getattr(found.gain, key, None) for key in ALIGN_KEYS}
