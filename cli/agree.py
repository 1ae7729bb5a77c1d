"""`fellowship agree`: agreement of judges with people's labels, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from fellowship.cli.exit_codes import EPILOG, Exit
from fellowship.cli.extras import require_extras
from fellowship.cli.import_ import parse_values
from fellowship.cli.options import as_json, resamples_option, run_argument
from fellowship.cli.terminal import console, print_json, say, table
from fellowship.number_format import (
    counted,
    figure,
    interval,
    percent,
    percent_interval,
)
from fellowship.run_folder import atomic_writer
from fellowship.sanitize import single_line

if TYPE_CHECKING:
    from fellowship.pipelines.agreement.agreement import AgreementReport, JudgeAgreement
    from fellowship.pipelines.agreement.human_ceiling import HumanCeiling
    from fellowship.pipelines.agreement.juries import JuryAnalysis
    from fellowship.pipelines.agreement.margins import MarginCalibration

SHOWN = 10
"""Juries that are listed; --json has them all."""


@click.command("agree", epilog=EPILOG)
@run_argument
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="A file of people's labels; the run's own if absent.",
)
@click.option(
    "--label",
    "names",
    multiple=True,
    metavar="COL",
    help="Column with one person's labels; may be given several times.",
)
@click.option("--id", "id_", metavar="COL", help="Column with the row's id.")
@click.option(
    "--value",
    "values",
    multiple=True,
    metavar="SPELT=MEANING",
    help="What a value in the file means: first, second or tie.",
)
@click.option("--only", metavar="NAME", help="Only rows of one imported dataset.")
@click.option(
    "--annotator",
    "annotators",
    multiple=True,
    metavar="NAME",
    help="Only labels by this person; may be given several times.",
)
@click.option(
    "--against",
    metavar="JUDGE",
    help="Test the others against this judge; else limits that hold for the best.",
)
@click.option(
    "--juries", is_flag=True, help="Evaluate every jury of two or more judges."
)
@click.option(
    "--family",
    "families",
    multiple=True,
    help="Measure the judges' bias towards this model family; their own if absent.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE.svg",
    help="Plot how often people agree with a judge at each score gap.",
)
@resamples_option
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
    file with --label COL. Intervals resample prompts. With fewer than 50 labelled
    prompts nothing is reported.

    \b
    Examples:
      fellowship agree runs/paper --only pandalm-eval --juries
      fellowship agree runs/mine --labels people.csv --label ann --label bob --id row
      fellowship agree runs/mine --labels votes.jsonl --family llama --plot margin.svg
    """
    require_extras("stats")
    from fellowship.pipelines.agreement.agreement import Options, agree
    from fellowship.pipelines.agreement.verdict_table import (
        LabelSelection,
        verdict_table,
    )
    from fellowship.pipelines.labels.label_files import read_labels
    from fellowship.pipelines.labels.label_rows import Columns
    from fellowship.stats.intervals import Resampling

    columns = Columns(labels=names, id=id_, values=parse_values(values))
    file = read_labels(labels, columns) if labels else None
    options = Options(against, juries, families, Resampling(resamples))
    found = agree(verdict_table(run, LabelSelection(file, only, annotators)), options)
    if plot is not None and found.margins:
        from fellowship.viewer.report.calibration_plot import margin_file

        with atomic_writer(plot) as out:
            out.write(margin_file(found))
    if as_json:
        print_json(found.as_json())
    else:
        show(found, console())
    for number, why in file.bad if file else ():
        click.echo(f"fellowship: label row {number} left out: {why}", err=True)
    return Exit.DONE


def show(found: AgreementReport, out: Console) -> None:
    """The report, judges first."""
    say(
        out,
        f"{counted(found.labels, 'label')} on {counted(found.prompts, 'prompt')},",
        f" matched by {found.matched}",
    )
    if not found.enough:
        say(out, ("too few labels: 50 labelled prompts are needed", "yellow"))
        return
    if found.authors:
        say(out, f"answers of {single_line(', '.join(found.authors), 100)}")
    show_judges(found, out)
    for judge in found.judges:
        show_judge(judge, found.families, out)
    if found.people is not None:
        show_people(found.people, out)
    for way, kappa in found.pooled:
        say(out, f"all judges, {way}: kappa {figure(kappa)}")
    if found.effective is not None:
        judges = len(found.judges)
        worth = interval(found.effective, 2)
        say(out, f"independent judges that the {judges} judges are worth: {worth}")
    if found.jury is not None:
        show_jury(found.jury, out)
    show_margins(found.margins, out)
    if found.posterior is not None:
        say(out, found.posterior.text)


