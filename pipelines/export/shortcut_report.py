"""Report of shortcuts: what a set of pairs would teach besides what was meant.

A shortcut is named only where the interval of its share, over prompts and for all that
was checked at once, is beyond the stated bound; what was checked is named with it.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from fellowship.number_format import counted, percent
from fellowship.records import Record

FEWEST_PROMPTS: Final = 30
FEWEST_FOR_WORDS: Final = 60
"""Prompts from which words are checked: folds that small say more than they know."""
BOUND: Final = 0.55
"""Share of pairs that a feature alone must tell right; a pair with it on both sides or on
neither counts half."""
WORDS_BOUND: Final = 0.65
"""The same for words alone, which may well be what makes an answer better."""
ERROR: Final = 0.05
"""Chance that any feature of a set without shortcuts is named, shared out (Bonferroni)."""


class Shortcut(Record):
    """One feature that tells chosen from rejected.

    `share` is how often it alone tells the chosen answer, with both ends of its
    interval; `side` has it more often; `chosen` and `rejected` count the pairs in which
    one side alone has it. What was `learnt` from the set is tested on other prompts:
    there they are the pairs guessed right and wrong.
    """

    name: str
    words: str
    side: Literal["chosen", "rejected"]
    chosen: int
    rejected: int
    share: float
    low: float
    high: float
    cure: str
    learnt: bool = False

    def sentence(self) -> str:
        """What it is, in how many pairs, and what it tells with its interval."""
        tells = f"{percent(self.share)} [{percent(self.low)}, {percent(self.high)}]"
        if self.learnt:
            return (
                f"{self.words} tells the chosen answer in {tells} (right in"
                f" {counted(self.chosen, 'pair')}, wrong in {self.rejected:,})"
            )
        sides = {"chosen": self.chosen, "rejected": self.rejected}
        other = "rejected" if self.side == "chosen" else "chosen"
        return (
            f"{self.side} {self.words} in {counted(sides[self.side], 'pair')}, {other} in"
            f" {sides[other]:,}; that alone tells the chosen answer in {tells}"
        )


class ShortcutReport(Record):
    """What was checked in a set of pairs, and what of it is a shortcut."""

    pairs: int
    prompts: int
    checked: tuple[str, ...] = ()
    found: tuple[Shortcut, ...] = Field(default=(), description="clearest first")

    @property
    def enough(self) -> bool:
        """Whether there are prompts enough to say anything."""
        return self.prompts >= FEWEST_PROMPTS

    def summary(self) -> str:
        """What the set would teach besides, in a sentence; what was checked."""
        if not self.enough:
            few = counted(self.prompts, "prompt")
            return (
                f"shortcuts: too few to tell, {few} where {FEWEST_PROMPTS} are needed"
            )
        names = {one.name for one in self.found}
        rest = ", ".join(name for name in self.checked if name not in names)
        if not self.found:
            return f"shortcuts: none is clear of {len(self.checked)} checked ({rest})"
        also = f"; checked and not clear: {rest}" if rest else ""
        return (
            f"besides, these pairs would teach {counted(len(self.found), 'shortcut')}"
            f" ({', '.join(one.name for one in self.found)}){also}"
        )


class Levels(Record):
    """Mean scores of a set's pairs: of chosen, of rejected, and their difference.

    Each with its 95 % interval over prompts (normal); None with fewer than two prompts.
    """

    chosen: float
    rejected: float
    delta: float
    chosen_limits: tuple[float, float] | None = None
    rejected_limits: tuple[float, float] | None = None
    delta_limits: tuple[float, float] | None = None
