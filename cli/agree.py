"""`fellowship agree`: agreement of judges with people's labels, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import need
from fellowship.cli.import_ import spelt
from fellowship.cli.options import as_json, run_argument
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.run_folder import atomic_writer
from fellowship.sanitize import single_line

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.agreement import AgreementReport, JudgeAgreement
    from fellowship.pipelines.agreement.human_ceiling import HumanCeiling
    from fellowship.pipelines.agreement.juries import JuryAnalysis, MarginCalibration
    from fellowship.stats.intervals import Interval

SHOWN = 10
"""Juries that are listed; --json has them all."""


@click.command("agree", epilog=EPILOG)
@run_argument
@click.option("--labels", type=click.Path(path_type=Path), help="People's labels.")
@click.option("--label", "names", multiple=True, metavar="COL", help="A label column.")
@click.option("--id", "id_", metavar="COL", help="The labels' column with row ids.")
@click.option("--value", "values", multiple=True, metavar="SPELT=MEANING")
@click.option("--only", metavar="NAME", help="Rows of one imported dataset only.")
@click.option(
    "--annotator",
    "annotators",
    multiple=True,
    metavar="NAME",
    help="These people's labels only.",
)
@click.option(
    "--against", metavar="JUDGE", help="Test others against it, not the best."
)
@click.option("--juries", is_flag=True, help="Every jury of two judges and more.")
@click.option(
    "--family",
    "families",
    multiple=True,
    help="A family's bias score; else the judges' own.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.svg",
    help="Draw how often people agree at each margin.",
)
@click.option("--resamples", default=2000, show_default=True, help="Of the bootstrap.")
@as_json
def command(
    run: Path,
    labels: Path | None,
    names: tuple[str, ...],
    id_: str | None,
    values: tuple[str, ...],
    only: str | None,
    annotators: tuple[str, ...],
    against: str | None,
    juries: bool,
    families: tuple[str, ...],
    plot: Path | None,
    resamples: int,
    as_json: bool,
) -> int:
    """Compare the judges of RUN with people: kappa, accuracy, alpha, AC1, intervals.

    Labels are those of the run, or of --labels FILE: PandaLM's test set, votes, or any
    file by --label COL. Intervals resample prompts. Under 50 labels there is no claim.

    \b
    Examples:
      fellowship agree runs/paper --only pandalm-eval --juries
      fellowship agree runs/mine --labels people.csv --label ann --label bob --id row
      fellowship agree runs/mine --labels votes.jsonl --family llama --plot margin.svg
    """
    need("stats")
    from fellowship.pipelines.agreement.agreement import Options, agree
    from fellowship.pipelines.agreement.verdict_table import (
        LabelSelection,
        verdict_table,
    )
    from fellowship.pipelines.labels.label_files import read_labels
    from fellowship.pipelines.labels.label_rows import Columns
    from fellowship.stats.intervals import Resampling

    columns = Columns(labels=names, id=id_, values=spelt(values))
    told = read_labels(labels, columns) if labels else None
    options = Options(against, juries, families, Resampling(resamples))
    found = agree(verdict_table(run, LabelSelection(told, only, annotators)), options)
    if plot is not None and found.margins:
        from fellowship.viewer.report.calibration_plot import margin_file

        with atomic_writer(plot) as out:
            out.write(margin_file(found))
    if as_json:
        print_json(found.as_json())
    else:
        show(found, console())
    for number, why in told.bad if told else ():
        click.echo(f"fellowship: label row {number} left out: {why}", err=True)
    return Exit.DONE


def show(found: AgreementReport, out: Console) -> None:
    """The report, judges first."""
    say(
        out,
        f"{found.labels:,} labels on {found.prompts:,} prompts, matched by",
        f" {found.matched}",
    )
    if not found.enough:
        say(out, ("too few labels to say: 50 labelled prompts are needed", "yellow"))
        return
    show_judges(found, out)
    for judge in found.judges:
        show_judge(judge, found.families, out)
    if found.people is not None:
        show_people(found.people, out)
    for way, kappa in found.pooled:
        say(out, f"all judges, {way}: kappa {kappa:.3f}")
    if found.effective is not None:
        judges = len(found.judges)
        say(out, f"effective votes: {found.effective:.2f} of {judges} judges")
    if found.jury is not None:
        show_jury(found.jury, out)
    show_margins(found.margins, out)


def show_people(people: HumanCeiling, out: Console) -> None:
    """How far people agree with one another: where a judge can get to."""
    say(
        out,
        f"people: {people.annotators:,} annotators on {people.rows:,} rows, two say the"
        f" same {people.same:.1%}, alpha {people.alpha:.3f}",
    )
    for two in people.pairs[:SHOWN]:
        who = f"  {single_line(two.first)} and {single_line(two.second)}"
        say(out, f"{who}: kappa {two.kappa:.3f} on {two.rows:,} rows")
    if len(people.pairs) > SHOWN:
        say(out, f"  and {len(people.pairs) - SHOWN:,} more pairs: --json has them")


def span(value: Interval) -> str:
    """An estimate with its limits."""
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def show_judges(found: AgreementReport, out: Console) -> None:
    """One line a judge."""
    heads = (
        *("judge", "kappa [95 %]", "2-class", "weighted", "accuracy [95 %]", "alpha"),
        *("AC1", "invalid", f"minus {found.reference}", "p, Holm"),
    )
    cells = [
        (
            j.name,
            span(j.kappa),
            f"{j.agreement.kappa_without_ties:.3f}",
            f"{j.agreement.kappa_quadratic:.3f}",
            span(j.accuracy),
            f"{j.agreement.alpha:.3f}",
            f"{j.agreement.ac1:.3f}",
            f"{j.agreement.invalid_share:.1%}",
            f"{j.against.value:+.3f}" if j.against else "",
            f"{j.p_holm:.4f}" if j.p_holm is not None else "",
        )
        for j in found.judges
    ]
    table(out, heads, cells, right=" rrrrrrrrr")


def show_judge(
    judge: JudgeAgreement, families: Mapping[str, Sequence[str]], out: Console
) -> None:
    """A judge's confusion table and leans."""
    rows = dict(zip(("second", "tie", "first"), judge.agreement.table, strict=True))
    counts = "; ".join(
        f"{name} {row[2]}/{row[1]}/{row[0]}" for name, row in reversed(rows.items())
    )
    say(out, (judge.name, "bold"), f"  people said, judge first/tie/second: {counts}")
    for name, lean in (("first slot", judge.first_slot), ("longer", judge.length)):
        if lean is not None:
            say(out, f"  leans to the {name} by {span(lean.excess)} more than people")
    for name, family in judge.bias.items():
        moved = f"{family.favours} verdicts for, {family.disfavours} against"
        whose = single_line(", ".join(families.get(name, ())), 60)
        say(out, f"  bias score for {name} ({whose}): {span(family.score)}, {moved}")


def show_jury(jury: JuryAnalysis, out: Console) -> None:
    """The best juries, and what the best is worth on rows that didn't choose it."""
    cells = [(name, span(kappa)) for name, kappa in jury.subsets[:SHOWN]]
    table(out, (f"best {len(cells)} of {len(jury.subsets)} juries", "kappa"), cells)
    say(
        out,
        f"best jury in bag {jury.best.value:.3f}, out of bag {jury.best.out_of_bag:.3f};"
        f" {jury.reference} alone on the same rows {jury.best.reference_out_of_bag:.3f}",
    )


def show_margins(margins: dict[str, MarginCalibration], out: Console) -> None:
    """What margins 1, 2, 3 ... say of people."""
    for name, margin in margins.items():
        at = [x for x in (1.0, 2.0, 3.0, 4.0) if x <= margin.fit.agree.at[-1]]
        chances = (
            ", ".join(
                f"{x:g}: {p:.0%}" for x, p in zip(at, margin.fit.agree(at), strict=True)
            )
            if at
            else "below 1 only"
        )
        say(out, f"{name}: people agree at margin {chances} (error {margin.error:.3f})")
