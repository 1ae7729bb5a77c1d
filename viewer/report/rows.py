"""Report sections on rows: states, exports, scores, drafts, unusual rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fellowship.pipelines.report.figures import Figures
from fellowship.records import State
from fellowship.registry_check import check_registry
from fellowship.viewer import number_format as shown
from fellowship.viewer.report.flow import UNREACHED, flow_plot, states_of
from fellowship.viewer.report.parts import Grid, Part, Section, grid, percent, span
from fellowship.viewer.report.plots import (
    drafts_plot,
    margins_plot,
    quantile,
    scores_plot,
)

MEANINGS: Mapping[str, str] = {
    State.PAIR: "gave preference data",
    State.TIE: "the judges saw no difference",
    State.ORDER_INCONSISTENT: "the verdict changed with the places",
    State.UNPARSED: "no readable verdict",
    State.REFUSED: "a provider withheld its answer",
    State.TRUNCATED: "an answer was cut off",
    State.FAILED: "a call failed for good; running again mends it",
    State.BELOW_MARGIN: "too close for the recipe's margin",
    State.STOPPED_BY_BUDGET: "not reached before a limit",
    State.REJECTED_INPUT: "was no prompt that could be used",
    UNREACHED: "in the source, without an outcome yet",
}
check_registry("state of a row", (*State, UNREACHED), MEANINGS)
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def conservation(found: Figures) -> Section:
    """Every prompt in one state, as a flow and as a table that adds up."""
    states = states_of(found)
    whole = sum(rows for _, rows in states)
    rows = [(s, n, percent(n, whole), MEANINGS[s]) for s, n in states]
    rows.append(("sum = prompts", whole, percent(whole, whole), ""))
    plots = (flow_plot(found, True), flow_plot(found, False)) if whole else ()
    return Section(
        "conservation",
        "What became of every prompt",
        "Each row ends in exactly one state, and the states add up. None is dropped, and"
        " none gets a score by default.",
        (
            Part(
                plots=plots,
                grid=grid(("state", "rows", "share", "which means"), rows, " rr"),
                broad=True,
            ),
            *exported(found),
        ),
    )


def exported(found: Figures) -> tuple[Part, ...]:
    """What stands in the exports folder: rows made are rows dropped and rows written."""
    rows = [
        (
            *(name, account.made, account.exported),
            ", ".join(f"{why}: {n:,}" for why, n in account.dropped.items() if n),
            ", ".join(account.files),
        )
        for name, account in found.exports.items()
    ]
    if not rows:
        return ()
    heads = ("dataset", "made", "written", "dropped by filter", "files")
    return (Part("What was exported", grid=grid(heads, rows, " rr"), broad=True),)


def scores(found: Figures) -> Section:
    """Scores and margins."""
    marks = found.marks
    title = "Scores and margins"
    if not marks.best and not marks.others:
        return Section("scores", title, nothing="No row has a score.")
    counted = {"best of a row": marks.best, "the others": marks.others}
    title_of, plot = "Scores of all candidates", scores_plot(marks)
    parts = [Part(title_of, (plot,), quarters(counted))]
    if marks.margins:
        table = quarters({"margin": marks.margins})
        plot = margins_plot(marks.margins)
        parts.append(Part("Margins of the pairs", (plot,), table))
    return Section(
        "scores",
        title,
        "In a knockout a loser stands below whoever beat it by the margin the judge gave,"
        " so a score can leave the judge's scale. What a margin is worth, people's"
        " labels tell: see calibration.",
        tuple(parts),
    )


def quarters(counted: dict[str, Counter[float]]) -> Grid:
    """Counts and quartiles."""
    rows = [
        (
            *(name, values.total()),
            *(f"{quantile(values, q):g}".replace("-", "−") for q in QUARTERS),
        )
        for name, values in counted.items()
        if values
    ]
    heads = ("", "count", "min", "25 %", "median", "75 %", "max")
    return grid(heads, rows, " rrrrrr")


def drafts(found: Figures) -> Section:
    """Whether another draft was a better one."""
    title = "Draft to draft"
    if not found.drafts:
        why = "No system of this run has scores for more than one draft of a prompt."
        return Section("drafts", title, nothing=why)
    rows = [
        (
            *(d.system, d.draft, d.rows, f"{d.score:.2f}".replace("-", "−")),
            span(d.gain) if d.gain else "",
            *((d.better, d.same, d.worse) if d.draft > 1 else ("", "", "")),
        )
        for d in found.drafts
    ]
    heads = ("system", "draft", "rows", "score", "gain over draft 1 [95 %]")
    told = ("better", "same", "worse")
    return Section(
        "drafts",
        title,
        "Gains are within a prompt, and their intervals resample prompts. Better, same"
        " and worse compare with the draft before. A loop that stops early leaves the"
        " later drafts to the harder prompts.",
        (
            Part(
                plots=drafts_plot(found.drafts),
                grid=grid((*heads, *told), rows, " rrrrrrr"),
                broad=True,
            ),
        ),
    )


def odd(found: Figures) -> Section:
    """The slowest sessions and the strangest rows."""
    slow = [
        (
            *(f"row {s.number}", s.team, shown.seconds(s.seconds), s.calls),
            f"{s.slowest}, {shown.seconds(s.longest)}",
        )
        for s in found.slow
    ]
    strange = [
        (f"row {s.number}", s.state, f"{s.points:g}", "; ".join(s.reasons), s.prompt)
        for s in found.strange
    ]
    parts = []
    if strange:
        heads = ("", "state", "points", "why", "prompt")
        table = grid(heads, strange, "  r")
        parts.append(Part("Strangest rows", grid=table, broad=True))
    if slow:
        heads = ("", "team", "time", "turns", "its slowest turn")
        table = grid(heads, slow, "  rr")
        parts.append(Part("Slowest sessions", grid=table, broad=True))
    return Section(
        "odd",
        "Slowest and strangest",
        "Strange is what surprises: judges on both sides, a verdict that changes with the"
        " places, an unreadable one, repairs, cut-off replies, failed tries, a debate"
        " that changed the vote, a margin beyond 99 of 100. Read one with"
        " fellowship show RUN ROW --why."
        if parts
        else "",
        tuple(parts),
        "" if parts else "No session was timed and no row was surprising.",
    )
