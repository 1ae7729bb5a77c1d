"""Report sections on judges: agreement, bias, win rates, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from fellowship.number_format import (
    counted,
    figure,
    interval,
    part,
    percent,
    percent_interval,
    rating,
)
from fellowship.pipelines.agreement.agreement_cells import (
    HEADS,
    both_orders_text,
    compared_cells,
    main_cells,
)
from fellowship.pipelines.agreement.margins import GAPS, MarginCalibration, rank_margins
from fellowship.pipelines.agreement.win_rates import PairWinRates, WinRates
from fellowship.pipelines.provenance.voting_rule import voting_rule
from fellowship.pipelines.report.figures import Figures
from fellowship.pipelines.report.judge_comparison import FEW, JudgeLine, Matrix
from fellowship.sanitize import single_line
from fellowship.viewer.report.calibration_plot import calibration_plot
from fellowship.viewer.report.parts import (
    Grid,
    Part,
    Section,
    grid,
)
from fellowship.viewer.report.plots import (
    bias_plot,
    forest,
    matrix_plot,
)
from fellowship.wording import decision_word, soft_words

FEW_PAIRS = "too few to say"
MANY = 24
"""Judges, or pairs of systems, that a plot has room for."""


def agreement(found: Figures) -> Section:
    """Judges with one another, with people, and with themselves before a debate."""
    title = "Agreement of the judges"
    if not found.bench.judges:
        return Section("agreement", title, nothing="There are no verdicts.")
    parts = []
    if found.bench.matrix is not None:
        parts.append(matrix_part(found.bench.matrix))
    if found.agreement is not None and found.agreement.enough:
        parts += [people_part(found), compared_part(found)]
    if found.bench.debates:
        heads = ("blind vote", "after the debate", "comparisons")
        changed = [
            (decision_word(blind), decision_word(after), rows)
            for blind, after, rows in found.bench.debates
        ]
        table = grid(heads, changed, "  r")
        note = "Where the two differ, the debate changed the vote, for better or worse."
        parts.append(Part("What debates changed", grid=table, note=note))
    why = "" if parts else ONE
    alone = voting_rule(found.header).escalation
    return Section(
        "agreement",
        title,
        "Cohen's kappa on the comparisons with valid verdicts of both judges: 1 is perfect"
        f" agreement, 0 is chance. A dash means fewer than {FEW} shared comparisons, or"
        " a judge who was asked only where the others differ or are unsure."
        * bool(parts)
        + f" In this run {alone}." * bool(alone),
        tuple(parts),
        why,
    )


ONE = (
    "There is one judge and there are too few labels, so it can only be compared with"
    " itself in the other order, below."
)


def matrix_part(found: Matrix) -> Part:
    """The matrix of kappas, its shades and its figures."""
    kept = min(MANY, len(found.names))
    short = Matrix(
        found.names[:kept],
        tuple(line[:kept] for line in found.kappa[:kept]),
        tuple(line[:kept] for line in found.shared[:kept]),
    )
    rows = [
        (found.names[i], found.names[j], kappa, found.shared[i][j])
        for i in range(kept)
        for j in range(i + 1, kept)
        if (kappa := found.kappa[i][j]) is not None
    ]
    rows.sort(key=lambda row: -row[2])
    shown = [(one, other, figure(kappa), n) for one, other, kappa, n in rows[:20]]
    table = grid(("judge", "judge", "kappa", "comparisons"), shown, "  rr")
    left = f"The closest 20 of {len(rows)} pairs of judges." if len(rows) > 20 else ""
    broad = kept > 6
    return Part("Agreement between judges", (matrix_plot(short),), table, left, broad)


def people_part(found: Figures) -> Part:
    """Judges with people's labels."""
    agreement = found.agreement
    assert agreement is not None
    rows = [
        (*cells, interval(line.length.bias) if line.length else "")
        for line, cells in zip(agreement.lines, main_cells(agreement), strict=True)
    ]
    plots = forest(
        [(j.name, (("kappa", j.kappa),)) for j in agreement.lines[:MANY]],
        "agreement with people",
        "people",
        0,
    )
    labels = counted(agreement.labels, "label")
    note = (
        f"{labels} on {counted(agreement.prompts, 'prompt')}; 95 %"
        " intervals; unreadable and order-inconsistent are shares of the rows asked."
    )
    for one in agreement.notes:
        note += f" {single_line(one[:1].upper() + one[1:], 600)}."
    for one in agreement.ranking_notes:
        note += f" {single_line(one, 600)}."
    if agreement.effective_of is not None:
        worth = agreement.effective_of.text
        note += f" {worth[0].upper()}{worth[1:]}."
    table = grid((*HEADS, "length bias, people's label held"), rows, " rrrrrrrr")
    return Part("Agreement with people", plots, table, note, broad=True)


