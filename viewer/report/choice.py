"""Report section on the choice of an evaluator: frontier, table and guarantee."""

from __future__ import annotations

from fellowship.pipelines.choosing.choice_cells import (
    RIGHT,
    cells,
    heads,
    sentences,
)
from fellowship.pipelines.choosing.choice_records import Choice
from fellowship.viewer.report.frontier_plot import frontier_plot
from fellowship.viewer.report.parts import Part, Section, grid

TITLE = "Evaluators by agreement and cost"


def evaluators(choice: Choice | None) -> list[Section]:
    """What `fellowship choose` found in this run; nothing where it was never asked."""
    if choice is None or not choice.enough:
        return []
    table = grid(heads(choice), [cells(choice, x) for x in choice.frontier], RIGHT)
    intro = ". ".join(
        sentence[0].upper() + sentence[1:] for sentence in sentences(choice)
    )
    note = " ".join(
        (
            "A row without a verdict counts as a guess at people's rates.",
            *(f"{note}." for note in choice.notes),
        )
    )
    part = Part("Frontier", frontier_plot(choice), table, note, broad=True)
    return [Section("evaluators", TITLE, f"{intro}.", (part,))]
