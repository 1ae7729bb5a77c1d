"""One file that can be mailed: no script, no font, no picture from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from fellowship.pipelines.paper.reproduction import (
    Line,
    Reproduction,
    SelectionTable,
    Table,
)
from fellowship.viewer.report.reproduction_plots import (
    kappa_plot,
    margins_plot,
    picks_plot,
    published_plot,
)

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --rule: #ccc;
  --good: #17703a; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #161618;
  --rule: #444; --good: #6fcf97; --bad: #ff8a80; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); margin: 2rem auto; max-width: 74rem; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid var(--rule); }
td { white-space: nowrap; }
th:first-child, td:first-child, td:last-child { text-align: left; }
td:first-child, td:last-child { white-space: normal; min-width: 11rem; }
td:first-child { min-width: 17rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
svg { max-width: 100%; height: auto; } details { margin: .5rem 0 1.5rem; }
"""
SHOWN = 20
"""Lines of a table that are drawn and not folded away."""
UNITS = {
    **dict.fromkeys(("kappa", "jury"), "Cohen's kappa with people"),
    "rate": "share of all prompts won, ties and failures lost",
}
"""What the plots of a kind of table count."""
HEADS = ("", "published", "recomputed", "corrected", "95 %", "equal", "")


def page(found: Reproduction) -> str:
    """The whole page."""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>The paper, reproduced</title><style>{STYLE}</style></head><body>"
    )
    return head + "\n".join(_parts(found)) + "</body></html>\n"


def figure(value: float | None) -> str:
    """A figure in full: what is equal to 1e-12 should look so."""
    return "" if value is None else f"{value:.12g}"


def brief(value: float | None) -> str:
    """A figure to four places."""
    return "" if value is None else f"{value:.4f}"


def sign(line: Line) -> tuple[str, str]:
    """Whether a line is reproduced, as a mark and its class."""
    if line.equal is None:
        return "", ""
    return ("yes", "good") if line.equal else ("NO", "bad")


def _parts(found: Reproduction) -> Iterator[str]:
    yield "<h1>The paper, reproduced</h1>"
    yield (
        f"<p>{found.compared} published figures could be recomputed from this release;"
        f" {found.compared - len(found.unequal)} are equal. Published | recomputed from"
        " the stored verdicts | corrected by parsing the texts again.</p>"
    )
    if found.compared:
        yield f"<h2>Published and recomputed</h2>{published_plot(found.lines)}"
    for note in found.notes:
        yield f"<p>{escape(note)}</p>"
    for table in found.tables:
        yield from _table(table)
    if found.margins:
        yield "<h2>How often people agree with a judge, by score gap</h2>"
        yield margins_plot(found.margins)
    if found.selections:
        yield "<h2>Selections of the losing draft</h2>"
        yield picks_plot(found.selections)
        for selection in found.selections:
            yield from _selection(selection)


def _table(table: Table) -> Iterator[str]:
    yield f"<h2>{escape(table.title)}</h2>"
    for said in table.corrections:
        yield f"<p>Corrected: {escape(said)}.</p>"
    unit = UNITS.get(table.kind)
    if unit and any(x.low is not None for x in table.lines):
        yield kappa_plot(table.lines[:SHOWN], unit=unit)
    yield _lines(table.lines[:SHOWN])
    if more := table.lines[SHOWN:]:
        yield f"<details><summary>{len(more)} more</summary>{_lines(more)}</details>"


def _lines(lines: Sequence[Line]) -> str:
    rows = "".join(_row(line) for line in lines)
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    return f'<div class="wide"><table><tr>{heads}</tr>{rows}</table></div>'


def _row(line: Line) -> str:
    mark, kind = sign(line)
    span = "" if line.low is None else f"{brief(line.low)} to {brief(line.high)}"
    verdicts = "verdict" if line.changed == 1 else "verdicts"
    changed = f"{line.changed} {verdicts} changed" if line.changed else ""
    said = "; ".join(part for part in (changed, line.note) if part)
    cells = (
        *(
            escape(line.name).replace("+", "+<wbr>"),
            figure(line.published),
            figure(line.recomputed),
        ),
        *(figure(line.corrected), span, f'<span class="{kind}">{mark}</span>'),
        escape(said),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _selection(table: SelectionTable) -> Iterator[str]:
    yield f"<h3>{escape(table.name)}</h3><p>"
    yield "</p><p>".join(map(escape, said_of(table))) + "</p>"
    rows = "".join(
        f"<tr><td>{x.row}</td><td>draft {x.released}</td><td>{x.released_score:g}</td>"
        f"<td>draft {x.pick}</td><td>{x.pick_score:g}</td></tr>"
        for x in table.inverted
    )
    heads = "".join(
        f"<th>{h}</th>" for h in ("row", "released pick", "score", "winner", "score")
    )
    yield (
        f"<details><summary>The {len(table.inverted)} rows</summary>"
        f'<div class="wide"><table><tr>{heads}</tr>{rows}</table></div></details>'
    )


def said_of(table: SelectionTable) -> list[str]:
    """A selection's account in sentences."""
    wrong, decided = len(table.inverted), table.selected - table.ties
    released, ours = (
        "/".join(map(str, p)) for p in (table.picks_released, table.picks_corrected)
    )
    said = [
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
        said.append(f"Nothing was selected in row {rows}.")
    return said