def show_people(people: HumanCeiling, out: Console) -> None:
    """How far people agree with one another: where a judge can get to."""
    say(
        out,
        f"people: {people.annotators:,} annotators on {people.rows:,} rows, two of them"
        f" agree on {percent(people.same)}, alpha {figure(people.alpha)}",
    )
    for two in people.pairs[:SHOWN]:
        names = f"  {single_line(two.first)} and {single_line(two.second)}"
        say(out, f"{names}: kappa {figure(two.kappa)} on {counted(two.rows, 'row')}")
    if len(people.pairs) > SHOWN:
        say(out, f"  and {len(people.pairs) - SHOWN:,} more pairs: --json has them")


def show_judges(found: AgreementReport, out: Console) -> None:
    """One line a judge."""
    named = any(j.p_holm is not None for j in found.judges)
    heads = (
        *("judge", "kappa [95 %]", "2-class", "weighted", "accuracy [95 %]", "alpha"),
        *("AC1", "invalid", f"kappa minus {found.reference} [95 %]"),
        *(("p, Holm",) if named else ()),
    )
    cells = [
        (
            j.name,
            interval(j.kappa),
            figure(j.agreement.kappa_without_ties),
            figure(j.agreement.kappa_quadratic),
            interval(j.accuracy),
            figure(j.agreement.alpha),
            figure(j.agreement.ac1),
            percent(j.agreement.invalid_share),
            interval(j.against, sign=True),
            *((figure(j.p_holm, 4) if j.p_holm is not None else "",) if named else ()),
        )
        for j in found.judges
    ]
    table(out, heads, cells, right=" rrrrrrrrr"[: len(heads)])


def show_judge(
    judge: JudgeAgreement, families: Mapping[str, Sequence[str]], out: Console
) -> None:
    """A judge's confusion table and biases."""
    rows = dict(zip(("B", "tie", "A"), judge.agreement.table, strict=True))
    counts = "; ".join(
        f"{name} {row[2]}/{row[1]}/{row[0]}" for name, row in reversed(rows.items())
    )
    say(
        out, (judge.name, "bold"), f"  people's label, judge's A/tie/B counts: {counts}"
    )
    for name, bias in (
        ("first column", judge.first_column),
        ("longer answer", judge.length),
    ):
        if bias is not None:
            told = interval(bias.bias)
            say(out, f"  bias to the {name}, people's label held: {told}")
    if judge.position is not None:
        at = judge.position
        changed = f"the order changes {percent_interval(at.changed)} of verdicts"
        say(out, f"  bias to the first position: {interval(at.bias)}; {changed}")
    for name, family in judge.bias.items():
        whose = single_line(", ".join(families.get(name, ())), 60)
        told = f"{interval(family.bias)} on {counted(family.rows, 'row')}"
        say(out, f"  bias to {name} ({whose}), people's label held: {told}")


def show_jury(jury: JuryAnalysis, out: Console) -> None:
    """The best juries, and how the best does on rows that didn't choose it."""
    cells = [(name, interval(kappa)) for name, kappa in jury.subsets[:SHOWN]]
    table(out, (f"best {len(cells)} of {len(jury.subsets)} juries", "kappa"), cells)
    say(
        out,
        f"best jury: {figure(jury.best.value)} on the rows that chose it,"
        f" {figure(jury.best.out_of_bag)} on the other rows (out of bag), where"
        f" {jury.reference} has {figure(jury.best.reference_out_of_bag)}",
    )


def show_margins(margins: Mapping[str, MarginCalibration], out: Console) -> None:
    """What margins 1, 2, 3 ... say of people, the most informative judge first."""
    from fellowship.pipelines.agreement.margins import NOT_SHOWN, ranked

    for name in ranked(margins):
        margin = margins[name]
        at = [x for x in (1.0, 2.0, 3.0, 4.0) if x <= margin.fit.agree.at[-1]]
        chances = (
            ", ".join(
                f"{x:g}: {percent(p, 0)}"
                for x, p in zip(at, margin.fit.agree(at), strict=True)
            )
            if at
            else "below 1 only"
        )
        say(
            out,
            f"{name}: people agree at score gap {chances}; skill over the base rate"
            f" {interval(margin.skill)}, log-odds a point {interval(margin.slope)}",
            "" if margin.informative else (f": {NOT_SHOWN}", "yellow"),
        )