def compared_part(found: Figures) -> Part:
    """Further coefficients, and judges against the best on the rows of both."""
    assert found.agreement is not None
    heads, rows = compared_cells(found.agreement)
    note = "Two judges are compared on the rows on which both name a side or a tie."
    table = grid(heads, rows, " rrrrrrr"[: len(heads)])
    return Part("Judges against the best", grid=table, note=note, broad=True)


def bias(found: Figures) -> Section:
    """Position and length."""
    title = "Position and length bias"
    judges = found.bench.judges
    if not judges:
        return Section("bias", title, nothing="There are no verdicts.")
    shown = [j for j in judges if j.slot or j.longer][:MANY]
    return Section(
        "bias",
        title,
        "A bias is how much more often a judge prefers one side than the other, from −1 to"
        " 1. Position bias is measured by asking in both orders. A preference for the"
        " longer answer may be justified: only people's labels can tell.",
        (
            Part(
                plots=bias_plot(shown) if shown else (),
                grid=judge_grid(judges),
                broad=True,
            ),
        ),
    )


def judge_grid(judges: tuple[JudgeLine, ...]) -> Grid:
    """Every judge in a line."""
    rows = [
        (
            *(j.name, j.verdicts, part(j.invalid, j.verdicts), j.both or ""),
            percent(j.contradicted),
            position_cell(j),
            interval(j.longer, none=FEW_PAIRS),
        )
        for j in judges
    ]
    heads = ("judge", "verdicts", "invalid", "both orders", "order-inconsistent")
    return grid((*heads, "position bias", "length bias"), rows, " rrrrrr")


def position_cell(judge: JudgeLine) -> str:
    """A judge's position bias, and whether it is of some comparisons only."""
    if not judge.asked_both:
        return "one order asked"
    some = f" (not of the {judge.once:,} asked in one order)" if judge.once else ""
    return interval(judge.slot, none=FEW_PAIRS) + some


def winrates(found: Figures) -> Section:
    """Win rates of systems."""
    title = "Win rates of systems"
    rates = found.winrates
    if rates is None:
        why = "No two systems of this run answered the same prompts."
        return Section("winrates", title, nothing=why)
    rows = [
        (
            f"{pair.first} against {pair.second}",
            (
                ("wins, ties lose", pair.strict),
                ("ties count half", pair.half_tie),
            ),
        )
        for pair in rates.pairs[:MANY]
    ]
    parts = [
        Part(
            plots=forest(
                rows, "win rate of the first system", "winrates", 0.5, bars=True
            ),
            grid=pair_grid(rates.pairs),
            note=at_equal_lengths(rates),
            broad=True,
            folded=many_pairs(len(rates.pairs)),
        )
    ]
    if rates.ratings:
        parts.append(rating_grid(rates))
    return Section(
        "winrates",
        title,
        "Win rates under three rules: ties and failures lose, shown both ways round; ties"
        " count half; at equal lengths. 95 % intervals resample prompts.",
        tuple(parts),
        "",
    )


def many_pairs(pairs: int) -> str:
    """What is read in the place of a table that is folded away: more than are drawn."""
    if pairs <= MANY:
        return ""
    return (
        f"all {counted(pairs, 'pair')} of systems, of which the first {MANY} are drawn"
    )


