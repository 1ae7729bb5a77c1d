"""Judges who were asked almost always, and how many independent ones they are worth.

Who is asked only where others differ is seen on hard rows alone, and the others on them
always differ: such rows make any judges look independent. So figures of several judges
together are of those who were asked almost always, on the rows where all of them were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from fellowship.number_format import counted, interval
from fellowship.pipelines.agreement.verdict_table import VerdictTable
from fellowship.stats.codes import INVALID, Codes
from fellowship.stats.effective import n_eff_interval
from fellowship.stats.intervals import MIN_LABELS, Interval, Resampling, too_few
from fellowship.suggestions import quoted_list

ALWAYS: Final = 0.9
"""Share of the labelled rows on which a judge must have been asked."""


CHANCE: Final = 0.001
"""p under which a judge was not asked at random."""


@dataclass(frozen=True)
class EffectiveJudges:
    """How many independent judges the `judges` are worth, by their errors on `rows`.

    `left_out` were not asked throughout. `worth` is None where it can't be said, and `why`
    says why.
    """

    judges: tuple[str, ...]
    left_out: tuple[str, ...]
    rows: int
    worth: Interval | None
    why: str = ""

    @property
    def text(self) -> str:
        """The figure and of whom it is, in a sentence without its full stop."""
        if self.worth is None:
            return f"independent judges that these are worth: not known: {self.why}"
        names = quoted_list(self.judges)
        who = f" who were asked throughout ({names})" if self.left_out else ""
        return (
            f"independent judges that the {counted(len(self.judges), 'judge')}{who}"
            " are worth, by"
            f" their errors on {counted(self.rows, 'row')}: {interval(self.worth, 2)}"
        )


def always_asked(table: VerdictTable) -> tuple[list[int], NDArray[np.bool_]]:
    """The columns of judges who were asked on ALWAYS of the labelled rows and never
    left out, and the labelled rows (n,) where all of those were."""
    known = table.labels != INVALID
    share = table.is_asked[known].mean(axis=0)
    some = asked_where_others_differ(table)
    kept = [
        j
        for j, name in enumerate(table.judges)
        if share[j] >= ALWAYS and name not in some
    ]
    return kept, known & table.is_asked[:, kept].all(axis=1)


def asked_where_others_differ(table: VerdictTable) -> frozenset[str]:
    """The judges whose being asked hung on the others' votes.

    Those whom the run left out on purpose and, in imports that don't say so, those who
    were asked more often where the others differ (Fisher's exact test at CHANCE). On the
    rows of such a judge the others are wrong more often than elsewhere: it can't be
    compared with them.
    """
    chosen = asked_by_disagreement(table.votes, table.is_asked)
    return frozenset(
        name
        for j, name in enumerate(table.judges)
        if name in table.spared or j in chosen
    )


def asked_by_disagreement(votes: Codes, asked: NDArray[np.bool_]) -> frozenset[int]:
    """The columns (m,) that were asked more often on the rows where the others differ.

    `votes` (n, m) are INVALID where nothing was read; Fisher's exact test at CHANCE.
    """
    found = set()
    for j in range(votes.shape[1]):
        others = np.delete(votes, j, axis=1)
        read = others != INVALID
        there = read.sum(axis=1) > 1
        low = np.where(read, others, INVALID).min(axis=1)
        differ = (read & (others != low[:, None])).any(axis=1)[there]
        own = asked[there, j]
        cells = [[int((own == a)[differ == d].sum()) for d in (1, 0)] for a in (1, 0)]
        if sum(cells[1]) and fisher_exact(cells, "greater").pvalue < CHANCE:
            found.add(j)
    return frozenset(found)


def effective_judges(table: VerdictTable, plan: Resampling) -> EffectiveJudges:
    """The estimate for the judges who were asked almost always and never left out."""
    kept, rows = always_asked(table)
    names = tuple(table.judges[j] for j in kept)
    left = tuple(name for name in table.judges if name not in names)
    if len(kept) < 2:
        return EffectiveJudges(names, left, 0, None, NOT_ALWAYS)
    prompts = np.array(table.clusters)[rows]
    if (count := len(set(prompts.tolist()))) < MIN_LABELS:
        why = too_few(count, MIN_LABELS)
        return EffectiveJudges(names, left, int(rows.sum()), None, why)
    found = n_eff_interval(
        table.votes[rows][:, kept], table.labels[rows], prompts, plan
    )
    if np.isnan(found.value):
        return EffectiveJudges(names, left, int(rows.sum()), None, found.note)
    return EffectiveJudges(names, left, int(rows.sum()), found)


NOT_ALWAYS: Final = (
    "fewer than two judges were asked on (almost) every labelled row: early_stop: false"
    " asks all jurors, and nothing asks a judge of escalate every time"
)
