"""Choice of an evaluator in the terminal: the frontier, the chosen, the guarantee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from fellowship.cli.terminal import say, table
from fellowship.number_format import counted
from fellowship.sanitize import single_line

if TYPE_CHECKING:
    from fellowship.pipelines.choosing.choice_records import Choice

NOTE = 600
"""Characters of a note on labels or judges."""


def show(choice: Choice, out: Console, every: bool = False) -> None:
    """The frontier, or with `every` all configurations, then what was chosen."""
    from fellowship.pipelines.choosing.choice_cells import (
        RIGHT,
        cells,
        heads,
        missing_labels,
        sentences,
    )

    labels, prompts = counted(choice.labels, "label"), counted(choice.prompts, "prompt")
    say(out, f"{labels} on {prompts}, matched by {choice.matched}")
    for note in choice.notes:
        say(out, (single_line(note, NOTE), "yellow"))
    if not choice.enough:
        say(out, (missing_labels(choice), "yellow"))
        return
    many = counted(choice.configurations, "configuration")
    shown = "all of them" if every else "the frontier"
    say(out, f"{many} measured on the same rows; {shown}, cheapest first:")
    lines = choice.lines if every else choice.frontier
    rows = [cells(choice, line) for line in lines]
    table(out, heads(choice), rows, right=RIGHT)
    say(out, "a row without a verdict counts as a guess at people's rates")
    first, *rest = sentences(choice)
    say(out, (first, "bold"))
    for sentence in rest:
        say(out, sentence)