def pair_grid(found: tuple[PairWinRates, ...]) -> Grid:
    """Every two systems in a line."""
    rows = [
        (
            *(p.first, p.second, p.rows, p.ties, p.invalid),
            *(interval(p.strict), interval(p.strict_second), interval(p.half_tie)),
            both_orders_text(p.both_orders),
            interval(p.controlled.controlled) if p.controlled else "",
            interval(p.people),
        )
        for p in found
    ]
    heads = (
        *("system", "against", "rows", "ties", "invalid", "wins, ties lose"),
        *("loses, ties win nothing", "ties half", "both orders"),
    )
    return grid((*heads, "equal lengths", "people"), rows, "  rrrrrrrrr")


def at_equal_lengths(found: WinRates) -> str:
    """What the rates at equal lengths depend on."""
    one_sided = [
        f"{p.first} against {p.second}"
        for p in found.pairs
        if p.controlled and p.controlled.one_sided
    ]
    soft = sum(p.soft for p in found.pairs)
    sentences = [soft_words(soft)] if soft else []
    sentences += [effect.describe() for effect in found.length_effects]
    if one_sided:
        sentences.append(
            "Equal lengths were not, or hardly, observed for"
            f" {first_few(one_sided, ', ')}: there the rate depends on the judge's effect."
        )
    if found.length_notes:
        sentences.append(f"{first_few(found.length_notes, '. ')}.")
    return single_line(" ".join(sentences))


def first_few(texts: Sequence[str], between: str) -> str:
    """As many of these as are drawn, and how many more there are."""
    more = len(texts) - MANY
    told = between.join(texts[:MANY])
    return f"{told}{between}and {more:,} more" if more > 0 else told


def rating_grid(found: WinRates) -> Part:
    """All systems on one scale."""
    rows = [(n, *rating(v, a, b)) for n, v, a, b in found.ratings]
    table = grid(("system", "rating", "95 %"), rows, " rr")
    return Part("Ratings (Bradley-Terry, on the Elo scale)", grid=table)


def calibration(found: Figures) -> Section:
    """How often people agree with a judge, by score gap."""
    title = "Calibration"
    agreement = found.agreement
    if agreement is None or not agreement.margins:
        return Section("calibration", title, nothing=why_no_calibration(found))
    names = rank_margins(agreement.margins)
    curves = [
        (m.points, m.fit.agree) for m in (agreement.margins[n] for n in names[:4])
    ]
    note = f"Shown are the 4 of {len(names)} judges whose score gaps say most."
    table = grid(
        CALIBRATION, [margin_row(n, agreement.margins[n]) for n in names], " rrrrrrr "
    )
    parts = [
        Part(
            plots=calibration_plot(curves),
            grid=table,
            note=note * (len(names) > len(curves)),
            broad=True,
        )
    ]
    if agreement.posterior is not None:
        parts.append(
            Part("Dawid-Skene's posterior", note=f"{agreement.posterior.text}.")
        )
    return Section(
        "calibration",
        title,
        "How often people agree with the judge's winner, by score gap: dots are the rows"
        " (larger: more rows), lines an isotonic fit; the table has the shares of"
        " rows within half a point of a gap. Skill is Brier's on prompts that the fit has"
        " not seen: 0 is no better than one rate for every gap. The slope is the"
        " log-odds that a point of score gap adds.",
        tuple(parts),
    )


CALIBRATION = (
    *("judge", "prompts", "gap 1", "gap 2", "gap 3", "gap 4"),
    *("skill over the base rate", "log-odds a point", "agreement rises with the gap"),
)


def margin_row(name: str, found: MarginCalibration) -> tuple[object, ...]:
    """How often people agree with a judge at four gaps, its skill and its slope."""
    shares = dict(found.at_gap)
    return (
        *(name, found.fit.prompts),
        *(percent_interval(shares[x]) if x in shares else "" for x in GAPS),
        interval(found.skill, 2),
        interval(found.slope, 2),
        "yes" if found.informative else "not shown",
    )


def why_no_calibration(found: Figures) -> str:
    """Why there is no curve."""
    if not found.labels:
        return "No row is labelled, so how reliable score gaps are is unknown."
    return (
        f"Too few labels: labelled rows: {found.labels}; a curve needs 50 prompts"
        " on which a judge that gives scores named a winner."
    )
