"""Report sections on rows: states, exports, scores, drafts, unusual rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fellowship.number_format import (
    count,
    counted,
    duration,
    figure,
    interval,
    part,
    score,
)
from fellowship.pipelines.export.teaching import teaching_sentences
from fellowship.pipelines.report.figures import Figures
from fellowship.records import State
from fellowship.registry_check import check_registry
from fellowship.spellings import preferred_name
from fellowship.viewer.report.flow import flow_plot, states_of
from fellowship.viewer.report.parts import Grid, Part, Section, grid
from fellowship.viewer.report.plots import (
    drafts_plot,
    margins_plot,
    quantile,
    scores_plot,
)
from fellowship.wording import PENDING, session_title, state_word

MEANINGS: Mapping[str, str] = {
    State.PAIR: "gave preference data",
    State.TIE: "the judges saw no difference",
    State.ORDER_INCONSISTENT: "the verdict changed with the order of the answers",
    State.UNPARSED: "no verdict could be parsed",
    State.REFUSED: "the provider withheld a reply",
    State.TRUNCATED: "an answer was cut off",
    State.FAILED: "a call failed; run again to retry it",
    State.BELOW_MARGIN: "the score gap is below the recipe's minimum",
    State.UNMATCHED: "left out so that chosen and rejected are equal in what is matched",
    State.UNUSABLE_ANSWER: "the winner is no answer: empty, the prompt again, one text for"
    " many prompts, or no language",
    State.STOPPED_BY_BUDGET: "not reached before a limit",
    State.REJECTED_INPUT: "the source's row has no usable prompt",
    PENDING: "in the source, not finished yet",
}
check_registry("state of a row", (*State, PENDING), MEANINGS)
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def accounting(found: Figures) -> Section:
    """Every prompt in one state, as a flow and as a table that adds up."""
    states = states_of(found)
    whole = sum(rows for _, rows in states)
    rows = [(state_word(s), n, part(n, whole), MEANINGS[s]) for s, n in states]
    rows.append(("sum = prompts", whole, part(whole, whole), ""))
    plots = (flow_plot(found, True), flow_plot(found, False)) if whole else ()
    return Section(
        "rows",
        "Every row accounted for",
        "Each row ends in exactly one state, and the states add up to the prompts. No row"
        " is dropped silently or given a default score.",
        (
            Part(
                plots=plots,
                grid=grid(("state", "rows", "share", "meaning"), rows, " rr"),
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
            ", ".join(
                f"{preferred_name(name)}: {count(n)}"
                for name, n in account.dropped.items()
                if n
            ),
            ", ".join(account.files),
        )
        for name, account in found.exports.items()
    ]
    if not rows:
        return ()
    heads = ("dataset", "made", "written", "dropped by filter", "files")
    return (
        Part("What was exported", grid=grid(heads, rows, " rr"), broad=True),
        *taught(found),
    )


def taught(found: Figures) -> tuple[Part, ...]:
    """What the exported pairs teach: scores of both sides, and shortcuts with the cure."""
    told = teaching_sentences(list(found.exports.values()))
    rows = [sentence.split(": ", 1) for sentence in told]
    if not rows:
        return ()
    table = grid(("dataset", "what its pairs teach"), rows)
    return (Part("What the pairs would teach", grid=table, broad=True),)


def scores(found: Figures) -> Section:
    """Scores and score gaps."""
    marks = found.marks
    title = "Scores and score gaps"
    if not marks.best and not marks.others:
        return Section("scores", title, nothing="No row has a score.")
    counted = {"best of a row": marks.best, "the others": marks.others}
    title_of, plot = "Scores of all answers", scores_plot(marks)
    parts = [Part(title_of, (plot,), quartile_grid(counted))]
    if marks.margins:
        table = quartile_grid({"score gap": marks.margins})
        plot = margins_plot(marks.margins)
        parts.append(Part("Score gaps of the pairs", (plot,), table))
    return Section(
        "scores",
        title,
        "In a knockout the losing answer's score is the winner's score minus the score gap"
        " of their comparison, so a score can be outside the judge's scale. How reliable"
        " a score gap is can be read from people's labels: see calibration.",
        tuple(parts),
    )


def quartile_grid(counted: dict[str, Counter[float]]) -> Grid:
    """Counts and quartiles."""
    rows = [
        (
            *(name, values.total()),
            *(score(quantile(values, q)) for q in QUARTERS),
        )
        for name, values in counted.items()
        if values
    ]
    heads = ("", "count", "min", "25 %", "median", "75 %", "max")
    return grid(heads, rows, " rrrrrr")


def drafts(found: Figures) -> Section:
    """Whether another draft was a better one."""
    title = "From draft to draft"
    if not found.drafts:
        why = "No system of this run has scores for more than one draft of a prompt."
        return Section("drafts", title, nothing=why)
    rows = [
        (
            *(d.system, d.draft, d.rows, figure(d.score, 2)),
            interval(d.gain),
            *((d.better, d.same, d.worse) if d.draft > 1 else ("", "", "")),
        )
        for d in found.drafts
    ]
    heads = ("system", "draft", "rows", "score", "gain over draft 1 [95 %]")
    outcomes = ("better", "same", "worse")
    return Section(
        "drafts",
        title,
        "Gains are within a prompt, and their intervals resample prompts. Better, same"
        " and worse compare with the draft before. Where a loop stops early, later drafts"
        " exist only for the harder prompts.",
        (
            Part(
                plots=drafts_plot(found.drafts),
                grid=grid((*heads, *outcomes), rows, " rrrrrrr"),
                broad=True,
            ),
        ),
    )


def examples(found: Figures) -> Section:
    """A whole transcript of each of the commonest states, folded away."""
    parts = [
        Part(
            folded=f"Row {one.number}: {state_word(one.state)}"
            f" ({counted(one.rows, 'row')})" + (f": {one.why}" if one.why else ""),
            messages=one.messages,
            broad=True,
        )
        for one in found.examples
        if one.messages
    ]
    return Section(
        "examples",
        "Example transcripts",
        "The first row of each state, the commonest states first. Any other row:"
        " fellowship show RUN ROW."
        if parts
        else "",
        tuple(parts),
        "" if parts else "No row has a text to show.",
    )


def unusual(found: Figures) -> Section:
    """The slowest sessions and the most unusual rows."""
    slow = [
        (
            *(
                f"row {s.number}",
                session_title(s.team),
                duration(s.seconds),
                s.calls,
            ),
            f"{s.slowest}, {duration(s.longest)}",
        )
        for s in found.slow
    ]
    unusual_rows = [
        (
            f"row {s.number}",
            state_word(s.state),
            score(s.points),
            "; ".join(s.reasons),
            s.prompt,
        )
        for s in found.strange
    ]
    parts = []
    if unusual_rows:
        heads = ("", "state", "points", "why", "prompt")
        table = grid(heads, unusual_rows, "  r")
        parts.append(Part("Most unusual rows", grid=table, broad=True))
    if slow:
        heads = ("", "session", "time", "calls", "slowest call")
        table = grid(heads, slow, "  rr")
        parts.append(Part("Slowest sessions", grid=table, broad=True))
    return Section(
        "odd",
        "Slow and unusual rows",
        "A row is unusual if judges disagree, a verdict changes with the order or is"
        " invalid, a reply was repaired or cut off, a call was retried, a debate changed"
        " the vote, or its score gap is in the top 1 %. Read one with"
        " fellowship show RUN ROW --why."
        if parts
        else "",
        tuple(parts),
        "" if parts else "No session was timed and no row was unusual.",
    )
