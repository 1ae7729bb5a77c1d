"""Page of a reproduction: published figures, recomputed and corrected, with their plots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fellowship.number_format import counted, limits, score
from fellowship.pipelines.paper.reproduction import (
    Line,
    Reproduction,
    SelectionTable,
    Table,
)
from fellowship.viewer.report.calibration_plot import calibration_plot
from fellowship.viewer.report.document import document
from fellowship.viewer.report.parts import Grid, Part, Section, grid
from fellowship.viewer.report.reproduction_plots import (
    figures_plot,
    picks_plot,
    published_plot,
)

SHOWN = 20
"""Lines of a table that are drawn and not folded away."""
UNITS = {
    **dict.fromkeys(("kappa", "jury"), "Cohen's kappa with people"),
    "rate": "share of all prompts won, ties and failures lost",
}
"""What the plots of a kind of table count."""
HEADS = ("", "published", "recomputed", "corrected", "95 %", "equal", "note")


def page(found: Reproduction) -> str:
    """The whole page."""
    return document(
        "document.html",
        title="The paper, reproduced",
        heading="The paper, reproduced",
        only=None,
        summary=f"{counted(found.compared, 'published figure')} could be recomputed from"
        f" this release; {found.compared - len(found.unequal)} are equal. Published |"
        " recomputed from the stored verdicts | corrected by parsing the texts again.",
        when="",
        tiles=[],
        warnings=(),
        sections=list(sections(found)),
        made_from="the release and the labels it was given",
    )


def sections(found: Reproduction) -> Iterator[Section]:
    """All sections, the published figures first."""
    if found.compared:
        parts = (Part(plots=(published_plot(found.lines),)),)
        yield Section("published", "Published and recomputed", parts=parts)
    if found.notes:
        notes = tuple(Part(note=note, broad=True) for note in found.notes)
        yield Section("notes", "Notes", parts=notes)
    for n, table in enumerate(found.tables, 1):
        yield table_section(table, f"table-{n}")
    if found.margins:
        plots = calibration_plot([(judge, None) for judge in found.margins])
        parts = (Part(plots=plots, broad=True),)
        yield Section(
            "margins", "How often people agree with a judge, by score gap", parts=parts
        )
    if found.selections:
        yield Section(
            "selections",
            "Selections of the losing draft",
            parts=(
                Part(plots=picks_plot(found.selections), broad=True),
                *map(selection, found.selections),
            ),
        )


def table_section(table: Table, name: str) -> Section:
    """One table: what was corrected in it, its plot, its lines."""
    unit = UNITS.get(table.kind)
    shown, more = table.lines[:SHOWN], table.lines[SHOWN:]
    drawn = bool(unit) and any(line.low is not None for line in table.lines)
    plots = figures_plot(shown, unit or "", name) if drawn else ()
    parts = [Part(plots=plots, grid=lines(shown), broad=True)]
    if more:
        parts.append(Part(grid=lines(more), broad=True, folded=f"{len(more)} more"))
    corrected = " ".join(f"Corrected: {said}." for said in table.corrections)
    return Section(name, table.title, corrected, tuple(parts))


def lines(shown: Sequence[Line]) -> Grid:
    """Lines in figures, in full: what is equal to 1e-12 should look so."""
    rows = [
        (
            line.title,
            *(in_full(x) for x in (line.published, line.recomputed, line.corrected)),
            limits(line.low, line.high, 4),
            {None: "", True: "yes", False: "NO"}[line.equal],
            "; ".join(filter(None, (changed(line), line.note))),
        )
        for line in shown
    ]
    return grid(HEADS, rows, " rrrr")


def in_full(value: float | None) -> str:
    """A figure to twelve digits."""
    return "" if value is None else f"{value:.12g}"


def changed(line: Line) -> str:
    """How many verdicts were read otherwise than stored."""
    return f"{counted(line.changed, 'verdict')} changed" if line.changed else ""


def selection(table: SelectionTable) -> Part:
    """One configuration's account, its rows folded away."""
    rows = [
        (
            *(x.row, f"draft {x.released}", score(x.released_score)),
            *(f"draft {x.pick}", score(x.pick_score)),
        )
        for x in table.inverted
    ]
    heads = ("row", "released pick", "score", "winner", "score")
    return Part(
        table.name,
        grid=grid(heads, rows, "r r r"),
        note=" ".join(selection_account(table)),
        broad=True,
        folded=f"The {counted(len(rows), 'row')}",
    )


def selection_account(table: SelectionTable) -> list[str]:
    """A selection's account in sentences."""
    wrong, decided = len(table.inverted), table.selected - table.ties
    released, ours = (
        "/".join(map(str, p)) for p in (table.picks_released, table.picks_corrected)
    )
    sentences = [
        f"{wrong} of {table.selected} selections in the second round are the losing"
        f" draft ({decided} had a winner, {table.ties} tied). Drafts 1/2/3 selected:"
        f" {released} as released, {ours} by their scores.",
        "Pairs of the selected draft and the draft it was last compared with:"
        f" {table.pairs_turned_round} reversed, {table.pairs_right} right. Pairs of the"
        f" selected draft and draft 1: {table.first_released} as released,"
        f" {table.first_wrong} of them with the lower score chosen;"
        f" {table.first_corrected} by the scores, none wrong.",
    ]
    if table.empty:
        rows = ", ".join(map(str, table.empty))
        sentences.append(f"Nothing was selected in row {rows}.")
    return sentences
