"""Split of labelled pairs into training folds and test rows, by prompt.

Pairs that share a prompt stay together, in the test as in a fold. Prompts are dealt out by
kind of label in a drawn order, so every part has its share of each kind (stratified), and
the same seed deals the same parts whatever the order of the file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fellowship.errors import InputError
from fellowship.hashing import digest
from fellowship.number_format import counted, percent
from fellowship.pipelines.aligning.labelled_pairs import LabelledPair

NEEDED: Final = 50
"""Prompts with a label under which nothing is aligned: half would test too little."""
LEAST_TEST: Final = 25
"""Prompts that the test must have."""
FOLDS: Final = 3

Pairs = tuple[LabelledPair, ...]


@dataclass(frozen=True)
class Split:
    """The training folds and the test's pairs."""

    folds: tuple[Pairs, ...]
    test: Pairs

    @property
    def train(self) -> Pairs:
        """All training pairs, fold by fold."""
        return tuple(pair for fold in self.folds for pair in fold)

    def outside(self, fold: int) -> Pairs:
        """The training pairs of all folds but one."""
        others = (f for n, f in enumerate(self.folds) if n != fold)
        return tuple(pair for each in others for pair in each)


def require_enough(prompts: int, test: float) -> None:
    """`InputError` with how many more are needed, where prompts are too few to split."""
    if prompts < NEEDED:
        raise InputError(
            f"{counted(prompts, 'labelled prompt')} can't both teach a judge and test it:"
            f" {NEEDED} are needed, {NEEDED - prompts:,} more (rows that share a prompt"
            " count once); `fellowship view RUN` asks people for labels"
        )
    least = LEAST_TEST / prompts
    if not least <= test <= 1 - least:
        ends = f"{percent_up(least)} to {percent_down(1 - least)}"
        raise InputError(
            f"--test {test:g} of {counted(prompts, 'prompt')} leaves fewer than"
            f" {LEAST_TEST} to test or to learn from: give {ends}"
        )


def percent_up(share: float) -> str:
    """A share as a fraction of two digits, rounded up."""
    return f"{-(-share * 100 // 1) / 100:g}"


def percent_down(share: float) -> str:
    """A share as a fraction of two digits, rounded down."""
    return f"{share * 100 // 1 / 100:g}"


def split_pairs(pairs: Sequence[LabelledPair], test: float, seed: int) -> Split:
    """Pairs dealt into test and folds, the share `test` of the prompts for the test.

    `InputError` where they are too few.
    """
    groups: dict[str, list[LabelledPair]] = defaultdict(list)
    for pair in pairs:
        groups[pair.prompt].append(pair)
    require_enough(len(groups), test)
    order = dealt_order(groups, seed)
    wanted = max(LEAST_TEST, round(test * len(order)))
    picked = {order[i * len(order) // wanted] for i in range(wanted)}
    left = [name for name in order if name not in picked]
    folds = (
        tuple(pair for name in left[n::FOLDS] for pair in groups[name])
        for n in range(FOLDS)
    )
    tested = (pair for name in order if name in picked for pair in groups[name])
    return Split(tuple(folds), tuple(tested))


def dealt_order(groups: dict[str, list[LabelledPair]], seed: int) -> list[str]:
    """The prompts, those of one kind of label side by side, drawn within a kind."""

    def place(name: str) -> tuple[str, str]:
        labels = Counter(pair.label for pair in groups[name])
        most = max(labels.values())
        kind = min(label for label, n in labels.items() if n == most)
        return kind, digest([seed, name], 8)

    return sorted(groups, key=place)


def describe_split(split: Split, seed: int) -> str:
    """The split in a sentence without its full stop."""
    train, test = (len({p.prompt for p in part}) for part in (split.train, split.test))
    return (
        f"{counted(len(split.train), 'pair')} of {counted(train, 'prompt')} to learn from"
        f" in {FOLDS} folds, {counted(len(split.test), 'pair')} of"
        f" {counted(test, 'prompt')} ({percent(test / (train + test), 0)}) to test on;"
        f" seed {seed}"
    )
