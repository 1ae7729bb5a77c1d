"""Account of an export: rows made, rows dropped by name, rows written."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fellowship.pipelines.export.confirmation import Confirmation
from fellowship.pipelines.export.filter_pass import FilterPass
from fellowship.pipelines.export.shortcut_report import Levels, ShortcutReport
from fellowship.pipelines.recipe.export_settings import Form
from fellowship.records import Record


class Lengths(Record):
    """Mean characters, of chosen and rejected or of good and bad answers.

    `longer` is the share of pairs whose chosen answer is the longer one, ties half.
    """

    chosen: float
    rejected: float | None = None
    difference: float | None = None
    longer: float | None = None


class Weights(Record):
    """What a trainer that minds noise and balance is told.

    `flip_rate` is the mean of 1 - p_chosen: `label_smoothing` of a robust DPO loss.
    `desirable` and `undesirable` make both of KTO's classes weigh the same.
    """

    flip_rate: float
    source: str = Field(description="labels: calibrated; verdicts: their own agreement")
    desirable: float | None = None
    undesirable: float | None = None


class Account(Record):
    """One kind's export: `made` = `exported` + the sum of `dropped`."""

    kind: str
    shape: str
    form: Form
    style: str
    prompt: str
    made: int
    exported: int
    dropped: dict[str, int]
    splits: dict[str, int]
    files: tuple[str, ...]
    good: int | None = None
    bad: int | None = None
    lengths: Lengths | None = None
    weights: Weights | None = None
    filters: dict[str, Any] = Field(default_factory=dict)
    confirmation: Confirmation | None = None
    shortcuts: ShortcutReport | None = None
    levels: Levels | None = None

    @property
    def balanced(self) -> bool:
        """Whether rows made are rows exported plus rows dropped."""
        return self.made == self.exported + sum(self.dropped.values())

    @property
    def parts(self) -> list[tuple[str, str, int]]:
        """Split, file and rows of each file; a split of no rows has no file."""
        counts = self.splits or {"train": self.exported}
        if len(counts) != len(self.files):
            counts = {name: n for name, n in counts.items() if n}
        if len(counts) != len(self.files):  # one folder holds them all
            return [("train", name, self.exported) for name in self.files]
        return [
            (split, name, n)
            for (split, n), name in zip(counts.items(), self.files, strict=True)
        ]

    @property
    def empty(self) -> list[str]:
        """The splits that were asked for and got no row."""
        return [name for name, n in self.splits.items() if not n]


def measure_rows(filter_pass: FilterPass, form: Form) -> dict[str, Any]:
    """Counts, lengths and weights of what is left, without reading a row twice."""
    sql = (
        "SELECT count(*), coalesce(sum(side), 0), avg(p), avg(chosen), avg(rejected),"
        " avg(chosen - rejected), avg((chosen > rejected) + (chosen = rejected) / 2.0),"
        " avg(CASE WHEN side THEN chosen END), avg(CASE WHEN side THEN NULL ELSE chosen"
        " END) FROM rows WHERE dropped IS NULL"
    )
    (found,) = filter_pass.scratch.rows(sql)
    rows, good, p, chosen, rejected, apart, longer, of_good, of_bad = found
    if not rows:
        return {"lengths": None, "weights": None}
    if form == "pairs":
        sizes = Lengths(
            chosen=round_length(chosen),
            rejected=round_length(rejected),
            difference=round_length(apart),
            longer=round(longer, 4),
        )
        return {"lengths": sizes, "weights": weights(p, None)}
    if form == "chosen":
        return {
            "lengths": Lengths(chosen=round_length(chosen)),
            "weights": weights(p, None),
        }
    bad = rows - good
    sizes = Lengths(
        chosen=round_length(of_good or 0.0),
        rejected=round_length(of_bad or 0.0),
        difference=round_length((of_good or 0.0) - (of_bad or 0.0)),
    )
    known = {"good": good, "bad": bad, "lengths": sizes}
    return known | {"weights": weights(p, (good, bad))}


def weights(p: float, classes: tuple[int, int] | None) -> Weights:
    """The rate of flips, and KTO's weights: 1 for the larger class, more for the smaller.

    `source` is put right by whoever knows whether the margins are calibrated.
    """
    good, bad = classes or (0, 0)
    both = classes is not None and good > 0 and bad > 0
    return Weights(
        flip_rate=round(1 - p, 6),
        source="verdicts",
        desirable=round(max(1.0, bad / good), 6) if both else None,
        undesirable=round(max(1.0, good / bad), 6) if both else None,
    )


def round_length(value: float) -> float:
    """A mean of characters to a tenth."""
    return round(value, 1)
